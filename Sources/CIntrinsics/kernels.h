/* The table of kernels: one is filled by each instruction set's module, and the engine chooses one
 * at start-up. A C struct, so that the modules share the type without sharing code. */
#ifndef MARTLET_KERNELS_H
#define MARTLET_KERNELS_H

#include <stdint.h>

/** Element types of a caller's matrix; the values of martlet_element. */
enum {
    KERNELS_FLOAT32 = 0,
    KERNELS_FLOAT64 = 1,
    KERNELS_FLOAT16 = 2,
    KERNELS_INT8 = 3,
    KERNELS_UINT8 = 4
};

/**
 * Scores a list of stored rows against one query: out[i] belongs to row slots[i], which starts at
 * rows + slots[i] * stride bytes. Query and rows are `stride` bytes of floats or of codes, padded
 * with zeros, and start at multiples of 32 bytes, as the stride is one; but for mixed_distances, the
 * query is `stride` floats, the rows being codes. One call scores a list, so that the indirect call
 * costs nothing and prefetching the rows ahead lives inside.
 */
typedef void (*kernels_score)(const void *query, const void *rows, uint64_t stride,
                              const uint32_t *slots, uint64_t count, float *out);

/**
 * Converts one strided vector of any element type to floats: `count` components, `component_stride`
 * bytes apart, from any alignment. Writes out[0 ..< count] and returns the place of the first
 * component that is not a finite float, or `count` if all are.
 */
typedef uint64_t (*kernels_convert)(const void *source, int32_t element, int64_t component_stride,
                                    uint64_t count, float *out);

/**
 * Rotates one vector at random: `count` components, a multiple of 32, in `rounds` rounds, for each
 * of which `signs` has `count` factors, 1 or -1. Both start at multiples of 32 bytes.
 */
typedef void (*kernels_rotate)(float *values, uint64_t count, const float *signs, uint64_t rounds);

/**
 * Quantises one vector: out[j] = row[j] * factor - offsets[j], clamped to 0 ... 127 and rounded,
 * halves to even, for `count` components, a multiple of 8. Row and offsets start at multiples of 32
 * bytes. Returns how many were clamped; infinity minus infinity is clamped to 0.
 */
typedef uint64_t (*kernels_encode)(const float *row, float factor, const float *offsets,
                                   uint64_t count, uint8_t *out);

/**
 * Look-up tables of one query, for estimates over link codes: for each four components of its code
 * (not clamped, and rounded in units of their own), the sums of all 16 subsets, each as a byte of at
 * most 63.
 */
typedef struct kernels_lookup {
    const uint8_t *tables; /**< 4 bytes per component, from a multiple of 32 bytes on. */
    uint64_t components;   /**< A multiple of 32. */
    float unit, base;      /**< What a sum of bytes stands for: sum * unit + base. */
} kernels_lookup;

/**
 * Makes the tables of the vector row[j] * factor - offsets[j], `components` of them, a multiple of
 * 32. All pointers are multiples of 32 bytes. `tables` has room for 4 bytes per component.
 */
typedef kernels_lookup (*kernels_make_lookup)(const float *row, float factor, const float *offsets,
                                              uint64_t components, uint8_t *tables);

/**
 * Encodes up to 32 links of the node whose code is `node`: to the rows codes + slots[i] * stride.
 * Writes (64 + stride) * 4 bytes to `out`, which starts at a multiple of 32 bytes: 32 factors, 32
 * terms, and the signs of the differences of all codes' components, bits 4 j ... 4 j + 3 of links
 * i < 16 and i + 16 in the low and the high half of byte 16 j + i.
 */
typedef void (*kernels_encode_links)(const uint8_t *node, const uint8_t *codes, uint64_t stride,
                                     const uint32_t *slots, uint64_t count, void *out);

/**
 * Estimates the squared distances, between codes, of the query from the 32 links that `links`
 * encodes; `distance` is that from their node. Writes out[0 ..< 32], none of them negative or NaN,
 * and returns which are less than `bound`: bit i for link i. What stands for no link is anything.
 */
typedef uint32_t (*kernels_estimate)(const kernels_lookup *query, const void *links, float distance,
                                     float bound, float *out);

/**
 * Merges `fresh_count` numbers, a multiple of 4, into `count` sorted ones, a multiple of 4, the largest of
 * which are lost. None is negative or NaN, and the entries start at a multiple of 32 bytes. Returns a
 * multiple of 4: the entries before that place are what they were.
 */
typedef uint64_t (*kernels_merge)(double *entries, uint64_t count, const double *fresh,
                                  uint64_t fresh_count);

/**
 * The five below test all values of a column: bit i of words, from the lowest of the first word on,
 * is set if value i passes and valid[i] is 1, not 0. Bits behind the last value are 0. What is not
 * valid may hold anything.
 */

/** Passes low <= value <= high; low is at most high. */
typedef void (*kernels_select_integers)(const int64_t *values, const uint8_t *valid,
                                        uint64_t count, int64_t low, int64_t high,
                                        uint64_t *words);

/** Passes low <= value <= high; no NaN passes. */
typedef void (*kernels_select_doubles)(const double *values, const uint8_t *valid, uint64_t count,
                                       double low, double high, uint64_t *words);

/** Passes one byte. */
typedef void (*kernels_select_byte)(const uint8_t *values, const uint8_t *valid, uint64_t count,
                                    uint8_t byte, uint64_t *words);

/** Passes one number. */
typedef void (*kernels_select_number)(const uint32_t *values, const uint8_t *valid, uint64_t count,
                                      uint32_t number, uint64_t *words);

/** Passes the numbers whose bits are set in `set`, which has a bit for each valid one, and one word
 * at least. */
typedef void (*kernels_select_numbers)(const uint32_t *values, const uint8_t *valid,
                                       uint64_t count, const uint64_t *set, uint64_t *words);

/** Constant once made, so every thread may use it. */
typedef struct __attribute__((swift_attr("@Sendable"))) kernels_table {
    const char *name;                 /**< "baseline" or "x86-64-v3". */
    kernels_score squared_distances;  /**< out[i] = sum of (query - row)^2. */
    kernels_score dot_products;       /**< out[i] = sum of query * row. */
    kernels_score code_distances;     /**< out[i] = sum of (query - row)^2 over codes 0 ... 127. */
    kernels_score mixed_distances;    /**< The same, from a query of floats to codes. */
    kernels_convert convert;
    kernels_rotate rotate;
    kernels_rotate unrotate;          /**< Undoes what rotate does with the same signs. */
    kernels_encode encode;
    kernels_make_lookup make_lookup;
    kernels_encode_links encode_links;
    kernels_estimate estimate;
    kernels_merge merge;
    kernels_select_integers select_integers;
    kernels_select_doubles select_doubles;
    kernels_select_byte select_byte;
    kernels_select_number select_number;
    kernels_select_numbers select_numbers;
} kernels_table;

/** The name of the instruction set that the including module is compiled for. Lives forever. */
static inline const char *kernels_instruction_set(void) {
#if defined(__AVX2__)
    return "x86-64-v3";
#else
    return "baseline";
#endif
}

#endif
