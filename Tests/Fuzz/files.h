/* What the fuzzers of files share: numbers and checksums in them, and the use of an index that was read. */
#ifndef MARTLET_FUZZ_FILES_H
#define MARTLET_FUZZ_FILES_H

#include <martlet.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, martlet_last_error()); \
            abort(); \
        } \
    } while (0)

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* ---- Numbers in files, by docs/format.md ---------------------------------------------------------- */

static uint32_t crc32(const uint8_t *data, size_t size) {
    static uint32_t table[256];
    for (uint32_t byte = 0; table[255] == 0 && byte < 256; byte += 1) {
        table[byte] = byte;
        for (int bit = 0; bit < 8; bit += 1)
            table[byte] = table[byte] >> 1 ^ (table[byte] & 1 ? 0xEDB88320u : 0);
    }
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i += 1) crc = crc >> 8 ^ table[(crc ^ data[i]) & 255];
    return ~crc;
}

static uint64_t number(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void put(uint8_t *at, uint64_t value, size_t size) { memcpy(at, &value, size); }

/* ---- What is tried -------------------------------------------------------------------------------- */

static int32_t discard(void *context, const void *data, uint64_t size) {
    uint32_t *sum = (uint32_t *)context;
    *sum += ((const uint8_t *)data)[size - 1];
    return 0;
}

/* A part of the index: what the nearest vectors to some queries are called. */
enum { k = 4, queries = 3 };

static uint64_t search(const martlet_index *index, const float *rows, uint64_t dim, int64_t *found,
                       const uint8_t *mask, uint64_t count) {
    int64_t ids[queries * k];
    float distances[queries * k];
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_mask allow = MARTLET_MASK_INIT;
    options.rows = found;
    if (mask != NULL) {
        allow.data = mask;
        allow.rows = count;
        options.allow = &allow;
    }
    REQUIRE(martlet_search(index, rows, queries, (int64_t)(dim * 4), 4, k, &options, ids, distances,
                           NULL) == MARTLET_OK);
    uint64_t hits = 0;
    while (hits < k && found[hits] >= 0) hits += 1;
    return hits;
}

static void read_columns(const martlet_index *index, const int64_t *rows, uint64_t count) {
    char names[4096], texts[1 << 16];
    int64_t ends[256], offsets[4096], lists[k + 1];
    uint8_t valid[k], values[k * 8];
    martlet_type types[255];
    martlet_text text = MARTLET_TEXT_INIT;
    text.data = names, text.capacity = sizeof names;
    text.offsets = ends, text.offset_capacity = 256;
    if (martlet_get_columns(index, &text, types) != MARTLET_OK)
        return;
    for (uint64_t column = 0; column < text.count; column += 1) {
        martlet_text into = MARTLET_TEXT_INIT;
        into.data = texts, into.capacity = sizeof texts;
        into.offsets = offsets, into.offset_capacity = 4096;
        martlet_values out = MARTLET_VALUES_INIT;
        out.valid = valid, out.values = values, out.text = &into, out.list_offsets = lists;
        const martlet_status status =
            martlet_get_values(index, names + ends[column],
                               (uint64_t)(ends[column + 1] - ends[column]), rows, count, &out);
        REQUIRE(status == MARTLET_OK || status == MARTLET_BUFFER_TOO_SMALL);
    }
}

static martlet_status add(martlet_index *index, const float *rows, uint64_t dim,
                          martlet_id_kind kind) {
    static const int64_t numbers[queries] = {INT64_MAX - 9, INT64_MAX - 8, INT64_MAX - 7};
    static const int64_t offsets[queries + 1] = {0, 5, 10, 15};
    martlet_strings strings = MARTLET_STRINGS_INIT;
    strings.data = "new 1new 2new 3", strings.offsets = offsets, strings.count = queries;
    martlet_ids ids = MARTLET_IDS_INIT;
    ids.count = queries;
    ids.integers = kind == MARTLET_STRING_IDS ? NULL : numbers;
    ids.strings = kind == MARTLET_STRING_IDS ? &strings : NULL;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.ids = &ids;
    options.threads = 1;
    return martlet_add(index, rows, queries, (int64_t)(dim * 4), 4, &options);
}

static void use(martlet_index *index, bool mapped) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_statistics statistics = {.struct_size = sizeof statistics};
    REQUIRE(martlet_get_options(index, &options) == MARTLET_OK);
    REQUIRE(martlet_get_statistics(index, &statistics) == MARTLET_OK);
    float *rows = calloc(queries * options.dim, sizeof(float));
    REQUIRE(rows != NULL);
    for (uint64_t i = 0; i < queries * options.dim; i += 1)
        rows[i] = (float)((int)(i * 37 % 17) - 8) / 8;
    int64_t found[queries * k];
    uint64_t hits = search(index, rows, options.dim, found, NULL, 0);
    read_columns(index, found, hits);
    uint8_t *mask = calloc(statistics.count + 1, 1);
    for (uint64_t i = 0; i < statistics.count; i += 3) mask[i] = 1;
    search(index, rows, options.dim, found, mask, statistics.count);
    free(mask);
    uint32_t sum = 0;
    REQUIRE(martlet_write(index, discard, &sum, NULL) == MARTLET_OK);
    martlet_status status = add(index, rows, options.dim, statistics.id_kind);
    if (status == MARTLET_ID_KIND)
        status = add(index, rows, options.dim, MARTLET_STRING_IDS);
    REQUIRE(status == MARTLET_OK || status == MARTLET_ID_EXISTS ||
            (status == MARTLET_BAD_FORMAT && mapped));
    if (status == MARTLET_OK) {
        search(index, rows, options.dim, found, NULL, 0);
        REQUIRE(martlet_compact(index, NULL) == MARTLET_OK);
        search(index, rows, options.dim, found, NULL, 0);
        REQUIRE(martlet_convert(index, (options.memory + 1) % 3, NULL) == MARTLET_OK);
        search(index, rows, options.dim, found, NULL, 0);
        REQUIRE(martlet_write(index, discard, &sum, NULL) == MARTLET_OK);
    }
    free(rows);
}

#endif
