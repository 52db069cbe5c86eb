/* An index that is changed 100,000 times takes no more memory than at first: not by its own count, nor
 * by the operating system's. */
#include "ids.h"

/* The address sanitizer keeps 256 MB of what was freed, to see whether it is used. */
#ifdef SANITIZED
enum { most_growth = 320 << 20 };
#else
enum { most_growth = 4 << 20 };
#endif

#ifdef __cplusplus
enum { cycles = 10000 }; /* once is enough */
#else
enum { cycles = 100000 };
#endif
enum { dim = 8, kept = 200 };

static uint64_t resident_bytes(void) {
    unsigned long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu %lu", &total, &resident) == 2);
    if (file != NULL)
        fclose(file);
    return (uint64_t)resident * 4096;
}

static uint64_t counted_bytes(const martlet_index *index) {
    martlet_statistics seen;
    seen.struct_size = sizeof seen;
    CHECK_OK(martlet_get_statistics(index, &seen));
    CHECK(seen.count == kept && seen.reachable == kept);
    return seen.vector_bytes + seen.code_bytes + seen.link_bytes + seen.id_bytes +
           seen.metadata_bytes + seen.other_bytes;
}

/* Under ids and with texts that have never been there. */
static martlet_status add_one(martlet_index *index, const float *vector, int64_t number) {
    char text[32];
    int64_t offsets[2] = {0, snprintf(text, sizeof text, "text %ld", (long)number)};
    const martlet_ids ids = integer_ids(&number, 1, 8);
    martlet_strings strings = MARTLET_STRINGS_INIT;
    martlet_column column = MARTLET_COLUMN_INIT;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    strings.data = text;
    strings.offsets = offsets;
    strings.count = 1;
    column.name = "text";
    column.name_size = 4;
    column.rows = 1;
    column.type = MARTLET_TYPE_STRING;
    column.strings = &strings;
    options.ids = &ids;
    options.columns = &column;
    options.column_count = 1;
    return martlet_add(index, vector, 1, 0, FLOAT_SIZE, &options);
}

int main(void) {
    float *vectors = new_whole((kept + cycles) * dim, 1);
    martlet_index *index = new_index(dim, MARTLET_L2);
    uint64_t failures = 0, counted = 0, resident = 0;
    for (int64_t number = 0; number < kept; number += 1)
        failures += add_one(index, vectors + number * dim, number) != MARTLET_OK;
    for (int64_t number = 0; number < cycles; number += 1) {
        const martlet_ids oldest = integer_ids(&number, 1, 8);
        failures += add_one(index, vectors + (kept + number) * dim, kept + number) != MARTLET_OK;
        failures += martlet_remove(index, &oldest, NULL) != MARTLET_OK;
        if (number == cycles / 10) {
            counted = counted_bytes(index);
            resident = resident_bytes();
        }
    }
    CHECK(failures == 0);
    CHECK(counted_bytes(index) < counted * 5 / 4);
    if (getenv("EMULATOR") == NULL) /* which keeps what it translates in the same process */
        CHECK(resident_bytes() < resident + most_growth);
    martlet_index_free(index);
    free(vectors);
    return check_summary("churn");
}
