/**
 * martlet.h: the C interface of Martlet, an in-process vector search index (HNSW).
 *
 * A program makes an index, adds float vectors to it under integer or string ids, with columns of
 * metadata if it likes, and asks for the stored vectors nearest to a query, all or those that a filter
 * lets through:
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
 *   Strings    Are UTF-8 with any bytes, NUL too, and go in and out in batches: one buffer and
 *              offsets into it. Names and filters are a pointer and a size.
 *   Rows       A vector has a row number: how many of the index's vectors were added before it. Masks
 *              are over rows, results tell rows, and metadata is fetched by row. Removing a vector
 *              renumbers those behind it, so that rows are best used in a view; see
 *              martlet_index_view().
 *   Structs    Structs begin with struct_size, set by the _INIT macro. A later library accepts the
 *              smaller struct of an earlier header.
 *   Threads    Any number of threads may call any functions on one index at once, except
 *              martlet_index_free(), which must be the last call. Changes run one after the other. A
 *              search sees every change that finished before it began and never half of one, and does
 *              not wait for a running change.
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
    MARTLET_BAD_TEXT = 13,           /**< A string that is not UTF-8, or is not JSON where that is
                                          expected. */
    /* The ids. */
    MARTLET_ID_EXISTS = 20,          /**< An added id is in the index or twice in the batch. */
    MARTLET_ID_NOT_FOUND = 21,       /**< No such id in the index. */
    MARTLET_ID_KIND = 22,            /**< Integer ids for an index of string ids, or the reverse. */
    /* The run. */
    MARTLET_OUT_OF_MEMORY = 30,      /**< An allocation failed. */
    MARTLET_CANCELLED = 31,          /**< martlet_control.cancel was set. */
    MARTLET_INDEX_FULL = 32,         /**< More than MARTLET_MAX_VECTORS vectors, or no id is left. */
    MARTLET_BUFFER_TOO_SMALL = 33,   /**< The sizes that would do have been written. */
    /* The metadata. */
    MARTLET_COLUMN_TYPE = 40,        /**< A column of another type than the index has under its name,
                                          or a value that its type cannot hold. */
    MARTLET_BAD_FILTER = 41,         /**< Not a filter: its JSON, a field, an operator or an operand. */
    /* Files. */
    MARTLET_BAD_FORMAT = 50,         /**< Not a file of Martlet's, damaged, or of a later version. */
    MARTLET_IO = 51,                 /**< The system refused; see martlet_last_errno(). */
    MARTLET_INTERNAL = 90            /**< An engine defect: please report it. */
};

/**
 * The sentence that explains this thread's latest failure; "" if no call of this thread has failed.
 * Valid until the next failing call of the same thread. Never NULL.
 */
MARTLET_API const char *martlet_last_error(void);

/**
 * The system's error number (errno) behind this thread's latest failure, if that was MARTLET_IO; else
 * 0. Since 0.1.
 */
MARTLET_API int32_t martlet_last_errno(void);

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

/** How much memory an index spends on speed, and on accuracy. A martlet_memory is one of these values. */
typedef int32_t martlet_memory;
enum {
    MARTLET_BALANCED = 0, /**< Vectors, their codes and links. */
    MARTLET_FAST = 1,     /**< Also codes of the links: faster searches of vectors of about 100
                               components or more, about twice the memory. Under MARTLET_IP the
                               same as MARTLET_BALANCED. */
    MARTLET_COMPACT = 2   /**< Codes and links, a byte per component, from 1,024 vectors on: vectors are
                               rounded in each component of a random rotation, by half a step at
                               most, where 127 steps are the range of all vectors; under
                               MARTLET_COSINE after scaling to length 1, the length being kept.
                               Distances are those to the rounded vectors, and martlet_get() returns
                               these. A batch outside the range makes the steps larger, and
                               vectors are rounded once more. All vectors are kept as they are if they
                               do not bear such rounding, for some lie far away or crowd together, as
                               martlet_statistics.code_bytes tells, which is 0 then. Under MARTLET_IP
                               the same as MARTLET_BALANCED. */
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
    martlet_memory memory;     /**< Default MARTLET_BALANCED. martlet_convert() changes it. */
    uint32_t reserved;         /**< 0. */
} martlet_index_options;

#define MARTLET_INDEX_OPTIONS_INIT \
    { sizeof(martlet_index_options), 0, MARTLET_L2, MARTLET_DEFAULT_M, \
      MARTLET_DEFAULT_EF_CONSTRUCTION, 0, MARTLET_BALANCED, 0 }

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

/**
 * Makes a view: the index as it is now, for reading only, whatever is done to the index meanwhile.
 * Several calls on a view are about the same vectors, with the same row numbers. O(1).
 *
 * Every function that takes a const index takes a view; those that change one refuse it with
 * MARTLET_INVALID_ARGUMENT. A view is released by martlet_index_free() and may outlive its index. It
 * holds on to memory that later changes would release.
 *
 * @param[out] view  The new handle; NULL on failure.
 * @return MARTLET_OK or MARTLET_INVALID_ARGUMENT.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_index_view(const martlet_index *index, martlet_index **view);

/**
 * Tells the parameters that an index was made with, wherever it comes from; its memory as it is now.
 *
 * @param[out] options  Its struct_size must be set.
 * @return MARTLET_OK or MARTLET_INVALID_ARGUMENT.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_get_options(const martlet_index *index,
                                               martlet_index_options *options);

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
 * `done` and `total` (rows; bytes of a file) and reads `cancel`; all are accessed atomically. A cancelled call
 * returns MARTLET_CANCELLED soon: before the next query, the next node of the graph, or the next 4 MiB
 * of a file.
 */
typedef struct martlet_control {
    uint64_t struct_size;      /**< sizeof(martlet_control). */
    uint64_t total;            /**< Rows or bytes in this call. */
    uint64_t done;             /**< Those finished; never decreases. */
    uint32_t cancel;           /**< Set to non-zero to stop the call. */
    uint32_t reserved;         /**< 0. */
} martlet_control;

#define MARTLET_CONTROL_INIT \
    { sizeof(martlet_control), 0, 0, 0, 0 }

/* ---- Strings and ids ------------------------------------------------------------------------ */

/** How fixed-width values lie in memory. */
typedef int32_t martlet_format;
enum {
    MARTLET_AS_BITS = 0,       /**< One bit each, the lowest of a byte first. For
                                    MARTLET_TYPE_BOOL. */
    MARTLET_AS_BYTES = 1,      /**< One byte each, zero or not. For MARTLET_TYPE_BOOL. */
    MARTLET_AS_INT8 = 2,       /**< Integers, also for MARTLET_TYPE_DATETIME. */
    MARTLET_AS_INT16 = 3,
    MARTLET_AS_INT32 = 4,
    MARTLET_AS_INT64 = 5,
    MARTLET_AS_UINT8 = 6,
    MARTLET_AS_UINT16 = 7,
    MARTLET_AS_UINT32 = 8,
    MARTLET_AS_UINT64 = 9,     /**< Above int64's range: MARTLET_COLUMN_TYPE. */
    MARTLET_AS_FLOAT16 = 10,   /**< For MARTLET_TYPE_FLOAT64, as the next two. */
    MARTLET_AS_FLOAT32 = 11,
    MARTLET_AS_FLOAT64 = 12
};

/**
 * Strings in the caller's memory, in Apache Arrow's layouts: offsets into one buffer; or views, which
 * are 16 bytes each: an int32_t with the size, and then the string itself, or, of more than 12 bytes,
 * its first 4 and two int32_t, which buffer it is in and where it begins there. In a dictionary each
 * text lies so once, and indices say which of them each string is. Views and indices of null rows are
 * not looked at; those of others that lead nowhere are MARTLET_INVALID_ARGUMENT.
 */
typedef struct martlet_strings {
    uint64_t struct_size;      /**< sizeof(martlet_strings). */
    const char *data;          /**< String i is the bytes offsets[i] to offsets[i + 1] of this. */
    const void *offsets;       /**< count + 1 signed numbers that never decrease. */
    uint64_t count;
    uint32_t offset_bytes;     /**< Their size: 4 or 8. */
    martlet_format index_format; /**< Of indices: one of the integers. */
    const void *views;         /**< In place of data and offsets, if not NULL: count views, */
    const void *const *buffers; /**< the buffers that they tell of, */
    const int64_t *buffer_sizes; /**< the bytes of each */
    uint64_t buffer_count;     /**< and how many there are. */
    const void *indices;       /**< If not NULL, string i is text indices[i] of a dictionary, and
                                    offsets or views are those of its texts, of which none is null: */
    uint64_t dictionary_count; /**< so many. */
} martlet_strings;

#define MARTLET_STRINGS_INIT \
    { sizeof(martlet_strings), 0, 0, 0, sizeof(int64_t), MARTLET_AS_INT32, 0, 0, 0, 0, 0, 0 }

/** A buffer of the caller's that receives strings. */
typedef struct martlet_text {
    uint64_t struct_size;      /**< sizeof(martlet_text). */
    char *data;                /**< NULL only if capacity is 0. */
    uint64_t capacity;         /**< Bytes at data. */
    int64_t *offsets;          /**< Receives where each string begins, and where the last one ends. */
    uint64_t offset_capacity;  /**< Numbers at offsets. */
    uint64_t size;             /**< Written: bytes that all strings take, */
    uint64_t count;            /**< and how many there are; they need count + 1 offsets. */
} martlet_text;

#define MARTLET_TEXT_INIT \
    { sizeof(martlet_text), 0, 0, 0, 0, 0, 0 }

/**
 * Ids in the caller's memory: integers, any int64; or strings, of any length, "" too. One of the two
 * must be given, unless count is 0.
 */
typedef struct martlet_ids {
    uint64_t struct_size;      /**< sizeof(martlet_ids). */
    uint64_t count;
    const int64_t *integers;   /**< NULL: the ids are strings. */
    int64_t stride;            /**< Bytes from an integer to the next. */
    const martlet_strings *strings; /**< NULL: the ids are integers. As many as count. */
} martlet_ids;

#define MARTLET_IDS_INIT \
    { sizeof(martlet_ids), 0, 0, sizeof(int64_t), 0 }

/** Which ids an index holds: fixed by its first successful add. */
typedef int32_t martlet_id_kind;
enum {
    MARTLET_NO_IDS_YET = 0,
    MARTLET_INTEGER_IDS = 1,
    MARTLET_STRING_IDS = 2
};

/* ---- Metadata in the caller's memory ------------------------------------------------------- */

/**
 * The type of a metadata column: fixed by the first successful call that names the column. Later ones
 * must have the same, but MARTLET_TYPE_INT64 goes into MARTLET_TYPE_FLOAT64 too, rounded, and nulls
 * alone go into any.
 */
typedef int32_t martlet_type;
enum {
    MARTLET_TYPE_BOOL = 0,
    MARTLET_TYPE_INT64 = 1,
    MARTLET_TYPE_FLOAT64 = 2,       /**< NaN is kept; every comparison with it is false. */
    MARTLET_TYPE_STRING = 3,
    MARTLET_TYPE_DATETIME = 4,      /**< Microseconds since 1970-01-01 00:00 UTC. */
    MARTLET_TYPE_TAGS = 5,          /**< A list of strings. */
    MARTLET_TYPE_JSON = 6           /**< Any JSON text of up to 64 levels, each key of an object
                                    once: returned as it is, never filtered by. */
};

/** What a MARTLET_TYPE_DATETIME counts in the caller's memory. */
typedef int32_t martlet_unit;
enum {
    MARTLET_DAYS = 0,
    MARTLET_SECONDS = 1,
    MARTLET_MILLISECONDS = 2,
    MARTLET_MICROSECONDS = 3,
    MARTLET_NANOSECONDS = 4    /**< Rounded down to microseconds. */
};

/** One value per row of one field, in the caller's memory: Apache Arrow's layouts, and strides. */
typedef struct martlet_column {
    uint64_t struct_size;      /**< sizeof(martlet_column). */
    const char *name;          /**< UTF-8, name_size bytes, may be "", but not begin with "$". */
    uint64_t name_size;
    uint64_t rows;
    martlet_type type;
    martlet_format format;     /**< Of values. */
    martlet_unit unit;         /**< For MARTLET_TYPE_DATETIME. */
    uint32_t list_offset_bytes; /**< For MARTLET_TYPE_TAGS: 4 or 8. */
    const void *values;        /**< The fixed-width types: one value per row, */
    int64_t stride;            /**< this many bytes apart (but MARTLET_AS_BITS). */
    const martlet_strings *strings; /**< MARTLET_TYPE_STRING, MARTLET_TYPE_JSON: one per row.
                                    MARTLET_TYPE_TAGS: the tags of all rows. */
    const void *list_offsets;  /**< MARTLET_TYPE_TAGS: the tags of row i are the strings
                                    list_offsets[i] to list_offsets[i + 1]. rows + 1 numbers. */
    const uint8_t *validity;   /**< A bit per row, lowest first: 0 is null, whatever the value says.
                                    NULL: no nulls. */
    uint64_t bit_offset;       /**< Bits to skip in validity, and in values of MARTLET_AS_BITS. */
} martlet_column;

#define MARTLET_COLUMN_INIT \
    { sizeof(martlet_column), 0, 0, 0, MARTLET_TYPE_INT64, MARTLET_AS_INT64, MARTLET_MICROSECONDS, \
      sizeof(int64_t), 0, sizeof(int64_t), 0, 0, 0, 0 }

/* ---- Add ----------------------------------------------------------------------------------- */

/** How to add. NULL in its place means: assigned ids, all processors, no control. */
typedef struct martlet_add_options {
    uint64_t struct_size;      /**< sizeof(martlet_add_options). */
    const martlet_ids *ids;    /**< One id per row, all new, of the kind that the index holds; NULL:
                                    integers are assigned, counting up from one more than the
                                    largest ever used (at least 0). */
    int64_t *assigned_ids;     /**< If not NULL, receives the rows' ids, one after the other; row
                                    numbers if the ids are strings. */
    const martlet_column *columns; /**< Metadata: columns of as many rows as there are vectors, each
                                    name once. Columns of the index that are not among them are null
                                    for these rows; new columns are null for all earlier ones. */
    uint64_t column_count;
    uint64_t threads;          /**< 0: as many as processors, but fewer for small batches.
                                    At most 1024. */
    martlet_control *control;  /**< NULL: none. */
} martlet_add_options;

#define MARTLET_ADD_OPTIONS_INIT \
    { sizeof(martlet_add_options), 0, 0, 0, 0, 0, 0 }

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
 *         MARTLET_BAD_LENGTH, MARTLET_BAD_TEXT, MARTLET_ID_EXISTS, MARTLET_ID_KIND,
 *         MARTLET_COLUMN_TYPE, MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED or MARTLET_INDEX_FULL.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_add(martlet_index *index, const float *vectors, uint64_t rows,
                                       int64_t row_stride, int64_t component_stride,
                                       const martlet_add_options *options);

/** martlet_add() for any element type; also MARTLET_DIMENSION_MISMATCH. Since 0.1. */
MARTLET_API martlet_status martlet_add_matrix(martlet_index *index, const martlet_matrix *vectors,
                                              const martlet_add_options *options);

/**
 * Adds vectors as martlet_add_matrix() does, in place of those that have their ids, all or none. What
 * was stored under such an id is removed, metadata included, and the new vector counts as added last.
 * MARTLET_ID_EXISTS: an id stands twice in the batch. Since 0.1.
 */
MARTLET_API martlet_status martlet_upsert(martlet_index *index, const martlet_matrix *vectors,
                                          const martlet_add_options *options);

/* ---- Remove -------------------------------------------------------------------------------- */

/**
 * Removes vectors, all or none, with their ids and metadata. The ids can be added again.
 *
 * No search that begins later finds them. When more than one in 64 nodes of the graph has been
 * removed, the nodes that had links to them get new ones (after FreshDiskANN, Singh et al. 2021); when
 * a tenth of the places are empty, the rest is copied together. So a call takes O(n / 64) words to
 * copy and, amortized, O(M^2) distances per vector, but one call in many takes longer.
 *
 * @param[in] ids      Of vectors in the index, each once.
 * @param[in] control  NULL: none.
 * @return MARTLET_OK; or, with nothing removed, MARTLET_INVALID_ARGUMENT, MARTLET_BAD_TEXT,
 *         MARTLET_ID_EXISTS (an id stands twice in the batch), MARTLET_ID_NOT_FOUND,
 *         MARTLET_ID_KIND, MARTLET_OUT_OF_MEMORY or MARTLET_CANCELLED.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_remove(martlet_index *index, const martlet_ids *ids,
                                          martlet_control *control);

/**
 * Removes all vectors, with their ids and metadata and its columns. The kind of the ids stays, and
 * assigned ids go on counting up.
 *
 * @return MARTLET_OK or MARTLET_INVALID_ARGUMENT.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_clear(martlet_index *index);

/**
 * Gives back the memory of what was removed or replaced, down to the last place. Removals do most of
 * that by themselves. Nothing else changes. Copies the index: there must be room for both.
 *
 * @param[in] control  NULL: none.
 * @return MARTLET_OK; or, with nothing changed, MARTLET_INVALID_ARGUMENT, MARTLET_OUT_OF_MEMORY or
 *         MARTLET_CANCELLED.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_compact(martlet_index *index, martlet_control *control);

/* ---- Form of memory ------------------------------------------------------------------------ */

/**
 * Changes the form of memory that an index has, which is then that of later changes, files and folders,
 * too. Searches go on meanwhile. Between MARTLET_BALANCED and MARTLET_FAST, an index whose vectors came in
 * one batch is then, byte for byte, what it would be if it had been made in that form. From
 * MARTLET_COMPACT, vectors stay as they were rounded. O(n * M) distances; there must be room for what the
 * new form has and the old one has not.
 *
 * @param[in] control  Counts vectors; NULL: none.
 * @return MARTLET_OK; or, with nothing changed, MARTLET_INVALID_ARGUMENT, MARTLET_OUT_OF_MEMORY or
 *         MARTLET_CANCELLED.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_convert(martlet_index *index, martlet_memory memory,
                                           martlet_control *control);

/* ---- Search -------------------------------------------------------------------------------- */

/** What fills the places of a result row behind its last match (see counts). */
#define MARTLET_NO_ID ((int64_t)-1)

/** A yes or no per row, in the caller's memory: which rows may be returned. */
typedef struct martlet_mask {
    uint64_t struct_size;      /**< sizeof(martlet_mask). */
    const void *data;          /**< NULL only if rows is 0. */
    uint64_t rows;             /**< As many as the index has; rows behind them are not returned. More:
                                    MARTLET_INVALID_ARGUMENT. */
    int64_t stride;            /**< Bytes from a value to the next (but MARTLET_AS_BITS). */
    martlet_format format;     /**< MARTLET_AS_BYTES or MARTLET_AS_BITS. */
    uint32_t reserved;         /**< 0. */
    uint64_t bit_offset;       /**< Bits to skip in data of MARTLET_AS_BITS. */
} martlet_mask;

#define MARTLET_MASK_INIT \
    { sizeof(martlet_mask), 0, 0, 1, MARTLET_AS_BYTES, 0, 0 }

/** How a search goes about its work: chosen once per call. */
typedef int32_t martlet_plan;
enum {
    MARTLET_PLAIN_BEAM = 0,    /**< A walk over the graph, with a beam wide enough to hold ef matches;
                                    what does not match is left out at the end. Without conditions:
                                    always. */
    MARTLET_BRIDGED_BEAM = 1,  /**< A walk over matching nodes, bridging over those that do not. */
    MARTLET_EXACT_SCAN = 2     /**< Every matching vector is compared. */
};

/** What a search decided, why, and what it cost. */
typedef struct martlet_explanation {
    uint64_t struct_size;      /**< sizeof(martlet_explanation), set by the caller. */
    martlet_plan plan;
    uint32_t reserved;         /**< 0. */
    uint64_t rows;             /**< Vectors in the index, */
    uint64_t matching;         /**< and those that may be returned. */
    uint64_t beam_width;       /**< The beam's width, with which a query begins; 0 for an exact scan. */
    uint64_t distances;        /**< Distances computed for all queries. */
    uint64_t fallbacks;        /**< Queries that an exact scan answered after all, since too few
                                    vectors near them matched for a walk to find the nearest. */
    double beam_cost;          /**< What the cheaper walk was expected to cost per query, in units of a
                                    distance in an exact scan, */
    double scan_cost;          /**< and what an exact scan was. The lower of the two decides. */
} martlet_explanation;

#define MARTLET_EXPLANATION_INIT \
    { sizeof(martlet_explanation), MARTLET_PLAIN_BEAM, 0, 0, 0, 0, 0, 0, 0, 0 }

/** How to search. NULL in its place means the defaults. */
typedef struct martlet_search_options {
    uint64_t struct_size;      /**< sizeof(martlet_search_options). */
    uint64_t ef;               /**< Beam width, 1 to MARTLET_MAX_EF, raised to k if less. Larger:
                                    better recall, slower. */
    uint64_t threads;          /**< 0: one for a few queries, else as many as processors. At most
                                    1024. */
    martlet_control *control;  /**< NULL: none. */
    const char *filter;        /**< A condition on metadata as JSON text, see "Filters"; NULL: none. */
    uint64_t filter_size;
    const martlet_mask *allow; /**< Rows that may be returned; NULL: all. Together with the other two,
                                    what passes all is returned. */
    const martlet_ids *allow_ids; /**< Ids that may be returned, unknown ones are no error; NULL: all. */
    int64_t *rows;             /**< If not NULL, receives the matches' row numbers, in the shape of
                                    ids; MARTLET_NO_ID behind them. */
    martlet_explanation *explanation; /**< If not NULL, is filled in. */
} martlet_search_options;

#define MARTLET_SEARCH_OPTIONS_INIT \
    { sizeof(martlet_search_options), MARTLET_DEFAULT_EF, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Finds the nearest stored vectors of each row of a query matrix.
 *
 * Row i of the outputs holds counts[i] matches, nearest first: k, or as many as the filter, the mask
 * and the allowed ids let through if that is less. The rest of the row is MARTLET_NO_ID and
 * INFINITY. Expected O((ef + log n) * M) distances per query.
 *
 * @param[in]  index      Live handle.
 * @param[in]  queries    rows x dim floats, all finite. NULL only if rows is 0.
 * @param[in]  row_stride, component_stride  Bytes, as in martlet_add().
 * @param[in]  k          Matches wanted per query; 0 is allowed.
 * @param[in]  options    NULL for defaults, else initialised by MARTLET_SEARCH_OPTIONS_INIT.
 * @param[out] ids        rows * k elements, NULL only if that is 0: integer ids; or, in an index of
 *                        string ids, row numbers, for martlet_get_ids().
 * @param[out] distances  rows * k elements. NULL only if that is 0.
 * @param[out] counts     rows elements, or NULL.
 * @return MARTLET_OK; or MARTLET_INVALID_ARGUMENT, MARTLET_NOT_FINITE, MARTLET_BAD_LENGTH,
 *         MARTLET_BAD_TEXT, MARTLET_ID_KIND, MARTLET_BAD_FILTER, MARTLET_OUT_OF_MEMORY or
 *         MARTLET_CANCELLED. After a failure the outputs are unspecified.
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

/*
 * Filters
 *
 * A filter is a JSON object. Each of its members is a condition, and all must hold:
 *
 *     {"lang": "sv", "year": {"$gte": 2020, "$lt": 2024}, "$or": [{"tag": {"$contains": "a"}}, ...]}
 *
 *   "field": value            as "field": {"$eq": value}
 *   "field": {"$eq": value}   equal. null: the field is null. On tags: the same list.
 *            "$ne"            not $eq; so it holds where the field is null.
 *            "$gt" "$gte" "$lt" "$lte"  in the order of numbers, times, or strings (by bytes).
 *            "$in": [...]     $eq one of these; of none if there are none. "$nin": not so.
 *            "$exists": true  not null; false: null.
 *            "$contains": "t" the tag is in the list.
 *            "$startswith"    the string begins so.
 *            "$not": {...}    not all of this operator object holds; also where the field is null.
 *   "$and": [...] "$or": [...] "$not": {...}   of filters. No filter of an empty list fails, and
 *                             none holds.
 *
 * Numbers compare with int64 and float64 columns exactly. A time is a number of microseconds since
 * 1970 or an ISO 8601 string: "2024-05-31", or with a time of day, "2024-05-31T12:30" (a space does
 * for the T), "...:59", "...:59.25" (digits beyond microseconds are cut off), "...Z" or "...+02:00";
 * UTC unless it says otherwise. A null or NaN value passes no comparison but the negated ones. {}
 * passes everything.
 * MARTLET_BAD_FILTER: no such JSON, a key that stands twice in an object, an unknown field or
 * operator, an object of no operators, an operand of another type than the column's, a number beyond
 * double's range, any condition but $exists on a MARTLET_TYPE_JSON column, more than 64 levels of
 * nesting, or 2^31 bytes or more.
 */

/* ---- Look up --------------------------------------------------------------------------------- */

/**
 * Copies stored vectors out, exactly as they were given (after rounding to float); of an index that is
 * MARTLET_COMPACT, what is left of them.
 *
 * @param[in]  ids      Of vectors in the index.
 * @param[out] vectors  ids->count x dim floats, one row after the other.
 * @return MARTLET_OK; MARTLET_INVALID_ARGUMENT; MARTLET_ID_KIND; MARTLET_BAD_TEXT; or
 *         MARTLET_ID_NOT_FOUND, with the first missing id in the message and vectors unspecified.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_get(const martlet_index *index, const martlet_ids *ids,
                                       float *vectors);

/**
 * Sets rows[i] to the row number of ids[i], or to -1 if it is not in the index. Ids of another kind
 * than the index holds are not in it.
 *
 * @return MARTLET_OK, MARTLET_INVALID_ARGUMENT or MARTLET_BAD_TEXT.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_find(const martlet_index *index, const martlet_ids *ids,
                                        int64_t *rows);

/**
 * Writes the string ids of rows, one after the other; "" for row -1.
 *
 * @param[in]     rows  count row numbers, each -1 or that of a vector in the index.
 * @param[in,out] text  Receives count strings.
 * @return MARTLET_OK; MARTLET_INVALID_ARGUMENT; MARTLET_ID_KIND if the index holds integer ids;
 *         or MARTLET_BUFFER_TOO_SMALL, with text->size and text->count written.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_get_ids(const martlet_index *index, const int64_t *rows,
                                           uint64_t count, martlet_text *text);

/**
 * Writes the integer ids of rows, as martlet_get_ids() does the string ids. Of 0 rows, these two tell
 * which kind an index holds, or has held.
 *
 * @param[in]  rows  count row numbers, each that of a vector in the index.
 * @param[out] ids   count elements.
 * @return MARTLET_OK; MARTLET_INVALID_ARGUMENT; or MARTLET_ID_KIND if the index holds string ids.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_get_integer_ids(const martlet_index *index, const int64_t *rows,
                                                   uint64_t count, int64_t *ids);

/**
 * Writes the number of vectors that match a filter.
 *
 * @param[in]  filter  As in martlet_search_options; NULL: all vectors count.
 * @param[out] count   How many.
 * @return MARTLET_OK; or MARTLET_INVALID_ARGUMENT, MARTLET_BAD_FILTER or MARTLET_OUT_OF_MEMORY.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_count(const martlet_index *index, const char *filter,
                                         uint64_t filter_size, uint64_t *count);

/* ---- Metadata -------------------------------------------------------------------------------- */

/**
 * Writes the names and types of the columns, in the order in which they appeared.
 *
 * @param[in,out] names  Receives the names.
 * @param[out]    types  As many types as names has room for offsets, less one; or NULL.
 * @return MARTLET_OK; MARTLET_INVALID_ARGUMENT; or MARTLET_BUFFER_TOO_SMALL, with names->size and
 *         names->count written.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_get_columns(const martlet_index *index, martlet_text *names,
                                               martlet_type *types);

/** Buffers of the caller's that receive the values of a column. */
typedef struct martlet_values {
    uint64_t struct_size;      /**< sizeof(martlet_values). */
    uint8_t *valid;            /**< Receives 1 per value and 0 per null. */
    void *values;              /**< The fixed-width types: receives an int64_t, a double or, for
                                    MARTLET_TYPE_BOOL, a uint8_t per row; 0 for a null. */
    martlet_text *text;        /**< MARTLET_TYPE_STRING, MARTLET_TYPE_JSON: a string per row, "" for
                                    a null. MARTLET_TYPE_TAGS: the tags of all rows. */
    int64_t *list_offsets;     /**< MARTLET_TYPE_TAGS: count + 1 numbers, as in martlet_column. */
} martlet_values;

#define MARTLET_VALUES_INIT \
    { sizeof(martlet_values), 0, 0, 0, 0 }

/**
 * Copies the values of one column out.
 *
 * @param[in]     name    An existing column's, name_size bytes.
 * @param[in]     rows    count row numbers; -1 gives a null.
 * @param[in,out] values  Those of its buffers that the column's type needs must not be NULL.
 * @return MARTLET_OK; MARTLET_INVALID_ARGUMENT; MARTLET_BAD_TEXT if the name is not UTF-8; or
 *         MARTLET_BUFFER_TOO_SMALL, with text->size and text->count written.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_get_values(const martlet_index *index, const char *name,
                                              uint64_t name_size, const int64_t *rows,
                                              uint64_t count, martlet_values *values);

/**
 * Replaces metadata of stored vectors, all or none: the given columns' values, nulls included.
 * Other columns keep theirs; new ones are null for all other vectors. O(n) words to copy per given
 * column, since searches may be reading the old.
 *
 * @param[in] ids           Of vectors in the index, each once.
 * @param[in] columns       As in martlet_add_options, of ids->count rows.
 * @return MARTLET_OK; or, with nothing changed, MARTLET_INVALID_ARGUMENT, MARTLET_BAD_TEXT,
 *         MARTLET_ID_EXISTS (an id stands twice in the batch), MARTLET_ID_NOT_FOUND,
 *         MARTLET_ID_KIND, MARTLET_COLUMN_TYPE, MARTLET_OUT_OF_MEMORY or, if a column comes to have
 *         more than MARTLET_MAX_VECTORS different strings, MARTLET_INDEX_FULL.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_update_metadata(martlet_index *index, const martlet_ids *ids,
                                                   const martlet_column *columns,
                                                   uint64_t column_count);

/* ---- Files ------------------------------------------------------------------------------------ */

/**
 * A file holds one version of an index, whole. The same index always gives the same bytes, and an
 * index that is loaded and then changed is, byte for byte, what the one that was saved becomes by the
 * same changes (with the same martlet_kernels()). docs/format.md describes the format. A library reads
 * the files of all earlier format versions.
 */

/**
 * Saves the index as it is when the call begins. A running add is not part of it, does not wait, and is
 * not waited for.
 *
 * A file at the path is replaced once the new one is complete and durable: whatever happens, and
 * whenever the process or the machine stops, the path leads to the old file or to the new one. The new
 * one is written in the same folder under another name, which a call that fails removes. Of two calls
 * with one path, the last to end wins. Symbolic links are followed; permissions are kept.
 *
 * @param[in] path     As the system has it, ended by NUL.
 * @param[in] control  Counts bytes. NULL: none.
 * @return MARTLET_OK; or, with the old file as it was, MARTLET_INVALID_ARGUMENT,
 *         MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED or MARTLET_IO (no such folder, no permission, no
 *         space). After MARTLET_IO from making the folder durable, which comes last, the new file is
 *         there.
 * Safe beside every other call. Since 0.1.
 */
MARTLET_API martlet_status martlet_save(const martlet_index *index, const char *path,
                                        martlet_control *control);

/** Takes the next bytes of a file; returns 0, or an error number (errno) to end the call. */
typedef int32_t (*martlet_write_function)(void *context, const void *data, uint64_t size);

/**
 * Gives the bytes of a file to a function, in pieces of up to 4 MiB, in order.
 *
 * @param[in] write    Called on the calling thread. Must not free the index.
 * @param[in] context  Handed on to it.
 * @param[in] control  Counts bytes. NULL: none.
 * @return As martlet_save(); MARTLET_IO with the number that `write` returned.
 * Safe beside every other call. Since 0.1.
 */
MARTLET_API martlet_status martlet_write(const martlet_index *index, martlet_write_function write,
                                         void *context, martlet_control *control);

/** Where a loaded index has its tables. */
typedef int32_t martlet_load_mode;
enum {
    /** In memory. All of the file is read and checked. */
    MARTLET_LOAD_COPY = 0,
    /**
     * In the file, mapped: pages are read when they are first needed and shared with other processes.
     * Opening takes about 25 ms for a million vectors at M = 16: all links are looked at, no vectors
     * and no codes. Everything that leads somewhere is checked, then or when a search follows it:
     * whatever the file holds, no call reads or writes beyond its tables, or does not end. Checksums of
     * vectors, codes, links and texts are not: if those bytes are damaged, results may be wrong, and
     * strings not UTF-8. What only changes rest on is checked by the first one, which may be
     * MARTLET_BAD_FORMAT then. A change copies what it changes, and never reaches the file. As long as
     * the index lives, nobody may write into the file or cut it off, which ends the process (SIGBUS);
     * replacing it, as martlet_save() does, is safe.
     */
    MARTLET_LOAD_MAP = 1
};

/** How to load. Initialise with MARTLET_LOAD_OPTIONS_INIT. */
typedef struct martlet_load_options {
    uint64_t struct_size;      /**< sizeof(martlet_load_options). */
    martlet_load_mode mode;
    uint32_t reserved;         /**< 0. */
    martlet_control *control;  /**< NULL: the call cannot be watched or stopped. Counts bytes. */
} martlet_load_options;

#define MARTLET_LOAD_OPTIONS_INIT \
    { sizeof(martlet_load_options), MARTLET_LOAD_COPY, 0, 0 }

/**
 * Loads an index from a file. Nothing in it is trusted: a file that is not whole, not right or not one
 * of Martlet's is MARTLET_BAD_FORMAT. Takes memory in proportion to the file's size, whatever it claims.
 * What finds vectors by their ids is made when it is first needed: O(n), once.
 *
 * @param[in]  path     As the system has it, ended by NUL.
 * @param[in]  options  NULL for the defaults.
 * @param[out] index    The new handle; NULL on failure.
 * @return MARTLET_OK, MARTLET_INVALID_ARGUMENT, MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED,
 *         MARTLET_BAD_FORMAT or MARTLET_IO.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_load(const char *path, const martlet_load_options *options,
                                        martlet_index **index);

/**
 * Loads an index from the bytes of a file, which are copied.
 *
 * @param[in] options  NULL for the defaults. The mode must be MARTLET_LOAD_COPY.
 * @return As martlet_load().
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_load_bytes(const void *data, uint64_t size,
                                              const martlet_load_options *options,
                                              martlet_index **index);

/* ---- Durable indexes ---------------------------------------------------------------------------- */

/**
 * Opens an index that lives in a folder, or makes one. It is used like any other, but every change is on
 * disk when its call returns: whatever happens to the process or the machine then, the index is the same
 * when it is next opened. A change that was under way is there whole or not at all.
 *
 * The folder holds a checkpoint, which is a file as martlet_save() writes it, and a log of the changes
 * since, each of which costs one fdatasync(). Opening loads the one and does again what the other tells.
 * When the log has grown long, a new checkpoint is written on a thread beside the changes that go on.
 * docs/format.md describes both.
 *
 * One handle at a time has the folder open. After fork(), only the process that opened it can change the
 * index. martlet_index_free() closes it; nothing is lost without.
 *
 * A change that cannot be logged fails with MARTLET_IO and has not happened. If not even that can be
 * written, further changes fail with MARTLET_IO, too, until the index is opened again.
 *
 * @param[in]  path     Of the folder, which is made if it is not there; ended by NUL.
 * @param[in]  options  Those of a new index, and what the one that is there must have; NULL: there must
 *                      be one.
 * @param[in]  control  Counts bytes of the checkpoint; NULL: none.
 * @param[out] index    The new handle; NULL on failure.
 * @return As martlet_load(); MARTLET_INVALID_ARGUMENT also if the index has other options;
 *         MARTLET_IO with EAGAIN if it is open already, with ENOENT if there is none.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_open(const char *path, const martlet_index_options *options,
                                        martlet_control *control, martlet_index **index);

/**
 * Lets others open the folder of an index that martlet_open() has opened, after any change that is under
 * way. The handle can be searched still, and must be freed, but changes fail with MARTLET_IO. Of no
 * effect on other indexes. martlet_index_free() does this, too.
 *
 * @return MARTLET_OK or MARTLET_INVALID_ARGUMENT.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_close(martlet_index *index);

/**
 * Writes a checkpoint now, which makes the next martlet_open() quick. Changes wait for it.
 *
 * @param[in] control  Counts bytes; NULL: none.
 * @return MARTLET_OK; MARTLET_INVALID_ARGUMENT if the index was not opened by martlet_open();
 *         MARTLET_OUT_OF_MEMORY, MARTLET_CANCELLED or MARTLET_IO.
 * Since 0.1.
 */
MARTLET_API martlet_status martlet_checkpoint(martlet_index *index, martlet_control *control);

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
    martlet_id_kind id_kind;   /**< Which ids the index holds, or has held. */
    uint32_t columns;          /**< Columns of metadata. */
    uint64_t vector_bytes;     /**< Bytes in use, per part: the vectors, */
    uint64_t code_bytes;       /**< their codes, which searches walk on, (0: on the vectors), */
    uint64_t link_bytes;       /**< the graph's links on all layers, their codes included, */
    uint64_t id_bytes;         /**< ids and the table that finds them, */
    uint64_t metadata_bytes;   /**< the columns of metadata, */
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
    uint64_t add_metadata_ns;  /**< copying metadata, */
    uint64_t add_graph_ns;     /**< and building the graph. */
    uint64_t add_distances;    /**< Distances computed while building the graph. */
    uint64_t removed;          /**< Places of removed vectors that martlet_compact() would give back. */
    martlet_memory memory;
    uint32_t reserved2;        /**< 0. */
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
