/* Add: ids given and assigned, every refusal, and that a refused batch has changed nothing. */
#define _POSIX_C_SOURCE 200809L
#include "ids.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { dim = 3 };

static const int64_t row_bytes = dim * (int64_t)sizeof(float);
static const int64_t id_bytes = (int64_t)sizeof(int64_t);

static martlet_status add_with_ids(martlet_index *index, const float *vectors, uint64_t rows,
                                   const int64_t *ids, int64_t id_stride) {
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    const martlet_ids given = integer_ids(ids, rows, id_stride);
    options.ids = ids == NULL ? NULL : &given;
    return martlet_add(index, vectors, rows, row_bytes, FLOAT_SIZE, &options);
}

static martlet_status add_one(martlet_index *index, int64_t id) {
    static const float vector[dim] = {3, 2, 1};
    return add_with_ids(index, vector, 1, &id, 0);
}

static bool contains(const martlet_index *index, int64_t id) {
    int64_t row = -9;
    CHECK_OK(find_integers(index, &id, 1, 0, &row));
    return row >= 0;
}

/* Adds one vector and returns the id it was assigned. */
static int64_t next_assigned(martlet_index *index) {
    static const float vector[dim] = {1, 2, 3};
    int64_t id = INT64_MIN;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.assigned_ids = &id;
    CHECK_OK(martlet_add(index, vector, 1, row_bytes, FLOAT_SIZE, &options));
    return id;
}

static void test_assigned_ids_count_up(void) {
    float vectors[4 * dim];
    int64_t assigned[4] = {-7, -7, -7, -7};
    martlet_index *index = new_index(dim, MARTLET_L2);
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    fill_whole(vectors, 4 * dim, 1);
    options.assigned_ids = assigned;
    CHECK_OK(martlet_add(index, vectors, 4, row_bytes, FLOAT_SIZE, &options));
    for (int64_t i = 0; i < 4; i += 1)
        CHECK(assigned[i] == i);
    CHECK(next_assigned(index) == 4);
    CHECK_OK(add_one(index, 1000));
    CHECK(next_assigned(index) == 1001);
    CHECK_OK(add_one(index, 500));
    CHECK(next_assigned(index) == 1002);
    martlet_index_free(index);
}

static void test_assigned_ids_are_never_negative(void) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(add_one(index, INT64_MIN));
    CHECK(next_assigned(index) == 0);
    CHECK_OK(add_one(index, -1));
    CHECK(next_assigned(index) == 1);
    CHECK(contains(index, INT64_MIN) && contains(index, -1));
    martlet_index_free(index);
}

static void test_the_last_id(void) {
    static const float vectors[2 * dim] = {1, 2, 3, 4, 5, 6};
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(add_one(index, INT64_MAX - 1));
    CHECK_STATUS(MARTLET_INDEX_FULL, add_rows(index, vectors, 2, dim));
    CHECK(count_of(index) == 1);
    CHECK(next_assigned(index) == INT64_MAX);
    CHECK_STATUS(MARTLET_INDEX_FULL, add_rows(index, vectors, 1, dim));
    CHECK_OK(add_one(index, 5));
    CHECK(count_of(index) == 3);
    martlet_index_free(index);
}

/* Given ids in any stride come back, row by row, in assigned_ids and in searches. */
static void test_given_ids_in_every_stride(void) {
    static const int64_t strides[] = {8, 16, -8, -24};
    float vectors[3 * dim];
    fill_whole(vectors, 3 * dim, 2);
    for (size_t s = 0; s < COUNT_OF(strides); s += 1) {
        int64_t ids[7] = {50, -51, 52, INT64_MAX, 54, 55, 56}, assigned[3], found[3];
        float distances[3];
        const int64_t step = strides[s] / id_bytes, first = step < 0 ? 6 : 0;
        martlet_index *index = new_index(dim, MARTLET_L2);
        martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
        const martlet_ids given = integer_ids(ids + first, 3, strides[s]);
        options.ids = &given;
        options.assigned_ids = assigned;
        CHECK_OK(martlet_add(index, vectors, 3, row_bytes, FLOAT_SIZE, &options));
        CHECK_OK(martlet_search(index, vectors, 3, row_bytes, FLOAT_SIZE, 1, NULL, found,
                                distances, NULL));
        for (int64_t row = 0; row < 3; row += 1)
            CHECK(assigned[row] == ids[first + row * step] && found[row] == assigned[row]);
        martlet_index_free(index);
    }
}

static void test_unaligned_ids(void) {
    unsigned char buffer[2 * 8 + 1];
    const int64_t ids[2] = {123456789012345, -5};
    float vectors[2 * dim];
    martlet_index *index = new_index(dim, MARTLET_L2);
    martlet_ids given = integer_ids(NULL, 2, id_bytes);
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    const void *unaligned = buffer + 1;
    fill_whole(vectors, 2 * dim, 3);
    memcpy(buffer + 1, ids, sizeof ids);
    memcpy(&given.integers, &unaligned, sizeof unaligned);
    options.ids = &given;
    CHECK_OK(martlet_add(index, vectors, 2, row_bytes, FLOAT_SIZE, &options));
    CHECK(contains(index, ids[0]) && contains(index, ids[1]));
    martlet_index_free(index);
}

static void test_zero_rows(void) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    CHECK_OK(martlet_add(index, NULL, 0, 0, 0, NULL));
    CHECK_OK(martlet_add(index, NULL, 0, INT64_MIN, INT64_MAX, &options));
    CHECK(count_of(index) == 0);
    martlet_index_free(index);
}

/* What must hold after a refusal: the same rows, found at the same distances, under the same ids. */
typedef struct picture {
    uint64_t count;
    int64_t ids[8];
    float distances[8];
} picture;

static picture picture_of(const martlet_index *index) {
    static const float query[dim] = {1, 1, 1};
    picture seen;
    memset(&seen, 0, sizeof seen);
    seen.count = count_of(index);
    CHECK_OK(martlet_search(index, query, 1, 0, FLOAT_SIZE, 8, NULL, seen.ids, seen.distances,
                            NULL));
    return seen;
}

static martlet_index *index_of_five(martlet_metric metric) {
    static const float vectors[5 * dim] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1};
    martlet_index *index = new_index(dim, metric);
    CHECK_OK(add_rows(index, vectors, 5, dim));
    return index;
}

/* A batch of four rows, one of them bad, given `ids` or none, is refused and leaves no trace. */
static void refuses(martlet_status reason, martlet_metric metric, const float *rows,
                    const int64_t *ids, const char *mention) {
    martlet_index *index = index_of_five(metric);
    const picture before = picture_of(index);
    CHECK_STATUS(reason, add_with_ids(index, rows, 4, ids, id_bytes));
    CHECK(error_says(mention));
    const picture after = picture_of(index);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
    CHECK(next_assigned(index) == 5);
    martlet_index_free(index);
}

static void test_bad_rows(void) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    float rows[4 * dim];
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        fill_whole(rows, 4 * dim, 4);
        rows[2 * dim + 1] = bad[i];
        refuses(MARTLET_NOT_FINITE, MARTLET_L2, rows, NULL, "row 2");
        refuses(MARTLET_NOT_FINITE, MARTLET_COSINE, rows, NULL, "column 1");
    }
    fill_whole(rows, 4 * dim, 4);
    rows[3 * dim] = 1e20f;
    for (martlet_metric metric = MARTLET_L2; metric <= MARTLET_COSINE; metric += 1)
        refuses(MARTLET_BAD_LENGTH, metric, rows, NULL, "row 3");
    fill_whole(rows, 4 * dim, 4);
    memset(rows + dim, 0, (size_t)row_bytes);
    refuses(MARTLET_BAD_LENGTH, MARTLET_COSINE, rows, NULL, "row 1");
}

static void test_bad_ids(void) {
    static const int64_t stored[4] = {90, 91, 4, 93}, twice[4] = {90, -77, 92, -77};
    float rows[4 * dim];
    fill_whole(rows, 4 * dim, 5);
    refuses(MARTLET_ID_EXISTS, MARTLET_L2, rows, stored, "4");
    refuses(MARTLET_ID_EXISTS, MARTLET_L2, rows, twice, "-77");
    martlet_index *index = index_of_five(MARTLET_L2);
    CHECK_STATUS(MARTLET_ID_EXISTS, add_with_ids(index, rows, 2, stored, 0));
    CHECK_OK(add_with_ids(index, rows, 1, stored, 0));
    CHECK(count_of(index) == 6 && contains(index, 90));
    martlet_index_free(index);
}

/* A zero vector has a length of its own under the metrics that need no direction. */
static void test_zero_vectors_without_cosine(void) {
    static const float zero[dim] = {0, 0, 0};
    for (martlet_metric metric = MARTLET_L2; metric <= MARTLET_IP; metric += 1) {
        martlet_index *index = new_index(dim, metric);
        CHECK_OK(add_rows(index, zero, 1, dim));
        CHECK(count_of(index) == 1);
        martlet_index_free(index);
    }
}

/* The longest vectors that are accepted are still a finite distance apart. */
static void test_the_longest_vectors(void) {
    static const float vectors[2 * dim] = {6e18f, 0, 0, -6e18f, 0, 0};
    int64_t ids[2];
    float distances[2];
    for (martlet_metric metric = MARTLET_L2; metric <= MARTLET_COSINE; metric += 1) {
        martlet_index *index = new_index(dim, metric);
        CHECK_OK(add_rows(index, vectors, 2, dim));
        CHECK_OK(martlet_search(index, vectors, 1, 0, FLOAT_SIZE, 2, NULL, ids, distances, NULL));
        CHECK(ids[0] == 0 && ids[1] == 1 && isfinite(distances[0]) && isfinite(distances[1]));
        martlet_index_free(index);
    }
}

/* More rows than an index may hold are refused before any is read. */
static void test_too_many_rows(void) {
    static const float vector[dim] = {1, 2, 3};
    martlet_index *index = index_of_five(MARTLET_L2);
    const uint64_t too_many = (uint64_t)MARTLET_MAX_VECTORS + 1;
    CHECK_STATUS(MARTLET_INDEX_FULL, martlet_add(index, vector, too_many, 0, FLOAT_SIZE, NULL));
    CHECK_STATUS(MARTLET_INDEX_FULL, martlet_add(index, vector, too_many - 5, 0, FLOAT_SIZE, NULL));
    CHECK_STATUS(MARTLET_INDEX_FULL, martlet_add(index, vector, INT64_MAX, 0, FLOAT_SIZE, NULL));
    CHECK(count_of(index) == 5);
    martlet_index_free(index);
}

/* In a process that may not grow any more: a batch that needs gigabytes is refused, one that needs
 * little is not. */
static bool survives_lack_of_memory(void) {
    static const float vector[dim] = {1, 2, 3};
    const struct rlimit half_a_gigabyte = {1u << 29, 1u << 29};
    martlet_index *index = index_of_five(MARTLET_L2);
    const picture before = picture_of(index);
    CHECK(setrlimit(RLIMIT_AS, &half_a_gigabyte) == 0);
    CHECK_STATUS(MARTLET_OUT_OF_MEMORY,
                 martlet_add(index, vector, 100000000, 0, FLOAT_SIZE, NULL));
    const picture after = picture_of(index);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
    CHECK(next_assigned(index) == 5);
    martlet_index_free(index);
    return check_failed == 0;
}

static void test_lack_of_memory(void) {
    int status = -1;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const bool survives = survives_lack_of_memory();
        fflush(stdout);
        _exit(survives ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_bad_arguments(void) {
    static const uint64_t bad_sizes[] = {0, 7, 12, sizeof(martlet_add_options) - 1,
                                         sizeof(martlet_add_options) + 8, UINT64_MAX};
    static const float vector[dim] = {1, 2, 3};
    martlet_index *index = index_of_five(MARTLET_L2);
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    CHECK_INVALID(martlet_add(NULL, vector, 1, row_bytes, FLOAT_SIZE, NULL));
    CHECK_INVALID(martlet_add(index, NULL, 1, row_bytes, FLOAT_SIZE, NULL));
    for (size_t i = 0; i < COUNT_OF(bad_sizes); i += 1) {
        options.struct_size = bad_sizes[i];
        CHECK_INVALID(martlet_add(index, vector, 1, row_bytes, FLOAT_SIZE, &options));
        CHECK(error_says("struct_size"));
    }
    options.struct_size = sizeof options;
    options.threads = 1025;
    CHECK_INVALID(martlet_add(index, vector, 1, row_bytes, FLOAT_SIZE, &options));
    CHECK(error_says("1025") && error_says("1024"));
    CHECK(count_of(index) == 5);
    options.threads = 1024;
    CHECK_OK(martlet_add(index, vector, 1, row_bytes, FLOAT_SIZE, &options));
    martlet_index_free(index);
}

/* The graph does not depend on the number of threads: a narrow search goes the same way. */
static void test_any_number_of_threads_builds_the_same_index(void) {
    enum { rows = 3000, queries = 100 };
    static const uint64_t threads[] = {1, 2, 7, 0};
    static int64_t ids[COUNT_OF(threads)][queries];
    static float distances[COUNT_OF(threads)][queries];
    float *vectors = new_whole(rows * dim, 6), *asked = new_whole(queries * dim, 7);
    for (size_t t = 0; t < COUNT_OF(threads); t += 1) {
        martlet_index *index = new_index(dim, MARTLET_L2);
        martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
        martlet_search_options narrow = MARTLET_SEARCH_OPTIONS_INIT;
        options.threads = threads[t];
        narrow.ef = 1;
        CHECK_OK(martlet_add(index, vectors, rows, row_bytes, FLOAT_SIZE, &options));
        CHECK_OK(martlet_search(index, asked, queries, row_bytes, FLOAT_SIZE, 1, &narrow, ids[t],
                                distances[t], NULL));
        CHECK(memcmp(ids[t], ids[0], sizeof ids[0]) == 0);
        CHECK(memcmp(distances[t], distances[0], sizeof distances[0]) == 0);
        martlet_index_free(index);
    }
    free(vectors);
    free(asked);
}

int main(void) {
    test_assigned_ids_count_up();
    test_assigned_ids_are_never_negative();
    test_the_last_id();
    test_given_ids_in_every_stride();
    test_unaligned_ids();
    test_zero_rows();
    test_bad_rows();
    test_bad_ids();
    test_zero_vectors_without_cosine();
    test_the_longest_vectors();
    test_too_many_rows();
    if (getenv("EMULATOR") == NULL) /* which sets no bound to memory */
        test_lack_of_memory();
    test_bad_arguments();
    test_any_number_of_threads_builds_the_same_index();
    return check_summary("add");
}
