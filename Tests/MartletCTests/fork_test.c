/* fork(): parent and child both go on, whatever other threads were doing at that moment. */
#define _POSIX_C_SOURCE 200809L
#include "ids.h"

#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

enum { dim = 4, stored = 500 };

/* Ends a child that waits for ever on what a thread of its parent has locked. */
enum { patience_in_seconds = 10 };

static bool child_succeeds(pid_t child) {
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* Adds 200 vectors on two threads, then finds each of them on two threads. */
static bool adds_and_finds(martlet_index *index, uint64_t seed) {
    enum { rows = 200 };
    float vectors[rows * dim], distances[rows];
    int64_t ids[rows];
    bool good;
    martlet_add_options adding = MARTLET_ADD_OPTIONS_INIT;
    martlet_search_options searching = MARTLET_SEARCH_OPTIONS_INIT;
    fill_whole(vectors, rows * dim, seed);
    adding.threads = 2;
    searching.threads = 2;
    good = martlet_add(index, vectors, rows, dim * FLOAT_SIZE, FLOAT_SIZE, &adding) == MARTLET_OK;
    good &= martlet_search(index, vectors, rows, dim * FLOAT_SIZE, FLOAT_SIZE, 1, &searching, ids,
                           distances, NULL) == MARTLET_OK;
    for (size_t i = 0; i < rows; i += 1)
        good &= distances[i] == 0;
    return good;
}

static void test_both_processes_go_on_after_fork(void) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK(adds_and_finds(index, 1));
    const pid_t child = fork();
    if (child == 0)
        _exit(adds_and_finds(index, 2) && count_of(index) == 400 ? 0 : 1);
    CHECK(adds_and_finds(index, 3) && count_of(index) == 400);
    CHECK(child_succeeds(child));
    martlet_index_free(index);
}

/* Adds a vector under a string id, then finds it and the one that was there before. */
static bool adds_and_finds_strings(martlet_index *index, const char *added) {
    const char *const names[] = {added, "first"};
    const float vector[dim] = {1, 2, 3, 4};
    string_list list;
    int64_t rows[2] = {-9, -9};
    bool good;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.ids = string_ids(&list, names, 1);
    good = martlet_add(index, vector, 1, 0, FLOAT_SIZE, &options) == MARTLET_OK;
    good &= martlet_find(index, string_ids(&list, names, 2), rows) == MARTLET_OK;
    return good && rows[0] == (int64_t)count_of(index) - 1 && rows[1] == 0;
}

static void test_string_ids_after_fork(void) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK(adds_and_finds_strings(index, "first"));
    const pid_t child = fork();
    if (child == 0)
        _exit(adds_and_finds_strings(index, "of the child") ? 0 : 1);
    CHECK(adds_and_finds_strings(index, "of the parent") && count_of(index) == 2);
    CHECK(child_succeeds(child));
    martlet_index_free(index);
}

/* An index whose first row is the query, and a thread that is busy with it. */
typedef struct scene {
    martlet_index *index;
    const float *vectors;
    martlet_control control;
    uint32_t stop;
    martlet_status status;
} scene;

static bool finds_the_first_row(const scene *shared) {
    int64_t id = -1;
    float distance = -1;
    return martlet_search(shared->index, shared->vectors, 1, 0, FLOAT_SIZE, 1, NULL, &id,
                          &distance, NULL) == MARTLET_OK &&
           id == 0 && distance == 0;
}

static bool child_finds_the_first_row(const scene *shared) {
    const pid_t child = fork();
    if (child == 0) {
        alarm(patience_in_seconds);
        _exit(finds_the_first_row(shared) ? 0 : 1);
    }
    return child_succeeds(child);
}

static scene new_scene(const float *vectors) {
    const martlet_control control = MARTLET_CONTROL_INIT;
    scene made;
    memset(&made, 0, sizeof made);
    made.index = new_index(dim, MARTLET_L2);
    made.vectors = vectors;
    made.control = control;
    CHECK_OK(add_rows(made.index, vectors, stored, dim));
    return made;
}

/* Searches, and counts without a pause, so that a fork is likely to meet it inside the library. */
static void *search_until_stopped(void *argument) {
    enum { counts = 100 };
    scene *shared = (scene *)argument;
    bool good = true;
    while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE)) {
        uint64_t count = 0;
        for (int i = 0; i < counts; i += 1)
            good &= martlet_count(shared->index, NULL, 0, &count) == MARTLET_OK && count == stored;
        good &= finds_the_first_row(shared);
    }
    shared->status = good ? MARTLET_OK : MARTLET_INTERNAL;
    return NULL;
}

static void test_fork_beside_searches(void) {
    enum { forks = 500 };
    float *vectors = new_whole(stored * dim, 4);
    scene shared = new_scene(vectors);
    pthread_t searcher;
    bool good = true;
    CHECK(pthread_create(&searcher, NULL, search_until_stopped, &shared) == 0);
    for (int i = 0; i < forks && good; i += 1)
        good = child_finds_the_first_row(&shared);
    CHECK(good);
    __atomic_store_n(&shared.stop, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(searcher, NULL) == 0 && shared.status == MARTLET_OK);
    martlet_index_free(shared.index);
    free(vectors);
}

/* Adds one vector, repeated, until it is cancelled. */
static void *add_until_cancelled(void *argument) {
    scene *shared = (scene *)argument;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.control = &shared->control;
    shared->status = martlet_add(shared->index, shared->vectors, 2000000, 0, FLOAT_SIZE, &options);
    return NULL;
}

static void test_fork_beside_an_add(void) {
    enum { forks = 50 };
    float *vectors = new_whole(stored * dim, 5);
    scene shared = new_scene(vectors);
    pthread_t adder;
    bool good = true;
    CHECK(pthread_create(&adder, NULL, add_until_cancelled, &shared) == 0);
    while (__atomic_load_n(&shared.control.done, __ATOMIC_ACQUIRE) == 0)
        sched_yield();
    for (int i = 0; i < forks && good; i += 1)
        good = child_finds_the_first_row(&shared);
    CHECK(good);
    __atomic_store_n(&shared.control.cancel, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(adder, NULL) == 0 && shared.status == MARTLET_CANCELLED);
    CHECK(count_of(shared.index) == stored && finds_the_first_row(&shared));
    martlet_index_free(shared.index);
    free(vectors);
}

int main(void) {
    test_both_processes_go_on_after_fork();
    test_string_ids_after_fork();
    test_fork_beside_searches();
    test_fork_beside_an_add();
    return check_summary("fork");
}
