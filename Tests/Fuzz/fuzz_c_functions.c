/*
 * A libFuzzer target that drives every function of martlet.h with hostile sizes, strides, NULLs,
 * enumerators, struct sizes, ids, options and numbers, in any order, on one index.
 *
 * Property: nothing crashes, traps, hangs or reads or writes memory that is not its own; a status is
 * one of those the header lists for the function; a call that fails says why and leaves the number
 * of vectors as it was; a call that succeeds has done what the header says.
 */
#include "columns.h"

#include <stdio.h>

#define REQUIRE(condition) require((condition), #condition, __LINE__)

static void require(bool holds, const char *what, int line) {
    if (holds)
        return;
    fprintf(stderr, "line %d: not so: %s; last error: %s\n", line, what, martlet_last_error());
    abort();
}

/* Success, or one of the failures listed, with a sentence that explains it. */
#define REQUIRE_ONE_OF(status, ...)                                                              \
    do {                                                                                         \
        const martlet_status expected[] = {MARTLET_OK, __VA_ARGS__};                             \
        REQUIRE(is_one_of((status), expected, COUNT_OF(expected)));                              \
    } while (0)

static bool is_one_of(martlet_status status, const martlet_status *expected, size_t count) {
    for (size_t i = 0; i < count; i += 1)
        if (status == expected[i])
            return status == MARTLET_OK || strlen(martlet_last_error()) > 10;
    return false;
}

static uint64_t count_of(const martlet_index *index) {
    uint64_t count = 0;
    REQUIRE(martlet_count(index, NULL, 0, &count) == MARTLET_OK);
    return count;
}

/* The index under test, with the parameters it was made with, and the kind of its ids. */
typedef struct subject {
    martlet_index *index;
    martlet_index_options options;
    martlet_id_kind kind;
} subject;

/* NULL in place of a pointer, now and then. */
static void *or_null(input *in, void *pointer) { return one_in(in, 32) ? NULL : pointer; }

/* ---- Index ---------------------------------------------------------------------------------- */

static martlet_index_options any_index_options(input *in) {
    static const uint64_t dims[] = {1, 2, 3, 4, 7, 8, 9, 16, 17, 31, 64, 100};
    static const uint64_t hostile[] = {0, MARTLET_MAX_DIM, MARTLET_MAX_DIM + 1, UINT64_MAX};
    static const uint32_t Ms[] = {2, 2, 3, 4, 8, 16, MARTLET_MAX_M};
    static const uint32_t hostile_Ms[] = {0, 1, MARTLET_MAX_M + 1, UINT32_MAX};
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    options.dim = one_in(in, 32) ? PICK(in, hostile) : PICK(in, dims);
    options.metric = any_enumerator(in, 3);
    options.M = one_in(in, 32) ? PICK(in, hostile_Ms) : PICK(in, Ms);
    options.ef_construction = any_ef(in);
    options.seed = next_byte(in);
    options.memory = any_enumerator(in, 3);
    return options;
}

static subject new_subject(input *in) {
    subject made = {(martlet_index *)in, any_index_options(in), MARTLET_NO_IDS_YET};
    void *options = any_struct(in, &made.options, sizeof made.options);
    const martlet_status status = martlet_index_create(or_null(in, options), &made.index);
    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_OUT_OF_MEMORY);
    REQUIRE((status == MARTLET_OK) == (made.index != NULL));
    REQUIRE(status != MARTLET_OK || count_of(made.index) == 0);
    /* A struct of an earlier header may end before the metric, which then is the default. */
    uint64_t claimed;
    memcpy(&claimed, options, sizeof claimed);
    if (claimed <= offsetof(martlet_index_options, metric))
        made.options.metric = MARTLET_L2;
    free(options);
    REQUIRE(martlet_index_create(&made.options, NULL) == MARTLET_INVALID_ARGUMENT);
    return made;
}

/* Rows of a call: few, or so many that the call must be refused, or cancelled before it begins. */
static uint64_t any_rows(input *in, uint64_t dim, martlet_control *control) {
    const uint64_t rows = any_count(in, dim > 1000 ? 3 : most_rows);
    if (rows > most_rows)
        control->cancel = 1;
    return rows;
}

static martlet_control any_control(input *in) {
    martlet_control control = MARTLET_CONTROL_INIT;
    control.cancel = one_in(in, 16);
    control.done = next_byte(in);
    return control;
}

/* Options in memory of their own: all of them with so many rows that only the control's `cancel`
 * ends the call. */
static void *new_options(input *in, uint64_t rows, const void *complete, uint64_t size) {
    const uint64_t claimed = any_struct_size(in, size, 0, 0);
    return new_struct(complete, size, rows > most_rows ? size : claimed);
}

/* A call that succeeded has finished its rows, if its options reached as far as the control. */
static void require_finished(const void *options, uint64_t size, const martlet_control *control,
                             uint64_t rows) {
    uint64_t claimed = 0;
    if (options != NULL)
        memcpy(&claimed, options, sizeof claimed);
    REQUIRE(claimed < size || (control->total == rows && control->done == rows));
}

/* ---- Add ------------------------------------------------------------------------------------ */

typedef struct rows_given {
    uint64_t rows, columns;
    martlet_element element;
    area place;
    void *data;
} rows_given;

static rows_given any_vectors(input *in, const subject *on, bool typed, martlet_control *control) {
    rows_given given;
    const uint64_t dim = on->options.dim;
    given.rows = any_rows(in, dim, control);
    given.columns = typed && one_in(in, 16) ? any_count(in, 20) : dim;
    given.element = typed ? any_enumerator(in, 5) : MARTLET_FLOAT32;
    given.place = new_vectors(in, given.rows, given.columns, given.element);
    given.data = or_null(in, given.place.first);
    return given;
}

/* The matrix in memory of its own, which the caller frees. */
static martlet_matrix *new_matrix(input *in, const rows_given *given) {
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    matrix.data = given->data;
    matrix.rows = given->rows;
    matrix.columns = given->columns;
    matrix.row_stride = given->place.row_stride;
    matrix.component_stride = given->place.component_stride;
    matrix.element = given->element;
    matrix.reserved = one_in(in, 32);
    /* Without its strides and element the matrix would be another, in memory made for this one. */
    const uint64_t claimed = any_struct_size(in, sizeof matrix,
                                             offsetof(martlet_matrix, row_stride), sizeof matrix);
    return new_struct(&matrix, sizeof matrix, claimed);
}

/* The kind of an index's ids is fixed once it has some, for good. */
static void require_kind(subject *on) {
    martlet_statistics seen;
    seen.struct_size = sizeof seen;
    REQUIRE(martlet_get_statistics(on->index, &seen) == MARTLET_OK);
    REQUIRE(seen.id_kind != MARTLET_NO_IDS_YET || seen.count == 0);
    REQUIRE(on->kind == MARTLET_NO_IDS_YET || on->kind == seen.id_kind);
    on->kind = seen.id_kind;
}

static void fuzz_add(input *in, subject *on) {
    const bool replace = one_in(in, 3), typed = replace || one_in(in, 2);
    const bool with_options = !one_in(in, 8), with_ids = one_in(in, 2);
    martlet_control complete = any_control(in);
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    rows_given given = any_vectors(in, on, typed, &complete);
    martlet_control *control = any_struct(in, &complete, sizeof complete);
    ids_given ids = new_ids(in, given.rows);
    int64_t *assigned = given.rows <= most_rows ? malloc(given.rows * sizeof(int64_t)) : NULL;
    columns_given columns = any_columns(in, given.rows <= most_rows ? given.rows : 0);
    const uint64_t before = count_of(on->index);

    options.ids = with_ids ? ids.claimed : NULL;
    options.columns = or_null(in, columns.columns);
    options.column_count = given.rows <= most_rows ? columns.count : 0;
    options.assigned_ids = or_null(in, assigned);
    options.threads = any_threads(in);
    options.control = control;
    void *claimed = new_options(in, given.rows, &options, sizeof options);
    void *chosen = with_options || given.rows > most_rows ? claimed : NULL;
    martlet_matrix *matrix = new_matrix(in, &given);
    const martlet_status status =
        replace ? martlet_upsert(on->index, or_null(in, matrix), chosen)
        : typed ? martlet_add_matrix(on->index, or_null(in, matrix), chosen)
              : martlet_add(on->index, given.data, given.rows, given.place.row_stride,
                            given.place.component_stride, chosen);

    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_DIMENSION_MISMATCH,
                   MARTLET_NOT_FINITE, MARTLET_BAD_LENGTH, MARTLET_BAD_TEXT, MARTLET_ID_EXISTS,
                   MARTLET_ID_KIND, MARTLET_COLUMN_TYPE, MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED,
                   MARTLET_INDEX_FULL);
    REQUIRE(typed || status != MARTLET_DIMENSION_MISMATCH);
    const uint64_t after = count_of(on->index), most = before + given.rows;
    if (status != MARTLET_OK)
        REQUIRE(after == before);
    else
        REQUIRE(replace ? after >= before && after >= given.rows && after <= most : after == most);
    if (status == MARTLET_OK)
        require_finished(chosen, sizeof options, control, given.rows);
    require_kind(on);
    free(matrix);
    free(claimed);
    free(assigned);
    free_columns(&columns);
    free_ids(&ids);
    free(control);
    free(given.place.memory);
}

/* Vectors enough for codes, and mostly far enough apart. */
static void fill(input *in, subject *on) {
    enum { enough = 1100, widest = 100 };
    const uint64_t dim = on->options.dim;
    float *rows = malloc(enough * widest * sizeof(float));
    uint64_t state = next_byte(in);
    for (size_t i = 0; i < enough * widest; i += 1) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        rows[i] = (float)(int32_t)(state >> 32) / 0x1p31f;
    }
    if (dim <= widest && on->options.M <= 16 && on->options.ef_construction <= widest)
        REQUIRE(martlet_add(on->index, rows, enough, (int64_t)(dim * sizeof(float)), sizeof(float),
                            NULL) == MARTLET_OK);
    require_kind(on);
    free(rows);
}

/* ---- Remove --------------------------------------------------------------------------------- */

/* Ids of the index if it has integers, mostly: a stretch of rows, or every third. */
static void take_known(input *in, const subject *on, ids_given *ids) {
    const uint64_t stored = count_of(on->index), count = ids->complete.count;
    const int64_t step = one_in(in, 2) ? 1 : 3;
    const uint64_t first = stored > 0 ? next_byte(in) % stored : 0;
    if (on->kind != MARTLET_INTEGER_IDS || ids->kind != MARTLET_INTEGER_IDS || one_in(in, 8) ||
        first + count * (uint64_t)step > stored)
        return;
    for (uint64_t i = 0; i < count; i += 1) {
        const int64_t row = (int64_t)first + (int64_t)i * step;
        int64_t id = 0;
        REQUIRE(martlet_get_integer_ids(on->index, &row, 1, &id) == MARTLET_OK);
        memcpy(element_at(ids->integers, i, 0), &id, sizeof id);
    }
}

static void fuzz_remove(input *in, subject *on) {
    martlet_control complete = any_control(in);
    martlet_control *control = one_in(in, 2) ? any_struct(in, &complete, sizeof complete) : NULL;
    ids_given ids = new_ids(in, next_byte(in) % most_rows);
    take_known(in, on, &ids);
    const uint64_t before = count_of(on->index);
    const bool is_counted = ids.claimed->struct_size > offsetof(martlet_ids, count);
    const martlet_status status = martlet_remove(on->index, or_null(in, ids.claimed), control);
    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_BAD_TEXT, MARTLET_ID_EXISTS,
                   MARTLET_ID_NOT_FOUND, MARTLET_ID_KIND, MARTLET_OUT_OF_MEMORY,
                   MARTLET_CANCELLED);
    const uint64_t gone = status == MARTLET_OK && is_counted ? ids.complete.count : 0;
    REQUIRE(count_of(on->index) == before - gone);
    require_kind(on);
    free_ids(&ids);
    free(control);
}

static void fuzz_clear_compact_or_convert(input *in, subject *on) {
    const uint64_t before = count_of(on->index);
    martlet_statistics seen;
    seen.struct_size = sizeof seen;
    if (one_in(in, 4)) {
        REQUIRE(martlet_clear(on->index) == MARTLET_OK && count_of(on->index) == 0);
    } else if (one_in(in, 2)) {
        const martlet_memory memory = next_byte(in) % 5 - 1;
        const martlet_status status = martlet_convert(on->index, memory, NULL);
        REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_OUT_OF_MEMORY);
        REQUIRE(count_of(on->index) == before);
        REQUIRE(martlet_get_statistics(on->index, &seen) == MARTLET_OK);
        REQUIRE(status != MARTLET_OK || seen.memory == memory);
    } else {
        martlet_control complete = any_control(in);
        martlet_control *control = any_struct(in, &complete, sizeof complete);
        const martlet_status status = martlet_compact(on->index, or_null(in, control));
        REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED);
        REQUIRE(count_of(on->index) == before);
        REQUIRE(martlet_get_statistics(on->index, &seen) == MARTLET_OK);
        REQUIRE(status != MARTLET_OK || seen.removed == 0);
        free(control);
    }
    require_kind(on);
}

/* ---- Search --------------------------------------------------------------------------------- */

/* Whether a search may have found this: an id of the index, or a row number if ids are strings. */
static bool is_found(const subject *on, const int64_t *id) {
    martlet_ids one = MARTLET_IDS_INIT;
    int64_t row = -1;
    if (on->kind == MARTLET_STRING_IDS)
        return *id >= 0 && (uint64_t)*id < count_of(on->index);
    one.count = 1;
    one.integers = id;
    return martlet_find(on->index, &one, &row) == MARTLET_OK && row >= 0;
}

static void require_row(const subject *on, const int64_t *ids, const float *distances,
                        uint64_t matches, uint64_t k) {
    for (uint64_t i = 0; i < k; i += 1) {
        if (i < matches) {
            REQUIRE(is_found(on, ids + i));
            REQUIRE(!isnan(distances[i]) && (i == 0 || distances[i - 1] <= distances[i]));
        } else {
            REQUIRE(ids[i] == MARTLET_NO_ID && isinf(distances[i]) && distances[i] > 0);
        }
    }
}

/* Matches wanted: few, or so many that they must be refused. What lies between would be a buffer
 * that the fuzzer does not have. */
static uint64_t any_k(input *in, uint64_t rows) {
    const uint64_t k = any_count(in, 100);
    const bool fits = rows == 0 || k <= 4096 / (rows < 4096 ? rows : 4096);
    const bool overflows = rows > 0 && k > UINT64_MAX / sizeof(float) / rows;
    return fits || overflows ? k : 1;
}

/* What a search is to let through, in memory of just its size; each condition may be missing. */
typedef struct conditions {
    martlet_mask *mask;
    void *values;
    ids_given ids;
    char *filter;
} conditions;

static conditions new_conditions(input *in, uint64_t stored, martlet_search_options *options) {
    static const char *const filters[] = {"{}", "{\"a\": 1}", "{\"$not\": {}}", "", "[", "{\"a\":"};
    conditions made;
    martlet_mask mask = MARTLET_MASK_INIT;
    /* Beyond what is stored a mask is refused before it is read. */
    const uint64_t rows = one_in(in, 8) ? any_count(in, 100) : stored;
    const uint64_t bytes = rows <= stored ? rows : 0;
    mask.rows = rows;
    mask.format = one_in(in, 8) ? any_enumerator(in, 13) : (martlet_format)(next_byte(in) % 2);
    mask.bit_offset = mask.format == MARTLET_AS_BITS ? next_byte(in) % 8 : 0;
    mask.stride = bytes <= 1 && one_in(in, 4) ? INT64_MIN : 1;
    made.values = malloc(bytes + 1);
    for (uint64_t i = 0; i < bytes + 1; i += 1)
        ((uint8_t *)made.values)[i] = next_byte(in);
    mask.data = or_null(in, made.values);
    made.mask = any_struct(in, &mask, sizeof mask);
    made.ids = new_ids(in, next_byte(in) % 20);
    const char *filter = PICK(in, filters);
    made.filter = malloc(strlen(filter));
    memcpy(made.filter, filter, strlen(filter));
    options->allow = one_in(in, 2) ? made.mask : NULL;
    options->allow_ids = one_in(in, 4) ? made.ids.claimed : NULL;
    options->filter = one_in(in, 4) ? made.filter : NULL;
    options->filter_size = one_in(in, 32) ? UINT64_MAX : strlen(filter);
    return made;
}

static void free_conditions(conditions *made) {
    free(made->mask);
    free(made->values);
    free_ids(&made->ids);
    free(made->filter);
}

static void fuzz_search(input *in, subject *on) {
    const bool typed = one_in(in, 2), with_options = !one_in(in, 8);
    martlet_control complete = any_control(in);
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    rows_given given = any_vectors(in, on, typed, &complete);
    if (given.rows > most_rows)
        given.rows = most_rows, given.place.row_stride = 0;
    const uint64_t rows = given.rows, k = any_k(in, rows);
    const uint64_t places = k <= 4096 ? rows * k : 0;
    martlet_control *control = any_struct(in, &complete, sizeof complete);
    int64_t *ids = malloc(places * sizeof(int64_t));
    float *distances = malloc(places * sizeof(float));
    uint64_t *counts = malloc(rows * sizeof(uint64_t));
    const uint64_t before = count_of(on->index);

    int64_t *found_rows = malloc(places * sizeof(int64_t));
    martlet_explanation complete_explanation = MARTLET_EXPLANATION_INIT;
    void *explanation = any_struct(in, &complete_explanation, sizeof complete_explanation);

    options.ef = any_ef(in);
    options.threads = any_threads(in);
    options.control = control;
    conditions conditions = new_conditions(in, before, &options);
    options.rows = places > 0 ? or_null(in, found_rows) : NULL;
    options.explanation = or_null(in, explanation);
    const bool all = options.allow == NULL && options.allow_ids == NULL && options.filter == NULL;
    void *claimed = new_options(in, rows, &options, sizeof options);
    void *chosen = with_options ? claimed : NULL;
    martlet_matrix *matrix = new_matrix(in, &given);
    int64_t *ids_given = or_null(in, ids);
    float *distances_given = or_null(in, distances);
    uint64_t *counts_given = or_null(in, counts);
    const martlet_status status =
        typed ? martlet_search_matrix(on->index, or_null(in, matrix), k,
                                      chosen, ids_given, distances_given,
                                      counts_given)
              : martlet_search(on->index, given.data, rows, given.place.row_stride,
                               given.place.component_stride, k, with_options ? claimed : NULL,
                               ids_given, distances_given, counts_given);

    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_DIMENSION_MISMATCH,
                   MARTLET_NOT_FINITE, MARTLET_BAD_LENGTH, MARTLET_BAD_TEXT, MARTLET_ID_KIND,
                   MARTLET_BAD_FILTER, MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED);
    REQUIRE(typed || status != MARTLET_DIMENSION_MISMATCH);
    REQUIRE(count_of(on->index) == before);
    REQUIRE(status != MARTLET_OK || rows == 0 || k == 0 ||
            (places > 0 && ids_given != NULL && distances_given != NULL));
    for (uint64_t row = 0; status == MARTLET_OK && row < rows; row += 1) {
        const uint64_t most = before < k ? before : k;
        REQUIRE(counts_given == NULL || (all ? counts[row] == most : counts[row] <= most));
        if (all || counts_given != NULL)
            require_row(on, ids + row * k, distances + row * k, all ? most : counts[row], k);
    }
    if (status == MARTLET_OK)
        require_finished(chosen, sizeof options, control, rows);
    free_conditions(&conditions);
    free(explanation);
    free(found_rows);
    free(matrix);
    free(claimed);
    free(counts);
    free(distances);
    free(ids);
    free(control);
    free(given.place.memory);
}

/* ---- Look up and statistics ----------------------------------------------------------------- */

static void fuzz_look_up(input *in, subject *on) {
    const uint64_t dim = on->options.dim, stored = count_of(on->index);
    const uint64_t count = next_byte(in) % (dim > 1000 ? 3 : most_rows);
    ids_given ids = new_ids(in, count);
    const martlet_ids *given = or_null(in, ids.claimed);
    float *vectors = malloc(count * dim * sizeof(float));
    int64_t *rows = malloc(count * sizeof(int64_t));
    uint64_t missing = 0;
    const martlet_status found = martlet_find(on->index, given, rows);
    REQUIRE_ONE_OF(found, MARTLET_INVALID_ARGUMENT, MARTLET_BAD_TEXT);
    REQUIRE(given != NULL || found == MARTLET_INVALID_ARGUMENT);
    const bool is_counted = ids.claimed->struct_size > offsetof(martlet_ids, count);
    const uint64_t asked = found == MARTLET_OK && is_counted ? ids.complete.count : 0;
    for (uint64_t i = 0; i < asked; i += 1) {
        REQUIRE(rows[i] >= -1 && rows[i] < (int64_t)stored);
        missing += rows[i] == -1;
    }
    const martlet_status got = martlet_get(on->index, given, vectors);
    REQUIRE_ONE_OF(got, MARTLET_INVALID_ARGUMENT, MARTLET_BAD_TEXT, MARTLET_ID_KIND,
                   MARTLET_ID_NOT_FOUND);
    if (found == MARTLET_OK)
        REQUIRE((got != MARTLET_OK) == (missing > 0));
    else
        REQUIRE(got == found);
    for (uint64_t i = 0; got == MARTLET_OK && i < asked * dim; i += 1)
        REQUIRE(isfinite(vectors[i]));
    free(rows);
    free(vectors);
    free_ids(&ids);
}

/* The ids that a text holds, each at the row that it was told for. */
static void require_told(const subject *on, const martlet_text *text, const int64_t *rows) {
    martlet_strings strings = MARTLET_STRINGS_INIT;
    martlet_ids ids = MARTLET_IDS_INIT;
    int64_t *found = malloc(text->count * sizeof(int64_t));
    strings.data = text->data;
    strings.offsets = text->offsets;
    strings.count = ids.count = text->count;
    ids.strings = &strings;
    REQUIRE(text->offsets[0] == 0 && text->offsets[text->count] == (int64_t)text->size);
    REQUIRE(martlet_find(on->index, &ids, found) == MARTLET_OK);
    for (uint64_t i = 0; i < text->count; i += 1)
        REQUIRE(rows[i] == -1 ? text->offsets[i] == text->offsets[i + 1] : found[i] == rows[i]);
    free(found);
}

static void fuzz_tell_ids(input *in, subject *on) {
    static const int64_t hostile[] = {-2, INT64_MIN, INT64_MAX, 1 << 20};
    const int64_t stored = (int64_t)count_of(on->index);
    const uint64_t count = next_byte(in) % most_rows;
    const bool bad = one_in(in, 16);
    int64_t *rows = malloc(count * sizeof(int64_t));
    martlet_text text = MARTLET_TEXT_INIT;
    for (uint64_t i = 0; i < count; i += 1)
        rows[i] = bad && one_in(in, 4) ? PICK(in, hostile) : next_byte(in) % (stored + 1) - 1;
    text.capacity = any_count(in, 255) % 1024;
    text.offset_capacity = any_count(in, 100) % 1024;
    char *data = malloc(text.capacity);
    int64_t *offsets = malloc(text.offset_capacity * sizeof(int64_t));
    text.data = or_null(in, data);
    text.offsets = or_null(in, offsets);
    martlet_status status = martlet_get_ids(on->index, or_null(in, rows), count, &text);
    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_ID_KIND, MARTLET_BUFFER_TOO_SMALL);
    REQUIRE(on->kind != MARTLET_INTEGER_IDS || status != MARTLET_OK);
    REQUIRE(on->kind == MARTLET_STRING_IDS || text.size == 0);
    if (status == MARTLET_BUFFER_TOO_SMALL) {
        free(data);
        free(offsets);
        text.data = data = malloc(text.capacity = text.size);
        text.offset_capacity = text.count + 1;
        text.offsets = offsets = malloc(text.offset_capacity * sizeof(int64_t));
        status = martlet_get_ids(on->index, rows, count, &text);
        REQUIRE(status == MARTLET_OK);
    }
    if (status == MARTLET_OK && (text.data != NULL || text.size == 0))
        require_told(on, &text, rows);
    int64_t *integers = malloc(count * sizeof(int64_t));
    status = martlet_get_integer_ids(on->index, rows, count, integers);
    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_ID_KIND);
    REQUIRE(on->kind != MARTLET_STRING_IDS || status != MARTLET_OK);
    free(integers);
    free(offsets);
    free(data);
    free(rows);
}

static void fuzz_metadata(input *in, subject *on) {
    const martlet_status status = update_columns(in, on->index);
    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT, MARTLET_BAD_TEXT, MARTLET_ID_EXISTS,
                   MARTLET_ID_NOT_FOUND, MARTLET_ID_KIND, MARTLET_COLUMN_TYPE,
                   MARTLET_OUT_OF_MEMORY);
    fuzz_values(in, on->index, count_of(on->index));
}

static void fuzz_statistics(input *in, subject *on) {
    martlet_statistics complete;
    memset(&complete, 0xA5, sizeof complete);
    martlet_statistics *claimed = any_struct(in, &complete, sizeof complete);
    const martlet_status status = martlet_get_statistics(on->index, or_null(in, claimed));
    REQUIRE_ONE_OF(status, MARTLET_INVALID_ARGUMENT);
    if (status == MARTLET_OK && claimed->struct_size == sizeof complete) {
        REQUIRE(claimed->count == count_of(on->index) && claimed->reachable == claimed->count);
        REQUIRE(claimed->dim == on->options.dim && claimed->metric == on->options.metric);
        REQUIRE(claimed->max_links <= 2 * (uint64_t)claimed->M);
    }
    free(claimed);
}

/* Looks at a view while the index changes: of all vectors, before and after. */
static void fuzz_view(input *in, subject *on) {
    martlet_index *view = NULL;
    REQUIRE(martlet_index_view(on->index, &view) == MARTLET_OK);
    REQUIRE(martlet_index_view(on->index, NULL) == MARTLET_INVALID_ARGUMENT);
    const uint64_t count = count_of(on->index);
    subject seen = *on;
    seen.index = view;
    if (one_in(in, 2))
        fuzz_add(in, on);
    fuzz_remove(in, on);
    fuzz_clear_compact_or_convert(in, on);
    REQUIRE(count_of(view) == count);
    REQUIRE(martlet_clear(view) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_compact(view, NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_convert(view, MARTLET_FAST, NULL) == MARTLET_INVALID_ARGUMENT);
    fuzz_search(in, &seen);
    fuzz_look_up(in, &seen);
    fuzz_tell_ids(in, &seen);
    fuzz_statistics(in, &seen);
    REQUIRE(count_of(view) == count);
    martlet_index_free(view);
}

/* No function follows a NULL handle. */
static void fuzz_without_index(void) {
    const float vector[1] = {1};
    const int64_t id = 0;
    int64_t ids[1];
    float distances[1];
    uint64_t count;
    martlet_ids one = MARTLET_IDS_INIT;
    martlet_text text = MARTLET_TEXT_INIT;
    martlet_values values = MARTLET_VALUES_INIT;
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    martlet_statistics statistics;
    statistics.struct_size = sizeof statistics;
    one.count = 1;
    one.integers = &id;
    REQUIRE(martlet_count(NULL, NULL, 0, &count) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_add(NULL, vector, 1, 4, 4, NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_add_matrix(NULL, &matrix, NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_search(NULL, vector, 1, 4, 4, 1, NULL, ids, distances, NULL) ==
            MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_search_matrix(NULL, &matrix, 1, NULL, ids, distances, NULL) ==
            MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_get(NULL, &one, distances) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_find(NULL, &one, ids) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_get_ids(NULL, &id, 1, &text) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_get_integer_ids(NULL, &id, 1, ids) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_get_columns(NULL, &text, NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_get_values(NULL, "", 0, NULL, 0, &values) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_update_metadata(NULL, &one, NULL, 0) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_upsert(NULL, &matrix, NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_remove(NULL, &one, NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_clear(NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_compact(NULL, NULL) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(martlet_convert(NULL, MARTLET_FAST, NULL) == MARTLET_INVALID_ARGUMENT);
    martlet_index *view = (martlet_index *)(void *)&count;
    REQUIRE(martlet_index_view(NULL, &view) == MARTLET_INVALID_ARGUMENT && view == NULL);
    REQUIRE(martlet_get_statistics(NULL, &statistics) == MARTLET_INVALID_ARGUMENT);
    REQUIRE(strlen(martlet_version()) > 0 && strlen(martlet_kernels()) > 0);
    martlet_index_free(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static void (*const calls[])(input *, subject *) = {
        fuzz_add, fuzz_add, fuzz_add, fuzz_search, fuzz_search, fuzz_remove, fuzz_remove,
        fuzz_clear_compact_or_convert, fuzz_view, fuzz_look_up, fuzz_tell_ids, fuzz_metadata,
        fuzz_statistics};
    input in = {bytes, size, size};
    subject on = new_subject(&in);
    if (on.index == NULL)
        fuzz_without_index();
    else if (one_in(&in, 8))
        fill(&in, &on);
    for (int call = 0; on.index != NULL && call < 24 && in.left > 0; call += 1)
        PICK(&in, calls)(&in, &on);
    martlet_index_free(on.index);
    return 0;
}
