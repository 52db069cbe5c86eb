/* Property: whatever a file holds, loading it succeeds or is MARTLET_BAD_FORMAT; and what was loaded can
 * be searched, changed and saved, in memory and mapped.
 *
 * Mutations stay within a section mostly, and checksums are repaired, so that they get past the frame. */
#define _GNU_SOURCE
#include "files.h"

#include <sys/mman.h>
#include <unistd.h>

/* ---- The frame, by docs/format.md ---------------------------------------------------------------- */

enum { header_size = 64, entry_size = 32, footer_size = 32 };

/* Where the table of sections begins, if it is where it can be, and how many sections it has. */
static bool find_table(const uint8_t *data, size_t size, size_t *start, size_t *count) {
    if (size < header_size + footer_size)
        return false;
    const uint8_t *footer = data + size - footer_size;
    *start = number(footer);
    *count = number(footer + 8);
    return *start < size && *count < 1000 && *start + *count * entry_size + footer_size == size;
}

static void repair(uint8_t *data, size_t size) {
    size_t start, count;
    if (!find_table(data, size, &start, &count))
        return;
    put(data + 60, crc32(data, 60), 4);
    for (size_t i = 0; i < count; i += 1) {
        uint8_t *entry = data + start + i * entry_size;
        const uint64_t offset = number(entry + 8), padded = (number(entry + 16) + 63) & ~UINT64_C(63);
        if (offset <= start && padded <= start - offset)
            put(entry + 24, crc32(data + offset, padded), 8);
    }
    uint8_t *footer = data + size - footer_size;
    put(footer + 16, crc32(data + start, count * entry_size), 8);
    put(footer + 28, crc32(footer, 28), 4);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    size_t start, count;
    if (seed % 8 == 0 || !find_table(data, size, &start, &count) || count == 0) {
        size = LLVMFuzzerMutate(data, size, most);
    } else {
        const uint8_t *entry = data + start + seed / 8 % (count + 1) * entry_size;
        const bool isTable = entry == data + start + count * entry_size;
        const uint64_t offset = isTable ? start : number(entry + 8);
        const uint64_t length = isTable ? count * entry_size : number(entry + 16);
        if (offset < start + 1 && length <= size - offset)
            LLVMFuzzerMutate(data + offset, length, length);
    }
    repair(data, size);
    return size;
}

/* ---- What is tried -------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    martlet_index *index = NULL;
    martlet_status status = martlet_load_bytes(data, size, NULL, &index);
    REQUIRE(status == MARTLET_OK || status == MARTLET_BAD_FORMAT);
    if (status == MARTLET_OK)
        use(index, false);
    martlet_index_free(index);

    char path[64];
    martlet_load_options options = MARTLET_LOAD_OPTIONS_INIT;
    options.mode = MARTLET_LOAD_MAP;
    const int file = memfd_create("damaged", 0);
    REQUIRE(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    index = NULL;
    status = martlet_load(path, &options, &index);
    REQUIRE(status == MARTLET_OK || status == MARTLET_BAD_FORMAT);
    if (status == MARTLET_OK)
        use(index, true);
    martlet_index_free(index);
    close(file);
    return 0;
}
