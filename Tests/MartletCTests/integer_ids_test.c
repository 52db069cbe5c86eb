/* From row numbers to integer ids. */
#include "oracle.h"

enum { dim = 2 };

static void add(martlet_index *index, const int64_t *integers, const martlet_strings *strings,
                uint64_t count) {
    const float zeros[dim] = {0};
    martlet_ids ids = MARTLET_IDS_INIT;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    ids.count = count;
    ids.integers = integers;
    ids.strings = strings;
    options.ids = &ids;
    CHECK_OK(martlet_add(index, zeros, count, 0, FLOAT_SIZE, &options));
}

static void test_ids_of_rows(void) {
    const int64_t ids[3] = {70, -5, INT64_MIN}, rows[4] = {2, 0, 1, 2};
    int64_t found[4];
    martlet_index *index = new_index(dim, MARTLET_L2);
    add(index, ids, NULL, 3);
    CHECK_OK(martlet_get_integer_ids(index, rows, 4, found));
    CHECK(found[0] == INT64_MIN && found[1] == 70 && found[2] == -5 && found[3] == INT64_MIN);
    martlet_index_free(index);
}

static void test_rows_that_are_not_there(void) {
    const int64_t ids[2] = {70, -5}, bad[4] = {-1, 2, INT64_MIN, INT64_MAX};
    int64_t found;
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_INVALID(martlet_get_integer_ids(index, bad, 1, &found));
    add(index, ids, NULL, 2);
    for (int i = 0; i < 4; i += 1)
        CHECK_INVALID(martlet_get_integer_ids(index, bad + i, 1, &found));
    martlet_index_free(index);
}

static void test_nothing_asked(void) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(martlet_get_integer_ids(index, NULL, 0, NULL));
    martlet_index_free(index);
}

static void test_an_index_of_strings(void) {
    const int64_t offsets[2] = {0, 1}, row = 0;
    int64_t found;
    martlet_strings strings = MARTLET_STRINGS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    strings.data = "a";
    strings.offsets = offsets;
    strings.count = 1;
    add(index, NULL, &strings, 1);
    CHECK_STATUS(MARTLET_ID_KIND, martlet_get_integer_ids(index, &row, 1, &found));
    CHECK_STATUS(MARTLET_ID_KIND, martlet_get_integer_ids(index, NULL, 0, NULL));
    CHECK_OK(martlet_clear(index));
    CHECK_STATUS(MARTLET_ID_KIND, martlet_get_integer_ids(index, NULL, 0, NULL));
    martlet_index_free(index);
}

static void test_bad_arguments(void) {
    const int64_t row = 0;
    int64_t found;
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_INVALID(martlet_get_integer_ids(NULL, &row, 1, &found));
    CHECK_INVALID(martlet_get_integer_ids(index, NULL, 1, &found));
    CHECK_INVALID(martlet_get_integer_ids(index, &row, 1, NULL));
    CHECK_INVALID(martlet_get_integer_ids(index, &row, (uint64_t)1 << 63, &found));
    martlet_index_free(index);
}

int main(void) {
    test_ids_of_rows();
    test_rows_that_are_not_there();
    test_nothing_asked();
    test_an_index_of_strings();
    test_bad_arguments();
    return check_summary("integer ids");
}
