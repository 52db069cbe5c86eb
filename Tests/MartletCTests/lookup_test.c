/* Look up: stored vectors come back as they were given; ids in any stride; what is missing. */
#include "ids.h"

enum { rows = 50, dim = 5 };

static const int64_t id_bytes = (int64_t)sizeof(int64_t);

/* Rows 0, 1, 2 ... are stored under the ids 0, -3, -6 ... */
static martlet_index *index_of(const float *vectors, martlet_metric metric) {
    int64_t ids[rows];
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = new_index(dim, metric);
    for (int64_t row = 0; row < rows; row += 1)
        ids[row] = -3 * row;
    const martlet_ids given = integer_ids(ids, rows, id_bytes);
    options.ids = &given;
    CHECK_OK(martlet_add(index, vectors, rows, dim * FLOAT_SIZE, FLOAT_SIZE, &options));
    return index;
}

static void test_vectors_come_back_as_given(void) {
    float *vectors = new_whole(rows * dim, 1), *stored = new_floats(rows * dim);
    int64_t ids[rows];
    for (int64_t row = 0; row < rows; row += 1)
        ids[row] = -3 * row;
    for (martlet_metric metric = MARTLET_L2; metric <= MARTLET_COSINE; metric += 1) {
        martlet_index *index = index_of(vectors, metric);
        memset(stored, 1, rows * dim * sizeof *stored);
        CHECK_OK(get_integers(index, ids, rows, id_bytes, stored));
        CHECK(memcmp(stored, vectors, rows * dim * sizeof *stored) == 0);
        martlet_index_free(index);
    }
    free(vectors);
    free(stored);
}

static void test_ids_in_every_stride(void) {
    float *vectors = new_whole(rows * dim, 2);
    const int64_t ids[4] = {-3, 1, -9, -6};
    float stored[2 * dim];
    int64_t found[3] = {7, 7, 7};
    martlet_index *index = index_of(vectors, MARTLET_L2);
    CHECK_OK(get_integers(index, ids, 2, 2 * id_bytes, stored));
    CHECK(memcmp(stored, vectors + dim, dim * sizeof *stored) == 0);
    CHECK(memcmp(stored + dim, vectors + 3 * dim, dim * sizeof *stored) == 0);
    CHECK_OK(get_integers(index, ids + 3, 2, -id_bytes, stored));
    CHECK(memcmp(stored, vectors + 2 * dim, dim * sizeof *stored) == 0);
    CHECK_OK(get_integers(index, ids, 2, 0, stored));
    CHECK(memcmp(stored, stored + dim, dim * sizeof *stored) == 0);
    CHECK_OK(find_integers(index, ids + 2, 3, -id_bytes, found));
    CHECK(found[0] == 3 && found[1] == -1 && found[2] == 1);
    martlet_index_free(index);
    free(vectors);
}

static void test_missing_ids(void) {
    float *vectors = new_whole(rows * dim, 3);
    const int64_t ids[4] = {0, 4242, -3, 4243};
    float stored[4 * dim];
    int64_t found[4] = {7, 7, 7, 7};
    martlet_index *index = index_of(vectors, MARTLET_L2);
    CHECK_STATUS(MARTLET_ID_NOT_FOUND, get_integers(index, ids, 4, id_bytes, stored));
    CHECK(error_says("4242") && strstr(martlet_last_error(), "4243") == NULL);
    CHECK_OK(find_integers(index, ids, 4, id_bytes, found));
    CHECK(found[0] == 0 && found[1] == -1 && found[2] == 1 && found[3] == -1);
    martlet_index_free(index);
    free(vectors);
}

static void test_nothing_asked(void) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(get_integers(index, NULL, 0, 0, NULL));
    CHECK_OK(find_integers(index, NULL, 0, 0, NULL));
    martlet_index_free(index);
}

static void test_bad_arguments(void) {
    const int64_t id = 0;
    float vector[dim];
    int64_t found;
    uint64_t count;
    martlet_ids ids = integer_ids(&id, 1, id_bytes);
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_INVALID(get_integers(NULL, &id, 1, id_bytes, vector));
    CHECK_INVALID(get_integers(index, NULL, 1, id_bytes, vector));
    CHECK_INVALID(get_integers(index, &id, 1, id_bytes, NULL));
    CHECK_INVALID(find_integers(NULL, &id, 1, id_bytes, &found));
    CHECK_INVALID(find_integers(index, NULL, 1, id_bytes, &found));
    CHECK_INVALID(find_integers(index, &id, 1, id_bytes, NULL));
    CHECK_INVALID(martlet_get(index, NULL, vector));
    CHECK_INVALID(martlet_find(index, NULL, &found));
    ids.struct_size = 12;
    CHECK_INVALID(martlet_get(index, &ids, vector));
    CHECK_INVALID(martlet_find(index, &ids, &found));
    CHECK(error_says("ids.struct_size"));
    ids = integer_ids(&id, (uint64_t)1 << 63, id_bytes);
    CHECK_INVALID(martlet_find(index, &ids, &found));
    ids = integer_ids(&id, 3, INT64_MAX);
    CHECK_INVALID(martlet_find(index, &ids, &found));
    CHECK_INVALID(martlet_count(NULL, NULL, 0, &count));
    CHECK_INVALID(martlet_count(index, NULL, 0, NULL));
    martlet_index_free(index);
}

static void test_many_ids(void) {
    enum { many = 20000 };
    float *vectors = new_whole(many, 4), *stored = new_floats(many);
    int64_t *ids = (int64_t *)calloc(many, sizeof(int64_t));
    int64_t *found = (int64_t *)calloc(many, sizeof(int64_t));
    bool all = true, none = true;
    martlet_index *index = new_index(1, MARTLET_L2);
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    for (int64_t i = 0; i < many; i += 1)
        ids[i] = (int64_t)((uint64_t)i * 0x9E3779B97F4A7C15u);
    const martlet_ids given = integer_ids(ids, many, id_bytes);
    options.ids = &given;
    CHECK_OK(martlet_add(index, vectors, many, FLOAT_SIZE, FLOAT_SIZE, &options));
    CHECK_OK(get_integers(index, ids, many, id_bytes, stored));
    CHECK(memcmp(stored, vectors, many * sizeof *stored) == 0);
    CHECK_OK(find_integers(index, ids, many, id_bytes, found));
    for (int64_t i = 0; i < many; i += 1) {
        all = all && found[i] == i;
        ids[i] += 1;
    }
    CHECK(all);
    CHECK_OK(find_integers(index, ids, many, id_bytes, found));
    for (size_t i = 0; i < many; i += 1)
        none = none && found[i] == -1;
    CHECK(none);
    martlet_index_free(index);
    free(vectors);
    free(stored);
    free(ids);
    free(found);
}

int main(void) {
    test_vectors_come_back_as_given();
    test_ids_in_every_stride();
    test_missing_ids();
    test_nothing_asked();
    test_bad_arguments();
    test_many_ids();
    return check_summary("lookup");
}
