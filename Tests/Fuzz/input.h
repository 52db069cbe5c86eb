/* Turns a fuzzer's bytes into hostile arguments, and into memory that is just large enough for them:
 * one byte read or written beyond it is an address sanitizer's report. */
#ifndef MARTLET_FUZZ_INPUT_H
#define MARTLET_FUZZ_INPUT_H

#include <martlet.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(input, table) ((table)[next_byte(input) % COUNT_OF(table)])

/* The fuzzer's bytes, followed by an endless sequence that they decide. */
typedef struct input {
    const uint8_t *bytes;
    size_t left;
    uint64_t state;
} input;

static uint8_t next_byte(input *in) {
    in->state = in->state * 6364136223846793005u + 1442695040888963407u;
    if (in->left == 0)
        return (uint8_t)(in->state >> 56);
    in->left -= 1;
    in->state ^= *in->bytes;
    return *in->bytes++;
}

static bool one_in(input *in, unsigned n) { return next_byte(in) % n == n - 1; }

/* Mostly a count below `usual`; now and then anything. */
static uint64_t any_count(input *in, unsigned usual) {
    static const uint64_t hostile[] = {
        0, 1, MARTLET_MAX_M, MARTLET_MAX_DIM, MARTLET_MAX_DIM + 1, UINT64_C(1) << 31,
        MARTLET_MAX_VECTORS, UINT64_C(1) << 32, UINT64_C(1) << 61, UINT64_C(1) << 62, INT64_MAX,
        UINT64_C(1) << 63, UINT64_MAX};
    return one_in(in, 8) ? PICK(in, hostile) : next_byte(in) % usual;
}

static int32_t any_enumerator(input *in, int32_t count) {
    static const int32_t hostile[] = {-1, 5, 6, 127, 256, INT32_MIN, INT32_MAX};
    return one_in(in, 16) ? PICK(in, hostile) : next_byte(in) % count;
}

static uint64_t any_threads(input *in) {
    static const uint64_t threads[] = {0, 1, 1, 2, 2, 3, 4, 5};
    static const uint64_t hostile[] = {1024, 1025, UINT32_MAX, UINT64_MAX};
    return one_in(in, 32) ? PICK(in, hostile) : PICK(in, threads);
}

static uint64_t any_ef(input *in) {
    static const uint64_t hostile[] = {0, 1, MARTLET_MAX_EF, UINT64_C(1) << 32, UINT64_MAX};
    return one_in(in, 4) ? PICK(in, hostile) : 1 + next_byte(in) % 100;
}

static int64_t any_id(input *in) {
    static const int64_t hostile[] = {-1, INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};
    return one_in(in, 32) ? PICK(in, hostile) : (int64_t)next_byte(in) * 256 + next_byte(in);
}

/* A copy of a struct, cut or extended to `claimed` bytes, which is what its struct_size says. The
 * caller frees it. */
static void *new_struct(const void *complete, uint64_t size, uint64_t claimed) {
    uint8_t *copy = calloc(1, claimed < 8 ? 8 : claimed);
    memcpy(copy, complete, claimed < size ? claimed : size);
    memcpy(copy, &claimed, sizeof claimed);
    return copy;
}

/* A struct_size: mostly the complete one; now and then too small or too large, but never so that the
 * field before `whole_from` is there and those before `whole_to` are not. */
static uint64_t any_struct_size(input *in, uint64_t size, uint64_t whole_from, uint64_t whole_to) {
    const uint64_t claimed = one_in(in, 16) ? next_byte(in) % (size + 24) : size;
    return claimed >= whole_from && claimed < whole_to ? size : claimed;
}

static void *any_struct(input *in, const void *complete, uint64_t size) {
    return new_struct(complete, size, any_struct_size(in, size, 0, 0));
}

/* ---- Strided memory ------------------------------------------------------------------------- */

typedef struct area {
    uint8_t *memory;  /* to be freed */
    uint8_t *first;   /* the address of element (0, 0) */
    int64_t row_stride, component_stride;
} area;

enum { largest_area = 1 << 20, most_rows = 64 };

static int64_t any_stride(input *in, uint64_t count, int64_t natural) {
    static const int64_t hostile[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, -1};
    if (count <= 1)
        return one_in(in, 4) ? PICK(in, hostile) : natural;
    switch (next_byte(in) % 8) {
    case 0: return 0;
    case 1: return -natural;
    case 2: return 2 * natural;
    case 3: return (int8_t)next_byte(in);
    default: return natural;
    }
}

/* How far an axis reaches from its first element, in bytes; beyond any area if it is too far. */
static int64_t reach(uint64_t count, int64_t stride) {
    if (count <= 1 || stride == 0)
        return 0;
    if (count > largest_area || stride > largest_area || stride < -largest_area)
        return 2 * (int64_t)largest_area;
    return (int64_t)(count - 1) * stride;
}

/* Memory for rows x columns elements in a layout of the fuzzer's choice. Too large a matrix is one
 * element, repeated. */
static area new_area(input *in, uint64_t rows, uint64_t columns, int64_t size) {
    area made;
    int64_t across = columns < largest_area ? (int64_t)columns * size : size;
    made.component_stride = any_stride(in, columns, size);
    made.row_stride = any_stride(in, rows, across);
    int64_t down = reach(rows, made.row_stride), right = reach(columns, made.component_stride);
    int64_t lowest = (down < 0 ? down : 0) + (right < 0 ? right : 0);
    int64_t bytes = llabs(down) + llabs(right) + size;
    /* Rows may overlap, so that there are more elements than bytes. */
    const bool too_many = rows > 0 && columns > largest_area / rows;
    if (bytes > largest_area || too_many) {
        made.row_stride = made.component_stride = lowest = 0;
        bytes = size;
    }
    made.memory = malloc((size_t)bytes);
    made.first = made.memory - lowest;
    return made;
}

static uint8_t *element_at(area place, uint64_t row, uint64_t column) {
    return place.first + (row == 0 ? 0 : (int64_t)row * place.row_stride) +
           (column == 0 ? 0 : (int64_t)column * place.component_stride);
}

static double any_number(input *in, bool hostile) {
    static const double numbers[] = {0, -0.0, NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 1e39,
                                     1.8e19, 1e-19, 1e-30, 1e-45, 1e-300, 65504, 0.1, 1e6};
    return hostile && one_in(in, 8) ? PICK(in, numbers) : next_byte(in) % 17 - 8;
}

static void store_element(input *in, uint8_t *address, martlet_element element, bool hostile) {
    static const uint16_t halves[] = {0x0000, 0x3C00, 0xC000, 0x4200, 0x4880, 0xBC00, 0x3800};
    const double number = any_number(in, hostile);
    const float single = (float)number;
    const uint16_t half = hostile ? (uint16_t)(next_byte(in) << 8 | next_byte(in))
                                  : PICK(in, halves);
    switch (element) {
    case MARTLET_FLOAT32: memcpy(address, &single, sizeof single); break;
    case MARTLET_FLOAT64: memcpy(address, &number, sizeof number); break;
    case MARTLET_FLOAT16: memcpy(address, &half, sizeof half); break;
    default: *address = next_byte(in); break;
    }
}

static int64_t size_of_element(martlet_element element) {
    static const int64_t sizes[] = {4, 8, 2, 1, 1};
    return element >= 0 && element <= MARTLET_UINT8 ? sizes[element] : 8;
}

/* Vectors, or one repeated element where they would be too many. */
static area new_vectors(input *in, uint64_t rows, uint64_t columns, martlet_element element) {
    area place = new_area(in, rows, columns, size_of_element(element));
    const bool hostile = one_in(in, 4);
    const uint64_t filled = place.row_stride == 0 && rows > 0 ? 1 : rows;
    const uint64_t across = place.component_stride == 0 && columns > 0 ? 1 : columns;
    for (uint64_t row = 0; row < filled; row += 1)
        for (uint64_t column = 0; column < across; column += 1)
            store_element(in, element_at(place, row, column), element, hostile);
    return place;
}

static area new_integers(input *in, uint64_t count) {
    area place = new_area(in, count, 1, sizeof(int64_t));
    const uint64_t filled = place.row_stride == 0 && count > 0 ? 1 : count;
    const int64_t first = any_id(in);
    const bool rising = !one_in(in, 4);
    for (uint64_t i = 0; i < filled; i += 1) {
        const int64_t id = rising ? (int64_t)((uint64_t)first + i) : any_id(in);
        memcpy(element_at(place, i, 0), &id, sizeof id);
    }
    return place;
}

/* ---- Strings -------------------------------------------------------------------------------- */

enum { view_buffers = 3, view_size = 16, longest_inside = 12 };

/* Views and indices in memory of just their size, which the caller frees. */
typedef struct layout_given {
    uint8_t *views, *indices;
    void *buffers[view_buffers];
    void **table;
    int64_t *sizes;
} layout_given;

/* Strings likewise. */
typedef struct strings_given {
    martlet_strings complete;
    char *data;
    uint8_t *offsets;
    layout_given layout;
} strings_given;

static void store_offset(const strings_given *given, uint64_t place, int64_t offset) {
    const uint32_t size = given->complete.offset_bytes;
    const int32_t narrow = (int32_t)offset;
    if (size == 4)
        memcpy(given->offsets + place * size, &narrow, size);
    else
        memcpy(given->offsets + place * size, &offset, size);
}

/* A short string, mostly UTF-8, and now and then one that was there before. */
static size_t write_string(input *in, char *out, uint64_t number, bool hostile) {
    static const char *const starts[] = {"", "a", "ab", "\xC3\xA9", "\xF0\x9F\xAA\xB6", "long long"};
    static const char *const bad[] = {"\xFF", "\xC3", "\xED\xA0\x80", "a\x80", "\xC0\x80"};
    const char *start = hostile && one_in(in, 16) ? PICK(in, bad) : PICK(in, starts);
    size_t size = strlen(start);
    memcpy(out, start, size);
    for (; number > 0; number /= 16)
        out[size++] = "0123456789abcde\0"[number % 16];
    return size;
}

/* One view: a short string itself, or a part of a buffer; now and then it leads anywhere. */
static void store_view(input *in, const layout_given *given, uint64_t place) {
    static const int32_t wrong[] = {-1, 13, 3, 255, INT32_MIN, INT32_MAX};
    const int32_t buffer = next_byte(in) % view_buffers;
    const int32_t size = longest_inside + 1 + next_byte(in) % 8;
    int32_t words[4] = {size, 0, buffer, 0};
    char text[32];
    const size_t short_size = write_string(in, text, next_byte(in), false);
    if (one_in(in, 2) && short_size <= longest_inside) {
        words[0] = (int32_t)short_size;
        memcpy(words + 1, text, short_size);
    } else if (given->sizes[buffer] > size) {
        words[3] = next_byte(in) % (int32_t)(given->sizes[buffer] - size + 1);
    }
    if (one_in(in, 64))
        words[next_byte(in) % 4] = PICK(in, wrong);
    memcpy(given->views + place * view_size, words, sizeof words);
}

static void add_views(input *in, layout_given *given, martlet_strings *strings) {
    given->table = malloc(sizeof given->buffers);
    given->sizes = malloc(view_buffers * sizeof(int64_t));
    for (size_t i = 0; i < view_buffers; i += 1) {
        given->sizes[i] = longest_inside + next_byte(in) % 64;
        given->table[i] = given->buffers[i] = malloc((size_t)given->sizes[i]);
        for (int64_t at = 0; at < given->sizes[i]; at += 1)
            ((uint8_t *)given->buffers[i])[at] = (uint8_t)('a' + (at + (int64_t)i) % 26);
    }
    if (one_in(in, 64))
        given->table[next_byte(in) % view_buffers] = NULL;
    given->views = malloc(strings->count * view_size);
    for (uint64_t i = 0; i < strings->count; i += 1) store_view(in, given, i);
    strings->views = given->views;
    strings->offsets = one_in(in, 64) ? strings->offsets : NULL;
    strings->buffers = one_in(in, 64) ? NULL : (const void *const *)given->table;
    strings->buffer_sizes = one_in(in, 64) ? NULL : given->sizes;
    strings->buffer_count = view_buffers - one_in(in, 32);
}

/* Makes the strings a dictionary, of which there are as many. */
static void add_indices(input *in, layout_given *given, martlet_strings *strings) {
    static const int64_t wrong[] = {-1, 127, 128, INT32_MAX, INT64_MIN, INT64_MAX};
    const int32_t format = next_byte(in) % 8, size = 1 << format % 4;
    given->indices = malloc(strings->count * (uint64_t)size);
    for (uint64_t i = 0; i < strings->count; i += 1) {
        const uint64_t any = next_byte(in) % strings->count;
        const int64_t index = one_in(in, 64) ? PICK(in, wrong) : (int64_t)(one_in(in, 2) ? any : i);
        memcpy(given->indices + i * (uint64_t)size, &index, (size_t)size);
    }
    strings->indices = given->indices;
    strings->index_format = one_in(in, 64) ? any_enumerator(in, 2) : MARTLET_AS_INT8 + format;
    strings->dictionary_count = strings->count;
}

/* Gives strings by offsets another layout, half of the time. */
static layout_given any_layout(input *in, martlet_strings *strings) {
    layout_given given;
    memset(&given, 0, sizeof given);
    if (one_in(in, 4))
        add_views(in, &given, strings);
    if (one_in(in, 4))
        add_indices(in, &given, strings);
    return given;
}

static void free_layout(layout_given *given) {
    for (size_t i = 0; i < view_buffers; i += 1) free(given->buffers[i]);
    free(given->table);
    free(given->sizes);
    free(given->views);
    free(given->indices);
}

/* The first may begin behind other bytes. An offset may be wrong, but not so that strings would
 * reach beyond the memory. */
static strings_given new_strings(input *in, uint64_t count) {
    static const int64_t wrong[] = {-1, INT32_MAX, INT32_MIN, 1000000};
    const martlet_strings empty = MARTLET_STRINGS_INIT;
    const bool hostile = one_in(in, 8), rising = !one_in(in, 4);
    const uint64_t first = next_byte(in);
    size_t size = one_in(in, 4) ? next_byte(in) % 8 : 0;
    char *data = malloc(size + count * 32 + 1);
    strings_given given;
    given.complete = empty;
    given.complete.offset_bytes = one_in(in, 2) ? 4 : 8;
    given.offsets = malloc((count + 1) * given.complete.offset_bytes);
    memset(data, 0xFF, size);
    store_offset(&given, 0, (int64_t)size);
    for (uint64_t i = 0; i < count; i += 1) {
        size += write_string(in, data + size, rising ? first * 8 + i : next_byte(in), hostile);
        store_offset(&given, i + 1, (int64_t)size);
    }
    if (count > 0 && one_in(in, 32))
        store_offset(&given, next_byte(in) % count, PICK(in, wrong));
    given.data = malloc(size);
    memcpy(given.data, data, size);
    free(data);
    given.complete.data = one_in(in, 64) ? NULL : given.data;
    given.complete.offsets = one_in(in, 64) ? NULL : given.offsets;
    given.complete.count = count;
    if (one_in(in, 64))
        given.complete.offset_bytes = next_byte(in) & 3;
    given.layout = any_layout(in, &given.complete);
    return given;
}

static void free_strings(strings_given *given) {
    free(given->data);
    free(given->offsets);
    free_layout(&given->layout);
}

/* ---- Ids ------------------------------------------------------------------------------------ */

typedef struct ids_given {
    martlet_id_kind kind;
    martlet_ids complete;
    martlet_ids *claimed; /* the struct as it is handed over */
    area integers;
    strings_given strings;
    martlet_strings *claimed_strings;
} ids_given;

/* `count` ids, or a few if they are strings and there would be too many. */
static ids_given new_ids(input *in, uint64_t count) {
    const martlet_ids empty = MARTLET_IDS_INIT;
    const uint64_t off_by_one = one_in(in, 64);
    ids_given ids = {one_in(in, 2) ? MARTLET_STRING_IDS : MARTLET_INTEGER_IDS, empty, NULL,
                     new_integers(in, count), new_strings(in, count <= most_rows ? count : 3), NULL};
    martlet_strings *strings = &ids.strings.complete;
    /* Without their sizes strings would be others, in memory made for these; likewise integers. */
    ids.claimed_strings = new_struct(
        strings, sizeof *strings,
        any_struct_size(in, sizeof *strings, offsetof(martlet_strings, offset_bytes),
                        sizeof *strings));
    ids.complete.count = (count <= most_rows ? count : any_count(in, 4)) - (count > 0 && off_by_one);
    ids.complete.stride = ids.integers.row_stride;
    if (ids.kind == MARTLET_STRING_IDS)
        ids.complete.strings = ids.claimed_strings;
    if (ids.kind == MARTLET_INTEGER_IDS || one_in(in, 64))
        ids.complete.integers = one_in(in, 64) ? NULL : (int64_t *)(void *)ids.integers.first;
    ids.claimed = new_struct(
        &ids.complete, sizeof ids.complete,
        any_struct_size(in, sizeof ids.complete, offsetof(martlet_ids, stride),
                        offsetof(martlet_ids, strings)));
    return ids;
}

static void free_ids(ids_given *ids) {
    free(ids->claimed);
    free(ids->claimed_strings);
    free(ids->integers.memory);
    free_strings(&ids->strings);
}

#endif
