/* Control: progress seen from another thread, and cancellation that leaves no trace. */
#define _POSIX_C_SOURCE 200809L
#include "oracle.h"

#include <pthread.h>

enum { rows = 20000, dim = 48 };

/* A control that another thread watches: it notes whether `done` ever fell or passed `total`, and
 * sets `cancel` once `done` has reached `cancel_at`. */
typedef struct watch {
    martlet_control control;
    uint64_t cancel_at;
    uint32_t finished;
    bool fell, passed;
} watch;

static void *watch_control(void *argument) {
    watch *seen = (watch *)argument;
    uint64_t before = 0;
    while (!__atomic_load_n(&seen->finished, __ATOMIC_ACQUIRE)) {
        const uint64_t done = __atomic_load_n(&seen->control.done, __ATOMIC_ACQUIRE);
        seen->fell |= done < before;
        seen->passed |= done > __atomic_load_n(&seen->control.total, __ATOMIC_ACQUIRE);
        if (done >= seen->cancel_at)
            __atomic_store_n(&seen->control.cancel, 1, __ATOMIC_RELEASE);
        before = done;
    }
    return NULL;
}

static watch new_watch(uint64_t cancel_at) {
    const martlet_control control = MARTLET_CONTROL_INIT;
    watch made;
    memset(&made, 0, sizeof made);
    made.control = control;
    made.cancel_at = cancel_at;
    return made;
}

static martlet_status watched_add(martlet_index *index, const float *vectors, uint64_t count,
                                  watch *watching) {
    pthread_t watcher;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.control = &watching->control;
    CHECK(pthread_create(&watcher, NULL, watch_control, watching) == 0);
    const martlet_status status =
        martlet_add(index, vectors, count, dim * FLOAT_SIZE, FLOAT_SIZE, &options);
    __atomic_store_n(&watching->finished, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(watcher, NULL) == 0);
    CHECK(!watching->fell && !watching->passed);
    return status;
}

static void test_progress_of_an_add(void) {
    enum { few = 2000 };
    float *vectors = new_whole(few * dim, 1);
    watch watching = new_watch(UINT64_MAX);
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(watched_add(index, vectors, few, &watching));
    CHECK(watching.control.total == few && watching.control.done == few);
    CHECK(watching.control.cancel == 0);
    martlet_index_free(index);
    free(vectors);
}

/* The same index, with or without a cancelled add in between, afterwards answers alike. */
static void check_same_as_never_cancelled(martlet_index *index, const float *vectors) {
    enum { few = 500, k = 5 };
    int64_t ids[2][k];
    float distances[2][k];
    martlet_index *fresh = new_index(dim, MARTLET_L2);
    martlet_index *both[2] = {index, fresh};
    CHECK_OK(add_rows(fresh, vectors, few, dim));
    for (size_t i = 0; i < 2; i += 1) {
        CHECK_OK(add_rows(both[i], vectors + few * dim, few, dim));
        CHECK_OK(martlet_search(both[i], vectors + 3 * few * dim, 1, 0, FLOAT_SIZE, k, NULL,
                                ids[i], distances[i], NULL));
    }
    CHECK(memcmp(ids[0], ids[1], sizeof ids[0]) == 0);
    CHECK(memcmp(distances[0], distances[1], sizeof distances[0]) == 0);
    martlet_index_free(fresh);
}

static void test_an_add_cancelled_by_another_thread(void) {
    enum { few = 500 };
    float *vectors = new_whole(rows * dim, 2);
    watch watching = new_watch(1);
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(add_rows(index, vectors, few, dim));
    CHECK_STATUS(MARTLET_CANCELLED, watched_add(index, vectors, rows, &watching));
    CHECK(watching.control.total == rows && watching.control.done < rows);
    CHECK(count_of(index) == few);
    check_same_as_never_cancelled(index, vectors);
    martlet_index_free(index);
    free(vectors);
}

static void test_calls_cancelled_before_they_begin(void) {
    float *vectors = new_whole(rows * dim, 3);
    int64_t id;
    float distance;
    martlet_control control = MARTLET_CONTROL_INIT;
    martlet_add_options adding = MARTLET_ADD_OPTIONS_INIT;
    martlet_search_options searching = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    adding.control = &control;
    searching.control = &control;
    CHECK_OK(add_rows(index, vectors, 10, dim));
    control.cancel = 1;
    CHECK_STATUS(MARTLET_CANCELLED,
                 martlet_add(index, vectors, rows, dim * FLOAT_SIZE, FLOAT_SIZE, &adding));
    CHECK(count_of(index) == 10);
    control.cancel = 7;
    CHECK_STATUS(MARTLET_CANCELLED, martlet_search(index, vectors, 1, 0, FLOAT_SIZE, 1, &searching,
                                                   &id, &distance, NULL));
    control.cancel = 0;
    CHECK_OK(martlet_search(index, vectors, 1, 0, FLOAT_SIZE, 1, &searching, &id, &distance, NULL));
    CHECK(control.total == 1 && control.done == 1 && id == 0);
    martlet_index_free(index);
    free(vectors);
}

static void test_a_search_cancelled_by_another_thread(void) {
    enum { stored = 1000, k = 1 };
    const uint64_t asked = 3000000; /* one query, repeated: minutes of work unless cancelled */
    float *vectors = new_whole(stored * dim, 4), *distances = new_floats(asked * k);
    int64_t *ids = (int64_t *)calloc(asked * k, sizeof(int64_t));
    watch watching = new_watch(1);
    pthread_t watcher;
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(add_rows(index, vectors, stored, dim));
    options.control = &watching.control;
    options.ef = stored;
    CHECK(pthread_create(&watcher, NULL, watch_control, &watching) == 0);
    CHECK_STATUS(MARTLET_CANCELLED, martlet_search(index, vectors, asked, 0, FLOAT_SIZE, k,
                                                   &options, ids, distances, NULL));
    __atomic_store_n(&watching.finished, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(watcher, NULL) == 0);
    CHECK(!watching.fell && !watching.passed && watching.control.done < asked);
    martlet_index_free(index);
    free(vectors);
    free(distances);
    free(ids);
}

static void test_bad_controls(void) {
    const float vector[dim] = {1};
    int64_t id;
    float distance;
    martlet_control control = MARTLET_CONTROL_INIT;
    martlet_add_options adding = MARTLET_ADD_OPTIONS_INIT;
    martlet_search_options searching = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    adding.control = &control;
    searching.control = &control;
    control.struct_size = sizeof control - 1;
    CHECK_INVALID(martlet_add(index, vector, 1, 0, FLOAT_SIZE, &adding));
    CHECK_INVALID(martlet_search(index, vector, 1, 0, FLOAT_SIZE, 1, &searching, &id, &distance,
                                 NULL));
    CHECK(count_of(index) == 0);
    martlet_index_free(index);
}

int main(void) {
    test_progress_of_an_add();
    test_an_add_cancelled_by_another_thread();
    test_calls_cancelled_before_they_begin();
    test_a_search_cancelled_by_another_thread();
    test_bad_controls();
    return check_summary("control");
}
