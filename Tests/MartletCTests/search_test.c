/* Search: exact answers for each metric, short and empty results, ties, and every refusal. */
#include "ids.h"

#include <stddef.h>

enum { rows = 500, dim = 7, queries = 20, k = 10 };

static const int64_t row_bytes = dim * (int64_t)sizeof(float);

static martlet_search_options wide_options(void) {
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    options.ef = rows;
    return options;
}

static martlet_index *index_of(const float *vectors, uint64_t count, martlet_metric metric) {
    martlet_index *index = new_index(dim, metric);
    CHECK_OK(add_rows(index, vectors, count, dim));
    return index;
}

/* With ef as wide as the index the answers are exact; sums of whole numbers even bit for bit. */
static void test_matches_the_oracle(martlet_metric metric) {
    float *vectors = new_whole(rows * dim, 1), *asked = new_whole(queries * dim, 2);
    int64_t ids[queries * k], nearest[k];
    float distances[queries * k];
    double exact[k];
    uint64_t counts[queries];
    const double tolerance = metric == MARTLET_COSINE ? 1e-5 : 0;
    martlet_search_options options = wide_options();
    martlet_index *index = index_of(vectors, rows, metric);
    CHECK_OK(martlet_search(index, asked, queries, row_bytes, FLOAT_SIZE, k, &options, ids,
                            distances, counts));
    for (uint64_t q = 0; q < queries; q += 1) {
        oracle_search(metric, vectors, rows, dim, asked + q * dim, k, nearest, exact);
        bool near_enough = true, same_ids = true;
        for (uint64_t i = 0; i < k; i += 1) {
            near_enough &= fabs((double)distances[q * k + i] - exact[i]) <= tolerance;
            same_ids &= ids[q * k + i] == nearest[i];
        }
        CHECK(counts[q] == k && near_enough);
        CHECK(metric == MARTLET_COSINE || same_ids);
    }
    martlet_index_free(index);
    free(vectors);
    free(asked);
}

static void test_cosine_is_from_zero_to_two(void) {
    float vectors[3 * dim];
    int64_t ids[3];
    float distances[3];
    fill_whole(vectors, dim, 3);
    for (size_t i = 0; i < dim; i += 1) {
        vectors[dim + i] = -1e-3f * vectors[i];
        vectors[2 * dim + i] = 1e3f * vectors[i];
    }
    martlet_index *index = index_of(vectors, 3, MARTLET_COSINE);
    CHECK_OK(martlet_search(index, vectors, 1, 0, FLOAT_SIZE, 3, NULL, ids, distances, NULL));
    CHECK(distances[0] >= 0 && distances[1] < 1e-6f && ids[2] == 1);
    CHECK(distances[2] <= 2 && distances[2] > 2 - 1e-6f);
    martlet_index_free(index);
}

static void test_ties_come_in_the_order_of_adding(void) {
    enum { copies = 12 };
    float vectors[2 * copies * dim];
    int64_t ids[2 * copies], given[2 * copies];
    float distances[2 * copies];
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    for (size_t row = 0; row < 2 * copies; row += 1) {
        fill_whole(vectors + row * dim, dim, row % 2);
        given[row] = 1000 - (int64_t)row * 7 % 31;
    }
    const martlet_ids of_rows = integer_ids(given, 2 * copies, sizeof given[0]);
    options.ids = &of_rows;
    CHECK_OK(martlet_add(index, vectors, 2 * copies, row_bytes, FLOAT_SIZE, &options));
    CHECK_OK(martlet_search(index, vectors, 1, 0, FLOAT_SIZE, 2 * copies, NULL, ids, distances,
                            NULL));
    for (size_t i = 0; i < copies; i += 1)
        CHECK(distances[i] == 0 && ids[i] == given[2 * i] && ids[copies + i] == given[2 * i + 1]);
    martlet_index_free(index);
}

/* What follows the last match of a row is filled, whatever was in the buffers. */
static void check_filled(const int64_t *ids, const float *distances, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i += 1)
        CHECK(ids[i] == MARTLET_NO_ID && isinf(distances[i]) && distances[i] > 0);
}

static void test_fewer_than_k(void) {
    float *vectors = new_whole(3 * dim, 4);
    int64_t ids[2 * k];
    float distances[2 * k];
    uint64_t counts[2] = {77, 77};
    memset(ids, 1, sizeof ids);
    memset(distances, 1, sizeof distances);
    martlet_index *index = index_of(vectors, 3, MARTLET_L2);
    CHECK_OK(martlet_search(index, vectors, 2, row_bytes, FLOAT_SIZE, k, NULL, ids, distances,
                            counts));
    CHECK(counts[0] == 3 && counts[1] == 3 && ids[0] == 0 && ids[k] == 1);
    check_filled(ids, distances, 3, k);
    check_filled(ids + k, distances + k, 3, k);
    martlet_index_free(index);
    free(vectors);
}

static void test_empty(void) {
    const float query[dim] = {1, 2, 3};
    int64_t ids[k];
    float distances[k];
    uint64_t counts[2] = {77, 77};
    memset(ids, 1, sizeof ids);
    memset(distances, 1, sizeof distances);
    martlet_index *index = new_index(dim, MARTLET_COSINE);
    CHECK_OK(martlet_search(index, query, 1, 0, FLOAT_SIZE, k, NULL, ids, distances, counts));
    CHECK(counts[0] == 0);
    check_filled(ids, distances, 0, k);
    CHECK_OK(martlet_search(index, query, 2, 0, FLOAT_SIZE, 0, NULL, NULL, NULL, counts));
    CHECK(counts[0] == 0 && counts[1] == 0);
    CHECK_OK(martlet_search(index, NULL, 0, 0, 0, k, NULL, NULL, NULL, NULL));
    CHECK_OK(martlet_search(index, NULL, 0, 0, 0, INT64_MAX, NULL, NULL, NULL, NULL));
    martlet_index_free(index);
}

static void test_ef_is_raised_to_k(void) {
    float *vectors = new_whole(rows * dim, 5);
    int64_t *ids = (int64_t *)calloc(rows, sizeof(int64_t));
    float *distances = new_floats(rows);
    uint64_t count = 0;
    bool ascending = true;
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = index_of(vectors, rows, MARTLET_L2);
    options.ef = 1;
    CHECK_OK(martlet_search(index, vectors, 1, 0, FLOAT_SIZE, rows, &options, ids, distances,
                            &count));
    for (uint64_t i = 1; i < rows; i += 1)
        ascending = ascending && distances[i - 1] <= distances[i];
    CHECK(count == rows && ascending);
    options.ef = MARTLET_MAX_EF;
    CHECK_OK(martlet_search(index, vectors, 1, 0, FLOAT_SIZE, 1, &options, ids, distances, NULL));
    CHECK(distances[0] == 0);
    martlet_index_free(index);
    free(vectors);
    free(ids);
    free(distances);
}

/* A batch on any number of threads answers as its queries do one by one, in any layout. */
static void test_batches_equal_single_queries(void) {
    static const uint64_t threads[] = {0, 1, 2, 1024};
    float *vectors = new_whole(rows * dim, 6), *asked = new_whole(queries * dim, 7);
    int64_t batch[queries * k], single[k];
    float batch_distances[queries * k], single_distances[k];
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = index_of(vectors, rows, MARTLET_IP);
    for (size_t t = 0; t < COUNT_OF(threads); t += 1) {
        options.threads = threads[t];
        CHECK_OK(martlet_search(index, asked + (queries - 1) * dim, queries, -row_bytes,
                                FLOAT_SIZE, k, &options, batch, batch_distances, NULL));
        for (uint64_t q = 0; q < queries; q += 1) {
            const float *query = asked + (queries - 1 - q) * dim;
            CHECK_OK(martlet_search(index, query, 1, 0, FLOAT_SIZE, k, NULL, single,
                                    single_distances, NULL));
            CHECK(memcmp(batch + q * k, single, sizeof single) == 0);
            CHECK(memcmp(batch_distances + q * k, single_distances, sizeof single_distances) == 0);
        }
    }
    martlet_index_free(index);
    free(vectors);
    free(asked);
}

static void test_bad_queries(void) {
    float asked[3 * dim];
    int64_t ids[3];
    float distances[3];
    martlet_index *index = new_index(dim, MARTLET_COSINE);
    fill_whole(asked, 3 * dim, 8);
    asked[2 * dim + 4] = NAN;
    CHECK_STATUS(MARTLET_NOT_FINITE, martlet_search(index, asked, 3, row_bytes, FLOAT_SIZE, 1,
                                                    NULL, ids, distances, NULL));
    CHECK(error_says("row 2") && error_says("column 4"));
    memset(asked + dim, 0, (size_t)row_bytes);
    CHECK_STATUS(MARTLET_BAD_LENGTH, martlet_search(index, asked, 2, row_bytes, FLOAT_SIZE, 1,
                                                    NULL, ids, distances, NULL));
    CHECK(error_says("row 1"));
    asked[0] = 3e19f;
    CHECK_STATUS(MARTLET_BAD_LENGTH, martlet_search(index, asked, 1, row_bytes, FLOAT_SIZE, 1,
                                                    NULL, ids, distances, NULL));
    martlet_index_free(index);
}

static martlet_status search_with(martlet_index *index, martlet_search_options options) {
    static const float query[dim] = {1, 2, 3};
    int64_t id;
    float distance;
    return martlet_search(index, query, 1, 0, FLOAT_SIZE, 1, &options, &id, &distance, NULL);
}

static void test_bad_options(void) {
    static const uint64_t bad_sizes[] = {0, 7, 12, sizeof(martlet_search_options) - 1,
                                         sizeof(martlet_search_options) + 8, UINT64_MAX};
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK(options.ef == 64 && options.threads == 0 && options.control == NULL);
    options.ef = 0;
    CHECK_INVALID(search_with(index, options));
    options.ef = (uint64_t)MARTLET_MAX_EF + 1;
    CHECK_INVALID(search_with(index, options));
    options.ef = 1;
    options.threads = 1025;
    CHECK_INVALID(search_with(index, options));
    options.threads = 0;
    for (size_t i = 0; i < COUNT_OF(bad_sizes); i += 1) {
        options.struct_size = bad_sizes[i];
        CHECK_INVALID(search_with(index, options));
    }
    options.struct_size = offsetof(martlet_search_options, ef);
    options.ef = 0;
    CHECK_OK(search_with(index, options));
    martlet_index_free(index);
}

static void test_bad_pointers_and_sizes(void) {
    const float query[dim] = {1, 2, 3};
    int64_t id;
    float distance;
    martlet_index *index = new_index(dim, MARTLET_L2);
    const int64_t step = FLOAT_SIZE;
    CHECK_INVALID(martlet_search(NULL, query, 1, 0, step, 1, NULL, &id, &distance, NULL));
    CHECK_INVALID(martlet_search(index, NULL, 1, 0, step, 1, NULL, &id, &distance, NULL));
    CHECK_INVALID(martlet_search(index, query, 1, 0, step, 1, NULL, NULL, &distance, NULL));
    CHECK_INVALID(martlet_search(index, query, 1, 0, step, 1, NULL, &id, NULL, NULL));
    CHECK_INVALID(martlet_search(index, query, INT64_MAX, 0, step, INT64_MAX, NULL, &id,
                                 &distance, NULL));
    CHECK_INVALID(martlet_search(index, query, 1, 0, step, UINT64_MAX, NULL, &id, &distance,
                                 NULL));
    martlet_index_free(index);
}

int main(void) {
    test_matches_the_oracle(MARTLET_L2);
    test_matches_the_oracle(MARTLET_IP);
    test_matches_the_oracle(MARTLET_COSINE);
    test_cosine_is_from_zero_to_two();
    test_ties_come_in_the_order_of_adding();
    test_fewer_than_k();
    test_empty();
    test_ef_is_raised_to_k();
    test_batches_equal_single_queries();
    test_bad_queries();
    test_bad_options();
    test_bad_pointers_and_sizes();
    return check_summary("search");
}
