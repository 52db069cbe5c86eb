/* String ids: added, found, fetched and told; the kind of an index's ids; every refusal. */
#include "ids.h"

enum { dim = 2 };

static const int64_t row_bytes = dim * (int64_t)sizeof(float);

static martlet_status add(martlet_index *index, uint64_t rows, const martlet_ids *ids) {
    float vectors[8 * dim];
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    fill_whole(vectors, 8 * dim, 1);
    options.ids = ids;
    return martlet_add(index, vectors, rows, row_bytes, FLOAT_SIZE, &options);
}

/* The row of one id; -2 if the call failed. */
static int64_t row_of(const martlet_index *index, const char *id) {
    string_list list;
    int64_t row = -9;
    return martlet_find(index, string_ids(&list, &id, 1), &row) == MARTLET_OK ? row : -2;
}

/* Of "a", "" and "tre". */
static martlet_index *index_of_three(void) {
    static const char *const names[] = {"a", "", "tre"};
    string_list list;
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(add(index, 3, string_ids(&list, names, 3)));
    return index;
}

static void test_ids_lead_to_their_vectors(void) {
    static const char *const asked[] = {"tre", "a", "tre"}, *const missing[] = {"a", "b", "c"};
    string_list list;
    float vectors[3 * dim], stored[3 * dim];
    martlet_index *index = index_of_three();
    fill_whole(vectors, 3 * dim, 1);
    CHECK(row_of(index, "a") == 0 && row_of(index, "") == 1 && row_of(index, "tre") == 2);
    CHECK(row_of(index, "b") == -1 && row_of(index, "tr") == -1 && row_of(index, "tre ") == -1);
    CHECK_OK(martlet_get(index, string_ids(&list, asked, 3), stored));
    CHECK(memcmp(stored, vectors + 2 * dim, (size_t)row_bytes) == 0);
    CHECK(memcmp(stored + dim, vectors, (size_t)row_bytes) == 0);
    CHECK(memcmp(stored + 2 * dim, stored, (size_t)row_bytes) == 0);
    CHECK_STATUS(MARTLET_ID_NOT_FOUND,
                 martlet_get(index, string_ids(&list, missing, 3), stored));
    CHECK(error_says("\"b\"") && strstr(martlet_last_error(), "\"c\"") == NULL);
    martlet_index_free(index);
}

/* Offsets of 4 or 8 bytes, which need not be aligned nor begin at 0. */
static void test_every_layout(void) {
    static const char data[] = "\xFF\xFF" "x" "\0y" "\xC3\xA9";
    static const int64_t wide[] = {2, 3, 3, 5, 7};
    for (uint32_t size = 4; size <= 8; size += 4)
        for (size_t shift = 0; shift < 2; shift += 1) {
            unsigned char offsets[sizeof wide + 1];
            int64_t rows[4];
            martlet_strings strings = MARTLET_STRINGS_INIT;
            martlet_ids ids = MARTLET_IDS_INIT;
            martlet_index *index = new_index(dim, MARTLET_L2);
            for (size_t i = 0; i < COUNT_OF(wide); i += 1) {
                const int32_t narrow = (int32_t)wide[i];
                if (size == 4)
                    memcpy(offsets + shift + i * size, &narrow, size);
                else
                    memcpy(offsets + shift + i * size, &wide[i], size);
            }
            strings.data = data;
            strings.offsets = offsets + shift;
            strings.count = ids.count = 4;
            strings.offset_bytes = size;
            ids.strings = &strings;
            CHECK_OK(add(index, 4, &ids));
            CHECK_OK(martlet_find(index, &ids, rows));
            CHECK(rows[0] == 0 && rows[1] == 1 && rows[2] == 2 && rows[3] == 3);
            CHECK(row_of(index, "x") == 0 && row_of(index, "") == 1);
            CHECK(row_of(index, "\xC3\xA9") == 3 && row_of(index, "y") == -1);
            martlet_index_free(index);
        }
}

static void test_a_long_id(void) {
    enum { length = 1 << 20 };
    const int64_t offsets[] = {0, length, 2 * length};
    char *data = (char *)malloc(2 * length);
    int64_t rows[2];
    martlet_strings strings = MARTLET_STRINGS_INIT;
    martlet_ids ids = MARTLET_IDS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2);
    memset(data, 'm', 2 * length);
    strings.data = data;
    strings.offsets = offsets;
    strings.count = ids.count = 2;
    ids.strings = &strings;
    CHECK_STATUS(MARTLET_ID_EXISTS, add(index, 2, &ids));
    CHECK(error_says("row 1") && error_says("mmm") && strlen(martlet_last_error()) < 250);
    data[2 * length - 1] = 'n';
    CHECK_OK(add(index, 2, &ids));
    CHECK_OK(martlet_find(index, &ids, rows));
    CHECK(rows[0] == 0 && rows[1] == 1);
    martlet_index_free(index);
    free(data);
}

/* A message is a C string of UTF-8, whatever the id is. */
static void test_odd_ids_in_messages(void) {
    static const char odd[] = "a\0\xF0\x9F\xAA\xB6";
    const int64_t offsets[] = {0, 6, 6, 6};
    martlet_strings strings = MARTLET_STRINGS_INIT;
    martlet_ids ids = MARTLET_IDS_INIT;
    float vector[dim];
    martlet_index *index = new_index(dim, MARTLET_L2);
    strings.data = odd;
    strings.offsets = offsets;
    strings.count = ids.count = 1;
    ids.strings = &strings;
    CHECK_STATUS(MARTLET_ID_NOT_FOUND, martlet_get(index, &ids, vector));
    CHECK(error_says("\"a\\0\xF0\x9F\xAA\xB6\"") && error_says("is not in the index"));
    martlet_index_free(index);
}

static void test_duplicates_are_refused(void) {
    static const char *const twice[] = {"x", "y", "z", "y"}, *const known[] = {"x", "", "y"};
    string_list list;
    martlet_index *index = index_of_three();
    CHECK_STATUS(MARTLET_ID_EXISTS, add(index, 4, string_ids(&list, twice, 4)));
    CHECK(error_says("\"y\"") && error_says("row 3"));
    CHECK_STATUS(MARTLET_ID_EXISTS, add(index, 3, string_ids(&list, known, 3)));
    CHECK(error_says("\"\"") && error_says("row 1"));
    CHECK(count_of(index) == 3 && row_of(index, "x") == -1 && row_of(index, "tre") == 2);
    CHECK_OK(add(index, 3, string_ids(&list, twice, 3)));
    CHECK(row_of(index, "x") == 3 && row_of(index, "z") == 5);
    martlet_index_free(index);
}

static void test_the_first_add_fixes_the_kind(void) {
    static const char *const names[] = {"x", "y"}, *const twice[] = {"x", "x"};
    const int64_t numbers[] = {7, 8};
    const martlet_ids integers = integer_ids(numbers, 2, 8);
    string_list list;
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(add(index, 0, string_ids(&list, names, 0)));
    CHECK_STATUS(MARTLET_ID_EXISTS, add(index, 2, string_ids(&list, twice, 2)));
    CHECK_OK(add(index, 2, &integers));
    CHECK_STATUS(MARTLET_ID_KIND, add(index, 2, string_ids(&list, names, 2)));
    CHECK_OK(add(index, 0, string_ids(&list, names, 0)));
    CHECK_OK(add(index, 2, NULL));
    CHECK(row_of(index, "x") == -1 && count_of(index) == 4);
    martlet_index_free(index);

    index = new_index(dim, MARTLET_L2);
    CHECK_OK(add(index, 2, string_ids(&list, names, 2)));
    CHECK_STATUS(MARTLET_ID_KIND, add(index, 2, NULL));
    CHECK(error_says("must be given"));
    CHECK_STATUS(MARTLET_ID_KIND, add(index, 2, &integers));
    CHECK(count_of(index) == 2);
    martlet_index_free(index);
}

static void test_ids_of_the_other_kind_are_not_there(void) {
    static const char *const name = "0";
    const int64_t number = 0;
    const martlet_ids integers = integer_ids(&number, 1, 8);
    string_list list;
    float vector[dim];
    int64_t row = 9;
    martlet_index *strings = index_of_three(), *numbers = new_index(dim, MARTLET_L2);
    CHECK_OK(add(numbers, 3, NULL));
    CHECK_OK(martlet_find(strings, &integers, &row));
    CHECK(row == -1 && row_of(numbers, "0") == -1);
    CHECK_STATUS(MARTLET_ID_KIND, martlet_get(strings, &integers, vector));
    CHECK_STATUS(MARTLET_ID_KIND, martlet_get(numbers, string_ids(&list, &name, 1), vector));
    martlet_index_free(strings);
    martlet_index_free(numbers);
}

static void test_row_numbers_are_told(void) {
    static const char *const names[] = {"x", "y"};
    string_list list;
    int64_t assigned[2] = {-7, -7};
    const float vectors[2 * dim] = {1, 2, 3, 4};
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = index_of_three();
    options.ids = string_ids(&list, names, 2);
    options.assigned_ids = assigned;
    CHECK_OK(martlet_add(index, vectors, 2, row_bytes, FLOAT_SIZE, &options));
    CHECK(assigned[0] == 3 && assigned[1] == 4);
    martlet_index_free(index);
}

/* A text as callers hold it, with room for a few bytes and offsets. */
typedef struct room {
    char data[8];
    int64_t offsets[8];
    martlet_text text;
} room;

static martlet_text *text_in(room *place, uint64_t capacity, uint64_t offset_capacity) {
    const martlet_text text = MARTLET_TEXT_INIT;
    memset(place, 0x55, sizeof *place);
    place->text = text;
    place->text.data = capacity > 0 ? place->data : NULL;
    place->text.capacity = capacity;
    place->text.offsets = offset_capacity > 0 ? place->offsets : NULL;
    place->text.offset_capacity = offset_capacity;
    return &place->text;
}

static void test_ids_are_told_by_row(void) {
    const int64_t rows[] = {2, -1, 0, 1};
    room place;
    martlet_index *index = index_of_three();
    CHECK_OK(martlet_get_ids(index, rows, 4, text_in(&place, 8, 8)));
    CHECK(place.text.size == 4 && place.text.count == 4);
    CHECK(memcmp(place.data, "trea\x55", 5) == 0);
    CHECK(place.offsets[0] == 0 && place.offsets[1] == 3 && place.offsets[2] == 3);
    CHECK(place.offsets[3] == 4 && place.offsets[4] == 4);
    CHECK_OK(martlet_get_ids(index, NULL, 0, text_in(&place, 0, 1)));
    CHECK(place.text.size == 0 && place.text.count == 0 && place.offsets[0] == 0);
    martlet_index_free(index);
}

static void test_too_small_a_text_learns_the_sizes(void) {
    const int64_t rows[] = {2, -1, 0, 1};
    static const struct {
        uint64_t capacity, offsets;
    } rooms[] = {{0, 0}, {3, 8}, {8, 4}, {0, 5}, {4, 0}};
    room place, untouched;
    martlet_index *index = index_of_three();
    for (size_t i = 0; i < COUNT_OF(rooms); i += 1) {
        text_in(&untouched, rooms[i].capacity, rooms[i].offsets);
        martlet_text *text = text_in(&place, rooms[i].capacity, rooms[i].offsets);
        CHECK_STATUS(MARTLET_BUFFER_TOO_SMALL, martlet_get_ids(index, rows, 4, text));
        CHECK(text->size == 4 && text->count == 4);
        CHECK(memcmp(place.data, untouched.data, sizeof place.data) == 0);
        CHECK(memcmp(place.offsets, untouched.offsets, sizeof place.offsets) == 0);
    }
    CHECK_OK(martlet_get_ids(index, rows, 4, text_in(&place, 4, 5)));
    martlet_index_free(index);
}

static void test_what_cannot_be_told(void) {
    static const int64_t bad[] = {3, -2, INT64_MAX, INT64_MIN};
    room place;
    martlet_index *index = index_of_three(), *integers = new_index(dim, MARTLET_L2);
    martlet_text *text = text_in(&place, 8, 8);
    for (size_t i = 0; i < COUNT_OF(bad); i += 1)
        CHECK_INVALID(martlet_get_ids(index, &bad[i], 1, text));
    CHECK_INVALID(martlet_get_ids(NULL, bad, 0, text));
    CHECK_INVALID(martlet_get_ids(index, NULL, 1, text));
    CHECK_INVALID(martlet_get_ids(index, bad, 0, NULL));
    CHECK_INVALID(martlet_get_ids(index, bad, (uint64_t)1 << 63, text));
    text->struct_size = sizeof *text - 8;
    CHECK_INVALID(martlet_get_ids(index, bad, 0, text));
    text = text_in(&place, 8, 8);
    text->data = NULL;
    CHECK_INVALID(martlet_get_ids(index, bad, 0, text));
    text = text_in(&place, 8, 8);
    text->offsets = NULL;
    CHECK_INVALID(martlet_get_ids(index, bad, 0, text));
    CHECK_OK(martlet_get_ids(integers, bad, 0, text_in(&place, 8, 8)));
    CHECK_OK(add(integers, 3, NULL));
    CHECK_STATUS(MARTLET_ID_KIND, martlet_get_ids(integers, bad, 0, text_in(&place, 8, 8)));
    martlet_index_free(index);
    martlet_index_free(integers);
}

/* Each of the functions that take ids refuses these, and nothing is added. */
static void refuses(martlet_status reason, const martlet_ids *ids, const char *mention) {
    float vectors[8 * dim];
    int64_t rows[8];
    martlet_index *index = index_of_three();
    CHECK_STATUS(reason, add(index, 2, ids));
    CHECK(error_says(mention));
    CHECK_STATUS(reason, martlet_find(index, ids, rows));
    CHECK_STATUS(reason, martlet_get(index, ids, vectors));
    CHECK(error_says(mention));
    CHECK(count_of(index) == 3);
    martlet_index_free(index);
}

static void test_bad_texts(void) {
    static const char *const bad[] = {"\xFF", "a\xC3", "\xED\xA0\x80", "\xC0\x80",
                                      "\xF4\x90\x80\x80", "ok\x80"};
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        const char *const texts[] = {"fine \xC3\xA9", bad[i]};
        string_list list;
        refuses(MARTLET_BAD_TEXT, string_ids(&list, texts, 2), "row 1");
    }
}

static void test_bad_offsets(void) {
    static const struct {
        int64_t offsets[3];
        const char *mention;
    } bad[] = {{{0, 2, 1}, "row 1"},  {{-1, 0, 1}, "row 0"}, {{2, 1, 3}, "row 0"},
               {{0, 1, -1}, "row 1"}, {{0, INT64_MIN, 1}, "row 0"}};
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        static const char *const texts[] = {"ab", "c"};
        string_list list;
        const martlet_ids *ids = string_ids(&list, texts, 2);
        memcpy(list.offsets, bad[i].offsets, sizeof bad[i].offsets);
        refuses(MARTLET_INVALID_ARGUMENT, ids, bad[i].mention);
    }
}

static void test_bad_structs(void) {
    static const char *const texts[] = {"ab", "c"};
    static const uint32_t sizes[] = {0, 1, 2, 3, 5, 16, UINT32_MAX};
    const int64_t numbers[] = {7, 8, 9};
    string_list list;
    string_ids(&list, texts, 2);
    list.strings.data = NULL;
    refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "NULL");
    string_ids(&list, texts, 2);
    list.strings.offsets = NULL;
    refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "NULL");
    string_ids(&list, texts, 2);
    list.strings.count = 1;
    refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "strings.count is 1");
    string_ids(&list, texts, 2);
    list.ids.integers = numbers;
    refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "one of them");
    string_ids(&list, texts, 2);
    list.strings.struct_size = 7;
    refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "ids.strings.struct_size");
    string_ids(&list, texts, 2);
    list.ids.struct_size = sizeof list.ids + 8;
    refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "ids.struct_size");
    string_ids(&list, texts, 2);
    list.strings.count = list.ids.count = (uint64_t)1 << 63;
    refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "below 2^63");
    for (size_t i = 0; i < COUNT_OF(sizes); i += 1) {
        string_ids(&list, texts, 2);
        list.strings.offset_bytes = sizes[i];
        refuses(MARTLET_INVALID_ARGUMENT, &list.ids, "not 4 or 8");
    }
    const martlet_ids none = integer_ids(NULL, 2, 8);
    refuses(MARTLET_INVALID_ARGUMENT, &none, "NULL");
}

/* There must be as many ids as vectors. */
static void test_ids_are_one_each(void) {
    static const char *const texts[] = {"x", "y", "z"};
    const int64_t numbers[] = {7, 8, 9};
    string_list list;
    martlet_index *index = new_index(dim, MARTLET_L2);
    for (uint64_t count = 0; count <= 3; count += 1) {
        const martlet_ids integers = integer_ids(numbers, count, 8);
        if (count == 2)
            continue;
        CHECK_INVALID(add(index, 2, &integers));
        CHECK_INVALID(add(index, 2, string_ids(&list, texts, count)));
        CHECK(error_says("2 vectors"));
    }
    CHECK(count_of(index) == 0);
    martlet_index_free(index);
}

int main(void) {
    test_ids_lead_to_their_vectors();
    test_every_layout();
    test_a_long_id();
    test_odd_ids_in_messages();
    test_duplicates_are_refused();
    test_the_first_add_fixes_the_kind();
    test_ids_of_the_other_kind_are_not_there();
    test_row_numbers_are_told();
    test_ids_are_told_by_row();
    test_too_small_a_text_learns_the_sizes();
    test_what_cannot_be_told();
    test_bad_texts();
    test_bad_offsets();
    test_bad_structs();
    test_ids_are_one_each();
    return check_summary("string ids");
}
