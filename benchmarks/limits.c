/* What one processor of this machine can do at most: how fast it reads lines of memory at random, one
 * after the other and several at once, and how fast it compares codes that lie in its cache.
 *
 *     make bench-limits
 */
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { LINE = 64, LINES = 1 << 22, READS = 1 << 22, ROUNDS = 5, CODES = 256, BYTES = 128 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static uint64_t mixed(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/* Each address depends on the line before, so that nothing overlaps. */
static double waiting(const uint64_t *lines, uint64_t *sum) {
    double start = now();
    uint64_t place = 0;
    for (uint64_t i = 0; i < READS / 8; i++)
        place = mixed(place + i + lines[place * 8]) % LINES;
    *sum += place;
    return (now() - start) / (READS / 8);
}

/* Addresses are known beforehand: as many lines are under way as the processor can hold. */
static double streaming(const uint64_t *lines, uint64_t *sum) {
    double start = now();
    for (uint64_t i = 0; i < READS; i++) *sum += lines[mixed(i) % LINES * 8];
    return (now() - start) / READS;
}

/* Sums of squared differences of 7-bit codes. */
__attribute__((target("avx2"))) static double comparing(const uint8_t *codes, float *sum) {
    double start = now();
    enum { TIMES = 4096 };
    for (int time = 0; time < TIMES; time++) {
        const uint8_t *query = codes + BYTES * (time % CODES);
        for (int code = 0; code < CODES; code++) {
            __m256i total = _mm256_setzero_si256();
            for (int place = 0; place < BYTES; place += 32) {
                __m256i a = _mm256_load_si256((const __m256i *)(query + place));
                __m256i b = _mm256_load_si256((const __m256i *)(codes + code * BYTES + place));
                __m256i away = _mm256_abs_epi8(_mm256_sub_epi8(a, b));
                __m256i pairs = _mm256_maddubs_epi16(away, away);
                total = _mm256_add_epi32(total, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
            }
            sum[code & 7] += (float)_mm256_extract_epi32(total, 0);
        }
    }
    return (now() - start) / TIMES / CODES;
}

static double least(double a, double b) { return a == 0 || b < a ? b : a; }

int main(void) {
    size_t size = (size_t)LINES * LINE;
    uint64_t *lines = aligned_alloc(1 << 21, size);
    uint8_t *codes = aligned_alloc(LINE, CODES * BYTES);
    if (lines == NULL || codes == NULL) return EXIT_FAILURE;
    madvise(lines, size, MADV_HUGEPAGE);
    for (size_t i = 0; i < size / 8; i++) lines[i] = i;
    for (size_t i = 0; i < CODES * BYTES; i++) codes[i] = (uint8_t)(mixed(i) & 127);
    uint64_t sum = 0;
    float sums[8] = {0};
    double alone = 0, together = 0, code = 0;
    for (int round = 0; round < ROUNDS; round++) {
        alone = least(alone, waiting(lines, &sum));
        together = least(together, streaming(lines, &sum));
        code = least(code, comparing(codes, sums));
    }
    printf("a line of %zu MB at random, waiting for each: %.1f ns\n", size >> 20, alone * 1e9);
    printf("the same, many at once:                      %.1f ns\n", together * 1e9);
    printf("comparing %d-byte codes in the cache:        %.2f ns each\n", BYTES, code * 1e9);
    return sum == 1 && sums[0] < 0 ? EXIT_FAILURE : EXIT_SUCCESS; /* So that both are needed. */
}
