/*
 * The colors nearest to a color: a first index in C.
 *
 *     cc neighbors.c -o neighbors $(pkg-config --cflags --libs martlet) && ./neighbors
 */
#include <martlet.h>

#include <stdio.h>

enum { DIM = 3, COLORS = 12, K = 3 };

static const struct {
    const char *name;
    float rgb[DIM];
} colors[COLORS] = {
    {"black", {0, 0, 0}},        {"white", {255, 255, 255}},  {"red", {255, 0, 0}},
    {"green", {0, 128, 0}},      {"blue", {0, 0, 255}},       {"yellow", {255, 255, 0}},
    {"orange", {255, 165, 0}},   {"tomato", {255, 99, 71}},   {"pink", {255, 192, 203}},
    {"purple", {128, 0, 128}},   {"navy", {0, 0, 128}},       {"turquoise", {64, 224, 208}},
};

static int fail(void) {
    fprintf(stderr, "martlet: %s\n", martlet_last_error());
    return 1;
}

/* Adds the vectors where they lie, names in between: the row stride steps over them. */
static martlet_status add_colors(martlet_index *index) {
    return martlet_add(index, colors[0].rgb, COLORS, sizeof colors[0], sizeof(float), NULL);
}

static martlet_status print_neighbors(const martlet_index *index, const char *name,
                                      const float *rgb) {
    int64_t ids[K];
    float distances[K];
    martlet_status status =
        martlet_search(index, rgb, 1, 0, sizeof(float), K, NULL, ids, distances, NULL);
    if (status != MARTLET_OK)
        return status;
    printf("%s is near\n", name);
    for (int i = 0; i < K; i += 1)
        printf("    %-10s %6.0f\n", colors[ids[i]].name, distances[i]);
    return MARTLET_OK;
}

int main(void) {
    static const float salmon[DIM] = {250, 128, 114}, midnight[DIM] = {25, 25, 112};
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    options.dim = DIM;
    if (martlet_index_create(&options, &index) != MARTLET_OK)
        return fail();
    if (add_colors(index) != MARTLET_OK ||
        print_neighbors(index, "salmon", salmon) != MARTLET_OK ||
        print_neighbors(index, "midnight blue", midnight) != MARTLET_OK)
        return fail();
    martlet_index_free(index);
    return 0;
}
