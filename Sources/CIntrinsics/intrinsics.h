/* What Swift has no word for: prefetch, relaxed atomics on plain memory, processor detection, the
 * multiply-add that every processor has.
 * Static inline, so that Swift's importer inlines them; nothing here is linked. */
#ifndef MARTLET_INTRINSICS_H
#define MARTLET_INTRINSICS_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
