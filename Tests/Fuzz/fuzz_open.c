/* Property: whatever the logs of a folder hold, opening it succeeds or is MARTLET_BAD_FORMAT; and what was
 * opened can be searched, changed and saved, and is the same when it is opened again.
 *
 * An input is a log, and perhaps the one after it. Its number chooses the checkpoint beside it. Mutations stay within a record mostly, and checksums, sequence numbers and sizes are
 * repaired, so that they get past the frame. */
#define _GNU_SOURCE
#include "files.h"

#include <dirent.h>
#include <unistd.h>

/* What an input's number leaves when divided by one more than there are stores is the store whose
 * checkpoint is beside it, or none. */
enum { stores = 4, crowded = 3, no_store = stores };

/* ---- The frame, by docs/format.md ---------------------------------------------------------------- */

enum { header_size = 64, record_header_size = 32, most_records = 512 };

static const char magic[] = "\x89MARTLOG", record_magic[] = "MLR1";

/* How many bytes the first log has: up to where another begins. */
static size_t first_log(const uint8_t *data, size_t size) {
    for (size_t at = 8; at + 8 <= size; at += 8)
        if (memcmp(data + at, magic, 8) == 0)
            return at;
    return size;
}

static size_t padded(uint64_t size) { return (size_t)(size + 7) & ~(size_t)7; }

/* Where records begin, as far as their sizes lead, and where the last one ends. Returns how many. */
static size_t find_records(const uint8_t *data, size_t size, size_t places[most_records + 1]) {
    size_t count = 0;
    places[0] = header_size;
    while (count < most_records && size - places[count] >= record_header_size) {
        const size_t start = places[count] + record_header_size;
        const uint64_t length = number(data + places[count] + 16);
        if (length > size - start || padded(length) > size - start)
            break;
        places[++count] = start + padded(length);
    }
    return count;
}

/* Returns the sequence number of the last record. */
static uint64_t repair_log(uint8_t *data, size_t size) {
    size_t places[most_records + 1];
    const size_t count = find_records(data, size, places);
    /* Where numbers end is tested elsewhere. */
    data[31] &= 0x3F;
    uint64_t sequence = number(data + 24);
    put(data + 60, crc32(data, 60), 4);
    for (size_t i = 0; i < count; i += 1) {
        uint8_t *record = data + places[i], *payload = record + record_header_size;
        memcpy(record, record_magic, 4);
        put(record + 8, sequence += 1, 8);
        put(record + 24, crc32(payload, places[i + 1] - places[i] - record_header_size), 4);
        put(record + 28, crc32(record, 28), 4);
    }
    return sequence;
}

static void repair(uint8_t *data, size_t size) {
    const size_t first = first_log(data, size);
    if (first < header_size)
        return;
    const uint64_t sequence = repair_log(data, first);
    if (size - first < header_size)
        return;
    put(data + first + 16, number(data + 16) + 1, 8);
    put(data + first + 24, sequence, 8);
    repair_log(data + first, size - first);
}

/* ---- Folders -------------------------------------------------------------------------------------- */

typedef struct file {
    uint8_t *bytes;
    size_t size;
} file;

/* What the harness has made: a sound checkpoint and log per store. */
static file checkpoints[stores], logs[stores];
static char folder[64];

static void path_of(char path[128], const char *name, unsigned number) {
    snprintf(path, 128, "%s/%s-%u", folder, name, number);
}

static file read_file(const char *name, unsigned number) {
    char path[128];
    path_of(path, name, number);
    FILE *stream = fopen(path, "rb");
    REQUIRE(stream != NULL);
    file read = {malloc(1 << 20), 0};
    read.size = fread(read.bytes, 1, 1 << 20, stream);
    fclose(stream);
    return read;
}

static void write_file(const char *name, unsigned number, const uint8_t *bytes, size_t size) {
    char path[128];
    path_of(path, name, number);
    FILE *stream = fopen(path, "wb");
    REQUIRE(stream != NULL && fwrite(bytes, 1, size, stream) == size);
    fclose(stream);
}

/* Removes all files but the lock. */
static void empty_folder(void) {
    char path[512];
    DIR *entries = opendir(folder);
    REQUIRE(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0)
            REQUIRE(unlink(path) == 0);
    }
    closedir(entries);
}

static void remove_folder(void) {
    char path[128];
    empty_folder();
    snprintf(path, sizeof path, "%s/lock", folder);
    unlink(path);
    rmdir(folder);
}

/* ---- Sound logs ----------------------------------------------------------------------------------- */

enum { rows = 12, dim = 12, many = 1100 };

/* Changes of every kind, to ids from `first` on. */
static void change(martlet_index *index, unsigned store, int64_t first) {
    static const char texts[] = "0123456789abcdefghij";
    int64_t integers[rows], offsets[rows + 1], numbers[rows];
    float vectors[rows * dim];
    for (int i = 0; i <= rows; i += 1) offsets[i] = i;
    for (int i = 0; i < rows; i += 1) integers[i] = first + i, numbers[i] = i % 4;
    for (int i = 0; i < rows * dim; i += 1) vectors[i] = (float)(1 + i * 7 % 11);
    martlet_strings strings = MARTLET_STRINGS_INIT, tags = MARTLET_STRINGS_INIT;
    strings.data = texts + first, strings.offsets = offsets, strings.count = rows;
    tags.data = "redredblue", tags.offsets = (const int64_t[]){0, 3, 6, 10}, tags.count = 3;
    martlet_ids ids = MARTLET_IDS_INIT;
    ids.count = rows;
    ids.integers = store % 2 == 1 ? integers : NULL;
    ids.strings = store % 2 == 1 ? NULL : &strings;
    martlet_column number = MARTLET_COLUMN_INIT, text = MARTLET_COLUMN_INIT,
                   list = MARTLET_COLUMN_INIT;
    number.name = "n", text.name = "text", list.name = "tags";
    number.name_size = 1, text.name_size = list.name_size = 4;
    number.rows = text.rows = list.rows = rows;
    number.values = numbers, number.validity = (const uint8_t[]){0xDB, 0xB6};
    text.type = MARTLET_TYPE_STRING, text.strings = &strings;
    list.type = MARTLET_TYPE_TAGS, list.strings = &tags;
    list.list_offset_bytes = 8;
    list.list_offsets = (const int64_t[rows + 1]){0, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    const martlet_column columns[] = {number, text, list};
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.ids = &ids, options.columns = columns, options.column_count = 3, options.threads = 1;
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    matrix.data = vectors, matrix.rows = rows, matrix.columns = dim;
    matrix.row_stride = dim * 4, matrix.component_stride = 4;
    REQUIRE(martlet_upsert(index, &matrix, &options) == MARTLET_OK);
    REQUIRE(martlet_update_metadata(index, &ids, columns, 1) == MARTLET_OK);
    ids.count = strings.count = rows / 2;
    REQUIRE(martlet_remove(index, &ids, NULL) == MARTLET_OK);
    REQUIRE(martlet_compact(index, NULL) == MARTLET_OK);
    REQUIRE(martlet_convert(index, store == crowded ? MARTLET_COMPACT : MARTLET_FAST, NULL) ==
            MARTLET_OK);
    matrix.rows = rows / 2, options.columns = NULL, options.column_count = 0;
    REQUIRE(martlet_add_matrix(index, &matrix, &options) == MARTLET_OK);
}

/* Adds vectors enough for codes, far enough apart for them. */
static void fill(martlet_index *index) {
    static int64_t integers[many];
    static float vectors[many * dim];
    uint64_t state = 1;
    for (int i = 0; i < many * dim; i += 1) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        vectors[i] = (float)(int32_t)(state >> 32) / 0x1p28f;
    }
    for (int i = 0; i < many; i += 1) integers[i] = 1000 + i;
    martlet_ids ids = MARTLET_IDS_INIT;
    ids.count = many, ids.integers = integers;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.ids = &ids, options.threads = 1;
    REQUIRE(martlet_add(index, vectors, many, dim * 4, 4, &options) == MARTLET_OK);
    martlet_statistics statistics = {.struct_size = sizeof statistics};
    REQUIRE(martlet_get_statistics(index, &statistics) == MARTLET_OK && statistics.code_bytes > 0);
}

/* Store number n is empty at first if n is 0, and else has some vectors and n checkpoints; the crowded
 * one has codes, too. */
static void make_store(unsigned store) {
    static const uint64_t dims[stores] = {6, dim, dim, dim};
    static const martlet_metric metrics[stores] = {MARTLET_COSINE, MARTLET_L2, MARTLET_IP, MARTLET_L2};
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    options.dim = dims[store], options.metric = metrics[store];
    options.M = 4, options.ef_construction = 20;
    options.memory = store == crowded ? MARTLET_FAST : MARTLET_BALANCED;
    martlet_index *index = NULL;
    REQUIRE(martlet_open(folder, &options, NULL, &index) == MARTLET_OK);
    if (store > 0) {
        store == crowded ? fill(index) : change(index, store, 0);
        for (unsigned i = 0; i < store; i += 1)
            REQUIRE(martlet_checkpoint(index, NULL) == MARTLET_OK);
        change(index, store, 4);
    }
    martlet_index_free(index);
    checkpoints[store] = read_file("checkpoint", store);
    logs[store] = read_file("log", store);
    empty_folder();
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    /* In memory, if the system has such a place. */
    strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fuzz-XXXXXX" : "/tmp/fuzz-XXXXXX");
    REQUIRE(mkdtemp(folder) != NULL);
    atexit(remove_folder);
    for (unsigned store = 0; store < stores; store += 1) make_store(store);
    return 0;
}

/* ---- Mutations ------------------------------------------------------------------------------------ */

/* Puts other bytes in the place of `old` ones; does nothing if there is no room. Returns the size. */
static size_t splice(uint8_t *data, size_t size, size_t most, size_t at, size_t old, file new) {
    if (size - old + new.size > most)
        return size;
    memmove(data + at + new.size, data + at + old, size - at - old);
    if (new.size > 0)
        memcpy(data + at, new.bytes, new.size);
    return size - old + new.size;
}

/* A payload of another size. */
static size_t resize(uint8_t *data, size_t size, size_t most, size_t record, size_t end) {
    const size_t start = record + record_header_size;
    file payload = {malloc(end - start + 72), end - start};
    memcpy(payload.bytes, data + start, payload.size);
    const size_t length = LLVMFuzzerMutate(payload.bytes, payload.size, payload.size + 64);
    memset(payload.bytes + length, 0, 8);
    payload.size = padded(length);
    const size_t before = size;
    size = splice(data, size, most, start, end - start, payload);
    if (size != before || payload.size == end - start)
        put(data + record + 16, length, 8);
    free(payload.bytes);
    return size;
}

/* A count, an offset or an id that is near another, small, or hostile. */
static void change_number(uint8_t *at, unsigned seed) {
    static const uint64_t hostile[] = {0, 1, 2, 3, 8, 255, 1 << 20, UINT64_C(1) << 32,
                                       UINT64_C(1) << 61, UINT64_C(1) << 62, INT64_MAX - 1,
                                       INT64_MAX, UINT64_C(1) << 63, UINT64_MAX};
    const size_t choice = seed % (sizeof hostile / sizeof hostile[0] + 8);
    put(at, choice < 8 ? number(at) + choice - 4 : hostile[choice - 8], 8);
}

static size_t mutate_record(uint8_t *data, size_t size, size_t most, unsigned seed, size_t record,
                            size_t end) {
    const size_t payload = record + record_header_size, length = end - payload;
    const file copy = {data + record, end - record}, nothing = {NULL, 0};
    file copied = {malloc(copy.size), copy.size};
    memcpy(copied.bytes, copy.bytes, copy.size);
    switch (seed % 12) {
    case 0: put(data + record + 4, 1 + seed / 12 % 7, 4); break;
    case 1: size = splice(data, size, most, record, end - record, nothing); break;
    case 2: size = splice(data, size, most, end, 0, copied); break;
    case 3: size = splice(data, size, most, size & ~(size_t)7, 0, copied); break;
    case 4: size = resize(data, size, most, record, end); break;
    case 5: case 6: case 7:
        if (length > 0)
            change_number(data + payload + seed / 12 % (length / 8) * 8, seed / 4096);
        break;
    default:
        if (length > 0)
            LLVMFuzzerMutate(data + payload, length, length);
    }
    free(copied.bytes);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    size_t places[most_records + 1];
    const unsigned way = seed % 32;
    seed = seed / 32 * 2654435761u >> 4;
    const file made = logs[seed % stores];
    if (size < header_size || way == 0)
        return splice(data, size, most, 0, size, made);
    if (way == 1) /* With checksums that are wrong now. */
        return LLVMFuzzerMutate(data, size, most);
    const size_t first = first_log(data, size);
    const size_t count = first < header_size ? 0 : find_records(data, first, places);
    if (way == 2) {
        size = splice(data, size, most, first, size - first, made);
    } else if (way == 3 || count == 0) {
        size = LLVMFuzzerMutate(data, size, most);
    } else {
        const size_t record = seed / stores % count;
        size = mutate_record(data, size, most, seed / 16, places[record], places[record + 1]);
    }
    repair(data, size);
    return size;
}

/* ---- What is tried -------------------------------------------------------------------------------- */

/* Opens the folder, uses the index if `how` says so, and returns how many vectors it then has. */
static uint64_t count_stored(void (*how)(martlet_index *)) {
    martlet_index *index = NULL;
    martlet_statistics statistics = {.struct_size = sizeof statistics};
    REQUIRE(martlet_open(folder, NULL, NULL, &index) == MARTLET_OK);
    how(index);
    REQUIRE(martlet_get_statistics(index, &statistics) == MARTLET_OK);
    REQUIRE(statistics.reachable == statistics.count);
    martlet_index_free(index);
    return statistics.count;
}

static void use_fully(martlet_index *index) { use(index, false); }

static void checkpoint(martlet_index *index) {
    REQUIRE(martlet_checkpoint(index, NULL) == MARTLET_OK);
}

static void leave(martlet_index *index) { (void)index; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const unsigned store = size >= header_size ? data[16] % (stores + 1) : 0;
    const size_t first = first_log(data, size);
    write_file("log", store, data, first);
    if (first < size)
        write_file("log", store + 1, data + first, size - first);
    if (store != no_store)
        write_file("checkpoint", store, checkpoints[store].bytes, checkpoints[store].size);
    martlet_index *index = NULL;
    const martlet_status status = martlet_open(folder, NULL, NULL, &index);
    REQUIRE(status == MARTLET_BAD_FORMAT || (status == MARTLET_OK && store != no_store));
    martlet_index_free(index);
    if (status == MARTLET_OK) {
        const uint64_t count = count_stored(use_fully);
        REQUIRE(count_stored(checkpoint) == count);
        REQUIRE(count_stored(leave) == count);
    }
    empty_folder();
    return 0;
}
