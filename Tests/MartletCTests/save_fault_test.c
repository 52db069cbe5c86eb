/* Saving, interrupted: at each call by which it writes, the process is killed, or the call fails. What
 * the path leads to is then the old file or the new one, whole; and after a failure that is told, no
 * other file is left. */
#include "faults.h"

#include <pthread.h>
#include <sys/resource.h>

/* ---- What is tried ----------------------------------------------------------------------------- */

static char path[128];

/* Files in the folder. */
static int files(void) {
    int count = 0;
    DIR *open_folder = opendir(folder);
    CHECK(open_folder != NULL);
    while (readdir(open_folder) != NULL) count += 1;
    closedir(open_folder);
    return count - 2;
}

static martlet_index *earlier, *later;
enum { dim = 512, earlier_rows = 20, later_rows = 5000 }; /* the later one takes several writes */

static martlet_index *filled(uint64_t rows) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    options.dim = dim;
    options.M = 2;
    options.ef_construction = 1;
    CHECK_OK(martlet_index_create(&options, &index));
    float *vectors = new_whole(rows * dim, 1);
    CHECK_OK(add_rows(index, vectors, rows, dim));
    free(vectors);
    return index;
}

/* How many vectors the file holds; -1 if there is none. */
static int64_t stored(void) {
    martlet_index *index = NULL;
    const martlet_status status = martlet_load(path, NULL, &index);
    if (status == MARTLET_IO && martlet_last_errno() == ENOENT)
        return -1;
    CHECK_OK(status);
    const uint64_t count = count_of(index);
    martlet_index_free(index);
    return (int64_t)count;
}

static void save_earlier(void) {
    plan(NO_FAULT, 0, 0);
    remove_files();
    CHECK_OK(martlet_save(earlier, path, NULL));
}

/* ---- Tests --------------------------------------------------------------------------------------- */

static int calls_of_a_save(void) {
    save_earlier();
    plan(NO_FAULT, 0, 0);
    CHECK_OK(martlet_save(later, path, NULL));
    const int all = calls;
    CHECK(stored() == later_rows && files() == 1);
    CHECK(all >= 9); /* open, write, write, fsync, close, rename, open, fsync, close */
    return all;
}

static void save_later(void) { martlet_save(later, path, NULL); }

static void test_killed_at_every_call(void) {
    const int most = calls_of_a_save();
    int kept = 0, replaced = 0;
    for (int call = 1; call <= most; call += 1) {
        for (fault kind = KILL_BEFORE; kind <= KILL_AFTER; kind = (fault)(kind + 1)) {
            save_earlier();
            plan(kind, call, 0);
            CHECK(is_killed(save_later));
            plan(NO_FAULT, 0, 0);
            const int64_t count = stored();
            CHECK(count == earlier_rows || count == later_rows);
            if (count == earlier_rows) kept += 1; else replaced += 1;
        }
    }
    CHECK(kept > 6 && replaced > 6);
}

static void test_failing_at_every_call(void) {
    const int most = calls_of_a_save();
    static const int codes[] = {ENOSPC, EIO, EDQUOT, EACCES};
    for (int call = 1; call <= most; call += 1) {
        for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i += 1) {
            save_earlier();
            plan(FAIL, call, codes[i]);
            const martlet_status status = martlet_save(later, path, NULL);
            const int code = martlet_last_errno();
            plan(NO_FAULT, 0, 0);
            if (status == MARTLET_OK) {
                CHECK(call == most); /* to close the folder tells nothing */
            } else {
                CHECK(status == MARTLET_IO && code == codes[i]);
                CHECK(error_says(strerror(codes[i])));
            }
            CHECK(files() == 1);
            /* Once it is renamed, only the folder may fail. */
            CHECK(stored() == (call + 2 < most ? earlier_rows : later_rows));
        }
    }
}

static void test_interrupted_and_partial_writes(void) {
    const int most = calls_of_a_save();
    for (int call = 1; call <= most; call += 1) {
        save_earlier();
        plan(WRITE_PART, call, 0);
        CHECK_OK(martlet_save(later, path, NULL));
        CHECK(stored() == later_rows && files() == 1);
    }
    save_earlier();
    plan(FAIL, 2, EINTR); /* the first write */
    CHECK_OK(martlet_save(later, path, NULL));
    CHECK(stored() == later_rows && files() == 1);
}

static void test_a_file_that_becomes_too_large(void) {
    save_earlier();
    const struct rlimit small = {1 << 20, RLIM_INFINITY};
    struct rlimit before;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK_STATUS(MARTLET_IO, martlet_save(later, path, NULL));
    CHECK(martlet_last_errno() == EFBIG);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(stored() == earlier_rows && files() == 1);
}

static void test_cancelled(void) {
    save_earlier();
    martlet_control control = MARTLET_CONTROL_INIT;
    control.cancel = 1;
    CHECK_STATUS(MARTLET_CANCELLED, martlet_save(later, path, &control));
    CHECK(martlet_last_errno() == 0);
    CHECK(stored() == earlier_rows && files() == 1);
    control.cancel = 0;
    CHECK_OK(martlet_save(later, path, &control));
    struct stat status;
    CHECK(stat(path, &status) == 0);
    CHECK(control.total == (uint64_t)status.st_size && control.done == control.total);
}

/* Returns the index if that has failed. */
static void *save_many_times(void *index) {
    for (int i = 0; i < 10; i += 1)
        if (martlet_save((martlet_index *)index, path, NULL) != MARTLET_OK)
            return index;
    return NULL;
}

static void test_two_savers_at_once(void) {
    save_earlier();
    pthread_t threads[2];
    CHECK(pthread_create(&threads[0], NULL, save_many_times, earlier) == 0);
    CHECK(pthread_create(&threads[1], NULL, save_many_times, later) == 0);
    for (int i = 0; i < 20; i += 1) {
        const int64_t count = stored();
        CHECK(count == earlier_rows || count == later_rows);
    }
    for (int i = 0; i < 2; i += 1) {
        void *failed = NULL;
        CHECK(pthread_join(threads[i], &failed) == 0 && failed == NULL);
    }
    CHECK(files() == 1);
}

int main(void) {
    make_folder();
    snprintf(path, sizeof path, "%s/index.martlet", folder);
    earlier = filled(earlier_rows);
    later = filled(later_rows);
    test_killed_at_every_call();
    test_failing_at_every_call();
    test_interrupted_and_partial_writes();
    test_a_file_that_becomes_too_large();
    test_cancelled();
    test_two_savers_at_once();
    martlet_index_free(earlier);
    martlet_index_free(later);
    remove_files();
    CHECK(rmdir(folder) == 0);
    return check_summary("save faults");
}
