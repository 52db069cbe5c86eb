/* Hostile columns of metadata, in memory that is just large enough for them, and calls that read and
 * replace metadata. */
#ifndef MARTLET_FUZZ_COLUMNS_H
#define MARTLET_FUZZ_COLUMNS_H

#include "input.h"

#include <stddef.h>

enum { most_columns = 4, most_tags = 4 };

/* Columns, and all memory that they need, to be freed. */
typedef struct columns_given {
    martlet_column *columns;
    uint64_t count;
    layout_given layouts[most_columns];
    size_t layout_count;
    void *memory[most_columns * 8];
    size_t pieces;
} columns_given;

static void *keep(columns_given *given, void *memory) {
    given->memory[given->pieces++] = memory;
    return memory;
}

static void free_columns(columns_given *given) {
    for (size_t i = 0; i < given->pieces; i += 1)
        free(given->memory[i]);
    for (size_t i = 0; i < given->layout_count; i += 1) free_layout(&given->layouts[i]);
    free(given->columns);
}

static uint8_t *new_bytes(input *in, uint64_t size) {
    uint8_t *bytes = malloc(size);
    for (uint64_t i = 0; i < size; i += 1)
        bytes[i] = next_byte(in);
    return bytes;
}

/* `count` + 1 offsets, each at most `most` behind the one before; now and then one that must be
 * refused. */
static void *new_offsets(input *in, uint64_t count, unsigned most, uint32_t bytes, int64_t *end) {
    uint8_t *offsets = malloc((count + 1) * bytes);
    const uint64_t bad = one_in(in, 16) ? next_byte(in) % (count + 1) : UINT64_MAX;
    *end = next_byte(in) % 3;
    for (uint64_t i = 0; i <= count; i += 1) {
        *end += i == 0 ? 0 : next_byte(in) % (most + 1);
        const int64_t wide = i == bad ? -1 : *end;
        const int32_t narrow = (int32_t)wide;
        memcpy(offsets + i * bytes, bytes == 4 ? (const void *)&narrow : (const void *)&wide, bytes);
    }
    return offsets;
}

/* Strings of which some are the same, and some are JSON. */
static martlet_strings *new_texts(input *in, columns_given *given, uint64_t count) {
    static const char usual[] = "ab0\"[]{}:, ";
    martlet_strings strings = MARTLET_STRINGS_INIT;
    int64_t size = 0;
    strings.count = count;
    strings.offset_bytes = one_in(in, 2) ? 4 : 8;
    strings.offsets = keep(given, new_offsets(in, count, 3, strings.offset_bytes, &size));
    char *data = keep(given, malloc((size_t)size));
    for (int64_t i = 0; i < size; i += 1)
        data[i] = one_in(in, 32) ? (char)next_byte(in) : usual[next_byte(in) % (sizeof usual - 1)];
    strings.data = one_in(in, 32) ? NULL : data;
    if (one_in(in, 32))
        strings.offset_bytes = next_byte(in) % 4;
    given->layouts[given->layout_count++] = any_layout(in, &strings);
    /* Without its offsets' size the struct would tell of others. */
    const uint64_t claimed = any_struct_size(in, sizeof strings, offsetof(martlet_strings, data),
                                             sizeof strings);
    return keep(given, new_struct(&strings, sizeof strings, claimed));
}

static int64_t size_of_format(martlet_format format) {
    static const int64_t sizes[] = {1, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8};
    return format >= 0 && format <= MARTLET_AS_FLOAT64 ? sizes[format] : 8;
}

static void add_values(input *in, columns_given *given, martlet_column *column) {
    if (column->format == MARTLET_AS_BITS) {
        column->values = keep(given, new_bytes(in, (column->rows + column->bit_offset + 7) / 8));
        return;
    }
    area place = new_area(in, column->rows, 1, size_of_format(column->format));
    keep(given, place.memory);
    column->values = place.first;
    column->stride = place.row_stride;
    for (uint64_t row = 0; row < column->rows; row += 1)
        for (int64_t i = 0; i < size_of_format(column->format); i += 1)
            element_at(place, row, 0)[i] = next_byte(in);
}

static void add_tags(input *in, columns_given *given, martlet_column *column) {
    int64_t count = 0;
    column->list_offset_bytes = one_in(in, 2) ? 4 : 8;
    column->list_offsets =
        keep(given, new_offsets(in, column->rows, most_tags, column->list_offset_bytes, &count));
    /* One tag too few, now and then. */
    const bool lacks = count > 0 && one_in(in, 32);
    column->strings = new_texts(in, given, (uint64_t)count - lacks);
    if (one_in(in, 32))
        column->list_offset_bytes = next_byte(in) % 4;
}

/* Mostly of a format that the type allows. */
static martlet_format any_format(input *in, martlet_type type) {
    if (one_in(in, 32))
        return any_enumerator(in, 13);
    switch (type) {
    case MARTLET_TYPE_BOOL: return next_byte(in) % 2;
    case MARTLET_TYPE_FLOAT64: return MARTLET_AS_FLOAT16 + next_byte(in) % 3;
    default: return MARTLET_AS_INT8 + next_byte(in) % 8;
    }
}

static martlet_column any_column(input *in, columns_given *given, uint64_t rows) {
    static const char *const names[] = {"", "a", "b", "c", "d", "e", "f", "g", "$g", "\xff"};
    static const uint64_t far_bits[] = {UINT64_MAX, INT64_MAX, UINT64_C(1) << 63};
    martlet_column column = MARTLET_COLUMN_INIT;
    const size_t name = one_in(in, 16) ? next_byte(in) % COUNT_OF(names) : next_byte(in) % 8;
    column.name = names[name];
    column.name_size = strlen(names[name]);
    /* The name tells the type, so that most fit. */
    column.type = one_in(in, 8) ? any_enumerator(in, 7) : (martlet_type)(name % 7);
    column.format = any_format(in, column.type);
    column.unit = any_enumerator(in, 5);
    column.rows = one_in(in, 32) ? rows + 1 : rows;
    column.bit_offset = next_byte(in) % 10;
    if (column.type == MARTLET_TYPE_TAGS)
        add_tags(in, given, &column);
    else if (column.type == MARTLET_TYPE_STRING || column.type == MARTLET_TYPE_JSON)
        column.strings = new_texts(in, given, column.rows + one_in(in, 32));
    else
        add_values(in, given, &column);
    if (one_in(in, 2))
        column.validity = keep(given, new_bytes(in, (column.rows + column.bit_offset + 7) / 8));
    if (column.rows > 0 && one_in(in, 32))
        column.bit_offset = PICK(in, far_bits);
    return column;
}

/* Few columns of `rows` rows, in one array. */
static columns_given any_columns(input *in, uint64_t rows) {
    columns_given given;
    memset(&given, 0, sizeof given);
    given.count = one_in(in, 2) ? 0 : 1 + next_byte(in) % most_columns;
    given.columns = malloc((given.count + 1) * sizeof(martlet_column));
    for (uint64_t i = 0; i < given.count; i += 1)
        given.columns[i] = any_column(in, &given, rows);
    /* Sizes that differ within an array must be refused. Values without a stride would be others. */
    if (given.count > 0 && one_in(in, 16))
        given.columns[next_byte(in) % given.count].struct_size = any_struct_size(
            in, sizeof(martlet_column), offsetof(martlet_column, values),
            offsetof(martlet_column, strings));
    return given;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static martlet_text new_text(uint64_t capacity, uint64_t offset_capacity) {
    martlet_text text = MARTLET_TEXT_INIT;
    text.data = malloc(capacity);
    text.capacity = capacity;
    text.offsets = malloc(offset_capacity * sizeof(int64_t));
    text.offset_capacity = offset_capacity;
    return text;
}

static void free_text(martlet_text *text) {
    free(text->data);
    free(text->offsets);
}

/* Reads the rows of a column, whatever its type, with room for so much text. */
static martlet_status read_values(const martlet_index *index, const char *name,
                                  uint64_t name_size, const int64_t *rows, uint64_t count,
                                  martlet_text *text) {
    martlet_values values = MARTLET_VALUES_INIT;
    values.valid = malloc(count);
    values.values = malloc(count * sizeof(int64_t));
    values.list_offsets = malloc((count + 1) * sizeof(int64_t));
    values.text = text;
    const martlet_status status =
        martlet_get_values(index, name, name_size, rows, count, &values);
    for (uint64_t i = 0; status == MARTLET_OK && i < count; i += 1)
        if (values.valid[i] > 1 || (rows[i] == -1 && values.valid[i] != 0))
            abort();
    free(values.valid);
    free(values.values);
    free(values.list_offsets);
    return status;
}

/* Every column that there is, at rows of which some may not be. */
static void fuzz_values(input *in, const martlet_index *index, uint64_t vectors) {
    martlet_text none = MARTLET_TEXT_INIT, small = MARTLET_TEXT_INIT;
    martlet_get_columns(index, &none, NULL);
    martlet_text names = new_text(none.size, none.count + 1);
    if (martlet_get_columns(index, &names, NULL) != MARTLET_OK)
        abort();
    const uint64_t count = next_byte(in) % 8;
    int64_t *rows = malloc(count * sizeof(int64_t));
    bool all_there = true;
    for (uint64_t i = 0; i < count; i += 1) {
        rows[i] = one_in(in, 16) ? any_id(in) : (int64_t)(next_byte(in) % (vectors + 1)) - 1;
        all_there = all_there && rows[i] >= -1 && rows[i] < (int64_t)vectors;
    }
    for (uint64_t column = 0; column < names.count; column += 1) {
        const char *name = names.data + names.offsets[column];
        const uint64_t size = (uint64_t)(names.offsets[column + 1] - names.offsets[column]);
        martlet_status status = read_values(index, name, size, rows, count, &small);
        if (status == MARTLET_BUFFER_TOO_SMALL) {
            martlet_text text = new_text(small.size, small.count + 1);
            status = read_values(index, name, size, rows, count, &text);
            free_text(&text);
        }
        if (status != (all_there ? MARTLET_OK : MARTLET_INVALID_ARGUMENT))
            abort();
    }
    free(rows);
    free_text(&names);
}

/* Replaces metadata of vectors, of which some may not be. */
static martlet_status update_columns(input *in, martlet_index *index) {
    const uint64_t count = next_byte(in) % 16;
    ids_given ids = new_ids(in, count);
    columns_given columns = any_columns(in, count);
    const martlet_status status =
        martlet_update_metadata(index, ids.claimed, columns.columns, columns.count);
    free_ids(&ids);
    free_columns(&columns);
    return status;
}

#endif
