/* Vectors in the caller's memory: every element type in every layout, compared with plain loops. */
#include "ids.h"

enum { rows = 5, dim = 4, largest = 8 /* bytes of the largest element */ };

static const int64_t element_sizes[] = {4, 8, 2, 1, 1};
static const martlet_element last_element = MARTLET_UINT8;

/* Whole numbers from 0 to 9 and their binary16 forms, so that every element type holds them. */
static const uint16_t halves[] = {0x0000, 0x3C00, 0x4000, 0x4200, 0x4400,
                                  0x4500, 0x4600, 0x4700, 0x4800, 0x4880};

static int digit_at(uint64_t row, uint64_t column) { return (int)((row * 7 + column * 3 + 1) % 10); }

/* Writes a digit as an element at an address of any alignment. */
static void store(unsigned char *address, martlet_element element, int digit) {
    float single = (float)digit;
    double wide = digit;
    unsigned char byte = (unsigned char)digit;
    switch (element) {
    case MARTLET_FLOAT32: memcpy(address, &single, sizeof single); break;
    case MARTLET_FLOAT64: memcpy(address, &wide, sizeof wide); break;
    case MARTLET_FLOAT16: memcpy(address, &halves[digit], sizeof halves[0]); break;
    default: *address = byte; break;
    }
}

/* A layout: byte strides, and where element (0, 0) lies in the buffer. */
typedef struct layout {
    int64_t row_stride, component_stride, start;
} layout;

enum { layout_count = 7 };

static layout layout_of(int which, int64_t size) {
    const layout layouts[layout_count] = {
        {dim * size, size, 0},                                    /* row after row */
        {size, rows * size, 0},                                   /* column after column */
        {-dim * size, size, (rows - 1) * dim * size},             /* rows backwards */
        {dim * size, -size, (dim - 1) * size},                    /* components backwards */
        {2 * dim * size, 2 * size, 0},                            /* every second of both */
        {dim * size + 1, size, 1},                                /* unaligned */
        {-size, -rows * size, (rows * dim - 1) * size},           /* columns backwards */
    };
    return layouts[which];
}

static martlet_matrix matrix_of(const unsigned char *buffer, martlet_element element,
                                layout place) {
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    matrix.data = buffer + place.start;
    matrix.rows = rows;
    matrix.columns = dim;
    matrix.row_stride = place.row_stride;
    matrix.component_stride = place.component_stride;
    matrix.element = element;
    return matrix;
}

static void fill(unsigned char *buffer, martlet_element element, layout place) {
    for (int64_t row = 0; row < rows; row += 1)
        for (int64_t column = 0; column < dim; column += 1)
            store(buffer + place.start + row * place.row_stride + column * place.component_stride,
                  element, digit_at((uint64_t)row, (uint64_t)column));
}

static void check_stored_digits(const martlet_index *index) {
    int64_t ids[rows];
    float stored[rows * dim];
    bool same = true;
    for (int64_t row = 0; row < rows; row += 1)
        ids[row] = row;
    CHECK_OK(get_integers(index, ids, rows, sizeof(int64_t), stored));
    for (uint64_t i = 0; i < rows * dim; i += 1)
        same = same && stored[i] == (float)digit_at(i / dim, i % dim);
    CHECK(same);
}

/* A stored row searched for through the same layout finds itself, at distance 0. */
static void check_finds_itself(const martlet_index *index, const martlet_matrix *queries) {
    int64_t ids[rows];
    float distances[rows];
    CHECK_OK(martlet_search_matrix(index, queries, 1, NULL, ids, distances, NULL));
    for (int64_t row = 0; row < rows; row += 1)
        CHECK(ids[row] == row && distances[row] == 0);
}

static void test_every_element_in_every_layout(void) {
    for (martlet_element element = MARTLET_FLOAT32; element <= last_element; element += 1)
        for (int which = 0; which < layout_count; which += 1) {
            unsigned char buffer[2 * rows * dim * largest + 1] = {0};
            layout place = layout_of(which, element_sizes[element]);
            martlet_matrix matrix = matrix_of(buffer, element, place);
            martlet_index *index = new_index(dim, MARTLET_L2);
            fill(buffer, element, place);
            CHECK_OK(martlet_add_matrix(index, &matrix, NULL));
            check_stored_digits(index);
            check_finds_itself(index, &matrix);
            martlet_index_free(index);
        }
}

static void test_stride_zero_repeats(void) {
    const float numbers[dim] = {3, 1, 4, 1};
    const int64_t ids[2] = {0, 6};
    float stored[2 * dim];
    martlet_index *index = new_index(dim, MARTLET_L2);
    CHECK_OK(martlet_add(index, numbers, 3, 0, FLOAT_SIZE, NULL));
    CHECK_OK(martlet_add(index, numbers, 4, FLOAT_SIZE, 0, NULL));
    CHECK_OK(get_integers(index, ids, 2, sizeof ids[0], stored));
    CHECK(memcmp(stored, numbers, sizeof numbers) == 0);
    CHECK(stored[4] == 1 && stored[5] == 1 && stored[6] == 1 && stored[7] == 1);
    martlet_index_free(index);
}

/* Adds one vector of one component and reads it back as a float. */
static martlet_status round_trip(const void *value, martlet_element element, float *stored) {
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    martlet_index *index = new_index(1, MARTLET_L2);
    const int64_t id = 0;
    matrix.data = value;
    matrix.rows = 1;
    matrix.columns = 1;
    matrix.element = element;
    martlet_status status = martlet_add_matrix(index, &matrix, NULL);
    CHECK(count_of(index) == (status == MARTLET_OK ? 1 : 0));
    if (status == MARTLET_OK)
        CHECK_OK(get_integers(index, &id, 1, 0, stored));
    martlet_index_free(index);
    return status;
}

static void test_float16_values(void) {
    static const struct {
        uint16_t bits;
        float value;
    } finite[] = {{0x3555, 0.333251953125f}, {0xC000, -2}, {0x7BFF, 65504}, {0xFBFF, -65504},
                  {0x0001, 5.9604644775390625e-8f}, {0x03FF, 6.097555160522461e-5f},
                  {0x0400, 6.103515625e-5f}, {0x8000, 0}};
    static const uint16_t not_finite[] = {0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFFFF};
    float stored = -1;
    for (size_t i = 0; i < COUNT_OF(finite); i += 1) {
        CHECK_OK(round_trip(&finite[i].bits, MARTLET_FLOAT16, &stored));
        CHECK(stored == finite[i].value);
    }
    for (size_t i = 0; i < COUNT_OF(not_finite); i += 1)
        CHECK_STATUS(MARTLET_NOT_FINITE, round_trip(&not_finite[i], MARTLET_FLOAT16, &stored));
}

static void test_float64_is_rounded_to_float(void) {
    static const double finite[] = {0.1, -1.0 / 3, 1e-60, 16777217.0, -1e18};
    static const double not_finite[] = {1e39, -1e39, 3.5e38, HUGE_VAL, -HUGE_VAL, (double)NAN};
    float stored = -1;
    for (size_t i = 0; i < COUNT_OF(finite); i += 1) {
        CHECK_OK(round_trip(&finite[i], MARTLET_FLOAT64, &stored));
        CHECK(stored == (float)finite[i]);
    }
    for (size_t i = 0; i < COUNT_OF(not_finite); i += 1)
        CHECK_STATUS(MARTLET_NOT_FINITE, round_trip(&not_finite[i], MARTLET_FLOAT64, &stored));
}

static void test_bytes_at_their_ends(void) {
    static const int8_t lowest = INT8_MIN, highest = INT8_MAX;
    static const uint8_t largest_byte = UINT8_MAX;
    float stored = -1;
    CHECK_OK(round_trip(&lowest, MARTLET_INT8, &stored));
    CHECK(stored == -128);
    CHECK_OK(round_trip(&highest, MARTLET_INT8, &stored));
    CHECK(stored == 127);
    CHECK_OK(round_trip(&largest_byte, MARTLET_UINT8, &stored));
    CHECK(stored == 255);
}

/* Both functions refuse the same matrices, for the same reason. */
static void refuses(martlet_status reason, martlet_matrix matrix) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    int64_t ids[rows];
    float distances[rows];
    CHECK_STATUS(reason, martlet_add_matrix(index, &matrix, NULL));
    CHECK_STATUS(reason, martlet_search_matrix(index, &matrix, 1, NULL, ids, distances, NULL));
    CHECK(count_of(index) == 0);
    martlet_index_free(index);
}

static void test_refusals(void) {
    unsigned char buffer[rows * dim * largest] = {0};
    const martlet_matrix good = matrix_of(buffer, MARTLET_FLOAT32, layout_of(0, 4));
    martlet_matrix bad = good;
    bad.columns = dim - 1;
    refuses(MARTLET_DIMENSION_MISMATCH, bad);
    bad.rows = 0;
    refuses(MARTLET_DIMENSION_MISMATCH, bad);
    bad = good;
    bad.columns = INT64_MAX;
    refuses(MARTLET_DIMENSION_MISMATCH, bad);
    bad = good;
    bad.data = NULL;
    refuses(MARTLET_INVALID_ARGUMENT, bad);
    bad = good;
    bad.element = last_element + 1;
    refuses(MARTLET_INVALID_ARGUMENT, bad);
    bad.element = -1;
    refuses(MARTLET_INVALID_ARGUMENT, bad);
    bad = good;
    bad.struct_size = 0;
    refuses(MARTLET_INVALID_ARGUMENT, bad);
    bad.struct_size = sizeof bad - 1;
    refuses(MARTLET_INVALID_ARGUMENT, bad);
    bad.struct_size = sizeof bad + 8;
    refuses(MARTLET_INVALID_ARGUMENT, bad);
    bad = good;
    bad.rows = UINT64_MAX;
    refuses(MARTLET_INVALID_ARGUMENT, bad);
}

static void test_null_matrices(void) {
    martlet_index *index = new_index(dim, MARTLET_L2);
    martlet_matrix empty = MARTLET_MATRIX_INIT;
    empty.columns = dim;
    CHECK_OK(martlet_add_matrix(index, &empty, NULL));
    CHECK_OK(martlet_search_matrix(index, &empty, 3, NULL, NULL, NULL, NULL));
    CHECK_INVALID(martlet_add_matrix(index, NULL, NULL));
    CHECK_INVALID(martlet_add_matrix(NULL, &empty, NULL));
    CHECK_INVALID(martlet_search_matrix(index, NULL, 0, NULL, NULL, NULL, NULL));
    CHECK_INVALID(martlet_search_matrix(NULL, &empty, 0, NULL, NULL, NULL, NULL));
    martlet_index_free(index);
}

int main(void) {
    test_every_element_in_every_layout();
    test_stride_zero_repeats();
    test_float16_values();
    test_float64_is_rounded_to_float();
    test_bytes_at_their_ends();
    test_refusals();
    test_null_matrices();
    return check_summary("matrix");
}
