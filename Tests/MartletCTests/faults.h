/* Faults at the calls by which a program writes files: it is killed there, or the call fails. For
 * programs of one file, in whose place these functions stand. */
#ifndef MARTLET_FAULTS_H
#define MARTLET_FAULTS_H
#ifndef _GNU_SOURCE /* which C++ defines by itself */
#define _GNU_SOURCE
#endif
#include "oracle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum fault { NO_FAULT, KILL_BEFORE, KILL_AFTER, FAIL, WRITE_PART } fault;

static fault planned = NO_FAULT;
static int calls_left = 0; /* until it happens */
static int fault_errno = 0;
static int calls = 0;

/* Counts a call; returns whether it is to fail. */
static inline int strikes(fault kind) {
    if (kind == KILL_BEFORE)
        calls += 1;
    if (planned != kind || calls_left != calls)
        return 0;
    if (kind == KILL_BEFORE || kind == KILL_AFTER)
        kill(getpid(), SIGKILL);
    errno = fault_errno;
    return 1;
}

static inline long perform(long number, long a, long b, long c, long d) {
    if (strikes(KILL_BEFORE) || strikes(FAIL))
        return -1;
    if ((number == SYS_write || number == SYS_pwrite64) && c > 1 && strikes(WRITE_PART))
        c = c / 2;
    const long result = syscall(number, a, b, c, d);
    strikes(KILL_AFTER);
    return result;
}

ssize_t our_write(int file, const void *data, size_t size) __asm__("write");
ssize_t our_pwrite(int file, const void *data, size_t size, off_t place) __asm__("pwrite");
int our_fsync(int file) __asm__("fsync");
int our_fdatasync(int file) __asm__("fdatasync");
int our_ftruncate(int file, off_t size) __asm__("ftruncate");
int our_rename(const char *from, const char *to) __asm__("rename");
int our_open(const char *path, int flags, ...) __asm__("open");
int our_close(int file) __asm__("close");

ssize_t our_write(int file, const void *data, size_t size) {
    return perform(SYS_write, file, (long)data, (long)size, 0);
}
ssize_t our_pwrite(int file, const void *data, size_t size, off_t place) {
    return perform(SYS_pwrite64, file, (long)data, (long)size, (long)place);
}
int our_fdatasync(int file) { return (int)perform(SYS_fdatasync, file, 0, 0, 0); }
int our_ftruncate(int file, off_t size) {
    return (int)perform(SYS_ftruncate, file, (long)size, 0, 0);
}
int our_fsync(int file) { return (int)perform(SYS_fsync, file, 0, 0, 0); }
int our_rename(const char *from, const char *to) {
    return (int)perform(SYS_renameat, AT_FDCWD, (long)from, AT_FDCWD, (long)to);
}
int our_open(const char *path, int flags, ...) {
    return (int)perform(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0666);
}
int our_close(int file) { return (int)perform(SYS_close, file, 0, 0, 0); }

static inline void plan(fault kind, int call, int code) {
    planned = kind;
    calls = 0;
    calls_left = call;
    fault_errno = code;
}

static char folder[64] = "/dev/shm/martlet-faults-XXXXXX";

/* In memory, where syncing costs nothing, if there is such a place. */
static inline void make_folder(void) {
    if (mkdtemp(folder) != NULL)
        return;
    strcpy(folder, "/tmp/martlet-faults-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
}

static inline void remove_files(void) {
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            unlink(name);
    }
    closedir(open_folder);
}

/* Runs `body` in a child that is to be killed; returns whether it was. */
static inline bool is_killed(void (*body)(void)) {
    const pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

#endif
