/* Threads: searches beside adds see whole batches only, and those that are finished at once. */
#define _POSIX_C_SOURCE 200809L
#include "ids.h"

#include <pthread.h>

enum { dim = 4, batches = 150, batch_rows = 10, searchers = 3, adders = 2 };

/* Batch b consists of ten copies of the point (b, b, b, b). */
static void fill_batch(float *rows, uint64_t batch) {
    for (size_t i = 0; i < batch_rows * dim; i += 1)
        rows[i] = (float)batch;
}

typedef struct scene {
    martlet_index *index;
    uint32_t next_batch;      /* adders take batches from here */
    uint32_t finished[batches]; /* set once the add of the batch has returned */
    uint32_t stop;
    uint32_t problems;        /* any thread: a call failed or an answer was wrong */
} scene;

static void note(scene *shared, bool good) {
    if (!good)
        __atomic_fetch_add(&shared->problems, 1, __ATOMIC_RELAXED);
}

static void *add_batches(void *argument) {
    scene *shared = (scene *)argument;
    float rows[batch_rows * dim];
    for (;;) {
        const uint32_t batch = __atomic_fetch_add(&shared->next_batch, 1, __ATOMIC_RELAXED);
        if (batch >= batches)
            return NULL;
        fill_batch(rows, batch);
        note(shared, add_rows(shared->index, rows, batch_rows, dim) == MARTLET_OK);
        __atomic_store_n(&shared->finished[batch], 1, __ATOMIC_RELEASE);
    }
}

/* A search for a batch finds all of its ten rows or none; all, if its add returned before. */
static void search_batch(scene *shared, uint32_t batch) {
    float query[batch_rows * dim], distances[batch_rows];
    int64_t ids[batch_rows];
    uint64_t found = 0, count = 0;
    martlet_search_options wide = MARTLET_SEARCH_OPTIONS_INIT;
    wide.ef = batches * batch_rows;
    fill_batch(query, batch);
    const bool finished = __atomic_load_n(&shared->finished[batch], __ATOMIC_ACQUIRE);
    note(shared, martlet_search(shared->index, query, 1, 0, FLOAT_SIZE, batch_rows, &wide, ids,
                                distances, NULL) == MARTLET_OK);
    for (size_t i = 0; i < batch_rows; i += 1)
        found += distances[i] == 0;
    note(shared, found == batch_rows || (found == 0 && !finished));
    note(shared, martlet_count(shared->index, NULL, 0, &count) == MARTLET_OK);
    note(shared, count % batch_rows == 0);
}

static void look_up(scene *shared) {
    martlet_statistics statistics;
    const int64_t ids[2] = {0, -1};
    int64_t found[2];
    statistics.struct_size = sizeof statistics;
    note(shared, martlet_get_statistics(shared->index, &statistics) == MARTLET_OK);
    note(shared, statistics.count % batch_rows == 0 && statistics.reachable == statistics.count);
    note(shared, find_integers(shared->index, ids, 2, sizeof ids[0], found) == MARTLET_OK);
    note(shared, found[0] >= -1 && found[1] == -1);
}

static void *search_until_stopped(void *argument) {
    scene *shared = (scene *)argument;
    uint32_t turn = 0;
    do {
        search_batch(shared, turn * 7919 % batches);
        if (turn % 16 == 0)
            look_up(shared);
        turn += 1;
    } while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE));
    return NULL;
}

static void test_searches_beside_adds(void) {
    pthread_t adding[adders], searching[searchers];
    scene shared;
    memset(&shared, 0, sizeof shared);
    shared.index = new_index(dim, MARTLET_L2);
    for (size_t i = 0; i < searchers; i += 1)
        CHECK(pthread_create(&searching[i], NULL, search_until_stopped, &shared) == 0);
    for (size_t i = 0; i < adders; i += 1)
        CHECK(pthread_create(&adding[i], NULL, add_batches, &shared) == 0);
    for (size_t i = 0; i < adders; i += 1)
        CHECK(pthread_join(adding[i], NULL) == 0);
    __atomic_store_n(&shared.stop, 1, __ATOMIC_RELEASE);
    for (size_t i = 0; i < searchers; i += 1)
        CHECK(pthread_join(searching[i], NULL) == 0);
    for (uint32_t batch = 0; batch < batches; batch += 1)
        search_batch(&shared, batch);
    CHECK(shared.problems == 0);
    CHECK(count_of(shared.index) == batches * batch_rows);
    martlet_index_free(shared.index);
}

int main(void) {
    test_searches_beside_adds();
    return check_summary("threads");
}
