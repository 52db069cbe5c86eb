/* Forms of memory: one becomes another, with tombstones, without vectors, in files; what is refused. */
#include "oracle.h"

enum { rows = 1500, dim = 24, k = 10 };

static const martlet_memory forms[] = {MARTLET_BALANCED, MARTLET_FAST};

static martlet_index *made(martlet_metric metric, martlet_memory memory, uint64_t count) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    float *vectors = new_whole(rows * dim, 3);
    martlet_index *index = NULL;
    options.dim = dim;
    options.metric = metric;
    options.M = 6;
    options.ef_construction = 40;
    options.memory = memory;
    CHECK_OK(martlet_index_create(&options, &index));
    CHECK_OK(add_rows(index, vectors, count, dim));
    free(vectors);
    return index;
}

static martlet_statistics statistics_of(const martlet_index *index) {
    martlet_statistics seen;
    memset(&seen, 0, sizeof seen);
    seen.struct_size = sizeof seen;
    CHECK_OK(martlet_get_statistics(index, &seen));
    return seen;
}

static martlet_memory memory_of(const martlet_index *index) {
    martlet_index_options seen = MARTLET_INDEX_OPTIONS_INIT;
    CHECK_OK(martlet_get_options(index, &seen));
    CHECK(statistics_of(index).memory == seen.memory);
    return seen.memory;
}

/* All that an index is, byte for byte. */
typedef struct content {
    uint8_t *bytes;
    size_t size;
} content;

static int32_t append(void *context, const void *data, uint64_t size) {
    content *all = (content *)context;
    all->bytes = (uint8_t *)realloc(all->bytes, all->size + (size_t)size);
    if (all->bytes == NULL)
        abort();
    memcpy(all->bytes + all->size, data, (size_t)size);
    all->size += (size_t)size;
    return 0;
}

static content content_of(const martlet_index *index) {
    content all = {NULL, 0};
    CHECK_OK(martlet_write(index, append, &all, NULL));
    return all;
}

static bool are_equal(const martlet_index *index, const martlet_index *other) {
    content one = content_of(index), two = content_of(other);
    const bool equal = one.size == two.size && memcmp(one.bytes, two.bytes, one.size) == 0;
    free(one.bytes);
    free(two.bytes);
    return equal;
}

/* An index is what it would be had it been made in the other form, loaded or not. */
static void test_it_is_as_if_made_so(martlet_metric metric, uint64_t count) {
    for (size_t i = 0; i < COUNT_OF(forms); i += 1) {
        for (size_t j = 0; j < COUNT_OF(forms); j += 1) {
            martlet_control control = MARTLET_CONTROL_INIT;
            martlet_index *index = made(metric, forms[i], count), *loaded = NULL;
            martlet_index *other = made(metric, forms[j], count);
            content all = content_of(index);
            CHECK_OK(martlet_load_bytes(all.bytes, all.size, NULL, &loaded));
            CHECK_OK(martlet_convert(index, forms[j], &control));
            CHECK_OK(martlet_convert(loaded, forms[j], NULL));
            CHECK(control.total == count && control.done == count);
            CHECK(memory_of(index) == forms[j] && memory_of(loaded) == forms[j]);
            CHECK(are_equal(index, other) && are_equal(loaded, other));
            free(all.bytes);
            martlet_index_free(index);
            martlet_index_free(loaded);
            martlet_index_free(other);
        }
    }
}

static float *vectors_of(const martlet_index *index) {
    int64_t all[rows];
    martlet_ids ids = MARTLET_IDS_INIT;
    float *out = new_floats(rows * dim);
    for (int64_t i = 0; i < rows; i += 1) all[i] = i;
    ids.integers = all;
    ids.count = rows;
    CHECK_OK(martlet_get(index, &ids, out));
    return out;
}

/* Whole numbers from -8 to 8 are not rounded beyond recognition, and then not any more. */
static void test_compact(martlet_metric metric) {
    const bool is_rounded = metric != MARTLET_IP;
    float *given = new_whole(rows * dim, 3);
    martlet_index *index = made(metric, MARTLET_BALANCED, rows), *loaded = NULL;
    CHECK_OK(martlet_convert(index, MARTLET_COMPACT, NULL));
    CHECK(memory_of(index) == MARTLET_COMPACT);
    const martlet_statistics compact = statistics_of(index);
    CHECK((compact.vector_bytes <= rows * 4) == is_rounded);
    CHECK(compact.code_bytes == (is_rounded ? rows * 32 : 0));
    float *left = vectors_of(index);
    for (int i = 0; i < rows * dim; i += 1) CHECK(fabsf(left[i] - given[i]) < 0.5f);
    CHECK((memcmp(left, given, rows * dim * sizeof(float)) != 0) == is_rounded);

    int64_t ids[k];
    float distances[k];
    CHECK_OK(martlet_search(index, given, 1, 0, FLOAT_SIZE, k, NULL, ids, distances, NULL));
    CHECK(metric == MARTLET_IP || (ids[0] == 0 && distances[0] < 1));

    content all = content_of(index);
    CHECK_OK(martlet_load_bytes(all.bytes, all.size, NULL, &loaded));
    CHECK(memory_of(loaded) == MARTLET_COMPACT && are_equal(index, loaded));
    CHECK_OK(martlet_convert(loaded, MARTLET_BALANCED, NULL));
    CHECK(statistics_of(loaded).vector_bytes >= rows * dim * 4);
    float *after = vectors_of(loaded);
    CHECK(memcmp(left, after, rows * dim * sizeof(float)) == 0);
    free(all.bytes);
    free(given);
    free(left);
    free(after);
    martlet_index_free(index);
    martlet_index_free(loaded);
}

/* A vector outside the range of codes makes them coarser; one very far away brings all vectors back. */
static void test_far_vectors(void) {
    float *given = new_whole(rows * dim, 3), far[dim];
    martlet_index *index = made(MARTLET_L2, MARTLET_COMPACT, rows);
    for (int i = 0; i < dim; i += 1) far[i] = i % 2 == 0 ? 11 : -11;
    CHECK_OK(add_rows(index, far, 1, dim));
    CHECK(statistics_of(index).vector_bytes == 0);
    float *left = vectors_of(index);
    for (int i = 0; i < rows * dim; i += 1) CHECK(fabsf(left[i] - given[i]) < 1);
    far[0] = 1e6f;
    CHECK_OK(add_rows(index, far, 1, dim));
    CHECK(statistics_of(index).vector_bytes == (rows + 2) * dim * 4);
    CHECK(statistics_of(index).code_bytes == 0);
    float *after = vectors_of(index), last[dim];
    CHECK(memcmp(left, after, rows * dim * sizeof(float)) == 0);
    const int64_t id = rows + 1;
    martlet_ids ids = MARTLET_IDS_INIT;
    ids.integers = &id;
    ids.count = 1;
    CHECK_OK(martlet_get(index, &ids, last));
    CHECK(memcmp(last, far, sizeof far) == 0);
    free(given);
    free(left);
    free(after);
    martlet_index_free(index);
}

/* Tombstones stay; then all goes, and comes back in the new form. */
static void test_after_removals(void) {
    int64_t gone[rows];
    martlet_ids ids = MARTLET_IDS_INIT;
    martlet_index *index = made(MARTLET_L2, MARTLET_BALANCED, rows);
    const uint64_t link_bytes = statistics_of(index).link_bytes;
    for (int64_t i = 0; i < rows; i += 1) gone[i] = i;
    ids.integers = gone;
    ids.count = 5;
    CHECK_OK(martlet_remove(index, &ids, NULL));
    CHECK_OK(martlet_convert(index, MARTLET_FAST, NULL));
    CHECK(statistics_of(index).removed == 5 && statistics_of(index).link_bytes > 2 * link_bytes);
    ids.integers = gone + 5;
    ids.count = rows - 5;
    CHECK_OK(martlet_remove(index, &ids, NULL));
    CHECK_OK(martlet_convert(index, MARTLET_BALANCED, NULL));
    CHECK(count_of(index) == 0 && memory_of(index) == MARTLET_BALANCED);
    CHECK_OK(martlet_clear(index));
    CHECK_OK(martlet_convert(index, MARTLET_FAST, NULL));
    float *vectors = new_whole(rows * dim, 3);
    CHECK_OK(add_rows(index, vectors, rows, dim));
    CHECK(memory_of(index) == MARTLET_FAST && statistics_of(index).link_bytes > 2 * link_bytes);
    free(vectors);
    martlet_index_free(index);
}

static void test_refused(void) {
    martlet_control control = MARTLET_CONTROL_INIT;
    martlet_index *index = made(MARTLET_L2, MARTLET_BALANCED, rows), *view = NULL;
    martlet_index *same = made(MARTLET_L2, MARTLET_BALANCED, rows);
    CHECK_INVALID(martlet_convert(NULL, MARTLET_FAST, NULL));
    CHECK_INVALID(martlet_convert(index, -1, NULL));
    CHECK(error_says("memory is -1, but must be MARTLET_BALANCED, MARTLET_FAST"));
    CHECK_INVALID(martlet_convert(index, INT32_MAX, NULL));
    CHECK_OK(martlet_index_view(index, &view));
    CHECK_INVALID(martlet_convert(view, MARTLET_FAST, NULL));
    CHECK(error_says("view"));
    control.cancel = 1;
    CHECK_STATUS(MARTLET_CANCELLED, martlet_convert(index, MARTLET_FAST, &control));
    control.struct_size = 8;
    CHECK_INVALID(martlet_convert(index, MARTLET_FAST, &control));
    CHECK(are_equal(index, same));
    CHECK_OK(martlet_convert(index, MARTLET_FAST, NULL));
    CHECK(memory_of(view) == MARTLET_BALANCED && are_equal(view, same));
    martlet_index_free(view);
    martlet_index_free(index);
    martlet_index_free(same);
}

int main(void) {
    for (martlet_metric metric = MARTLET_L2; metric <= MARTLET_COSINE; metric += 1) {
        test_it_is_as_if_made_so(metric, 0);
        test_it_is_as_if_made_so(metric, 200);
        test_it_is_as_if_made_so(metric, rows);
        test_compact(metric);
    }
    test_far_vectors();
    test_after_removals();
    test_refused();
    return check_summary("convert");
}
