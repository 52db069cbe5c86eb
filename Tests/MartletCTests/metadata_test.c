/* Metadata: columns of every type and layout go in and come out, late and missing ones are null, an
 * update replaces values, and whatever is wrong with a column changes nothing and is named. */
#include "oracle.h"

#include <malloc.h>

enum { rows = 4 };

static const float vectors[rows] = {1, 2, 3, 4};

static martlet_column column_of(const char *name, martlet_type type) {
    martlet_column column = MARTLET_COLUMN_INIT;
    column.name = name;
    column.name_size = strlen(name);
    column.rows = rows;
    column.type = type;
    return column;
}

static martlet_column fixed_column(const char *name, martlet_type type, martlet_format format,
                                   const void *values, int64_t stride) {
    martlet_column column = column_of(name, type);
    column.format = format;
    column.values = values;
    column.stride = stride;
    return column;
}

static martlet_status add_columns(martlet_index *index, const martlet_column *columns,
                                  uint64_t count) {
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.columns = columns;
    options.column_count = count;
    options.threads = 1;
    return martlet_add(index, vectors, rows, FLOAT_SIZE, FLOAT_SIZE, &options);
}

static martlet_status update(martlet_index *index, const int64_t *ids, uint64_t count,
                             const martlet_column *columns, uint64_t column_count) {
    martlet_ids given = MARTLET_IDS_INIT;
    given.integers = ids;
    given.count = count;
    return martlet_update_metadata(index, &given, columns, column_count);
}

/* ---- What comes out --------------------------------------------------------------------------- */

/* The values of a column at some rows, and room for them. */
typedef struct seen {
    uint8_t valid[16];
    union {
        uint8_t bools[16];
        int64_t integers[16];
        double doubles[16];
    } values;
    char bytes[256];
    int64_t offsets[32], list_offsets[17];
    martlet_text text;
    martlet_values given;
} seen;

static void prepare(seen *out) {
    const martlet_text text = MARTLET_TEXT_INIT;
    const martlet_values values = MARTLET_VALUES_INIT;
    memset(out, 0x55, sizeof *out);
    out->text = text;
    out->text.data = out->bytes;
    out->text.capacity = sizeof out->bytes;
    out->text.offsets = out->offsets;
    out->text.offset_capacity = COUNT_OF(out->offsets);
    out->given = values;
    out->given.valid = out->valid;
    out->given.values = &out->values;
    out->given.text = &out->text;
    out->given.list_offsets = out->list_offsets;
}

static martlet_status look(const martlet_index *index, const char *name, const int64_t *at,
                           uint64_t count, seen *out) {
    return martlet_get_values(index, name, strlen(name), at, count, &out->given);
}

static bool text_is(const seen *out, uint64_t place, const char *text) {
    const int64_t start = out->offsets[place], size = out->offsets[place + 1] - start;
    return size == (int64_t)strlen(text) && memcmp(out->bytes + start, text, (size_t)size) == 0;
}

static uint64_t columns_in(const martlet_index *index) {
    martlet_statistics statistics;
    statistics.struct_size = sizeof statistics;
    CHECK_OK(martlet_get_statistics(index, &statistics));
    return statistics.columns;
}

/* ---- Good columns ------------------------------------------------------------------------------ */

static const int64_t all[rows] = {0, 1, 2, 3};

static void test_numbers_come_back(void) {
    const uint8_t bits[1] = {0xA8}; /* from bit 3 on: 1 0 1 0 */
    const uint16_t years[rows] = {2020, 2021, 0, 65535};
    const float prices[rows] = {0.5f, -0.0f, INFINITY, 2};
    const int32_t days[rows] = {0, 1, -1, 20000};
    const uint8_t odd[1] = {0x0A}; /* rows 1 and 3 have values */
    seen out;
    martlet_column columns[4] = {
        fixed_column("is", MARTLET_TYPE_BOOL, MARTLET_AS_BITS, bits, 0),
        fixed_column("year", MARTLET_TYPE_INT64, MARTLET_AS_UINT16, years + 3, -2),
        fixed_column("price", MARTLET_TYPE_FLOAT64, MARTLET_AS_FLOAT32, prices, 4),
        fixed_column("day", MARTLET_TYPE_DATETIME, MARTLET_AS_INT32, days, 4)};
    martlet_index *index = new_index(1, MARTLET_L2);
    columns[0].bit_offset = 3;
    columns[1].validity = odd;
    columns[3].unit = MARTLET_DAYS;
    CHECK_OK(add_columns(index, columns, 4));

    prepare(&out);
    CHECK_OK(look(index, "is", all, rows, &out));
    CHECK(out.values.bools[0] == 1 && out.values.bools[1] == 0 && out.values.bools[2] == 1);
    CHECK(out.values.bools[3] == 0 && memcmp(out.valid, "\1\1\1\1", 4) == 0);
    prepare(&out);
    CHECK_OK(look(index, "year", all, rows, &out));
    CHECK(memcmp(out.valid, "\0\1\0\1", 4) == 0);
    CHECK(out.values.integers[0] == 0 && out.values.integers[1] == 0);
    CHECK(out.values.integers[2] == 0 && out.values.integers[3] == 2020);
    prepare(&out);
    CHECK_OK(look(index, "price", all, rows, &out));
    CHECK(out.values.doubles[0] == 0.5 && signbit(out.values.doubles[1]) != 0);
    CHECK(isinf(out.values.doubles[2]) && out.values.doubles[3] == 2);
    prepare(&out);
    CHECK_OK(look(index, "day", all, rows, &out));
    CHECK(out.values.integers[0] == 0 && out.values.integers[1] == INT64_C(86400000000));
    CHECK(out.values.integers[2] == -INT64_C(86400000000));
    CHECK(out.values.integers[3] == 20000 * INT64_C(86400000000));
    CHECK(out.valid[4] == 0x55 && out.values.integers[4] == 0x5555555555555555);
    martlet_index_free(index);
}

static void test_units(void) {
    static const struct {
        martlet_unit unit;
        int64_t given, microseconds;
    } cases[] = {{MARTLET_DAYS, 2, INT64_C(172800000000)}, {MARTLET_SECONDS, -3, -3000000},
                 {MARTLET_MILLISECONDS, 7, 7000},          {MARTLET_MICROSECONDS, -5, -5},
                 {MARTLET_NANOSECONDS, 1999, 1},           {MARTLET_NANOSECONDS, -1, -1},
                 {MARTLET_NANOSECONDS, -1000, -1},         {MARTLET_NANOSECONDS, -1001, -2},
                 {MARTLET_NANOSECONDS, INT64_MIN, INT64_C(-9223372036854776)}};
    for (size_t i = 0; i < COUNT_OF(cases); i += 1) {
        seen out;
        martlet_column column = fixed_column("t", MARTLET_TYPE_DATETIME, MARTLET_AS_INT64,
                                             &cases[i].given, 0);
        martlet_index *index = new_index(1, MARTLET_L2);
        column.unit = cases[i].unit;
        CHECK_OK(add_columns(index, &column, 1));
        prepare(&out);
        CHECK_OK(look(index, "t", all, rows, &out));
        CHECK(out.values.integers[3] == cases[i].microseconds);
        martlet_index_free(index);
    }
}

/* "a", "", "bc", "d" behind two bytes that a slice has left out. */
static martlet_strings four_strings(void) {
    static const char data[] = "xxabcd";
    static const int32_t offsets[] = {2, 3, 3, 5, 6};
    martlet_strings strings = MARTLET_STRINGS_INIT;
    strings.data = data;
    strings.offsets = offsets;
    strings.offset_bytes = 4;
    strings.count = 4;
    return strings;
}

static void test_texts_come_back(void) {
    const martlet_strings strings = four_strings();
    const int64_t list_offsets[rows + 1] = {1, 1, 3, 3, 4}; /* [], ["", "bc"], [], ["d"] */
    const uint8_t three[1] = {0x07};
    const int64_t at[4] = {1, -1, 3, 1};
    seen out;
    martlet_column columns[2] = {column_of("word", MARTLET_TYPE_STRING),
                                 column_of("tags", MARTLET_TYPE_TAGS)};
    martlet_index *index = new_index(1, MARTLET_L2);
    columns[0].strings = columns[1].strings = &strings;
    columns[0].validity = three;
    columns[1].list_offsets = list_offsets;
    CHECK_OK(add_columns(index, columns, 2));

    prepare(&out);
    CHECK_OK(look(index, "word", all, rows, &out));
    CHECK(memcmp(out.valid, "\1\1\1\0", 4) == 0 && out.text.count == 4 && out.text.size == 3);
    CHECK(text_is(&out, 0, "a") && text_is(&out, 1, "") && text_is(&out, 2, "bc"));
    CHECK(text_is(&out, 3, ""));
    prepare(&out);
    CHECK_OK(look(index, "tags", at, 4, &out));
    CHECK(memcmp(out.valid, "\1\0\1\1", 4) == 0 && out.text.count == 5 && out.text.size == 5);
    CHECK(out.list_offsets[0] == 0 && out.list_offsets[1] == 2 && out.list_offsets[2] == 2);
    CHECK(out.list_offsets[3] == 3 && out.list_offsets[4] == 5);
    CHECK(text_is(&out, 1, "bc") && text_is(&out, 2, "d") && text_is(&out, 4, "bc"));
    martlet_index_free(index);
}

static void test_json(void) {
    static const char data[] = "{\"a\": [1]}1nulltrue[";
    static const int64_t offsets[] = {0, 10, 11, 15, 19, 20};
    martlet_strings strings = MARTLET_STRINGS_INIT;
    martlet_column column = column_of("extra", MARTLET_TYPE_JSON);
    seen out;
    martlet_index *index = new_index(1, MARTLET_L2);
    strings.data = data;
    strings.offsets = offsets;
    strings.count = rows;
    column.strings = &strings;
    CHECK_OK(add_columns(index, &column, 1));
    prepare(&out);
    CHECK_OK(look(index, "extra", all, rows, &out));
    CHECK(text_is(&out, 0, "{\"a\": [1]}") && text_is(&out, 2, "null"));
    strings.offsets = offsets + 1;
    CHECK_STATUS(MARTLET_BAD_TEXT, add_columns(index, &column, 1));
    CHECK(error_says("extra") && error_says("row 3") && error_says("JSON"));
    martlet_index_free(index);
}

static void test_late_and_missing_columns_are_null(void) {
    const int64_t numbers[rows] = {1, 2, 3, 4};
    const int64_t at[12] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    seen out;
    martlet_column column = fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_INT64, numbers, 8);
    martlet_index *index = new_index(1, MARTLET_L2);
    CHECK_OK(add_columns(index, NULL, 0));
    CHECK_OK(add_columns(index, &column, 1));
    CHECK_OK(add_columns(index, NULL, 0));
    prepare(&out);
    CHECK_OK(look(index, "n", at, 12, &out));
    for (size_t i = 0; i < 12; i += 1) {
        const bool has = i >= 4 && i < 8;
        CHECK(out.valid[i] == has && out.values.integers[i] == (has ? numbers[7 - i] : 0));
    }
    martlet_index_free(index);
}

static void test_integers_go_into_a_column_of_doubles(void) {
    const double doubles[rows] = {0.5, NAN, 0, 1};
    const int8_t integers[rows] = {-1, 2, 3, 4};
    const int64_t at[2] = {4, 1};
    seen out;
    martlet_column real = fixed_column("x", MARTLET_TYPE_FLOAT64, MARTLET_AS_FLOAT64, doubles, 8);
    martlet_column whole = fixed_column("x", MARTLET_TYPE_INT64, MARTLET_AS_INT8, integers, 1);
    martlet_index *index = new_index(1, MARTLET_L2);
    CHECK_OK(add_columns(index, &real, 1));
    CHECK_OK(add_columns(index, &whole, 1));
    prepare(&out);
    CHECK_OK(look(index, "x", at, 2, &out));
    CHECK(out.values.doubles[0] == -1 && isnan(out.values.doubles[1]));
    martlet_index_free(index);

    index = new_index(1, MARTLET_L2);
    CHECK_OK(add_columns(index, &whole, 1));
    CHECK_STATUS(MARTLET_COLUMN_TYPE, add_columns(index, &real, 1));
    CHECK(error_says("\"x\"") && error_says("float64") && error_says("int64"));
    real.validity = (const uint8_t *)"\0";
    CHECK_OK(add_columns(index, &real, 1));
    martlet_index_free(index);
}

static void test_update(void) {
    const int64_t numbers[rows] = {1, 2, 3, 4}, more[2] = {30, 10};
    const int64_t ids[2] = {2, 0}, twice[2] = {1, 1}, missing[2] = {0, 77};
    const uint8_t first[1] = {1};
    const martlet_strings strings = four_strings();
    seen out;
    martlet_column column = fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_INT64, numbers, 8);
    martlet_column both[2] = {fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_INT64, more, 8),
                              column_of("new", MARTLET_TYPE_TAGS)};
    const int64_t list_offsets[3] = {0, 1, 3};
    martlet_index *index = new_index(1, MARTLET_L2);
    CHECK_OK(add_columns(index, &column, 1));
    both[0].rows = both[1].rows = 2;
    both[0].validity = first;
    both[1].strings = &strings;
    both[1].list_offsets = list_offsets;

    CHECK_STATUS(MARTLET_ID_EXISTS, update(index, twice, 2, both, 2));
    CHECK_STATUS(MARTLET_ID_NOT_FOUND, update(index, missing, 2, both, 2));
    CHECK(error_says("77") && columns_in(index) == 1);
    both[1].type = MARTLET_TYPE_STRING;
    CHECK_INVALID(update(index, ids, 2, both, 2));
    both[1].type = MARTLET_TYPE_TAGS;
    CHECK_INVALID(update(index, ids, 1, both, 2));
    CHECK_INVALID(martlet_update_metadata(index, NULL, both, 2));
    CHECK_INVALID(update(index, ids, 2, NULL, 2));
    CHECK_INVALID(update(NULL, ids, 2, both, 2));
    prepare(&out);
    CHECK_OK(look(index, "n", all, rows, &out));
    CHECK(memcmp(out.values.integers, numbers, sizeof numbers) == 0);

    CHECK_OK(update(index, ids, 2, both, 2));
    prepare(&out);
    CHECK_OK(look(index, "n", all, rows, &out));
    CHECK(memcmp(out.valid, "\0\1\1\1", 4) == 0);
    CHECK(out.values.integers[0] == 0 && out.values.integers[1] == 2);
    CHECK(out.values.integers[2] == 30 && out.values.integers[3] == 4);
    prepare(&out);
    CHECK_OK(look(index, "new", all, rows, &out));
    CHECK(memcmp(out.valid, "\1\0\1\0", 4) == 0 && out.list_offsets[4] == 3);
    CHECK(text_is(&out, 0, "") && text_is(&out, 1, "bc") && text_is(&out, 2, "a"));
    CHECK_OK(update(index, NULL, 0, NULL, 0));
    CHECK_OK(update(index, ids, 2, NULL, 0));
    martlet_index_free(index);
}

/* ---- Reading ------------------------------------------------------------------------------------ */

static void test_names_and_types(void) {
    const int64_t zero = 0;
    char bytes[16];
    int64_t offsets[4];
    martlet_type types[3] = {-1, -1, -1};
    martlet_text text = MARTLET_TEXT_INIT;
    martlet_column columns[3] = {
        fixed_column("b", MARTLET_TYPE_INT64, MARTLET_AS_INT64, &zero, 0),
        fixed_column("", MARTLET_TYPE_BOOL, MARTLET_AS_BYTES, &zero, 0),
        fixed_column("a-\0-z", MARTLET_TYPE_DATETIME, MARTLET_AS_INT64, &zero, 0)};
    martlet_index *index = new_index(1, MARTLET_L2);
    columns[2].name_size = 5;
    text.offsets = offsets;
    text.offset_capacity = 1;
    CHECK_OK(martlet_get_columns(index, &text, types));
    CHECK(text.count == 0 && text.size == 0 && offsets[0] == 0 && types[0] == -1);
    CHECK_OK(add_columns(index, columns, 3));
    CHECK_STATUS(MARTLET_BUFFER_TOO_SMALL, martlet_get_columns(index, &text, types));
    CHECK(text.count == 3 && text.size == 6 && types[0] == -1);
    text.data = bytes;
    text.capacity = 6;
    text.offset_capacity = 4;
    CHECK_OK(martlet_get_columns(index, &text, types));
    CHECK(memcmp(bytes, "ba-\0-z", 6) == 0);
    CHECK(offsets[0] == 0 && offsets[1] == 1 && offsets[2] == 1 && offsets[3] == 6);
    CHECK(types[0] == MARTLET_TYPE_INT64 && types[1] == MARTLET_TYPE_BOOL);
    CHECK(types[2] == MARTLET_TYPE_DATETIME);
    CHECK_OK(martlet_get_columns(index, &text, NULL));
    CHECK_INVALID(martlet_get_columns(NULL, &text, types));
    CHECK_INVALID(martlet_get_columns(index, NULL, types));
    martlet_index_free(index);
}

static void test_small_buffers(void) {
    const martlet_strings strings = four_strings();
    const int64_t list_offsets[rows + 1] = {0, 1, 2, 3, 4};
    seen out;
    martlet_column columns[2] = {column_of("word", MARTLET_TYPE_STRING),
                                 column_of("tags", MARTLET_TYPE_TAGS)};
    martlet_index *index = new_index(1, MARTLET_L2);
    columns[0].strings = columns[1].strings = &strings;
    columns[1].list_offsets = list_offsets;
    CHECK_OK(add_columns(index, columns, 2));
    for (size_t i = 0; i < 2; i += 1) {
        const char *name = i == 0 ? "word" : "tags";
        prepare(&out);
        out.text.capacity = 3;
        CHECK_STATUS(MARTLET_BUFFER_TOO_SMALL, look(index, name, all, rows, &out));
        CHECK(out.text.size == 4 && out.text.count == 4);
        prepare(&out);
        out.text.offset_capacity = 4;
        CHECK_STATUS(MARTLET_BUFFER_TOO_SMALL, look(index, name, all, rows, &out));
        CHECK(out.text.size == 4 && out.text.count == 4);
        prepare(&out);
        out.text.capacity = 4;
        out.text.offset_capacity = 5;
        CHECK_OK(look(index, name, all, rows, &out));
        CHECK(memcmp(out.bytes, "abcd\x55", 5) == 0);
    }
    martlet_index_free(index);
}

static void test_bad_reads(void) {
    const martlet_strings strings = four_strings();
    const int64_t list_offsets[rows + 1] = {0, 1, 2, 3, 4};
    const int64_t numbers[rows] = {1, 2, 3, 4}, low[1] = {-2}, high[1] = {rows};
    seen out;
    martlet_column columns[3] = {
        column_of("word", MARTLET_TYPE_STRING), column_of("tags", MARTLET_TYPE_TAGS),
        fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_INT64, numbers, 8)};
    martlet_index *index = new_index(1, MARTLET_L2);
    columns[0].strings = columns[1].strings = &strings;
    columns[1].list_offsets = list_offsets;
    CHECK_OK(add_columns(index, columns, 3));
    prepare(&out);
    CHECK_INVALID(look(NULL, "n", all, rows, &out));
    CHECK_INVALID(look(index, "m", all, rows, &out));
    CHECK(error_says("\"m\""));
    CHECK_INVALID(look(index, "n", low, 1, &out));
    CHECK(error_says("-2"));
    CHECK_INVALID(look(index, "n", high, 1, &out));
    CHECK_INVALID(look(index, "n", NULL, 1, &out));
    CHECK_INVALID(martlet_get_values(index, NULL, 1, all, rows, &out.given));
    CHECK_INVALID(martlet_get_values(index, "n", UINT64_MAX, all, rows, &out.given));
    CHECK_INVALID(martlet_get_values(index, "n", 1, all, UINT64_MAX, &out.given));
    CHECK_INVALID(martlet_get_values(index, "n", 1, all, rows, NULL));
    CHECK_OK(look(index, "n", NULL, 0, &out));
    out.given.values = NULL;
    CHECK_INVALID(look(index, "n", all, rows, &out));
    CHECK_OK(look(index, "word", all, rows, &out));
    prepare(&out);
    out.given.text = NULL;
    CHECK_INVALID(look(index, "word", all, rows, &out));
    CHECK_INVALID(look(index, "tags", all, rows, &out));
    CHECK_OK(look(index, "n", all, rows, &out));
    prepare(&out);
    out.given.list_offsets = NULL;
    CHECK_INVALID(look(index, "tags", all, rows, &out));
    CHECK_OK(look(index, "word", all, rows, &out));
    prepare(&out);
    out.given.valid = NULL;
    CHECK_INVALID(look(index, "n", all, rows, &out));
    prepare(&out);
    out.given.struct_size = 4;
    CHECK_INVALID(look(index, "n", all, rows, &out));
    martlet_index_free(index);
}

/* ---- Bad columns ---------------------------------------------------------------------------------- */

static martlet_index *faulty_index;

/* Adds a good column and a bad one: nothing may have changed. */
static void refuse(martlet_status expected, const martlet_column *bad, const char *says) {
    const int64_t number = 7;
    martlet_column columns[2] = {
        fixed_column("good", MARTLET_TYPE_INT64, MARTLET_AS_INT64, &number, 0), *bad};
    CHECK_STATUS(expected, add_columns(faulty_index, columns, 2));
    CHECK(error_says(says) && columns_in(faulty_index) == 0);
}

static void test_bad_numbers(void) {
    static const int64_t numbers[rows] = {1, 2, INT64_MAX, -1};
    const martlet_column good = fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_INT64, numbers, 8);
    martlet_column bad;
    faulty_index = new_index(1, MARTLET_L2);
    bad = good, bad.name = "good", bad.name_size = 4;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "good");
    bad = good, bad.name = "$n", bad.name_size = 2;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "$n");
    bad = good, bad.name = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "name");
    bad = good, bad.name = "\xff", bad.name_size = 1;
    refuse(MARTLET_BAD_TEXT, &bad, "UTF-8");
    bad = good, bad.rows = 3;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "\"n\"");
    bad = good, bad.rows = UINT64_MAX;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "rows");
    bad = good, bad.type = 7;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "type");
    bad = good, bad.format = 13;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "format");
    bad = good, bad.unit = -1;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "unit");
    bad = good, bad.format = MARTLET_AS_FLOAT64;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "\"n\"");
    bad = good, bad.type = MARTLET_TYPE_FLOAT64;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "\"n\"");
    bad = good, bad.type = MARTLET_TYPE_BOOL;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "\"n\"");
    bad = good, bad.values = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "values");
    bad = good, bad.stride = INT64_MAX;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "address space");
    bad = good, bad.bit_offset = UINT64_MAX;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "bit_offset");
    bad = good, bad.bit_offset = INT64_MAX;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "bit_offset");
    bad = good, bad.struct_size = 12;
    refuse(MARTLET_INVALID_ARGUMENT, &bad, "struct_size");
    bad = good, bad.format = MARTLET_AS_UINT64;
    refuse(MARTLET_COLUMN_TYPE, &bad, "\"n\", row 3: 18446744073709551615");
    bad = good, bad.type = MARTLET_TYPE_DATETIME, bad.unit = MARTLET_SECONDS;
    refuse(MARTLET_COLUMN_TYPE, &bad, "\"n\", row 2");
    bad.validity = (const uint8_t *)"\x0B";
    CHECK_OK(add_columns(faulty_index, &bad, 1));
    martlet_index_free(faulty_index);
}

static void test_bad_strings(void) {
    static const int32_t falling[5] = {2, 3, 2, 5, 6}, negative[5] = {-1, 3, 3, 5, 6};
    const martlet_strings good = four_strings();
    martlet_strings bad = good;
    martlet_column column = column_of("s", MARTLET_TYPE_STRING);
    column.strings = &bad;
    faulty_index = new_index(1, MARTLET_L2);
    bad.offsets = falling;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "\"s\"");
    bad.offsets = negative;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "\"s\"");
    bad.offsets = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "\"s\"");
    bad = good, bad.data = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "\"s\"");
    bad = good, bad.offset_bytes = 2;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "offset");
    bad = good, bad.count = 3;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "3 strings");
    bad = good, bad.count = UINT64_MAX;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "count");
    bad = good, bad.struct_size = 4;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "struct_size");
    bad = good, bad.data = "xxa\xc3(d";
    refuse(MARTLET_BAD_TEXT, &column, "\"s\", row 2");
    column.strings = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "strings");
    martlet_index_free(faulty_index);
}

static void test_bad_lists(void) {
    static const int64_t good[5] = {0, 1, 1, 3, 4}, falling[5] = {0, 2, 1, 3, 4};
    static const int64_t beyond[5] = {0, 1, 1, 3, 5}, negative[5] = {-1, 1, 1, 3, 4};
    static const int64_t *const bad[] = {falling, beyond, negative, NULL};
    martlet_strings strings = four_strings();
    martlet_column column = column_of("l", MARTLET_TYPE_TAGS);
    column.strings = &strings;
    faulty_index = new_index(1, MARTLET_L2);
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        column.list_offsets = bad[i];
        refuse(MARTLET_INVALID_ARGUMENT, &column, "\"l\"");
    }
    column.list_offsets = good;
    column.list_offset_bytes = 3;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "list_offset_bytes");
    column.list_offset_bytes = 8;
    strings.data = "xx\xe4" "bcd";
    refuse(MARTLET_BAD_TEXT, &column, "\"l\", row 0");
    column.strings = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &column, "strings");
    martlet_index_free(faulty_index);
}

static void test_bad_calls(void) {
    const int64_t number = 7;
    const martlet_column column =
        fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_INT64, &number, 0);
    martlet_index *index = new_index(1, MARTLET_L2);
    CHECK_INVALID(add_columns(index, NULL, 1));
    CHECK_INVALID(add_columns(index, &column, UINT64_MAX));
    CHECK(columns_in(index) == 0);
    martlet_index_free(index);
}

/* ---- Memory --------------------------------------------------------------------------------------- */

static void test_statistics(void) {
    const int64_t number = 7;
    const martlet_column column =
        fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_INT64, &number, 0);
    martlet_statistics statistics;
    martlet_index *index = new_index(1, MARTLET_L2);
    statistics.struct_size = sizeof statistics;
    CHECK_OK(martlet_get_statistics(index, &statistics));
    CHECK(statistics.columns == 0 && statistics.metadata_bytes == 0);
    CHECK(statistics.add_metadata_ns == 0);
    CHECK_OK(add_columns(index, &column, 1));
    CHECK_OK(martlet_get_statistics(index, &statistics));
    CHECK(statistics.columns == 1 && statistics.metadata_bytes == rows * (1 + sizeof(int64_t)));
    CHECK(statistics.add_metadata_ns > 0);
    CHECK(statistics.add_read_ns + statistics.add_ids_ns + statistics.add_metadata_ns +
              statistics.add_graph_ns <= statistics.add_total_ns);
    martlet_index_free(index);
}

static size_t bytes_in_use(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* A leak costs at least the allocator's smallest piece, 32 bytes, each time; what the allocator
   itself holds ready varies by some thousand bytes. */
enum { many = 2000, times = 1000, leaked = 32 * times / 2 };

/* `many` rows of texts, each of its own, and numbers of which the last is too large. */
typedef struct large_batch {
    char data[many * 8];
    int64_t offsets[many + 1], places[many + 1];
    uint64_t numbers[many];
    float vectors[many];
    martlet_strings strings;
    martlet_column columns[4];
} large_batch;

static large_batch *new_large_batch(void) {
    const martlet_strings strings = MARTLET_STRINGS_INIT;
    large_batch *made = (large_batch *)calloc(1, sizeof *made);
    if (made == NULL)
        abort();
    for (int i = 0; i < many; i += 1) {
        snprintf(made->data + i * 8, 8, "%07d", i);
        made->offsets[i + 1] = (i + 1) * 8;
        made->places[i + 1] = i + 1;
    }
    made->numbers[many - 1] = UINT64_MAX;
    made->strings = strings;
    made->strings.data = made->data;
    made->strings.offsets = made->offsets;
    made->strings.count = many;
    made->columns[0] = column_of("word", MARTLET_TYPE_STRING);
    made->columns[1] = column_of("new", MARTLET_TYPE_STRING);
    made->columns[2] = column_of("tags", MARTLET_TYPE_TAGS);
    made->columns[3] = fixed_column("n", MARTLET_TYPE_INT64, MARTLET_AS_UINT64, made->numbers, 8);
    made->columns[2].list_offsets = made->places;
    for (int i = 0; i < 4; i += 1) {
        made->columns[i].rows = many;
        made->columns[i].strings = &made->strings;
    }
    return made;
}

/* Batches that fail behind new columns, new texts and larger tables, over and over. */
static void test_failing_adds_leak_nothing(void) {
    const martlet_strings few = four_strings();
    martlet_column word = column_of("word", MARTLET_TYPE_STRING);
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    large_batch *batch = new_large_batch();
    martlet_index *index = new_index(1, MARTLET_L2);
    size_t before = 0;
    word.strings = &few;
    CHECK_OK(add_columns(index, &word, 1));
    options.columns = batch->columns;
    options.column_count = 4;
    options.threads = 1;
    for (int time = 0; time < times; time += 1) {
        CHECK_STATUS(MARTLET_COLUMN_TYPE, martlet_add(index, batch->vectors, many, FLOAT_SIZE,
                                                      FLOAT_SIZE, &options));
        if (time == times / 2) /* the allocator has settled */
            before = bytes_in_use();
    }
    CHECK(bytes_in_use() < before + leaked);
    martlet_index_free(index);
    free(batch);
}

static void test_updates_leak_nothing(void) {
    large_batch *batch = new_large_batch();
    martlet_index *index = new_index(1, MARTLET_L2);
    size_t before = 0;
    CHECK_OK(add_rows(index, batch->vectors, many, 1));
    for (int time = 0; time < 2 * times; time += 1) {
        const bool fails = time >= times;
        batch->numbers[many - 1] = fails ? UINT64_MAX : 0;
        /* Lists that are replaced stay: none here. */
        batch->columns[2].validity = (const uint8_t *)batch->numbers;
        CHECK_STATUS(fails ? MARTLET_COLUMN_TYPE : MARTLET_OK,
                     update(index, batch->places, many, batch->columns, 4));
        if (time == times / 2) /* the allocator has settled */
            before = bytes_in_use();
    }
    CHECK(bytes_in_use() < before + leaked);
    martlet_index_free(index);
    free(batch);
}

int main(void) {
    test_numbers_come_back();
    test_units();
    test_texts_come_back();
    test_json();
    test_late_and_missing_columns_are_null();
    test_integers_go_into_a_column_of_doubles();
    test_update();
    test_names_and_types();
    test_small_buffers();
    test_bad_reads();
    test_bad_numbers();
    test_bad_strings();
    test_bad_lists();
    test_bad_calls();
    test_statistics();
    test_failing_adds_leak_nothing();
    test_updates_leak_nothing();
    return check_summary("metadata");
}
