/* What Swift has no word for: prefetch, relaxed atomics on plain memory, processor detection, the
 * multiply-add that every processor has.
 * Static inline, so that Swift's importer inlines them; nothing here is linked. */
#ifndef MARTLET_INTRINSICS_H
#define MARTLET_INTRINSICS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/file.h>
#include <sys/syscall.h>
#endif

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

/** Asks for the cache line at `address`, to be read soon. Never faults. */
static inline void intrinsics_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

/** Asks for all cache lines of `count` bytes from `first` on; for one less, perhaps, if that is not where a
 * line starts. */
static inline void intrinsics_prefetch_all(const void *first, int64_t count) {
    const char *address = (const char *)first, *end = address + count;
#pragma clang loop unroll_count(4)
    for (; address < end; address += 64) __builtin_prefetch(address, 0, 3);
}

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

/** All bits set if a < b, else 0: in a form that compilers make no branch of. */
static inline long intrinsics_less(uint64_t a, uint64_t b) {
#if defined(__x86_64__)
    long mask;
    __asm__("cmpq %2, %1\n\tsbbq %0, %0" : "=r"(mask) : "r"(a), "r"(b) : "cc");
    return mask;
#else
    return -(long)(a < b);
#endif
}

/** How many processors the calling thread may run on. */
static inline int64_t intrinsics_processors(void) {
#if defined(__linux__)
    uint64_t mask[128] = {0};
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int64_t count = 0;
    for (long word = 0; word * 8 < bytes; word++) count += __builtin_popcountll(mask[word]);
    return count > 0 ? count : 1;
#else
    return sysconf(_SC_NPROCESSORS_ONLN);
#endif
}

/* What Swift's overlay of Glibc has wrappers for. They lie in one object with others that need glibc
 * 2.35, so that the library would need it, too, if it used any of them. */
static inline int32_t intrinsics_errno(void) { return errno; }
static inline int32_t intrinsics_open(const char *path, int32_t flags, uint32_t mode) {
    return open(path, flags, mode);
}
static inline bool intrinsics_is_file(uint32_t mode) { return S_ISREG(mode); }
static inline bool intrinsics_is_folder(uint32_t mode) { return S_ISDIR(mode); }

/** Has the system begin to put on disk what was written to a file. Waits for nothing. */
static inline void intrinsics_begin_writeback(int32_t descriptor) {
#if defined(__linux__)
    const long all = 0, write = 2; /* SYNC_FILE_RANGE_WRITE, of the whole file */
    syscall(SYS_sync_file_range, descriptor, all, all, write);
#endif
}

/** Locks an open file for this descriptor alone; false and errno if somebody else holds it. */
static inline bool intrinsics_lock_file(int32_t descriptor) {
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0;
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

/** A bit for each of 16 bytes, the first one's lowest: whether it is not zero. */
static inline uint32_t intrinsics_nonzero_bytes(const void *bytes) {
#if defined(__SSE2__)
    __m128i zeros = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)bytes), _mm_setzero_si128());
    return 0xffff & ~(uint32_t)_mm_movemask_epi8(zeros);
#else
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 16; i += 1) bits |= (uint32_t)(((const uint8_t *)bytes)[i] != 0) << i;
    return bits;
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

/** Each lane, or the limit that it lies beyond; what is no number stays so. */
static inline intrinsics_floats8 intrinsics_clamp(intrinsics_floats8 values, float low,
                                                  float high) {
    intrinsics_floats8 raised = values < low ? (intrinsics_floats8)low : values;
    return raised > high ? (intrinsics_floats8)high : raised;
}

/** Hadamard's matrix of eight rows times a vector: sums and differences of lanes 1, 2 and 4 apart. */
static inline intrinsics_floats8 intrinsics_hadamard8(intrinsics_floats8 v) {
    const intrinsics_floats8 ones = {1, -1, 1, -1, 1, -1, 1, -1}, twos = {1, 1, -1, -1, 1, 1, -1, -1},
                             fours = {1, 1, 1, 1, -1, -1, -1, -1};
    v = __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6) + v * ones;
    v = __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5) + v * twos;
    return __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3) + v * fours;
}

/** Four and eight 32-bit numbers, 32 bytes and 32 words: SIMD4<Float> and so on in Swift. */
typedef float intrinsics_floats4 __attribute__((ext_vector_type(4)));
typedef int32_t intrinsics_ints4 __attribute__((ext_vector_type(4)));
typedef int32_t intrinsics_ints8 __attribute__((ext_vector_type(8)));
typedef int32_t intrinsics_ints16 __attribute__((ext_vector_type(16)));
typedef int32_t intrinsics_ints32 __attribute__((ext_vector_type(32)));
typedef int8_t intrinsics_bytes32 __attribute__((ext_vector_type(32)));

/**
 * Adds the squared differences of 32 codes to eight sums; codes are 0 ... 127, so that a difference
 * fits a signed byte, and two squares the signed 16-bit lane that AVX2 adds them in.
 */
static inline intrinsics_ints8 intrinsics_add_squared_differences(intrinsics_ints8 sums,
                                                                  const void *query,
                                                                  const void *row) {
#if defined(__AVX2__)
    __m256i difference = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)query),
                                         _mm256_loadu_si256((const __m256i *)row));
    __m256i magnitude = _mm256_abs_epi8(difference);
    __m256i pairs = _mm256_maddubs_epi16(magnitude, magnitude);
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    return (intrinsics_ints8)_mm256_add_epi32((__m256i)sums, fours);
#else
    /* In this form compilers see SSE2's pmaddwd. */
    intrinsics_bytes32 codes = *(const intrinsics_bytes32 *)row;
    codes -= *(const intrinsics_bytes32 *)query;
    intrinsics_ints32 differences = __builtin_convertvector(codes, intrinsics_ints32);
    intrinsics_ints32 squares = differences * differences;
    intrinsics_ints16 pairs = squares.even + squares.odd;
    return sums + pairs.lo + pairs.hi;
#endif
}

/** The sums of the lanes of four vectors. */
static inline intrinsics_floats4 intrinsics_lane_sums(intrinsics_ints8 a, intrinsics_ints8 b,
                                                      intrinsics_ints8 c, intrinsics_ints8 d) {
    intrinsics_ints4 a4 = a.lo + a.hi, b4 = b.lo + b.hi, c4 = c.lo + c.hi, d4 = d.lo + d.hi;
    intrinsics_ints4 ab = __builtin_shufflevector(a4, b4, 0, 4, 1, 5) +
                          __builtin_shufflevector(a4, b4, 2, 6, 3, 7);
    intrinsics_ints4 cd = __builtin_shufflevector(c4, d4, 0, 4, 1, 5) +
                          __builtin_shufflevector(c4, d4, 2, 6, 3, 7);
    intrinsics_ints4 abcd = __builtin_shufflevector(ab, cd, 0, 1, 4, 5) +
                            __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    return __builtin_convertvector(abcd, intrinsics_floats4);
}

/** How the codes of one node's components differ from those of another. */
typedef struct {
    uint32_t magnitude; /**< The sum of the differences' magnitudes. */
    uint32_t squares;   /**< The sum of their squares. */
    uint32_t sum;       /**< The sum of those of the node's codes where the row's are greater. */
} intrinsics_difference;

/**
 * Compares `count` times 32 codes. Bit j of greater[32 * i] says whether row[32 * i + j] is greater
 * than the node's.
 */
static inline intrinsics_difference intrinsics_compare_codes(const uint8_t *node,
                                                             const uint8_t *row, int64_t count,
                                                             uint32_t *greater) {
    intrinsics_difference result = {0, 0, 0};
#if defined(__AVX2__)
    const __m256i zero = _mm256_setzero_si256();
    __m256i magnitudes = zero, squares = zero, sums = zero;
    for (int64_t i = 0; i < count; i += 1) {
        const __m256i a = _mm256_loadu_si256((const __m256i *)node + i);
        const __m256i b = _mm256_loadu_si256((const __m256i *)row + i);
        const __m256i mask = _mm256_cmpgt_epi8(b, a);
        const __m256i magnitude = _mm256_abs_epi8(_mm256_sub_epi8(b, a));
        greater[32 * i] = (uint32_t)_mm256_movemask_epi8(mask);
        magnitudes = _mm256_add_epi64(magnitudes, _mm256_sad_epu8(magnitude, zero));
        squares = _mm256_add_epi32(
            squares, _mm256_madd_epi16(_mm256_maddubs_epi16(magnitude, magnitude),
                                       _mm256_set1_epi16(1)));
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(_mm256_and_si256(a, mask), zero));
    }
    uint32_t lanes[24];
    _mm256_storeu_si256((__m256i *)lanes, magnitudes);
    _mm256_storeu_si256((__m256i *)lanes + 1, squares);
    _mm256_storeu_si256((__m256i *)lanes + 2, sums);
    for (uint32_t i = 0; i < 8; i += 1) {
        result.magnitude += lanes[i];
        result.squares += lanes[8 + i];
        result.sum += lanes[16 + i];
    }
#else
    for (int64_t i = 0; i < count; i += 1) {
        uint32_t bits = 0;
        for (uint32_t j = 0; j < 32; j += 1) {
            const int32_t code = node[32 * i + j], difference = (int32_t)row[32 * i + j] - code;
            bits |= (uint32_t)(difference > 0) << j;
            result.magnitude += (uint32_t)(difference < 0 ? -difference : difference);
            result.squares += (uint32_t)(difference * difference);
            result.sum += difference > 0 ? (uint32_t)code : 0;
        }
        greater[32 * i] = bits;
    }
#endif
    return result;
}

typedef float intrinsics_floats16 __attribute__((ext_vector_type(16), aligned(32)));
typedef uint16_t intrinsics_words16 __attribute__((ext_vector_type(16)));

#if defined(__AVX2__)
/** The sums of two bytes each, of which `odd` has those of the upper ones, as words in order. */
static inline intrinsics_words16 intrinsics_join_words(__m256i sums, __m256i odd) {
    const __m256i even = _mm256_sub_epi16(sums, _mm256_slli_epi16(odd, 8));
    const __m128i evens =
        _mm_add_epi16(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
    const __m128i odds =
        _mm_add_epi16(_mm256_castsi256_si128(odd), _mm256_extracti128_si256(odd, 1));
    return (intrinsics_words16)_mm256_set_m128i(_mm_unpackhi_epi16(evens, odds),
                                                _mm_unpacklo_epi16(evens, odds));
}
#endif

/**
 * For 32 links, adds up what the halves of their bytes find in tables. In each 32 bytes of `codes`,
 * the low half of bytes i and 16 + i belongs to link i, the high half to link 16 + i; bytes 0 ... 15
 * look into the first 16 of the 32 bytes of `tables` at the same place, the others into the next 16.
 * `count` is the number of such pieces, a multiple of 4, and 512 at most: more could overflow. What
 * tables hold is at most 63. `sums`, 32 of them, start at a multiple of 32 bytes.
 */
static inline void intrinsics_add_lookups(const void *codes, const void *tables, int64_t count,
                                          float *sums) {
    intrinsics_words16 low_totals, high_totals;
#if defined(__AVX2__)
    const __m256i mask = _mm256_set1_epi8(15);
    __m256i low = _mm256_setzero_si256(), low_odd = low, high = low, high_odd = low;
    for (int64_t i = 0; i < count; i += 4) {
        __m256i found = _mm256_setzero_si256(), found_high = found;
#pragma clang loop unroll(full)
        for (int64_t j = i; j < i + 4; j += 1) {
            const __m256i bytes = _mm256_load_si256((const __m256i *)codes + j);
            const __m256i table = _mm256_load_si256((const __m256i *)tables + j);
            const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
            found = _mm256_add_epi8(
                found, _mm256_shuffle_epi8(table, _mm256_and_si256(bytes, mask)));
            found_high = _mm256_add_epi8(found_high, _mm256_shuffle_epi8(table, upper));
        }
        /* Two bytes as one word: the lower overflows into the upper, which is added by itself. */
        low = _mm256_add_epi16(low, found);
        low_odd = _mm256_add_epi16(low_odd, _mm256_srli_epi16(found, 8));
        high = _mm256_add_epi16(high, found_high);
        high_odd = _mm256_add_epi16(high_odd, _mm256_srli_epi16(found_high, 8));
    }
    low_totals = intrinsics_join_words(low, low_odd);
    high_totals = intrinsics_join_words(high, high_odd);
#else
    const uint8_t *bytes = (const uint8_t *)codes, *table = (const uint8_t *)tables;
    low_totals = high_totals = (intrinsics_words16)0;
    for (int64_t i = 0; i < count; i += 1, bytes += 32, table += 32)
        for (uint32_t j = 0; j < 16; j += 1) {
            const uint8_t a = bytes[j], b = bytes[16 + j];
            low_totals[j] += (uint16_t)(table[a & 15] + table[16 + (b & 15)]);
            high_totals[j] += (uint16_t)(table[a >> 4] + table[16 + (b >> 4)]);
        }
#endif
    intrinsics_floats16 *totals = (intrinsics_floats16 *)sums;
    totals[0] += __builtin_convertvector(low_totals, intrinsics_floats16);
    totals[1] += __builtin_convertvector(high_totals, intrinsics_floats16);
}

typedef double intrinsics_doubles4 __attribute__((ext_vector_type(4)));

/**
 * Four entries of a sorted array after an insertion of `value`: `before` are the four before them, before
 * that insertion.
 */
static inline intrinsics_doubles4 intrinsics_insert(intrinsics_doubles4 entries,
                                                    intrinsics_doubles4 before, double value) {
    const intrinsics_doubles4 shifted = __builtin_shufflevector(before, entries, 3, 4, 5, 6);
    const intrinsics_doubles4 moved = shifted > value ? shifted : (intrinsics_doubles4)value;
    return entries < moved ? entries : moved;
}

/** Each lane, or 0 if it is less or no number. */
static inline intrinsics_floats8 intrinsics_not_negative(intrinsics_floats8 values) {
    return values > 0 ? values : (intrinsics_floats8)0;
}

/** A bit for each lane, the first one's lowest: whether it is less than `bound`. */
static inline uint32_t intrinsics_lanes_below(intrinsics_floats8 values, float bound) {
#if defined(__AVX2__)
    return (uint32_t)_mm256_movemask_ps(
        _mm256_cmp_ps((__m256)values, _mm256_set1_ps(bound), _CMP_LT_OQ));
#else
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 8; i += 1) bits |= (uint32_t)(values[i] < bound) << i;
    return bits;
#endif
}

#endif
