/* What the tests compare with: exact search in plain loops, and vectors of small whole numbers, on
 * which float arithmetic is exact, so that distances and the order of ties can be compared by ==. */
#ifndef MARTLET_ORACLE_H
#define MARTLET_ORACLE_H

#include "check.h"

#include <math.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define FLOAT_SIZE ((int64_t)sizeof(float))

/* Whole numbers from -8 to 8, in a sequence that `seed` decides. */
static inline void fill_whole(float *out, uint64_t count, uint64_t seed) {
    uint64_t state = seed * 2 + 1;
    for (uint64_t i = 0; i < count; i += 1) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (float)((int64_t)((state >> 33) % 17) - 8);
    }
}

static inline float *new_floats(uint64_t count) {
    float *floats = (float *)calloc(count > 0 ? count : 1, sizeof(float));
    if (floats == NULL)
        abort();
    return floats;
}

static inline float *new_whole(uint64_t count, uint64_t seed) {
    float *floats = new_floats(count);
    fill_whole(floats, count, seed);
    return floats;
}

static inline martlet_index *new_index(uint64_t dim, martlet_metric metric) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    options.dim = dim;
    options.metric = metric;
    CHECK_OK(martlet_index_create(&options, &index));
    return index;
}

/* Adds rows that lie one after the other, under assigned ids. */
static inline martlet_status add_rows(martlet_index *index, const float *rows, uint64_t count,
                                      uint64_t dim) {
    return martlet_add(index, rows, count, (int64_t)dim * FLOAT_SIZE, FLOAT_SIZE, NULL);
}

static inline uint64_t count_of(const martlet_index *index) {
    uint64_t count = 0;
    CHECK_OK(martlet_count(index, NULL, 0, &count));
    return count;
}

static inline double oracle_dot(const float *a, const float *b, uint64_t dim) {
    double sum = 0;
    for (uint64_t i = 0; i < dim; i += 1)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static inline double oracle_distance(martlet_metric metric, const float *a, const float *b,
                                     uint64_t dim) {
    double dot = oracle_dot(a, b, dim), aa = oracle_dot(a, a, dim), bb = oracle_dot(b, b, dim);
    if (metric == MARTLET_L2)
        return aa + bb - 2 * dot;
    return metric == MARTLET_IP ? 1 - dot : 1 - dot / (sqrt(aa) * sqrt(bb));
}

/* Writes the `k` nearest rows of `query`, nearest first and then in the order of the rows. */
static inline void oracle_search(martlet_metric metric, const float *rows, uint64_t count,
                                 uint64_t dim, const float *query, uint64_t k, int64_t *nearest,
                                 double *distances) {
    uint64_t kept = 0;
    for (uint64_t row = 0; row < count; row += 1) {
        double distance = oracle_distance(metric, rows + row * dim, query, dim);
        uint64_t place = kept < k ? kept : k;
        while (place > 0 && distances[place - 1] > distance) {
            if (place < k) {
                nearest[place] = nearest[place - 1];
                distances[place] = distances[place - 1];
            }
            place -= 1;
        }
        if (place < k) {
            nearest[place] = (int64_t)row;
            distances[place] = distance;
        }
        kept += kept < k ? 1 : 0;
    }
}

#endif
