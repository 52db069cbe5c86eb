/* Strings by views and in dictionaries, as Arrow has them: the same index as from offsets, byte for
 * byte, as ids and as metadata; and every view and index that leads nowhere is refused. */
#include "ids.h"

enum { dim = 2, rows = 5 };

static const float vectors[rows * dim] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

/* The same five strings in every layout: a view holds up to 12 bytes itself. */
static const char data[] = "twelve bytes" "" "thirteen byte" "d\xC3\xA9" "and a longer one still";
static const int64_t offsets[rows + 1] = {0, 12, 12, 25, 28, 50};
static const char first_buffer[] = "xthirteen byte", second_buffer[] = "and a longer one stillx";
static const void *const buffers[2] = {first_buffer, second_buffer};
static const int64_t buffer_sizes[2] = {14, 22};

typedef struct view {
    int32_t size;
    union {
        char text[12];
        struct {
            char start[4];
            int32_t buffer, offset;
        } place;
    } is;
} view;

static view view_of(const char *text, int32_t size) {
    view made;
    memset(&made, 0x55, sizeof made);
    made.size = size;
    memcpy(made.is.text, text, (size_t)size);
    return made;
}

static view view_into(int32_t buffer, int32_t offset, int32_t size) {
    view made;
    memset(&made, 0x55, sizeof made);
    made.size = size;
    made.is.place.buffer = buffer;
    made.is.place.offset = offset;
    return made;
}

static martlet_strings by_offsets(void) {
    martlet_strings strings = MARTLET_STRINGS_INIT;
    strings.data = data;
    strings.offsets = offsets;
    strings.count = rows;
    return strings;
}

static martlet_strings by_views(view *views) {
    martlet_strings strings = MARTLET_STRINGS_INIT;
    views[0] = view_of("twelve bytes", 12);
    views[1] = view_of("", 0);
    views[2] = view_into(0, 1, 13);
    views[3] = view_of("d\xC3\xA9", 3);
    views[4] = view_into(1, 0, 22);
    strings.views = views;
    strings.buffers = buffers;
    strings.buffer_sizes = buffer_sizes;
    strings.buffer_count = 2;
    strings.count = rows;
    return strings;
}

/* Of a dictionary that has the strings in another order. */
static martlet_strings by_indices(view *views) {
    static const uint16_t indices[rows] = {4, 3, 2, 0, 1};
    martlet_strings strings = by_views(views);
    const view last = views[4];
    views[4] = views[0];
    views[0] = views[3];
    views[3] = views[1];
    views[1] = last;
    strings.indices = indices;
    strings.index_format = MARTLET_AS_UINT16;
    strings.dictionary_count = rows;
    return strings;
}

static martlet_ids ids_of(const martlet_strings *strings) {
    martlet_ids ids = MARTLET_IDS_INIT;
    ids.strings = strings;
    ids.count = strings->count;
    return ids;
}

static martlet_column column_of(martlet_type type, const martlet_strings *strings) {
    martlet_column column = MARTLET_COLUMN_INIT;
    column.name = "s";
    column.name_size = 1;
    column.rows = rows;
    column.type = type;
    column.strings = strings;
    return column;
}

static martlet_status add(martlet_index *index, const martlet_ids *ids,
                          const martlet_column *column) {
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.ids = ids;
    options.columns = column;
    options.column_count = column == NULL ? 0 : 1;
    return martlet_add(index, vectors, rows, dim * FLOAT_SIZE, FLOAT_SIZE, &options);
}

/* ---- The same index ------------------------------------------------------------------------ */

typedef struct file {
    char bytes[1 << 14];
    uint64_t size;
} file;

static int32_t take(void *context, const void *bytes, uint64_t size) {
    file *taken = (file *)context;
    if (taken->size + size > sizeof taken->bytes)
        return 1;
    memcpy(taken->bytes + taken->size, bytes, size);
    taken->size += size;
    return 0;
}

/* What a new index becomes by an add. */
static file file_of(const martlet_ids *ids, const martlet_column *column) {
    file taken;
    martlet_index *index = new_index(dim, MARTLET_L2);
    taken.size = 0;
    CHECK_OK(add(index, ids, column));
    CHECK_OK(martlet_write(index, take, &taken, NULL));
    martlet_index_free(index);
    return taken;
}

static bool are_equal(const file *a, const file *b) {
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static void test_ids(void) {
    view views[rows], words[rows];
    const martlet_strings layouts[3] = {by_offsets(), by_views(views), by_indices(words)};
    const martlet_ids expected_ids = ids_of(&layouts[0]);
    const file expected = file_of(&expected_ids, NULL);
    for (size_t i = 1; i < COUNT_OF(layouts); i += 1) {
        int64_t found[rows];
        const martlet_ids ids = ids_of(&layouts[i]);
        const file made = file_of(&ids, NULL);
        martlet_index *index = new_index(dim, MARTLET_L2);
        CHECK(are_equal(&made, &expected));
        CHECK_OK(add(index, &expected_ids, NULL));
        CHECK_OK(martlet_find(index, &ids, found));
        for (int64_t row = 0; row < rows; row += 1) CHECK(found[row] == row);
        CHECK_STATUS(MARTLET_ID_EXISTS, add(index, &ids, NULL));
        CHECK(error_says("\"twelve bytes\" at row 0"));
        CHECK_OK(martlet_remove(index, &ids, NULL));
        CHECK(count_of(index) == 0);
        martlet_index_free(index);
    }
}

static void test_columns(void) {
    static const int32_t list_offsets[rows + 1] = {1, 1, 4, 4, 5, 5};
    static const uint8_t all_but_two[] = {0x35 << 2};
    view views[rows], words[rows];
    const martlet_strings layouts[3] = {by_offsets(), by_views(views), by_indices(words)};
    for (martlet_type type = MARTLET_TYPE_STRING; type <= MARTLET_TYPE_TAGS; type += 2) {
        martlet_column column = column_of(type, &layouts[0]);
        column.list_offsets = list_offsets;
        column.list_offset_bytes = 4;
        column.validity = all_but_two;
        column.bit_offset = 2;
        const file expected = file_of(NULL, &column);
        for (size_t i = 1; i < COUNT_OF(layouts); i += 1) {
            column.strings = &layouts[i];
            const file made = file_of(NULL, &column);
            CHECK(are_equal(&made, &expected));
        }
    }
}

/* What null rows hold is not looked at: rows 1 and 3 here. */
static void test_nulls(void) {
    static const uint8_t validity[] = {0x15};
    static const int8_t indices[rows] = {0, -1, 2, 99, 4};
    view views[rows];
    martlet_strings strings = by_offsets();
    martlet_column column = column_of(MARTLET_TYPE_STRING, &strings);
    column.validity = validity;
    const file expected = file_of(NULL, &column);
    strings = by_views(views);
    views[1] = view_into(7, -1, 99);
    views[3] = view_into(0, 0, -1);
    const file by_view = file_of(NULL, &column);
    CHECK(are_equal(&by_view, &expected));
    strings = by_offsets();
    strings.indices = indices;
    strings.index_format = MARTLET_AS_INT8;
    strings.dictionary_count = rows;
    const file by_index = file_of(NULL, &column);
    CHECK(are_equal(&by_index, &expected));
}

static void test_json(void) {
    const view texts[2] = {view_of("[1, 2, 3]", 9), view_of("[1, 2, ", 7)};
    static const uint8_t good[rows] = {0, 0, 0, 0, 0}, bad[rows] = {0, 0, 0, 1, 0};
    martlet_strings strings = MARTLET_STRINGS_INIT;
    const martlet_column column = column_of(MARTLET_TYPE_JSON, &strings);
    martlet_index *index = new_index(dim, MARTLET_L2);
    strings.views = texts;
    strings.count = rows;
    strings.index_format = MARTLET_AS_UINT8;
    strings.dictionary_count = 2;
    strings.indices = bad;
    CHECK_STATUS(MARTLET_BAD_TEXT, add(index, NULL, &column));
    CHECK(error_says("\"s\", row 3"));
    strings.indices = good;
    CHECK_OK(add(index, NULL, &column));
    martlet_index_free(index);
}

/* The struct of a header that knew nothing of this. */
static void test_a_shorter_struct(void) {
    view views[rows];
    martlet_strings strings = by_offsets();
    const martlet_ids ids = ids_of(&strings);
    const file expected = file_of(&ids, NULL);
    strings.views = by_views(views).views;
    strings.indices = views;
    strings.struct_size = 40;
    const file made = file_of(&ids, NULL);
    CHECK(are_equal(&made, &expected));
}

/* ---- Refusals ---------------------------------------------------------------------------------- */

/* As ids and as metadata, and nothing is added. */
static void refuse(martlet_status reason, const martlet_strings *strings, const char *mention) {
    int64_t found[rows];
    const martlet_ids ids = ids_of(strings);
    const martlet_column column = column_of(MARTLET_TYPE_STRING, strings);
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_STATUS(reason, add(index, &ids, NULL));
    CHECK(error_says(mention));
    CHECK_STATUS(reason, martlet_find(index, &ids, found));
    CHECK_STATUS(reason, add(index, NULL, &column));
    CHECK(error_says(mention));
    CHECK(count_of(index) == 0);
    martlet_index_free(index);
}

static void test_bad_views(void) {
    static const struct {
        int32_t buffer, offset, size;
        const char *mention;
    } bad[] = {{0, 0, -1, "row 2"},  {0, 2, 13, "row 2"},  {2, 0, 13, "row 2"},
               {-1, 0, 13, "row 2"}, {0, -1, 13, "row 2"}, {0, INT32_MAX, INT32_MAX, "row 2"},
               {1, 0, 23, "row 2"},  {0, 0, INT32_MAX, "row 2"}};
    view views[rows];
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        martlet_strings strings = by_views(views);
        views[2] = view_into(bad[i].buffer, bad[i].offset, bad[i].size);
        refuse(MARTLET_INVALID_ARGUMENT, &strings, bad[i].mention);
        strings = by_indices(views);
        views[2] = view_into(bad[i].buffer, bad[i].offset, bad[i].size);
        refuse(MARTLET_INVALID_ARGUMENT, &strings, "text 2 of the dictionary");
    }
    martlet_strings strings = by_views(views);
    views[3] = view_of("d\xC3", 2);
    refuse(MARTLET_BAD_TEXT, &strings, "row 3");
}

static void test_bad_indices(void) {
    static const int8_t below[rows] = {0, 1, -1, 3, 4};
    static const uint64_t beyond[rows] = {0, 1, UINT64_MAX, 3, 4};
    static const int32_t behind[rows] = {0, 1, 5, 3, 4};
    static const struct {
        const void *indices;
        martlet_format format;
    } bad[] = {{below, MARTLET_AS_INT8}, {beyond, MARTLET_AS_UINT64}, {behind, MARTLET_AS_INT32}};
    static const martlet_format formats[] = {-1, MARTLET_AS_BITS, MARTLET_AS_BYTES,
                                             MARTLET_AS_FLOAT64, 13};
    view views[rows];
    martlet_strings strings = by_indices(views);
    for (size_t i = 0; i < COUNT_OF(bad); i += 1) {
        strings.indices = bad[i].indices;
        strings.index_format = bad[i].format;
        refuse(MARTLET_INVALID_ARGUMENT, &strings, "row 2");
    }
    for (size_t i = 0; i < COUNT_OF(formats); i += 1) {
        strings = by_indices(views);
        strings.index_format = formats[i];
        refuse(MARTLET_INVALID_ARGUMENT, &strings, "ind");
    }
    strings = by_indices(views);
    strings.dictionary_count = 0;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "row 0");
    strings.dictionary_count = (uint64_t)1 << 63;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "dictionary_count");
}

static void test_bad_tables(void) {
    static const void *const nothing[2] = {NULL, NULL};
    view views[rows];
    martlet_strings strings = by_views(views);
    strings.offsets = offsets;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "one of them");
    strings = by_views(views);
    strings.buffers = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "NULL");
    strings = by_views(views);
    strings.buffer_sizes = NULL;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "NULL");
    strings = by_views(views);
    strings.buffers = nothing;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "row 2");
    strings = by_views(views);
    strings.buffer_count = 1;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "row 4");
    strings.buffer_count = UINT64_MAX;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "buffer_count");
    strings.buffer_count = INT64_MAX;
    refuse(MARTLET_INVALID_ARGUMENT, &strings, "buffers");
}

int main(void) {
    test_ids();
    test_columns();
    test_nulls();
    test_json();
    test_a_shorter_struct();
    test_bad_views();
    test_bad_indices();
    test_bad_tables();
    return check_summary("string layouts");
}
