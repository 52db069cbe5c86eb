/* A test runner of one header: CHECK counts, and check_summary() ends a program with the totals.
 * Checks belong to the main thread; other threads hand their findings over when they are joined. */
#ifndef MARTLET_CHECK_H
#define MARTLET_CHECK_H

#include <martlet.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int check_passed = 0;
static int check_failed = 0;

static inline bool check_that(bool holds, const char *what, const char *file, int line) {
    if (holds) {
        check_passed += 1;
    } else {
        check_failed += 1;
        printf("%s:%d: failed: %s\n", file, line, what);
    }
    return holds;
}

/* A failure must also have left a sentence. */
static inline bool check_status(martlet_status expected, martlet_status actual, const char *what,
                                const char *file, int line) {
    bool holds = actual == expected &&
                 (actual == MARTLET_OK || strlen(martlet_last_error()) > 10);
    if (!holds)
        printf("%s:%d: status %d, expected %d; last error: '%s'\n", file, line, (int)actual,
               (int)expected, martlet_last_error());
    return check_that(holds, what, file, line);
}

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_STATUS(expected, call) check_status((expected), (call), #call, __FILE__, __LINE__)
#define CHECK_OK(call) CHECK_STATUS(MARTLET_OK, call)
#define CHECK_INVALID(call) CHECK_STATUS(MARTLET_INVALID_ARGUMENT, call)

/* Whether this thread's last error mentions `text`. */
static inline bool error_says(const char *text) {
    bool says = strstr(martlet_last_error(), text) != NULL;
    if (!says)
        printf("  '%s' is not in: '%s'\n", text, martlet_last_error());
    return says;
}

static inline int check_summary(const char *program) {
    printf("%s: %d passed, %d failed\n", program, check_passed, check_failed);
    return check_failed != 0;
}

#endif
