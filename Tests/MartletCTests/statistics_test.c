/* Statistics: what the index says of itself agrees with what was put in and with itself. */
#include "ids.h"

#include <stddef.h>

enum { rows = 2000, dim = 6, M = 8 };

static martlet_statistics statistics_of(const martlet_index *index) {
    martlet_statistics statistics;
    memset(&statistics, 0xFF, sizeof statistics);
    statistics.struct_size = sizeof statistics;
    CHECK_OK(martlet_get_statistics(index, &statistics));
    return statistics;
}

static martlet_index *new_small_M_index(void) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    options.dim = dim;
    options.metric = MARTLET_IP;
    options.M = M;
    options.ef_construction = 50;
    options.seed = 99;
    CHECK_OK(martlet_index_create(&options, &index));
    return index;
}

static void test_empty_index(void) {
    martlet_index *index = new_small_M_index();
    const martlet_statistics seen = statistics_of(index);
    CHECK(seen.struct_size == sizeof seen && seen.reserved == 0);
    CHECK(seen.dim == dim && seen.metric == MARTLET_IP && seen.M == M);
    CHECK(seen.ef_construction == 50 && seen.seed == 99);
    CHECK(seen.id_kind == MARTLET_NO_IDS_YET && seen.columns == 0);
    CHECK(seen.count == 0 && seen.links == 0 && seen.max_links == 0 && seen.reachable == 0);
    CHECK(seen.add_rows == 0 && seen.add_total_ns == 0 && seen.add_distances == 0);
    for (size_t level = 0; level < MARTLET_LEVELS; level += 1)
        CHECK(seen.levels[level] == 0);
    martlet_index_free(index);
}

static void check_graph(const martlet_statistics *seen, uint64_t count) {
    uint64_t nodes = 0;
    for (size_t level = 0; level < MARTLET_LEVELS; level += 1)
        nodes += seen->levels[level];
    CHECK(seen->count == count && nodes == count && seen->reachable == count);
    CHECK(seen->levels[0] > seen->levels[1] && seen->levels[1] > 0);
    CHECK(seen->max_links > 0 && seen->max_links <= 2 * M);
    CHECK(seen->links >= count && seen->links <= count * seen->max_links);
}

static void check_bytes(const martlet_statistics *seen, uint64_t count) {
    CHECK(seen->vector_bytes >= count * dim * sizeof(float));
    CHECK(seen->vector_bytes <= 4 * count * 64);
    CHECK(seen->link_bytes >= seen->links * sizeof(uint32_t));
    CHECK(seen->id_bytes >= count * sizeof(int64_t));
}

static void check_latest_add(const martlet_statistics *seen, uint64_t add_rows, uint64_t threads,
                             martlet_element element) {
    CHECK(seen->add_rows == add_rows && seen->add_element == element);
    CHECK(threads == 0 ? seen->add_threads >= 1 : seen->add_threads == threads);
    CHECK(seen->add_graph_ns > 0);
    CHECK(seen->add_read_ns + seen->add_ids_ns + seen->add_graph_ns <= seen->add_total_ns);
    CHECK(seen->add_distances >= add_rows);
}

static void test_after_each_add(void) {
    float *vectors = new_whole(rows * dim, 1);
    uint8_t bytes[dim] = {1, 2, 3, 4, 5, 6};
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = new_small_M_index();
    options.threads = 2;
    CHECK_OK(martlet_add(index, vectors, rows, dim * FLOAT_SIZE, FLOAT_SIZE, &options));
    const martlet_statistics first = statistics_of(index);
    check_graph(&first, rows);
    check_bytes(&first, rows);
    check_latest_add(&first, rows, 2, MARTLET_FLOAT32);

    matrix.data = bytes;
    matrix.rows = 3;
    matrix.columns = dim;
    matrix.component_stride = 1;
    matrix.element = MARTLET_UINT8;
    options.threads = 1;
    CHECK_OK(martlet_add_matrix(index, &matrix, &options));
    const martlet_statistics second = statistics_of(index);
    check_graph(&second, rows + 3);
    check_latest_add(&second, 3, 1, MARTLET_UINT8);
    CHECK(second.add_distances < first.add_distances);

    vectors[0] = NAN;
    CHECK_STATUS(MARTLET_NOT_FINITE, add_rows(index, vectors, rows, dim));
    const martlet_statistics third = statistics_of(index);
    CHECK(memcmp(&third, &second, sizeof third) == 0);
    martlet_index_free(index);
    free(vectors);
}

static void test_kinds_of_ids(void) {
    static const char *const names[] = {"one", "two hundred", ""};
    string_list list;
    float vectors[3 * dim];
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *integers = new_small_M_index(), *strings = new_small_M_index();
    fill_whole(vectors, 3 * dim, 8);
    CHECK_OK(add_rows(integers, vectors, 3, dim));
    CHECK(statistics_of(integers).id_kind == MARTLET_INTEGER_IDS);
    options.ids = string_ids(&list, names, 3);
    CHECK_OK(martlet_add(strings, vectors, 3, dim * FLOAT_SIZE, FLOAT_SIZE, &options));
    CHECK(statistics_of(strings).id_kind == MARTLET_STRING_IDS);
    CHECK(statistics_of(strings).id_bytes >= 14 + 3 * 8);
    martlet_index_free(integers);
    martlet_index_free(strings);
}

/* A hundred copies of each of five points: no island, no copy lost. */
static void test_copies_are_reachable(void) {
    enum { points = 5, copies = 100 };
    float vectors[points * copies * dim];
    int64_t ids[copies];
    float distances[copies];
    martlet_index *index = new_small_M_index();
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    for (size_t row = 0; row < points * copies; row += 1)
        fill_whole(vectors + row * dim, dim, row / copies);
    CHECK_OK(add_rows(index, vectors, points * copies, dim));
    CHECK(statistics_of(index).reachable == points * copies);
    martlet_index_free(index);

    index = new_index(dim, MARTLET_L2);
    options.ef = points * copies;
    CHECK_OK(add_rows(index, vectors, points * copies, dim));
    for (int64_t point = 0; point < points; point += 1) {
        bool all = true;
        CHECK_OK(martlet_search(index, vectors + point * copies * dim, 1, 0, FLOAT_SIZE, copies,
                                &options, ids, distances, NULL));
        for (int64_t i = 0; i < copies; i += 1)
            all = all && ids[i] == point * copies + i && distances[i] == 0;
        CHECK(all);
    }
    martlet_index_free(index);
}

/* In the fast form, links take 512 bytes more per vector of up to 32 components; a search finds the
 * same. */
static void test_codes_of_links(void) {
    enum { many = 1100, wide = 24, k = 20 };
    float *vectors = new_whole(many * wide, 6);
    martlet_statistics seen[2];
    float distances[2][k];
    int64_t ids[k];
    martlet_search_options search = MARTLET_SEARCH_OPTIONS_INIT;
    search.ef = many;
    for (size_t i = 0; i < 2; i += 1) {
        martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
        martlet_index *index = NULL;
        options.dim = wide;
        options.M = M;
        options.memory = i == 0 ? MARTLET_BALANCED : MARTLET_FAST;
        CHECK_OK(martlet_index_create(&options, &index));
        CHECK_OK(add_rows(index, vectors + wide, many - 1, wide));
        seen[i] = statistics_of(index);
        CHECK_OK(martlet_search(index, vectors, 1, 0, FLOAT_SIZE, k, &search, ids, distances[i], NULL));
        martlet_index_free(index);
    }
    CHECK(seen[0].code_bytes > 0 && seen[1].code_bytes == seen[0].code_bytes);
    CHECK(seen[1].link_bytes == seen[0].link_bytes + (many - 1) * 512);
    CHECK(seen[1].links == seen[0].links);
    CHECK(memcmp(distances[0], distances[1], sizeof distances[0]) == 0);
    free(vectors);
}

static void test_bad_arguments(void) {
    static const uint64_t bad_sizes[] = {0, 7, 12, sizeof(martlet_statistics) - 1,
                                         sizeof(martlet_statistics) + 8, UINT64_MAX};
    martlet_statistics statistics;
    martlet_index *index = new_small_M_index();
    statistics.struct_size = sizeof statistics;
    CHECK_INVALID(martlet_get_statistics(NULL, &statistics));
    CHECK_INVALID(martlet_get_statistics(index, NULL));
    for (size_t i = 0; i < COUNT_OF(bad_sizes); i += 1) {
        statistics.struct_size = bad_sizes[i];
        CHECK_INVALID(martlet_get_statistics(index, &statistics));
    }
    martlet_index_free(index);
}

/* An earlier header's smaller struct is filled as far as it goes and not a byte further. */
static void test_smaller_struct(void) {
    martlet_statistics seen, untouched;
    martlet_index *index = new_small_M_index();
    memset(&seen, 0xFF, sizeof seen);
    memset(&untouched, 0xFF, sizeof untouched);
    seen.struct_size = offsetof(martlet_statistics, seed);
    CHECK_OK(martlet_get_statistics(index, &seen));
    CHECK(seen.struct_size == offsetof(martlet_statistics, seed));
    CHECK(seen.count == 0 && seen.dim == dim && seen.ef_construction == 50);
    CHECK(memcmp(&seen.seed, &untouched.seed,
                 sizeof seen - offsetof(martlet_statistics, seed)) == 0);
    martlet_index_free(index);
}

int main(void) {
    test_empty_index();
    test_after_each_add();
    test_kinds_of_ids();
    test_copies_are_reachable();
    test_codes_of_links();
    test_bad_arguments();
    test_smaller_struct();
    return check_summary("statistics");
}
