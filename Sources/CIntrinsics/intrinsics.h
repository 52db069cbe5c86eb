/* What Swift has no word for: prefetch, relaxed atomics on plain memory, processor detection, the
 * multiply-add that every processor has.
 * Static inline, so that Swift's importer inlines them; nothing here is linked. */
#ifndef MARTLET_INTRINSICS_H
#define MARTLET_INTRINSICS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

/** Asks for the cache line at `address`, to be read soon. Never faults. */
static inline void intrinsics_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

static inline uint64_t intrinsics_load(const uint64_t *value) {
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}
static inline uint32_t intrinsics_load32(const uint32_t *value) {
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}
static inline void intrinsics_store(uint64_t *value, uint64_t to) {
    __atomic_store_n(value, to, __ATOMIC_RELAXED);
}
/** Adds, and returns the value before. */
static inline uint64_t intrinsics_fetch_add(uint64_t *value, uint64_t by) {
    return __atomic_fetch_add(value, by, __ATOMIC_ACQ_REL);
}

/** Whether this processor and its operating system run x86-64-v3 code (AVX2, FMA, BMI2). */
static inline bool intrinsics_has_x86_64_v3(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt") &&
           __builtin_cpu_supports("movbe");
#else
    return false;
#endif
}

/** Eight floats; SIMD8<Float> in Swift. */
typedef float intrinsics_floats8 __attribute__((ext_vector_type(8)));

/**
 * a * b + sum, lane by lane: in one rounding where the instruction set can, else in two. Swift's
 * addingProduct() would call the C library's fma() for each lane instead.
 */
static inline intrinsics_floats8 intrinsics_multiply_add(intrinsics_floats8 a, intrinsics_floats8 b,
                                                         intrinsics_floats8 sum) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_elementwise_fma(a, b, sum);
#else
    return a * b + sum;
#endif
}

/** Eight 32-bit integers; SIMD8<Int32> in Swift. */
typedef int32_t intrinsics_ints8 __attribute__((ext_vector_type(8)));

/**
 * Adds the squared differences of 32 codes to eight sums; codes are 0 ... 127, so that a difference
 * fits a signed byte, and two squares the signed 16-bit lane that they are added in.
 */
static inline intrinsics_ints8 intrinsics_add_squared_differences(intrinsics_ints8 sums,
                                                                  const void *a, const void *b) {
#if defined(__AVX2__)
    __m256i difference = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)a),
                                         _mm256_loadu_si256((const __m256i *)b));
    __m256i magnitude = _mm256_abs_epi8(difference);
    __m256i pairs = _mm256_maddubs_epi16(magnitude, magnitude);
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    return (intrinsics_ints8)_mm256_add_epi32((__m256i)sums, fours);
#else
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    for (int lane = 0; lane < 8; lane++)
        for (int i = 0; i < 4; i++) {
            int32_t difference = (int32_t)x[lane * 4 + i] - (int32_t)y[lane * 4 + i];
            sums[lane] += difference * difference;
        }
    return sums;
#endif
}

#endif
