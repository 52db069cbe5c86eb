/* Files: saved, written to a function, loaded, mapped; and what is refused. */
#define _POSIX_C_SOURCE 200809L
#include "ids.h"

#include <errno.h>
#include <unistd.h>

enum { dim = 6, stored = 1200 };

static char path[] = "/tmp/martlet-files-XXXXXX";

static martlet_index *filled(martlet_metric metric) {
    martlet_index *index = new_index(dim, metric);
    float *rows = new_whole(stored * dim, 1);
    for (uint64_t row = 0; row < stored; row += 1) rows[row * dim] += 10; /* none is zero */
    CHECK_OK(add_rows(index, rows, stored, dim));
    free(rows);
    return index;
}

typedef struct bytes {
    char *data;
    uint64_t size;
    uint64_t most; /* that are taken */
} bytes;

static int32_t take(void *context, const void *data, uint64_t size) {
    bytes *taken = (bytes *)context;
    CHECK(size > 0 && size <= UINT64_C(4) << 20);
    if (taken->size + size > taken->most)
        return ENOSPC;
    taken->data = (char *)realloc(taken->data, taken->size + size);
    memcpy(taken->data + taken->size, data, size);
    taken->size += size;
    return 0;
}

static bytes written(const martlet_index *index) {
    bytes taken = {NULL, 0, UINT64_MAX};
    CHECK_OK(martlet_write(index, take, &taken, NULL));
    return taken;
}

static bytes read_file(void) {
    bytes all = {NULL, 0, UINT64_MAX};
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    char piece[4096];
    for (size_t size; (size = fread(piece, 1, sizeof piece, file)) > 0;) take(&all, piece, size);
    fclose(file);
    return all;
}

static bool are_equal(bytes a, bytes b) {
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Returns whether they are the same, byte for byte; frees the other. */
static bool same(martlet_index *one, martlet_index *other) {
    bytes a = written(one), b = written(other);
    const bool holds = are_equal(a, b);
    free(a.data);
    free(b.data);
    martlet_index_free(other);
    return holds;
}

static void test_every_way_gives_the_same(martlet_metric metric) {
    martlet_index *index = filled(metric), *copied = NULL, *mapped = NULL, *from_bytes = NULL;
    martlet_load_options options = MARTLET_LOAD_OPTIONS_INIT;
    CHECK_OK(martlet_save(index, path, NULL));
    bytes direct = written(index), file = read_file();
    CHECK(are_equal(direct, file));
    CHECK_OK(martlet_load(path, NULL, &copied));
    options.mode = MARTLET_LOAD_MAP;
    CHECK_OK(martlet_load(path, &options, &mapped));
    CHECK_OK(martlet_load_bytes(direct.data, direct.size, NULL, &from_bytes));
    static const float more[2 * dim] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    martlet_index *all[] = {index, copied, mapped, from_bytes};
    for (size_t i = 0; i < COUNT_OF(all); i += 1) CHECK_OK(add_rows(all[i], more, 2, dim));
    CHECK(count_of(mapped) == stored + 2);
    CHECK(same(index, copied));
    CHECK(same(index, mapped));
    CHECK(same(index, from_bytes));
    martlet_index_free(index);
    free(direct.data);
    free(file.data);
}

static void test_the_parameters_come_with_it(void) {
    martlet_index_options given = MARTLET_INDEX_OPTIONS_INIT, told = MARTLET_INDEX_OPTIONS_INIT;
    given.dim = 33;
    given.metric = MARTLET_COSINE;
    given.M = 7;
    given.ef_construction = 77;
    given.seed = UINT64_MAX;
    given.memory = MARTLET_FAST;
    martlet_index *index = NULL, *loaded = NULL;
    CHECK_OK(martlet_index_create(&given, &index));
    CHECK_OK(martlet_save(index, path, NULL));
    CHECK_OK(martlet_load(path, NULL, &loaded));
    CHECK_OK(martlet_get_options(loaded, &told));
    CHECK(memcmp(&given, &told, sizeof given) == 0);
    told.struct_size = 8;
    told.M = 0;
    CHECK_OK(martlet_get_options(index, &told));
    CHECK(told.M == 0 && told.struct_size == 8);
    CHECK_INVALID(martlet_get_options(index, NULL));
    CHECK_INVALID(martlet_get_options(NULL, &told));
    martlet_index_free(index);
    martlet_index_free(loaded);
}

/* Whether it holds strings or integers is told though there are none. */
static void test_an_emptied_index_keeps_its_kind(void) {
    static const char *const name = "a";
    static const float vector[dim] = {1};
    string_list list;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    martlet_index *index = new_index(dim, MARTLET_L2), *loaded = NULL;
    options.ids = string_ids(&list, &name, 1);
    CHECK_OK(martlet_add(index, vector, 1, 0, FLOAT_SIZE, &options));
    CHECK_OK(martlet_clear(index));
    CHECK_OK(martlet_save(index, path, NULL));
    CHECK_OK(martlet_load(path, NULL, &loaded));
    CHECK(count_of(loaded) == 0);
    CHECK_STATUS(MARTLET_ID_KIND, martlet_get_integer_ids(loaded, NULL, 0, NULL));
    CHECK_STATUS(MARTLET_ID_KIND, add_rows(loaded, vector, 1, dim));
    CHECK(same(index, loaded));
    martlet_index_free(index);
}

static void test_a_function_that_refuses(void) {
    martlet_index *index = filled(MARTLET_L2);
    bytes none = {NULL, 0, 10};
    CHECK_STATUS(MARTLET_IO, martlet_write(index, take, &none, NULL));
    CHECK(martlet_last_errno() == ENOSPC);
    CHECK_INVALID(martlet_write(index, NULL, NULL, NULL));
    CHECK(martlet_last_errno() == 0);
    martlet_index_free(index);
}

static void test_cancelled_and_watched(void) {
    martlet_index *index = filled(MARTLET_L2), *loaded = index;
    martlet_control control = MARTLET_CONTROL_INIT;
    martlet_load_options options = MARTLET_LOAD_OPTIONS_INIT;
    options.control = &control;
    bytes file = written(index);
    CHECK_OK(martlet_load_bytes(file.data, file.size, &options, &loaded));
    CHECK(control.total == file.size && control.done <= control.total && control.done > 0);
    martlet_index_free(loaded);
    control.cancel = 1;
    CHECK_STATUS(MARTLET_CANCELLED, martlet_load_bytes(file.data, file.size, &options, &loaded));
    CHECK(loaded == NULL);
    CHECK_STATUS(MARTLET_CANCELLED, martlet_write(index, take, &file, &control));
    free(file.data);
    martlet_index_free(index);
}

static void test_what_is_no_file(void) {
    martlet_index *index = NULL;
    martlet_load_options options = MARTLET_LOAD_OPTIONS_INIT;
    CHECK_STATUS(MARTLET_IO, martlet_load("/nowhere/x", NULL, &index));
    CHECK(martlet_last_errno() == ENOENT && error_says("'/nowhere/x'") && index == NULL);
    CHECK_STATUS(MARTLET_BAD_FORMAT, martlet_load_bytes(NULL, 0, NULL, &index));
    CHECK_STATUS(MARTLET_BAD_FORMAT, martlet_load_bytes("PK\3\4", 4, NULL, &index));
    CHECK(martlet_last_errno() == 0);
    CHECK_INVALID(martlet_load_bytes(NULL, 1, NULL, &index));
    CHECK_INVALID(martlet_load_bytes("x", UINT64_MAX, NULL, &index));
    CHECK_INVALID(martlet_load(NULL, NULL, &index));
    CHECK_INVALID(martlet_load(path, NULL, NULL));
    CHECK_INVALID(martlet_save(NULL, path, NULL));
    options.mode = 2;
    CHECK_INVALID(martlet_load(path, &options, &index));
    options.mode = MARTLET_LOAD_MAP;
    CHECK_INVALID(martlet_load_bytes("x", 1, &options, &index));
    CHECK(error_says("MARTLET_LOAD_MAP"));
    options.struct_size = 7;
    CHECK_INVALID(martlet_load(path, &options, &index));
    martlet_index *some = new_index(2, MARTLET_L2);
    CHECK_INVALID(martlet_save(some, NULL, NULL));
    CHECK_STATUS(MARTLET_IO, martlet_save(some, "/nowhere/x", NULL));
    CHECK(martlet_last_errno() == ENOENT && error_says("/nowhere/x"));
    martlet_index_free(some);
}

int main(void) {
    const int file = mkstemp(path);
    CHECK(file >= 0 && close(file) == 0);
    test_every_way_gives_the_same(MARTLET_L2);
    test_every_way_gives_the_same(MARTLET_IP);
    test_every_way_gives_the_same(MARTLET_COSINE);
    test_the_parameters_come_with_it();
    test_an_emptied_index_keeps_its_kind();
    test_a_function_that_refuses();
    test_cancelled_and_watched();
    test_what_is_no_file();
    CHECK(unlink(path) == 0);
    return check_summary("files");
}
