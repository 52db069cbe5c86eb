/* Remove, upsert, clear, compact and views, with ids of both kinds: rows are renumbered, metadata and
 * masks go with them, what is refused changes nothing, and a view stays as it was. */
#include "oracle.h"

#include <stddef.h>

enum { dim = 3, most = 400, row_bytes = dim * (int)sizeof(float) };

/* ---- What an index must hold ------------------------------------------------------------------ */

/* By row: ids, which are "7" for 7 if they are strings, vectors and values of the column "n". */
typedef struct model {
    martlet_id_kind kind;
    martlet_metric metric;
    uint64_t count;
    int64_t ids[most], numbers[most];
    bool has_number[most];
    float vectors[most * dim];
} model;

/* Ids as numbers, as texts and as the functions take them. Must not be moved. */
typedef struct id_list {
    int64_t numbers[most], offsets[most + 1];
    char texts[most * 12];
    martlet_strings strings;
    martlet_ids ids;
} id_list;

static const martlet_ids *list_ids(id_list *list, martlet_id_kind kind, const int64_t *numbers,
                                   uint64_t count) {
    const martlet_strings strings = MARTLET_STRINGS_INIT;
    const martlet_ids ids = MARTLET_IDS_INIT;
    list->strings = strings;
    list->ids = ids;
    list->ids.count = list->strings.count = count;
    list->strings.data = list->texts;
    list->strings.offsets = list->offsets;
    list->offsets[0] = 0;
    for (uint64_t i = 0; i < count; i += 1) {
        list->numbers[i] = numbers[i];
        list->offsets[i + 1] = list->offsets[i] + snprintf(list->texts + list->offsets[i], 12, "%d",
                                                           (int)numbers[i]);
    }
    if (kind == MARTLET_STRING_IDS)
        list->ids.strings = &list->strings;
    else
        list->ids.integers = list->numbers;
    return &list->ids;
}

static void forget(model *all, const int64_t *ids, uint64_t count) {
    uint64_t kept = 0;
    for (uint64_t row = 0; row < all->count; row += 1) {
        bool gone = false;
        for (uint64_t i = 0; i < count; i += 1)
            gone |= ids[i] == all->ids[row];
        if (gone)
            continue;
        all->ids[kept] = all->ids[row];
        all->numbers[kept] = all->numbers[row];
        all->has_number[kept] = all->has_number[row];
        memmove(all->vectors + kept * dim, all->vectors + row * dim, row_bytes);
        kept += 1;
    }
    all->count = kept;
}

static void append(model *all, const int64_t *ids, const float *vectors, uint64_t count,
                   bool has_number) {
    for (uint64_t i = 0; i < count; i += 1) {
        const uint64_t row = all->count + i;
        all->ids[row] = ids[i];
        all->numbers[row] = has_number ? ids[i] * 10 : 0;
        all->has_number[row] = has_number;
        memcpy(all->vectors + row * dim, vectors + i * dim, row_bytes);
    }
    all->count += count;
}

/* ---- Calls ------------------------------------------------------------------------------------ */

static martlet_matrix matrix_of(const float *vectors, uint64_t count) {
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    matrix.data = vectors;
    matrix.rows = count;
    matrix.columns = dim;
    matrix.row_stride = row_bytes;
    matrix.component_stride = FLOAT_SIZE;
    return matrix;
}

static martlet_column column_of(const int64_t *numbers, uint64_t count) {
    martlet_column column = MARTLET_COLUMN_INIT;
    column.name = "n";
    column.name_size = 1;
    column.rows = count;
    column.values = numbers;
    return column;
}

/* Ten times an id is its number. */
static martlet_status put(bool replace, martlet_index *index, martlet_id_kind kind,
                          const int64_t *ids, const float *vectors, uint64_t count,
                          bool with_numbers) {
    static id_list list;
    int64_t numbers[most];
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    const martlet_matrix matrix = matrix_of(vectors, count);
    const martlet_column column = column_of(numbers, count);
    for (uint64_t i = 0; i < count; i += 1)
        numbers[i] = ids[i] * 10;
    options.ids = list_ids(&list, kind, ids, count);
    options.columns = &column;
    options.column_count = with_numbers;
    return replace ? martlet_upsert(index, &matrix, &options)
                   : martlet_add_matrix(index, &matrix, &options);
}

static martlet_status take(martlet_index *index, martlet_id_kind kind, const int64_t *ids,
                           uint64_t count) {
    static id_list list;
    return martlet_remove(index, list_ids(&list, kind, ids, count), NULL);
}

static martlet_statistics statistics_of(const martlet_index *index) {
    martlet_statistics statistics;
    statistics.struct_size = sizeof statistics;
    CHECK_OK(martlet_get_statistics(index, &statistics));
    return statistics;
}

/* ---- Comparison ------------------------------------------------------------------------------- */

static void check_ids(const martlet_index *index, const model *all) {
    static id_list list;
    static float vectors[most * dim];
    static char told[most * 12];
    static int64_t rows[most], offsets[most + 1], integers[most];
    const martlet_ids *ids = list_ids(&list, all->kind, all->ids, all->count);
    martlet_text text = MARTLET_TEXT_INIT;
    CHECK_OK(martlet_find(index, ids, rows));
    bool right = true;
    for (uint64_t row = 0; row < all->count; row += 1)
        right &= rows[row] == (int64_t)row;
    CHECK(right);
    CHECK_OK(martlet_get(index, ids, vectors));
    CHECK(memcmp(vectors, all->vectors, all->count * row_bytes) == 0);
    text.data = told;
    text.capacity = sizeof told;
    text.offsets = offsets;
    text.offset_capacity = most + 1;
    if (all->kind == MARTLET_INTEGER_IDS) {
        CHECK_OK(martlet_get_integer_ids(index, rows, all->count, integers));
        CHECK(memcmp(integers, all->ids, all->count * sizeof(int64_t)) == 0);
    } else {
        CHECK_OK(martlet_get_ids(index, rows, all->count, &text));
        CHECK(text.count == all->count && text.size == (uint64_t)list.offsets[all->count]);
        CHECK(memcmp(told, list.texts, text.size) == 0);
        CHECK(memcmp(offsets, list.offsets, (all->count + 1) * sizeof(int64_t)) == 0);
    }
}

static void check_numbers(const martlet_index *index, const model *all) {
    static int64_t rows[most], numbers[most];
    static uint8_t valid[most];
    martlet_values values = MARTLET_VALUES_INIT;
    uint64_t expected = 0, count = 0;
    static const char filter[] = "{\"n\": {\"$gte\": 1000}}";
    if (statistics_of(index).columns == 0)
        return;
    for (uint64_t row = 0; row < all->count; row += 1) {
        rows[row] = (int64_t)row;
        expected += all->has_number[row] && all->numbers[row] >= 1000;
    }
    values.valid = valid;
    values.values = numbers;
    CHECK_OK(martlet_get_values(index, "n", 1, rows, all->count, &values));
    CHECK(memcmp(numbers, all->numbers, all->count * sizeof(int64_t)) == 0);
    for (uint64_t row = 0; row < all->count; row += 1)
        count += (valid[row] == 1) == all->has_number[row];
    CHECK(count == all->count);
    CHECK_OK(martlet_count(index, filter, strlen(filter), &count));
    CHECK(count == expected);
}

/* A beam as wide as the index finds every row; of those that a mask lets through, the nearest. */
static void check_search(const martlet_index *index, const model *all, const martlet_mask *mask,
                         uint64_t step) {
    static float allowed[most * dim], distances[most];
    static int64_t found[most], rows[most], numbers[most], nearest[most];
    static double exact[most];
    const float query[dim] = {1, -2, 3};
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    uint64_t matching = 0, count = 0;
    for (uint64_t row = 0; row < all->count; row += step) {
        memcpy(allowed + matching * dim, all->vectors + row * dim, row_bytes);
        numbers[matching] = (int64_t)row;
        matching += 1;
    }
    oracle_search(all->metric, allowed, matching, dim, query, matching, nearest, exact);
    options.ef = most;
    options.allow = mask;
    options.rows = rows;
    CHECK_OK(martlet_search(index, query, 1, 0, FLOAT_SIZE, most, &options, found, distances,
                            &count));
    CHECK(count == matching);
    bool right = true;
    for (uint64_t i = 0; i < most; i += 1) {
        if (i >= matching) {
            right &= found[i] == MARTLET_NO_ID && rows[i] == MARTLET_NO_ID && isinf(distances[i]);
            continue;
        }
        const int64_t row = numbers[nearest[i]];
        /* Under cosine, vectors of one direction may come in any order. */
        const bool same = all->metric == MARTLET_COSINE ||
                          (rows[i] == row && (double)distances[i] == exact[i]);
        right &= same && fabs((double)distances[i] - exact[i]) < 1e-5;
        right &= found[i] == (all->kind == MARTLET_STRING_IDS ? rows[i] : all->ids[rows[i]]);
    }
    CHECK(right);
}

/* Every third row, as bytes or as bits behind three others. */
static void check_masks(const martlet_index *index, const model *all) {
    static uint8_t bytes[most], bits[most / 8 + 2];
    martlet_mask mask = MARTLET_MASK_INIT;
    memset(bytes, 0, sizeof bytes);
    memset(bits, 0, sizeof bits);
    for (uint64_t row = 0; row < all->count; row += 3) {
        bytes[row] = 1;
        bits[(row + 3) / 8] = (uint8_t)(bits[(row + 3) / 8] | 1u << (row + 3) % 8);
    }
    mask.data = bytes;
    mask.rows = all->count;
    check_search(index, all, &mask, 3);
    mask.data = bits;
    mask.format = MARTLET_AS_BITS;
    mask.bit_offset = 3;
    check_search(index, all, &mask, 3);
}

static void check_holds(const martlet_index *index, const model *all) {
    const martlet_statistics statistics = statistics_of(index);
    CHECK(count_of(index) == all->count);
    CHECK(statistics.count == all->count && statistics.reachable == all->count);
    check_ids(index, all);
    check_numbers(index, all);
    check_search(index, all, NULL, 1);
    check_masks(index, all);
}

/* 300 vectors under ids from 1000 on. */
static martlet_index *make(model *all, martlet_id_kind kind, martlet_metric metric) {
    static float vectors[most * dim];
    static int64_t ids[most];
    martlet_index *index = new_index(dim, metric);
    fill_whole(vectors, most * dim, 11);
    for (int64_t row = 0; row < 300; row += 1) {
        ids[row] = 1000 - 3 * row;
        if (vectors[row * dim] == 0)
            vectors[row * dim] = 1;
    }
    memset(all, 0, sizeof *all);
    all->kind = kind;
    all->metric = metric;
    CHECK_OK(put(false, index, kind, ids, vectors, 300, true));
    append(all, ids, vectors, 300, true);
    check_holds(index, all);
    return index;
}

/* ---- What removals do -------------------------------------------------------------------------- */

static const martlet_id_kind kinds[] = {MARTLET_INTEGER_IDS, MARTLET_STRING_IDS};

/* First one vector, which the graph keeps; then some, and a whole range; then all. */
static void test_rows_are_renumbered(martlet_id_kind kind, martlet_metric metric) {
    static model all;
    static int64_t gone[most];
    static const uint64_t starts[] = {299, 0, 7, 100, 0}, counts[] = {1, 3, 20, 100, 176};
    martlet_index *index = make(&all, kind, metric);
    for (size_t i = 0; i < COUNT_OF(starts); i += 1) {
        memcpy(gone, all.ids + starts[i], counts[i] * sizeof(int64_t));
        CHECK_OK(take(index, kind, gone, counts[i]));
        forget(&all, gone, counts[i]);
        check_holds(index, &all);
        CHECK_STATUS(MARTLET_ID_NOT_FOUND, take(index, kind, gone, 1));
    }
    CHECK(all.count == 0);
    /* Removed ids can be added again, and are found again. */
    CHECK_OK(put(false, index, kind, gone, all.vectors, 50, true));
    append(&all, gone, all.vectors, 50, true);
    check_holds(index, &all);
    martlet_index_free(index);
}

/* What is replaced counts as added last, and its number is gone if none is given. */
static void test_upsert_replaces(martlet_id_kind kind) {
    static model all;
    static float vectors[60 * dim];
    int64_t ids[60];
    martlet_index *index = make(&all, kind, MARTLET_L2);
    fill_whole(vectors, 60 * dim, 12);
    for (uint64_t i = 0; i < 60; i += 1)
        ids[i] = i % 2 == 0 ? all.ids[4 * i] : 5000 + (int64_t)i;
    for (int round = 0; round < 2; round += 1) {
        CHECK_OK(put(true, index, kind, ids, vectors, 60, round == 0));
        forget(&all, ids, 60);
        append(&all, ids, vectors, 60, round == 0);
        CHECK(all.count == 330);
        check_holds(index, &all);
    }
    CHECK_STATUS(MARTLET_ID_EXISTS, put(false, index, kind, ids, vectors, 1, false));
    CHECK_OK(put(true, index, kind, ids, vectors, 0, false));
    check_holds(index, &all);
    martlet_index_free(index);
}

/* Rows as the index numbers them after the removal that is part of the call. */
static void test_upsert_tells_ids(void) {
    static model all;
    static id_list list;
    int64_t told[2] = {-9, -9};
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = make(&all, MARTLET_STRING_IDS, MARTLET_L2);
    const martlet_matrix matrix = matrix_of(all.vectors, 2);
    options.ids = list_ids(&list, all.kind, all.ids + 8, 2);
    options.assigned_ids = told;
    CHECK_OK(martlet_upsert(index, &matrix, &options));
    CHECK(told[0] == 298 && told[1] == 299);
    martlet_index_free(index);

    index = make(&all, MARTLET_INTEGER_IDS, MARTLET_L2);
    options.ids = NULL; /* assigned, so all new */
    CHECK_OK(martlet_upsert(index, &matrix, &options));
    CHECK(told[0] == 1001 && told[1] == 1002 && count_of(index) == 302);
    martlet_index_free(index);
}

static void test_clear(martlet_id_kind kind) {
    static model all;
    const martlet_id_kind other =
        kind == MARTLET_STRING_IDS ? MARTLET_INTEGER_IDS : MARTLET_STRING_IDS;
    const int64_t ids[2] = {7, 8};
    int64_t told[2];
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = make(&all, kind, MARTLET_L2);
    const martlet_matrix matrix = matrix_of(all.vectors, 2);
    CHECK_OK(martlet_clear(index));
    CHECK_OK(martlet_clear(index));
    CHECK(statistics_of(index).columns == 0 && statistics_of(index).removed == 0);
    CHECK(statistics_of(index).id_kind == kind);
    CHECK_STATUS(MARTLET_ID_KIND, take(index, other, ids, 1));
    all.count = 0;
    check_holds(index, &all);
    CHECK_STATUS(MARTLET_ID_KIND, put(false, index, other, ids, all.vectors, 2, false));
    CHECK_OK(put(false, index, kind, ids, all.vectors, 2, true));
    append(&all, ids, all.vectors, 2, true);
    check_holds(index, &all);
    options.assigned_ids = told;
    if (kind == MARTLET_INTEGER_IDS) {
        CHECK_OK(martlet_add_matrix(index, &matrix, &options));
        CHECK(told[0] == 1001 && told[1] == 1002);
    }
    martlet_index_free(index);
}

static void test_compact(martlet_id_kind kind) {
    static model all;
    const int64_t gone[3] = {1000, 700, 400};
    martlet_index *index = make(&all, kind, MARTLET_COSINE);
    CHECK_OK(take(index, kind, gone, 3));
    forget(&all, gone, 3);
    CHECK(statistics_of(index).removed == 3);
    CHECK_OK(martlet_compact(index, NULL));
    CHECK(statistics_of(index).removed == 0);
    check_holds(index, &all);
    CHECK_OK(martlet_compact(index, NULL));
    check_holds(index, &all);
    CHECK_OK(take(index, kind, all.ids, all.count));
    CHECK_OK(martlet_compact(index, NULL));
    all.count = 0;
    check_holds(index, &all);
    martlet_index_free(index);
}

/* ---- Views ------------------------------------------------------------------------------------- */

static void test_a_view_stays_as_it_was(martlet_id_kind kind) {
    static model all, now;
    martlet_index *index = make(&all, kind, MARTLET_L2), *view = NULL, *second = NULL;
    now = all;
    CHECK_OK(martlet_index_view(index, &view));
    CHECK_OK(take(index, kind, all.ids, 150));
    forget(&now, all.ids, 150);
    CHECK_OK(martlet_index_view(index, &second));
    check_holds(view, &all);
    CHECK_OK(martlet_compact(index, NULL));
    check_holds(second, &now);
    CHECK_OK(martlet_clear(index));
    CHECK_OK(put(false, index, kind, all.ids, all.vectors, 10, true));
    martlet_index_free(index);
    check_holds(view, &all);
    martlet_index *again = NULL;
    CHECK_OK(martlet_index_view(view, &again));
    martlet_index_free(view);
    check_holds(again, &all);
    check_holds(second, &now);
    martlet_index_free(again);
    martlet_index_free(second);
}

static void test_a_view_cannot_be_changed(void) {
    static model all;
    static id_list list;
    martlet_index *index = make(&all, MARTLET_INTEGER_IDS, MARTLET_L2), *view = NULL;
    const martlet_column column = column_of(all.numbers, 2);
    const martlet_matrix matrix = matrix_of(all.vectors, 2);
    const martlet_ids *ids = list_ids(&list, all.kind, all.ids, 2);
    CHECK_OK(martlet_index_view(index, &view));
    CHECK_INVALID(add_rows(view, all.vectors, 2, dim));
    CHECK_INVALID(martlet_add_matrix(view, &matrix, NULL));
    CHECK_INVALID(martlet_upsert(view, &matrix, NULL));
    CHECK_INVALID(martlet_remove(view, ids, NULL));
    CHECK_INVALID(martlet_clear(view));
    CHECK_INVALID(martlet_compact(view, NULL));
    CHECK_INVALID(martlet_update_metadata(view, ids, &column, 1));
    CHECK(error_says("view"));
    check_holds(view, &all);
    martlet_index_free(view);
    check_holds(index, &all);
    martlet_index_free(index);
}

/* ---- What is refused --------------------------------------------------------------------------- */

static void test_removals_refused(martlet_id_kind kind) {
    static model all;
    static id_list list;
    const martlet_id_kind other =
        kind == MARTLET_STRING_IDS ? MARTLET_INTEGER_IDS : MARTLET_STRING_IDS;
    const int64_t unknown[3] = {1000, 997, 999}, twice[3] = {1000, 997, 1000};
    martlet_control control = MARTLET_CONTROL_INIT;
    martlet_index *index = make(&all, kind, MARTLET_L2);
    CHECK_STATUS(MARTLET_ID_NOT_FOUND, take(index, kind, unknown, 3));
    CHECK(error_says("999"));
    CHECK_STATUS(MARTLET_ID_EXISTS, take(index, kind, twice, 3));
    CHECK(error_says("1000"));
    CHECK_STATUS(MARTLET_ID_KIND, take(index, other, unknown, 1));
    list_ids(&list, MARTLET_STRING_IDS, unknown, 2);
    list.texts[5] = (char)0xFF;
    if (kind == MARTLET_STRING_IDS) {
        CHECK_STATUS(MARTLET_BAD_TEXT, martlet_remove(index, &list.ids, NULL));
    }
    list_ids(&list, kind, all.ids, 200);
    control.cancel = 1;
    CHECK_STATUS(MARTLET_CANCELLED, martlet_remove(index, &list.ids, &control));
    CHECK_STATUS(MARTLET_CANCELLED, martlet_compact(index, &control));
    control.struct_size = 8;
    CHECK_INVALID(martlet_remove(index, &list.ids, &control));
    CHECK_INVALID(martlet_compact(index, &control));
    CHECK_INVALID(martlet_remove(index, NULL, NULL));
    list.ids.integers = NULL;
    list.ids.strings = NULL;
    CHECK_INVALID(martlet_remove(index, &list.ids, NULL));
    list.ids.struct_size = 7;
    CHECK_INVALID(martlet_remove(index, &list.ids, NULL));
    check_holds(index, &all);
    CHECK_OK(take(index, kind, NULL, 0));
    check_holds(index, &all);
    martlet_index_free(index);
}

static void test_upserts_refused(martlet_id_kind kind) {
    static model all;
    static float vectors[3 * dim];
    const martlet_id_kind other =
        kind == MARTLET_STRING_IDS ? MARTLET_INTEGER_IDS : MARTLET_STRING_IDS;
    const int64_t good[3] = {1000, 1, 2}, twice[3] = {1000, 1, 1000};
    martlet_index *index = make(&all, kind, MARTLET_COSINE);
    memcpy(vectors, all.vectors, sizeof vectors);
    CHECK_STATUS(MARTLET_ID_EXISTS, put(true, index, kind, twice, vectors, 3, true));
    CHECK_STATUS(MARTLET_ID_KIND, put(true, index, other, good, vectors, 3, true));
    vectors[2 * dim] = NAN;
    CHECK_STATUS(MARTLET_NOT_FINITE, put(true, index, kind, good, vectors, 3, true));
    memset(vectors + 2 * dim, 0, row_bytes);
    CHECK_STATUS(MARTLET_BAD_LENGTH, put(true, index, kind, good, vectors, 3, true));
    check_holds(index, &all);
    martlet_index_free(index);
}

static void test_upsert_options_refused(void) {
    static model all;
    static id_list list;
    martlet_control control = MARTLET_CONTROL_INIT;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = make(&all, MARTLET_STRING_IDS, MARTLET_L2);
    martlet_matrix matrix = matrix_of(all.vectors, 2);
    martlet_column column = column_of(all.numbers, 2);
    options.ids = list_ids(&list, all.kind, all.ids, 2);
    options.columns = &column;
    options.column_count = 1;
    column.type = MARTLET_TYPE_FLOAT64;
    column.format = MARTLET_AS_FLOAT64;
    CHECK_STATUS(MARTLET_COLUMN_TYPE, martlet_upsert(index, &matrix, &options));
    options.column_count = 0;
    list.texts[1] = (char)0xC3;
    CHECK_STATUS(MARTLET_BAD_TEXT, martlet_upsert(index, &matrix, &options));
    list_ids(&list, all.kind, all.ids, 2);
    control.cancel = 1;
    options.control = &control;
    CHECK_STATUS(MARTLET_CANCELLED, martlet_upsert(index, &matrix, &options));
    options.control = NULL;
    matrix.columns = dim + 1;
    CHECK_STATUS(MARTLET_DIMENSION_MISMATCH, martlet_upsert(index, &matrix, &options));
    matrix.columns = dim;
    matrix.rows = 3; /* for 2 ids */
    CHECK_INVALID(martlet_upsert(index, &matrix, &options));
    matrix.rows = 2;
    options.threads = 1025;
    CHECK_INVALID(martlet_upsert(index, &matrix, &options));
    options.threads = 0;
    options.struct_size = 7;
    CHECK_INVALID(martlet_upsert(index, &matrix, &options));
    CHECK_INVALID(martlet_upsert(index, NULL, NULL));
    CHECK_STATUS(MARTLET_ID_KIND, martlet_upsert(index, &matrix, NULL));
    check_holds(index, &all);
    martlet_index_free(index);
}

static void test_without_an_index(void) {
    const int64_t id = 1;
    const float vectors[dim] = {1, 2, 3};
    static id_list list;
    martlet_index *view = (martlet_index *)(void *)&list;
    const martlet_matrix matrix = matrix_of(vectors, 1);
    CHECK_INVALID(martlet_remove(NULL, list_ids(&list, MARTLET_INTEGER_IDS, &id, 1), NULL));
    CHECK_INVALID(martlet_upsert(NULL, &matrix, NULL));
    CHECK_INVALID(martlet_clear(NULL));
    CHECK_INVALID(martlet_compact(NULL, NULL));
    CHECK_INVALID(martlet_index_view(NULL, &view));
    CHECK(view == NULL);
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_INVALID(martlet_index_view(index, NULL));
    CHECK_STATUS(MARTLET_ID_NOT_FOUND, take(index, MARTLET_INTEGER_IDS, &id, 1));
    CHECK_OK(martlet_compact(index, NULL));
    CHECK_OK(martlet_clear(index));
    CHECK(count_of(index) == 0);
    martlet_index_free(index);
}

int main(void) {
    for (size_t i = 0; i < COUNT_OF(kinds); i += 1) {
        for (martlet_metric metric = MARTLET_L2; metric <= MARTLET_COSINE; metric += 1)
            test_rows_are_renumbered(kinds[i], metric);
        test_upsert_replaces(kinds[i]);
        test_clear(kinds[i]);
        test_compact(kinds[i]);
        test_a_view_stays_as_it_was(kinds[i]);
        test_removals_refused(kinds[i]);
        test_upserts_refused(kinds[i]);
    }
    test_upsert_tells_ids();
    test_a_view_cannot_be_changed();
    test_upsert_options_refused();
    test_without_an_index();
    return check_summary("remove");
}
