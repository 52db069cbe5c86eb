/* Status and errors: the codes, the thread's last error, the version and the kernels' name. */
#define _POSIX_C_SOURCE 200809L
#include "oracle.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { sentence_size = 512 };

static void copy_last_error(char *copy) {
    snprintf(copy, sentence_size, "%s", martlet_last_error());
}

static void test_codes_never_change(void) {
    CHECK(MARTLET_OK == 0 && MARTLET_INVALID_ARGUMENT == 1 && MARTLET_DIMENSION_MISMATCH == 10);
    CHECK(MARTLET_NOT_FINITE == 11 && MARTLET_BAD_LENGTH == 12 && MARTLET_ID_EXISTS == 20);
    CHECK(MARTLET_ID_NOT_FOUND == 21 && MARTLET_OUT_OF_MEMORY == 30 && MARTLET_CANCELLED == 31);
    CHECK(MARTLET_INDEX_FULL == 32 && MARTLET_INTERNAL == 90);
    CHECK(MARTLET_BAD_TEXT == 13 && MARTLET_ID_KIND == 22 && MARTLET_BUFFER_TOO_SMALL == 33);
    CHECK(MARTLET_COLUMN_TYPE == 40 && MARTLET_BAD_FILTER == 41);
    CHECK(MARTLET_BAD_FORMAT == 50 && MARTLET_IO == 51);
}

static void test_no_failure_is_an_empty_sentence(void) {
    martlet_index *index = new_index(2, MARTLET_L2);
    CHECK(martlet_last_error() != NULL);
    CHECK(strcmp(martlet_last_error(), "") == 0);
    martlet_index_free(index);
}

static void test_a_sentence_says_what_was_given_and_expected(void) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    options.dim = 70001;
    CHECK_INVALID(martlet_index_create(&options, &index));
    CHECK(error_says("70001"));
    CHECK(error_says("65536"));
}

static void test_a_sentence_stays_until_the_next_failure(void) {
    martlet_index *index = new_index(2, MARTLET_L2);
    float vector[2] = {1, 2};
    CHECK_INVALID(martlet_count(NULL, NULL, 0, NULL));
    const char *sentence = martlet_last_error();
    char copy[sentence_size];
    copy_last_error(copy);
    CHECK_OK(add_rows(index, vector, 1, 2));
    CHECK(martlet_last_error() == sentence && strcmp(sentence, copy) == 0);
    vector[1] = NAN;
    CHECK_STATUS(MARTLET_NOT_FINITE, add_rows(index, vector, 1, 2));
    CHECK(strcmp(martlet_last_error(), copy) != 0);
    martlet_index_free(index);
}

typedef struct sentences {
    char before[sentence_size];
    char after[sentence_size];
} sentences;

/* Fails in a way of its own; keeps the sentences before and after. */
static void *fail_elsewhere(void *kept) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    martlet_index *index = NULL;
    copy_last_error(((sentences *)kept)->before);
    options.dim = 70002;
    (void)martlet_index_create(&options, &index);
    copy_last_error(((sentences *)kept)->after);
    return NULL;
}

static void test_each_thread_has_its_own_sentence(void) {
    sentences elsewhere = {"unset", ""};
    char here[sentence_size];
    pthread_t thread;
    CHECK_INVALID(martlet_count(NULL, NULL, 0, NULL));
    copy_last_error(here);
    CHECK(pthread_create(&thread, NULL, fail_elsewhere, &elsewhere) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(strcmp(elsewhere.before, "") == 0);
    CHECK(strstr(elsewhere.after, "70002") != NULL);
    CHECK(strcmp(martlet_last_error(), here) == 0);
}

static void test_version_is_the_headers(void) {
    char expected[64];
    snprintf(expected, sizeof expected, "%d.%d.%d", MARTLET_VERSION_MAJOR, MARTLET_VERSION_MINOR,
             MARTLET_VERSION_PATCH);
    CHECK(strcmp(martlet_version(), expected) == 0);
}

/* The kernels' name in a fresh process in which MARTLET_KERNELS is `forced`: 'b', 'x' or '?'. */
static char kernels_when_forced(const char *forced) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        setenv("MARTLET_KERNELS", forced, 1);
        const char *name = martlet_kernels();
        bool known = strcmp(name, "baseline") == 0 || strcmp(name, "x86-64-v3") == 0;
        _exit(known ? name[0] : '?');
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? (char)WEXITSTATUS(status) : '!';
}

static bool processor_has_v3(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

/* Runs before anything else has asked for the kernels, which are chosen once per process. */
static void test_kernels_can_be_forced(void) {
    CHECK(kernels_when_forced("baseline") == 'b');
    CHECK(kernels_when_forced("x86-64-v3") == (processor_has_v3() ? 'x' : 'b'));
    CHECK(kernels_when_forced("") == (processor_has_v3() ? 'x' : 'b'));
    setenv("MARTLET_KERNELS", "baseline", 1);
    CHECK(strcmp(martlet_kernels(), "baseline") == 0);
    setenv("MARTLET_KERNELS", "x86-64-v3", 1);
    CHECK(strcmp(martlet_kernels(), "baseline") == 0);
}

int main(void) {
    test_kernels_can_be_forced();
    test_codes_never_change();
    test_no_failure_is_an_empty_sentence();
    test_a_sentence_says_what_was_given_and_expected();
    test_a_sentence_stays_until_the_next_failure();
    test_each_thread_has_its_own_sentence();
    test_version_is_the_headers();
    return check_summary("errors");
}
