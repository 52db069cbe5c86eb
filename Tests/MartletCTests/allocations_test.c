/* A search allocates per call, not per query: twice as many queries take as many allocations, once the
 * library has what it keeps for the next call. Not for sanitizers, in whose place these functions
 * stand. */
#include "oracle.h"

enum { stored = 6000, dim = 48, queries = 20, most = 1800 };

/* Compilers take malloc() for a function that changes nothing of ours. */
static volatile uint64_t allocations = 0;

void *our_malloc(size_t size) __asm__("malloc");
void *our_calloc(size_t count, size_t size) __asm__("calloc");
void *our_realloc(void *memory, size_t size) __asm__("realloc");
void *our_aligned_alloc(size_t alignment, size_t size) __asm__("aligned_alloc");
int our_posix_memalign(void **memory, size_t alignment, size_t size) __asm__("posix_memalign");

/* glibc's own. */
#ifdef __cplusplus
extern "C" {
#endif
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
#ifdef __cplusplus
}
#endif

void *our_malloc(size_t size) {
    allocations = allocations + 1;
    return __libc_malloc(size);
}

void *our_calloc(size_t count, size_t size) {
    allocations = allocations + 1;
    return __libc_calloc(count, size);
}

void *our_realloc(void *memory, size_t size) {
    allocations = allocations + 1;
    return __libc_realloc(memory, size);
}

void *our_aligned_alloc(size_t alignment, size_t size) {
    allocations = allocations + 1;
    return __libc_memalign(alignment, size);
}

int our_posix_memalign(void **memory, size_t alignment, size_t size) {
    allocations = allocations + 1;
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL ? 12 : 0; /* ENOMEM */
}

/* How to search, and what is to be decided. */
typedef struct kind {
    const char *name;
    unsigned share; /* of 1000 rows that match */
    uint64_t k, ef;
    martlet_plan plan;
} kind;

static const kind kinds[] = {
    {"plain", 1000, 10, 64, MARTLET_PLAIN_BEAM},
    {"plain, k = 1", 1000, 1, 1, MARTLET_PLAIN_BEAM},
    {"plain, k = 200", 1000, 200, 400, MARTLET_PLAIN_BEAM},
    {"filtered plain", 900, 10, 16, MARTLET_PLAIN_BEAM},
    {"bridged", 300, 10, 10, MARTLET_BRIDGED_BEAM},
    {"scan", 100, 10, 400, MARTLET_EXACT_SCAN},
    {"scan, k = 200", 100, 200, 400, MARTLET_EXACT_SCAN},
    {"short scan", 5, 10, 64, MARTLET_EXACT_SCAN},
    {"scan of all that match", 300, 1800, 1800, MARTLET_EXACT_SCAN},
    {"wide", 1000, 1800, 1800, MARTLET_PLAIN_BEAM},
};

static float asked[2 * queries * dim];
static int64_t ids[2 * queries * most];
static float distances[2 * queries * most];
static uint8_t allowed[stored];

/* The allocations of a search for so many queries. */
static uint64_t allocations_of(const martlet_index *index, const kind *how, uint64_t count) {
    martlet_explanation explanation = MARTLET_EXPLANATION_INIT;
    martlet_search_options options = MARTLET_SEARCH_OPTIONS_INIT;
    martlet_mask mask = MARTLET_MASK_INIT;
    mask.data = allowed;
    mask.rows = stored;
    options.ef = how->ef;
    options.threads = 1;
    options.allow = how->share < 1000 ? &mask : NULL;
    options.explanation = &explanation;
    const uint64_t before = allocations;
    const martlet_status status =
        martlet_search(index, asked, count, dim * FLOAT_SIZE, FLOAT_SIZE, how->k, &options, ids,
                       distances, NULL);
    const uint64_t made = allocations - before;
    CHECK_OK(status);
    CHECK(explanation.plan == how->plan);
    return made;
}

static void test(const martlet_index *index, const kind *how, const char *form) {
    for (unsigned row = 0; row < stored; row += 1)
        allowed[row] = row * 7919u % 1000 < how->share;
    allocations_of(index, how, 2 * queries);
    const uint64_t once = allocations_of(index, how, queries);
    const uint64_t twice = allocations_of(index, how, 2 * queries);
    if (!CHECK(once == twice))
        printf("  %s, %s: %d and %d allocations\n", form, how->name, (int)once, (int)twice);
}

static void test_form(martlet_metric metric, martlet_memory memory, const char *form) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    float *rows = new_whole(stored * dim, 3);
    options.dim = dim;
    options.metric = metric;
    options.memory = memory;
    options.M = 6; /* so that walks are cheaper than scans */
    options.ef_construction = 60;
    CHECK_OK(martlet_index_create(&options, &index));
    CHECK_OK(add_rows(index, rows, stored, dim));
    for (size_t i = 0; i < COUNT_OF(kinds); i += 1) test(index, &kinds[i], form);
    martlet_index_free(index);
    free(rows);
}

int main(void) {
    fill_whole(asked, 2 * queries * dim, 4);
    const uint64_t before = allocations;
    void *volatile memory = malloc(1);
    free(memory);
    CHECK(allocations == before + 1);
    test_form(MARTLET_L2, MARTLET_BALANCED, "balanced");
    test_form(MARTLET_L2, MARTLET_FAST, "fast");
    test_form(MARTLET_COSINE, MARTLET_BALANCED, "balanced, cosine");
    test_form(MARTLET_COSINE, MARTLET_FAST, "fast, cosine");
    test_form(MARTLET_IP, MARTLET_BALANCED, "balanced, ip");
    return check_summary("allocations");
}
