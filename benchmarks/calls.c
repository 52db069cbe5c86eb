/* Searches from C, timed. `calls.py` loads this and hands it the index that it searches itself, so that
 * both work on the same memory in the same process.
 *
 *     make bench-calls
 */
#include <martlet.h>

#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Returns the seconds of the calls that search for `count` queries, `rows` in each (a divisor), or -1
 * after a failure. The first call is made twice, untimed before, so that the outputs' pages exist, as
 * those of a program that has searched before. `search` is martlet_search of the library in use. */
double calls_time(__typeof__(martlet_search) *search, const martlet_index *index,
                  const float *queries, uint64_t count, uint64_t rows, uint64_t dim, uint64_t k,
                  uint64_t ef, uint64_t threads) {
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    options.ef = ef;
    options.threads = threads;
    const int64_t size = sizeof *queries, stride = (int64_t)dim * size;
    int64_t *ids = malloc(rows * k * sizeof *ids);
    float *distances = malloc(rows * k * sizeof *distances);
    uint64_t *counts = malloc(rows * sizeof *counts);
    double seconds = -1;
    if (ids != NULL && distances != NULL && counts != NULL &&
        search(index, queries, rows, stride, size, k, &options, ids, distances, counts) ==
            MARTLET_OK) {
        uint64_t done = 0;
        double start = now();
        while (done < count && search(index, queries + done * dim, rows, stride, size, k, &options,
                                      ids, distances, counts) == MARTLET_OK)
            done += rows;
        if (done == count)
            seconds = now() - start;
    }
    free(ids);
    free(distances);
    free(counts);
    return seconds;
}
