/* Index: every option at and beyond its bounds, the defaults, and the handle's life. */
#include "oracle.h"

#include <stddef.h>

static martlet_index_options options_of(uint64_t dim) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    options.dim = dim;
    return options;
}

static void accepts(martlet_index_options options) {
    martlet_index *index = NULL;
    CHECK_OK(martlet_index_create(&options, &index));
    CHECK(index != NULL);
    CHECK(count_of(index) == 0);
    martlet_index_free(index);
}

/* A refusal clears the handle, whatever was in it, and mentions `mention`. */
static void refuses(martlet_index_options options, const char *mention) {
    char elsewhere = 0;
    martlet_index *index = (martlet_index *)(void *)&elsewhere;
    CHECK_INVALID(martlet_index_create(&options, &index));
    CHECK(index == NULL);
    CHECK(error_says(mention));
}

static void test_defaults(void) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    CHECK(options.struct_size == sizeof options && options.dim == 0 && options.seed == 0);
    CHECK(options.metric == MARTLET_L2 && options.M == 16 && options.ef_construction == 200);
    CHECK(options.memory == MARTLET_BALANCED && options.reserved == 0);
}

static void test_dim(void) {
    accepts(options_of(1));
    accepts(options_of(MARTLET_MAX_DIM));
    refuses(options_of(0), "dim");
    refuses(options_of(MARTLET_MAX_DIM + 1), "65537");
    refuses(options_of(UINT64_MAX), "18446744073709551615");
}

static void test_metric(void) {
    martlet_index_options options = options_of(3);
    for (options.metric = MARTLET_L2; options.metric <= MARTLET_COSINE; options.metric += 1)
        accepts(options);
    refuses(options, "3");
    options.metric = -1;
    refuses(options, "-1");
    options.metric = INT32_MIN;
    refuses(options, "-2147483648");
}

static void test_M(void) {
    static const uint32_t good[] = {MARTLET_MIN_M, MARTLET_DEFAULT_M, MARTLET_MAX_M};
    static const uint32_t bad[] = {0, MARTLET_MIN_M - 1, MARTLET_MAX_M + 1, UINT32_MAX};
    martlet_index_options options = options_of(3);
    for (size_t i = 0; i < COUNT_OF(good); i += 1) {
        options.M = good[i];
        accepts(options);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        options.M = bad[i];
        refuses(options, "M");
    }
}

static void test_ef_construction(void) {
    martlet_index_options options = options_of(3);
    options.ef_construction = 1;
    accepts(options);
    options.ef_construction = MARTLET_MAX_EF;
    accepts(options);
    options.ef_construction = 0;
    refuses(options, "ef_construction");
    options.ef_construction = (uint64_t)MARTLET_MAX_EF + 1;
    refuses(options, "4294967295");
}

static void test_memory(void) {
    martlet_index_options options = options_of(3);
    for (options.memory = MARTLET_BALANCED; options.memory <= MARTLET_COMPACT; options.memory += 1) {
        martlet_index_options seen = MARTLET_INDEX_OPTIONS_INIT;
        martlet_index *index = NULL;
        CHECK_OK(martlet_index_create(&options, &index));
        CHECK_OK(martlet_get_options(index, &seen));
        CHECK(memcmp(&seen, &options, sizeof seen) == 0);
        martlet_index_free(index);
    }
    refuses(options, "memory is 3, but must be MARTLET_BALANCED, MARTLET_FAST or MARTLET_COMPACT");
    options.memory = -1;
    refuses(options, "memory is -1");
    options.memory = INT32_MIN;
    refuses(options, "memory is -2147483648");
}

static void test_struct_size(void) {
    static const uint64_t bad[] = {0, 1, 7, 12, sizeof(martlet_index_options) - 1,
                                   sizeof(martlet_index_options) + 8, UINT64_MAX};
    martlet_index_options options = options_of(3);
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        options.struct_size = bad[i];
        refuses(options, "struct_size");
    }
}

/* The fields that an earlier header's struct would not have, keep their defaults. */
static void test_smaller_struct(void) {
    martlet_statistics seen;
    martlet_index *index = NULL;
    martlet_index_options options = options_of(3);
    options.struct_size = offsetof(martlet_index_options, metric);
    options.metric = 77;
    options.M = 0;
    options.ef_construction = 0;
    options.seed = 5;
    CHECK_OK(martlet_index_create(&options, &index));
    seen.struct_size = sizeof seen;
    CHECK_OK(martlet_get_statistics(index, &seen));
    CHECK(seen.dim == 3 && seen.metric == MARTLET_L2 && seen.M == MARTLET_DEFAULT_M);
    CHECK(seen.ef_construction == MARTLET_DEFAULT_EF_CONSTRUCTION && seen.seed == 0);
    martlet_index_free(index);
}

/* A program that was compiled with the header before `memory`. */
static void test_struct_without_memory(void) {
    martlet_index_options options = options_of(3), seen = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    options.struct_size = 40;
    CHECK(offsetof(martlet_index_options, memory) == 40);
    options.seed = 5;
    options.memory = 77;
    CHECK_OK(martlet_index_create(&options, &index));
    CHECK_OK(martlet_get_options(index, &seen));
    CHECK(seen.seed == 5 && seen.memory == MARTLET_BALANCED);
    seen.struct_size = 40;
    seen.seed = 0;
    seen.memory = 77;
    CHECK_OK(martlet_get_options(index, &seen));
    CHECK(seen.seed == 5 && seen.memory == 77);
    martlet_index_free(index);
}

static void test_pointers(void) {
    martlet_index_options options = options_of(3);
    martlet_index *index = NULL;
    CHECK_INVALID(martlet_index_create(NULL, &index));
    CHECK(index == NULL);
    CHECK_INVALID(martlet_index_create(&options, NULL));
    martlet_index_free(NULL);
}

static void test_every_seed(void) {
    static const uint64_t seeds[] = {0, 1, UINT64_MAX};
    martlet_index_options options = options_of(3);
    for (size_t i = 0; i < COUNT_OF(seeds); i += 1) {
        options.seed = seeds[i];
        accepts(options);
    }
}

/* The smallest and the largest graph parameters still give exact answers when ef covers the index. */
static void test_extreme_options_search_exactly(void) {
    enum { rows = 60, dim = 3 };
    static const uint32_t M[] = {MARTLET_MIN_M, MARTLET_MAX_M};
    float *vectors = new_whole(rows * dim, 5);
    for (size_t i = 0; i < COUNT_OF(M); i += 1) {
        martlet_index_options options = options_of(dim);
        martlet_index *index = NULL;
        int64_t id = -1, nearest = -1;
        float distance = -1;
        double exact = -1;
        options.M = M[i];
        options.ef_construction = i == 0 ? 1 : MARTLET_MAX_EF;
        CHECK_OK(martlet_index_create(&options, &index));
        CHECK_OK(add_rows(index, vectors, rows, dim));
        static const float query[dim] = {1, -2, 3};
        CHECK_OK(martlet_search(index, query, 1, 0, FLOAT_SIZE, 1, NULL, &id, &distance, NULL));
        oracle_search(MARTLET_L2, vectors, rows, dim, query, 1, &nearest, &exact);
        CHECK((double)distance == exact);
        CHECK(id == nearest);
        martlet_index_free(index);
    }
    free(vectors);
}

int main(void) {
    test_defaults();
    test_dim();
    test_metric();
    test_M();
    test_ef_construction();
    test_memory();
    test_struct_size();
    test_smaller_struct();
    test_struct_without_memory();
    test_pointers();
    test_every_seed();
    test_extreme_options_search_exactly();
    return check_summary("index");
}
