/* Ids of both kinds as the functions take them. */
#ifndef MARTLET_TEST_IDS_H
#define MARTLET_TEST_IDS_H

#include "oracle.h"

static inline martlet_ids integer_ids(const int64_t *first, uint64_t count, int64_t stride) {
    martlet_ids ids = MARTLET_IDS_INIT;
    ids.count = count;
    ids.integers = first;
    ids.stride = stride;
    return ids;
}

static inline martlet_status get_integers(const martlet_index *index, const int64_t *first,
                                          uint64_t count, int64_t stride, float *vectors) {
    const martlet_ids ids = integer_ids(first, count, stride);
    return martlet_get(index, &ids, vectors);
}

static inline martlet_status find_integers(const martlet_index *index, const int64_t *first,
                                           uint64_t count, int64_t stride, int64_t *rows) {
    const martlet_ids ids = integer_ids(first, count, stride);
    return martlet_find(index, &ids, rows);
}

/* Strings with the ids that they are. Must not be moved, since it points into itself. */
typedef struct string_list {
    char data[256];
    int64_t offsets[33];
    martlet_strings strings;
    martlet_ids ids;
} string_list;

/* Of C strings, which hold no NUL. */
static inline const martlet_ids *string_ids(string_list *list, const char *const *texts,
                                            uint64_t count) {
    const martlet_strings strings = MARTLET_STRINGS_INIT;
    const martlet_ids ids = MARTLET_IDS_INIT;
    list->offsets[0] = 0;
    for (uint64_t i = 0; i < count; i += 1) {
        memcpy(list->data + list->offsets[i], texts[i], strlen(texts[i]));
        list->offsets[i + 1] = list->offsets[i] + (int64_t)strlen(texts[i]);
    }
    list->strings = strings;
    list->strings.data = list->data;
    list->strings.offsets = list->offsets;
    list->strings.count = count;
    list->ids = ids;
    list->ids.count = count;
    list->ids.strings = &list->strings;
    return &list->ids;
}

#endif
