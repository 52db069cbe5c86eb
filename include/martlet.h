/**
 * martlet.h: the C interface of Martlet, an in-process vector search index (HNSW).
 *
 * A program makes an index, adds float vectors to it under 64-bit integer ids, and asks for the
 * nearest stored vectors of a query:
 *
 *     martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
 *     options.dim = 128;
 *     options.metric = MARTLET_L2;
 *     martlet_index *index = NULL;
 *     if (martlet_index_create(&options, &index) != MARTLET_OK)
 *         return fail(martlet_last_error());
 *     martlet_add(index, vectors, rows, 128 * sizeof(float), sizeof(float), NULL);
 *     martlet_search(index, query, 1, 0, sizeof(float), 10, NULL, ids, distances, NULL);
 *     martlet_index_free(index);
 *
 * Rules that hold for every function:
 *
 *   Status     Every function that can fail returns a martlet_status. MARTLET_OK is 0. After any
 *              other status the thread's martlet_last_error() is one sentence: what was given,
 *              what was expected, and where (row, column, id).
 *   Atomicity  A call that fails has changed nothing: an index is exactly what it was before.
 *   Memory     The caller owns every buffer, in both directions, and the library reads or writes
 *              it only during the call. The library returns no memory to be freed; only the index
 *              handle is released, with martlet_index_free().
 *   Sizes      All counts are uint64_t. Strides are int64_t and count bytes: 0 repeats one
 *              element, a negative stride walks backwards. Data need not be aligned. The pointer
 *              is the address of element (0, 0).
 *              A count of 2^63 or more is MARTLET_INVALID_ARGUMENT.
 *   Structs    Structs begin with struct_size, set by the _INIT macro. A later library accepts the
 *              smaller struct of an earlier header.
 *   Threads    Any number of threads may call any functions on one index at once, except
 *              martlet_index_free(), which must be the last call. Adds run one after the other. A
 *              search sees every add that finished before it began and never half of one, and does
 *              not wait for a running add.
 *   fork       An index may be used in both processes after fork(), unless another thread was
 *              adding to it at that moment: the child may then search it but not add to it.
 *   Distances  Smaller is nearer. Equal distances come in the order in which the vectors were added.
 *
 * The header is C99 and C++17. Licence: Apache-2.0.
 */
#ifndef MARTLET_H
#define MARTLET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MARTLET_VERSION_MAJOR 0
#define MARTLET_VERSION_MINOR 1
#define MARTLET_VERSION_PATCH 0

#if defined(__GNUC__)
#define MARTLET_API __attribute__((visibility("default")))
#else
#define MARTLET_API
#endif

/* ---- Status and errors ------------------------------------------------------------------- */

/** How a call ended. Values are spaced by topic and never change. */
typedef int32_t martlet_status;
enum {
    MARTLET_OK = 0,
    /* The call itself. */
    MARTLET_INVALID_ARGUMENT = 1,    /**< NULL, a size, an enumerator or an option out of bounds. */
    /* The data. */
    MARTLET_DIMENSION_MISMATCH = 10, /**< Vectors of another dimension than the index holds. */
    MARTLET_NOT_FINITE = 11,         /**< NaN or infinity, or a value beyond float's range. */
    MARTLET_BAD_LENGTH = 12,         /**< A vector whose squared length is more than an eighth of
                                          the largest float, so that distances could overflow; or,
                                          under MARTLET_COSINE, zero or too short to have a
                                          direction (squared length below 1e-30). */
    /* The ids. */
    MARTLET_ID_EXISTS = 20,          /**< An added id is in the index or twice in the batch. */
    MARTLET_ID_NOT_FOUND = 21,       /**< No such id in the index. */
    /* The run. */
    MARTLET_OUT_OF_MEMORY = 30,      /**< An allocation failed. */
    MARTLET_CANCELLED = 31,          /**< martlet_control.cancel was set. */
    MARTLET_INDEX_FULL = 32,         /**< More than MARTLET_MAX_VECTORS vectors, or no id is left. */
    MARTLET_INTERNAL = 90            /**< An engine defect: please report it. */
};

/**
 * The sentence that explains this thread's latest failure; "" if no call of this thread has failed.
 * Valid until the next failing call of the same thread. Never NULL.
 */
MARTLET_API const char *martlet_last_error(void);

/** The library's version, "major.minor.patch". May differ from this header's. Never NULL. */
MARTLET_API const char *martlet_version(void);

/**
 * The instruction set of the distance kernels in use: "baseline" or "x86-64-v3". Chosen once, from
 * the processor, when first needed; the environment variable MARTLET_KERNELS forces one by that
 * name if the processor has it. Never NULL.
 */
MARTLET_API const char *martlet_kernels(void);

/* ---- Index ------------------------------------------------------------------------------- */

/** An index. Opaque; made by martlet_index_create(), released by martlet_index_free(). */
typedef struct martlet_index martlet_index;

/** What "near" means. Fixed when the index is made. */
typedef int32_t martlet_metric;
enum {
    MARTLET_L2 = 0,     /**< Squared Euclidean distance. */
    MARTLET_IP = 1,     /**< 1 - inner product. May be negative. */
    MARTLET_COSINE = 2  /**< 1 - cosine of the angle: 0 to 2. Zero vectors are refused. */
};

#define MARTLET_MAX_DIM 65536u
#define MARTLET_MAX_VECTORS 4294967294u /* 2^32 - 2 */

#define MARTLET_MIN_M 2u
#define MARTLET_DEFAULT_M 16u
#define MARTLET_MAX_M 512u

#define MARTLET_DEFAULT_EF_CONSTRUCTION 200u
#define MARTLET_DEFAULT_EF 64u
#define MARTLET_MAX_EF 4294967294u

/** The parameters of a new index. Initialise with MARTLET_INDEX_OPTIONS_INIT, then set dim. */
typedef struct martlet_index_options {
    uint64_t struct_size;      /**< sizeof(martlet_index_options). */
    uint64_t dim;              /**< Components per vector, 1 to MARTLET_MAX_DIM. Required. */
    martlet_metric metric;     /**< Default MARTLET_L2. */
    uint32_t M;                /**< Links per node above the base layer, which has up to twice as
                                    many. MARTLET_MIN_M to MARTLET_MAX_M. More: better recall,
                                    more memory, slower. */
    uint64_t ef_construction;  /**< Beam width while adding, 1 to MARTLET_MAX_EF. */
    uint64_t seed;             /**< The same data, seed and parameters give the same index, byte for
                                    byte, with any number of threads. */
} martlet_index_options;

#define MARTLET_INDEX_OPTIONS_INIT \
    { sizeof(martlet_index_options), 0, MARTLET_L2, MARTLET_DEFAULT_M, \
      MARTLET_DEFAULT_EF_CONSTRUCTION, 0 }

/**
 * Makes an empty index.
 *
 * @param[in]  options  Parameters, all within the bounds above.
 * @param[out] index    The new handle; NULL on failure.
 * @return MARTLET_OK, MARTLET_INVALID_ARGUMENT or MARTLET_OUT_OF_MEMORY.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_index_create(const martlet_index_options *options,
                                                martlet_index **index);

/** Releases an index and its memory. NULL is allowed. No other call may be using the index. */
MARTLET_API void martlet_index_free(martlet_index *index);

/* ---- Vectors in the caller's memory -------------------------------------------------------- */

/** The number format of a component. */
typedef int32_t martlet_element;
enum {
    MARTLET_FLOAT32 = 0,
    MARTLET_FLOAT64 = 1, /**< Rounded to float; beyond float's range: MARTLET_NOT_FINITE. */
    MARTLET_FLOAT16 = 2, /**< IEEE 754 binary16. */
    MARTLET_INT8 = 3,
    MARTLET_UINT8 = 4
};

/** Rows of vectors of any element type, in place in the caller's memory. */
typedef struct martlet_matrix {
    uint64_t struct_size;      /**< sizeof(martlet_matrix). */
    const void *data;          /**< Address of element (0, 0). NULL only if rows is 0. */
    uint64_t rows;
    uint64_t columns;          /**< Must equal the index's dim, even if rows is 0. */
    int64_t row_stride;        /**< Bytes from a row to the next. */
    int64_t component_stride;  /**< Bytes from a component to the next. */
    martlet_element element;
    uint32_t reserved;         /**< 0. */
} martlet_matrix;

#define MARTLET_MATRIX_INIT \
    { sizeof(martlet_matrix), 0, 0, 0, 0, 0, MARTLET_FLOAT32, 0 }

/**
 * A window into a running call, shared with other threads or a signal handler. The library writes
 * `done` and `total` (rows) and reads `cancel`; all are accessed atomically. A cancelled call
 * returns MARTLET_CANCELLED soon: before the next query, or the next node of the graph.
 */
typedef struct martlet_control {
    uint64_t struct_size;      /**< sizeof(martlet_control). */
    uint64_t total;            /**< Rows in this call. */
    uint64_t done;             /**< Rows finished; never decreases. */
    uint32_t cancel;           /**< Set to non-zero to stop the call. */
    uint32_t reserved;         /**< 0. */
} martlet_control;

#define MARTLET_CONTROL_INIT \
    { sizeof(martlet_control), 0, 0, 0, 0 }

/* ---- Add ----------------------------------------------------------------------------------- */

/** How to add. NULL in its place means: assigned ids, all processors, no control. */
typedef struct martlet_add_options {
    uint64_t struct_size;      /**< sizeof(martlet_add_options). */
    const int64_t *ids;        /**< One id per row, any value, all new; NULL: ids are assigned,
                                    counting up from one more than the largest ever used (at
                                    least 0). */
    int64_t id_stride;         /**< Bytes from an id to the next. */
    int64_t *assigned_ids;     /**< If not NULL, receives the rows' ids, one after the other. */
    uint64_t threads;          /**< 0: as many as processors, but fewer for small batches.
                                    At most 1024. */
    martlet_control *control;  /**< NULL: none. */
} martlet_add_options;

#define MARTLET_ADD_OPTIONS_INIT \
    { sizeof(martlet_add_options), 0, sizeof(int64_t), 0, 0, 0 }

/**
 * Adds float vectors, all or none.
 *
 * Reads each row once, in place, and inserts it into the graph (Malkov & Yashunin 2018,
 * Algorithm 1). Expected O(rows * (ef_construction + log n) * M) distances; and, per call, O(n / 16)
 * words to copy and clear, so that batches are cheaper than single vectors.
 *
 * @param[in] index             Live handle.
 * @param[in] vectors           rows x dim floats, all finite. NULL only if rows is 0.
 * @param[in] row_stride        Bytes from a row to the next.
 * @param[in] component_stride  Bytes from a component to the next.
 * @param[in] options           NULL for defaults, else initialised by MARTLET_ADD_OPTIONS_INIT.
 * @return MARTLET_OK; or, with nothing added, MARTLET_INVALID_ARGUMENT, MARTLET_NOT_FINITE,
 *         MARTLET_BAD_LENGTH, MARTLET_ID_EXISTS, MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED or
 *         MARTLET_INDEX_FULL.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_add(martlet_index *index, const float *vectors, uint64_t rows,
                                       int64_t row_stride, int64_t component_stride,
                                       const martlet_add_options *options);

/** martlet_add() for any element type; also MARTLET_DIMENSION_MISMATCH. Since 0.1. */
MARTLET_API martlet_status martlet_add_matrix(martlet_index *index, const martlet_matrix *vectors,
                                              const martlet_add_options *options);

/* ---- Search -------------------------------------------------------------------------------- */

/** What fills the places of a result row behind its last match (see counts). */
#define MARTLET_NO_ID ((int64_t)-1)

/** How to search. NULL in its place means the defaults. */
typedef struct martlet_search_options {
    uint64_t struct_size;      /**< sizeof(martlet_search_options). */
    uint64_t ef;               /**< Beam width, 1 to MARTLET_MAX_EF, raised to k if less. Larger:
                                    better recall, slower. */
    uint64_t threads;          /**< 0: one for a few queries, else as many as processors. At most
                                    1024. */
    martlet_control *control;  /**< NULL: none. */
} martlet_search_options;

#define MARTLET_SEARCH_OPTIONS_INIT \
    { sizeof(martlet_search_options), MARTLET_DEFAULT_EF, 0, 0 }

/**
 * Finds the nearest stored vectors of each row of a query matrix.
 *
 * Row i of the outputs holds counts[i] matches, nearest first: k, or all the index holds if that
 * is less. The rest of the row is MARTLET_NO_ID and INFINITY. Expected O((ef + log n) * M)
 * distances per query.
 *
 * @param[in]  index      Live handle.
 * @param[in]  queries    rows x dim floats, all finite. NULL only if rows is 0.
 * @param[in]  row_stride, component_stride  Bytes, as in martlet_add().
 * @param[in]  k          Matches wanted per query; 0 is allowed.
 * @param[in]  options    NULL for defaults, else initialised by MARTLET_SEARCH_OPTIONS_INIT.
 * @param[out] ids        rows * k elements. NULL only if that is 0.
 * @param[out] distances  rows * k elements. NULL only if that is 0.
 * @param[out] counts     rows elements, or NULL.
 * @return MARTLET_OK; or MARTLET_INVALID_ARGUMENT, MARTLET_NOT_FINITE, MARTLET_BAD_LENGTH,
 *         MARTLET_OUT_OF_MEMORY or MARTLET_CANCELLED. After a failure the outputs are unspecified.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_search(const martlet_index *index, const float *queries,
                                          uint64_t rows, int64_t row_stride,
                                          int64_t component_stride, uint64_t k,
                                          const martlet_search_options *options, int64_t *ids,
                                          float *distances, uint64_t *counts);

/** martlet_search() for any element type; also MARTLET_DIMENSION_MISMATCH. Since 0.1. */
MARTLET_API martlet_status martlet_search_matrix(const martlet_index *index,
                                                 const martlet_matrix *queries, uint64_t k,
                                                 const martlet_search_options *options,
                                                 int64_t *ids, float *distances,
                                                 uint64_t *counts);

/* ---- Look up --------------------------------------------------------------------------------- */

/**
 * Copies stored vectors out, exactly as they were given (after rounding to float).
 *
 * @param[in]  ids      count ids, id_stride bytes apart. NULL only if count is 0.
 * @param[out] vectors  count x dim floats, one row after the other.
 * @return MARTLET_OK; MARTLET_INVALID_ARGUMENT; or MARTLET_ID_NOT_FOUND, with the first missing id
 *         in the message and vectors unspecified.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_get(const martlet_index *index, const int64_t *ids,
                                       uint64_t count, int64_t id_stride, float *vectors);

/** Sets found[i] to 1 if ids[i] is in the index, else 0. Parameters as in martlet_get(). Since 0.1. */
MARTLET_API martlet_status martlet_contains(const martlet_index *index, const int64_t *ids,
                                            uint64_t count, int64_t id_stride, uint8_t *found);

/** Writes the number of vectors in the index. Since 0.1. */
MARTLET_API martlet_status martlet_count(const martlet_index *index, uint64_t *count);

/* ---- Statistics ------------------------------------------------------------------------------- */

#define MARTLET_LEVELS 16 /* levels are 0 to 15 */

/** What an index consists of, and where its latest successful add spent its time. */
typedef struct martlet_statistics {
    uint64_t struct_size;      /**< sizeof(martlet_statistics), set by the caller. */
    uint64_t count;            /**< Vectors in the index. */
    uint64_t dim;
    uint64_t ef_construction;
    uint64_t seed;
    martlet_metric metric;
    uint32_t M;
    uint64_t vector_bytes;     /**< Bytes in use, per part: the vectors, */
    uint64_t code_bytes;       /**< their codes, which searches walk on, (0: on the vectors), */
    uint64_t link_bytes;       /**< the graph's links on all layers, */
    uint64_t id_bytes;         /**< ids and the table that finds them, */
    uint64_t other_bytes;      /**< and everything else. */
    uint64_t levels[MARTLET_LEVELS]; /**< Nodes by level (their highest layer). */
    uint64_t links;            /**< Links on the base layer. */
    uint64_t max_links;        /**< Most links of one node on the base layer. */
    uint64_t reachable;        /**< Nodes reached on the base layer from the entry point. */
    uint64_t add_rows;         /**< The latest add: rows, */
    uint64_t add_threads;      /**< threads it ran on, */
    martlet_element add_element; /**< element type it read, */
    uint32_t reserved;         /**< 0. */
    uint64_t add_total_ns;     /**< nanoseconds in the library, of which */
    uint64_t add_read_ns;      /**< reading, checking and converting the caller's memory, */
    uint64_t add_encode_ns;    /**< choosing and computing codes, */
    uint64_t add_ids_ns;       /**< entering ids, */
    uint64_t add_graph_ns;     /**< and building the graph. */
    uint64_t add_distances;    /**< Distances computed while building the graph. */
} martlet_statistics;

/**
 * Fills in `statistics`; its struct_size must be set. Walks the whole graph: O(n * M).
 * Safe beside every other call; a running add is not part of the picture. Since 0.1.
 */
MARTLET_API martlet_status martlet_get_statistics(const martlet_index *index,
                                                  martlet_statistics *statistics);

#ifdef __cplusplus
}
#endif

#endif /* MARTLET_H */
