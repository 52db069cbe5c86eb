/* Filtered search: masks of every layout, allowed ids and filters let through what they say, what
 * matches is found exactly, the explanation tells how, and every refusal. */
#include "oracle.h"

enum { stored = 300, dim = 3, k = 10 };

static const int64_t row_bytes = dim * (int64_t)sizeof(float);

/* What one query found. */
typedef struct found {
    int64_t ids[stored], rows[stored];
    float distances[stored];
    uint64_t count;
    martlet_explanation explanation;
} found;

/* Whole numbers, under ids from 1000 down, with a column "n" of row numbers. */
static martlet_index *make(float *vectors) {
    int64_t ids[stored], numbers[stored];
    martlet_ids given = MARTLET_IDS_INIT;
    martlet_column column = MARTLET_COLUMN_INIT;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    fill_whole(vectors, stored * dim, 5);
    for (int64_t row = 0; row < stored; row += 1) {
        ids[row] = 1000 - row;
        numbers[row] = row;
    }
    given.integers = ids;
    given.count = stored;
    column.name = "n";
    column.name_size = 1;
    column.rows = stored;
    column.values = numbers;
    options.ids = &given;
    options.columns = &column;
    options.column_count = 1;
    CHECK_OK(martlet_add(index, vectors, stored, row_bytes, FLOAT_SIZE, &options));
    return index;
}

static martlet_status search(const martlet_index *index, martlet_search_options options,
                             const float *query, uint64_t wanted, found *out) {
    const martlet_explanation empty = MARTLET_EXPLANATION_INIT;
    memset(out, 1, sizeof *out);
    out->explanation = empty;
    options.rows = out->rows;
    options.explanation = &out->explanation;
    return martlet_search(index, query, 1, 0, FLOAT_SIZE, wanted, &options, out->ids,
                          out->distances, &out->count);
}

/* Checks what was found against exact search among the rows that `allowed` names. */
static void check_found(const found *seen, const float *vectors, const bool *allowed,
                        const float *query) {
    float matching[stored * dim];
    int64_t numbers[stored], nearest[k];
    double exact[k];
    uint64_t count = 0;
    for (int64_t row = 0; row < stored; row += 1) {
        if (allowed[row]) {
            memcpy(matching + count * dim, vectors + row * dim, (size_t)row_bytes);
            numbers[count] = row;
            count += 1;
        }
    }
    const uint64_t expected = count < k ? count : (uint64_t)k;
    oracle_search(MARTLET_L2, matching, count, dim, query, expected, nearest, exact);
    CHECK(seen->count == expected && seen->explanation.matching == count);
    bool right = true;
    for (uint64_t i = 0; i < k; i += 1) {
        if (i < expected)
            right &= seen->rows[i] == numbers[nearest[i]] && seen->ids[i] == 1000 - seen->rows[i] &&
                     (double)seen->distances[i] == exact[i];
        else
            right &= seen->rows[i] == MARTLET_NO_ID && seen->ids[i] == MARTLET_NO_ID &&
                     isinf(seen->distances[i]);
    }
    CHECK(right);
}

static martlet_search_options with_mask(const martlet_mask *mask) {
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    options.allow = mask;
    return options;
}

static void test_masks_of_bytes(void) {
    static const int64_t strides[] = {1, 3, 8, -1, -5, 0};
    float vectors[stored * dim];
    martlet_index *index = make(vectors);
    for (size_t s = 0; s < COUNT_OF(strides); s += 1) {
        uint8_t *bytes = (uint8_t *)calloc(8, stored);
        bool allowed[stored];
        found seen;
        martlet_mask mask = MARTLET_MASK_INIT;
        mask.data = bytes + (strides[s] < 0 ? -strides[s] * (stored - 1) : 0);
        mask.rows = stored;
        mask.stride = strides[s];
        for (int64_t row = 0; row < stored; row += 1)
            ((uint8_t *)(uintptr_t)mask.data)[row * strides[s]] = row % 7 == 0 ? (uint8_t)(1 + row % 5) : 0;
        for (int64_t row = 0; row < stored; row += 1)
            allowed[row] = ((const uint8_t *)mask.data)[row * strides[s]] != 0;
        CHECK_OK(search(index, with_mask(&mask), vectors, k, &seen));
        check_found(&seen, vectors, allowed, vectors);
        free(bytes);
    }
    martlet_index_free(index);
}

static void test_masks_of_bits(void) {
    float vectors[stored * dim];
    martlet_index *index = make(vectors);
    for (uint64_t offset = 0; offset < 20; offset += 1) {
        uint8_t *bits = (uint8_t *)calloc((stored + offset + 7) / 8, 1);
        bool allowed[stored];
        found seen;
        martlet_mask mask = MARTLET_MASK_INIT;
        for (uint64_t row = 0; row < stored; row += 1) {
            allowed[row] = row * row % 11 == 4;
            if (allowed[row])
                bits[(row + offset) / 8] |= (uint8_t)(1u << ((row + offset) % 8));
        }
        mask.data = bits;
        mask.rows = stored;
        mask.format = MARTLET_AS_BITS;
        mask.bit_offset = offset;
        CHECK_OK(search(index, with_mask(&mask), vectors + dim, k, &seen));
        check_found(&seen, vectors, allowed, vectors + dim);
        free(bits);
    }
    martlet_index_free(index);
}

/* From no match to all of them. */
static void test_every_number_of_matches(void) {
    float vectors[stored * dim];
    uint8_t bytes[stored] = {0};
    bool allowed[stored] = {false};
    found seen;
    martlet_index *index = make(vectors);
    martlet_mask mask = MARTLET_MASK_INIT;
    mask.data = bytes;
    mask.rows = stored;
    for (uint64_t count = 0; count <= stored; count += 1) {
        CHECK_OK(search(index, with_mask(&mask), vectors, k, &seen));
        check_found(&seen, vectors, allowed, vectors);
        if (count < stored) {
            bytes[count * 7 % stored] = 1;
            allowed[count * 7 % stored] = true;
        }
    }
    martlet_index_free(index);
}

static void test_a_short_mask_excludes_the_rest(void) {
    const uint8_t bytes[2] = {1, 1};
    float vectors[stored * dim];
    found seen;
    martlet_index *index = make(vectors);
    martlet_mask mask = MARTLET_MASK_INIT;
    mask.data = bytes;
    mask.rows = 2;
    CHECK_OK(search(index, with_mask(&mask), vectors + dim, k, &seen));
    CHECK(seen.count == 2 && seen.rows[0] == 1 && seen.rows[1] == 0);
    mask.rows = 0;
    mask.data = NULL;
    CHECK_OK(search(index, with_mask(&mask), vectors, k, &seen));
    CHECK(seen.count == 0 && seen.explanation.matching == 0 && seen.explanation.distances == 0);
    martlet_index_free(index);
}

static void test_conditions_are_combined(void) {
    static const char filter[] = "{\"n\": {\"$lt\": 120}}";
    int64_t ids[stored];
    uint8_t bytes[stored];
    bool allowed[stored];
    float vectors[stored * dim];
    found seen;
    martlet_index *index = make(vectors);
    martlet_mask mask = MARTLET_MASK_INIT;
    martlet_ids some = MARTLET_IDS_INIT;
    for (int64_t row = 0; row < stored; row += 1) {
        bytes[row] = row % 2 == 0;
        ids[row] = 1000 - 3 * row; /* of every third row, and of none */
        allowed[row] = row < 120 && row % 6 == 0;
    }
    mask.data = bytes;
    mask.rows = stored;
    some.integers = ids;
    some.count = stored;
    martlet_search_options options = with_mask(&mask);
    options.allow_ids = &some;
    options.filter = filter;
    options.filter_size = sizeof filter - 1;
    CHECK_OK(search(index, options, vectors, k, &seen));
    check_found(&seen, vectors, allowed, vectors);
    martlet_index_free(index);
}

static void test_string_ids(void) {
    static const int64_t offsets[] = {0, 1, 2, 3}, wanted_offsets[] = {0, 1, 2};
    const float vectors[3 * dim] = {0, 0, 1, 0, 0, 2, 0, 0, 3};
    martlet_strings strings = MARTLET_STRINGS_INIT, wanted = MARTLET_STRINGS_INIT;
    martlet_ids ids = MARTLET_IDS_INIT, some = MARTLET_IDS_INIT;
    martlet_add_options add = MARTLET_ADD_OPTIONS_INIT;
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    found seen;
    strings.data = "abc";
    strings.offsets = offsets;
    strings.count = 3;
    ids.strings = &strings;
    ids.count = 3;
    add.ids = &ids;
    CHECK_OK(martlet_add(index, vectors, 3, row_bytes, FLOAT_SIZE, &add));
    wanted.data = "cx";
    wanted.offsets = wanted_offsets;
    wanted.count = 2;
    some.strings = &wanted;
    some.count = 2;
    options.allow_ids = &some;
    CHECK_OK(search(index, options, vectors, k, &seen));
    CHECK(seen.count == 1 && seen.ids[0] == 2 && seen.rows[0] == 2 && seen.distances[0] == 4);
    some.strings = NULL;
    some.integers = offsets;
    CHECK_STATUS(MARTLET_ID_KIND, search(index, options, vectors, k, &seen));
    martlet_index_free(index);
}

static void test_counts(void) {
    static const char some[] = "{\"n\": {\"$gte\": 290}}", bad[] = "{\"m\": 1}";
    float vectors[stored * dim];
    uint64_t count = 0;
    martlet_index *index = make(vectors);
    CHECK_OK(martlet_count(index, NULL, 0, &count));
    CHECK(count == stored);
    CHECK_OK(martlet_count(index, some, sizeof some - 1, &count));
    CHECK(count == 10);
    CHECK_STATUS(MARTLET_BAD_FILTER, martlet_count(index, bad, sizeof bad - 1, &count));
    CHECK(error_says("\"m\""));
    CHECK_STATUS(MARTLET_BAD_FILTER, martlet_count(index, some, 0, &count));
    CHECK_INVALID(martlet_count(index, some, UINT64_MAX, &count));
    martlet_index_free(index);
}

static void test_explanations(void) {
    uint8_t bytes[stored] = {1, 1, 1};
    float vectors[stored * dim];
    found seen;
    martlet_index *index = make(vectors);
    martlet_mask mask = MARTLET_MASK_INIT;
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    CHECK_OK(search(index, options, vectors, k, &seen));
    CHECK(seen.explanation.plan == MARTLET_PLAIN_BEAM && seen.explanation.rows == stored);
    CHECK(seen.explanation.matching == stored && seen.explanation.beam_width == 64);
    CHECK(seen.explanation.distances >= 64 && seen.explanation.fallbacks == 0);
    CHECK(seen.explanation.beam_cost > 0 && seen.explanation.scan_cost == stored);
    mask.data = bytes;
    mask.rows = stored;
    options.allow = &mask;
    CHECK_OK(search(index, options, vectors, k, &seen));
    CHECK(seen.explanation.plan == MARTLET_EXACT_SCAN && seen.explanation.matching == 3);
    CHECK(seen.explanation.beam_width == 0 && seen.explanation.distances == 3);
    CHECK(seen.explanation.scan_cost == 3 && seen.explanation.beam_cost > 3);
    CHECK(seen.explanation.struct_size == sizeof(martlet_explanation));
    martlet_index_free(index);
}

/* A shorter struct of an earlier header is filled as far as it goes. */
static void test_short_explanations(void) {
    const float query[dim] = {1, 2, 3};
    int64_t id;
    float distance;
    martlet_explanation explanation = MARTLET_EXPLANATION_INIT;
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    explanation.rows = explanation.matching = 77;
    explanation.struct_size = 24;
    options.explanation = &explanation;
    CHECK_OK(martlet_search(index, query, 1, 0, FLOAT_SIZE, 1, &options, &id, &distance, NULL));
    CHECK(explanation.rows == 0 && explanation.matching == 77 && explanation.struct_size == 24);
    explanation.struct_size = 12;
    CHECK_INVALID(martlet_search(index, query, 1, 0, FLOAT_SIZE, 1, &options, &id, &distance, NULL));
    martlet_index_free(index);
}

static void test_bad_masks(void) {
    const uint8_t bytes[stored + 1] = {1};
    float vectors[stored * dim];
    found seen;
    martlet_index *index = make(vectors);
    const martlet_mask good = MARTLET_MASK_INIT;
    martlet_mask mask = good;
    mask.data = bytes;
    mask.rows = stored + 1;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    CHECK(error_says("301") && error_says("300"));
    mask.rows = UINT64_MAX;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    mask.rows = 2;
    mask.stride = INT64_MAX;
    CHECK_OK(search(index, with_mask(&good), vectors, k, &seen));
    mask.rows = 3;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    mask.stride = 1;
    mask.format = MARTLET_AS_INT8;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    mask.format = 99;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    mask.format = MARTLET_AS_BITS;
    mask.bit_offset = UINT64_MAX;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    mask.bit_offset = INT64_MAX;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    mask.bit_offset = 0;
    mask.data = NULL;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    mask = good;
    mask.struct_size = 7;
    CHECK_INVALID(search(index, with_mask(&mask), vectors, k, &seen));
    martlet_index_free(index);
}

static void test_bad_filters_and_ids(void) {
    static const char broken[] = "{\"n\"", unknown[] = "{\"m\": 1}";
    const int64_t ids[2] = {1, 2};
    float vectors[stored * dim];
    found seen;
    martlet_index *index = make(vectors);
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_ids some = MARTLET_IDS_INIT;
    options.filter = broken;
    options.filter_size = sizeof broken - 1;
    CHECK_STATUS(MARTLET_BAD_FILTER, search(index, options, vectors, k, &seen));
    options.filter = unknown;
    options.filter_size = sizeof unknown - 1;
    CHECK_STATUS(MARTLET_BAD_FILTER, search(index, options, vectors, k, &seen));
    options.filter_size = UINT64_MAX;
    CHECK_INVALID(search(index, options, vectors, k, &seen));
    options.filter = NULL;
    options.filter_size = 0;
    options.allow_ids = &some;
    some.count = 3;
    CHECK_INVALID(search(index, options, vectors, k, &seen));
    some.integers = ids;
    some.stride = INT64_MAX;
    CHECK_INVALID(search(index, options, vectors, k, &seen));
    martlet_index_free(index);
}

int main(void) {
    test_masks_of_bytes();
    test_masks_of_bits();
    test_every_number_of_matches();
    test_a_short_mask_excludes_the_rest();
    test_conditions_are_combined();
    test_string_ids();
    test_counts();
    test_explanations();
    test_short_explanations();
    test_bad_masks();
    test_bad_filters_and_ids();
    return check_summary("filter");
}
