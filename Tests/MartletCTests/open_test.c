/* Indexes in folders: at each call by which one writes, the process is killed, or the call fails. Every
 * change that was acknowledged is there when the folder is opened again, and of one that was not, all or
 * nothing. */
#include "faults.h"

#include <sys/mman.h>

enum { dim = 4, steps = 10 };

/* How many changes were acknowledged: shared with the children. */
static volatile int *acknowledged;

static martlet_status opened(martlet_index **index) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    options.dim = dim;
    options.M = 4;
    const martlet_status status = martlet_open(folder, &options, NULL, index);
    if (status != MARTLET_INVALID_ARGUMENT)
        return status;
    options.memory = MARTLET_FAST;
    return martlet_open(folder, &options, NULL, index);
}

/* Change number `step`, and how many vectors there are after it, and `fast` more if that is the form of
 * memory. */
enum { fast = 100 };
static const uint64_t state_after[steps] = {30, 25, 25, 32, 32, 12, 12, 13, fast + 13, fast};

static martlet_status change(martlet_index *index, int step) {
    const float *vectors = new_whole(30 * dim, (uint64_t)step);
    int64_t given[30];
    for (int64_t i = 0; i < 30; i += 1) given[i] = i;
    martlet_ids ids = MARTLET_IDS_INIT;
    ids.integers = given;
    martlet_add_options options = MARTLET_ADD_OPTIONS_INIT;
    options.ids = &ids;
    martlet_matrix matrix = MARTLET_MATRIX_INIT;
    matrix.data = vectors;
    matrix.columns = dim;
    matrix.row_stride = dim * FLOAT_SIZE;
    matrix.component_stride = FLOAT_SIZE;
    martlet_status status = MARTLET_OK;
    switch (step) {
    case 0:
        matrix.rows = ids.count = 30;
        status = martlet_add_matrix(index, &matrix, &options);
        break;
    case 1:
        ids.count = 5;
        status = martlet_remove(index, &ids, NULL);
        break;
    case 2: status = martlet_checkpoint(index, NULL); break;
    case 3:
        for (int64_t i = 0; i < 30; i += 1) given[i] = 23 + i;
        matrix.rows = ids.count = 14;
        status = martlet_upsert(index, &matrix, &options);
        break;
    case 4: status = martlet_compact(index, NULL); break;
    case 5:
        for (int64_t i = 0; i < 30; i += 1) given[i] = 10 + i;
        ids.count = 20;
        status = martlet_remove(index, &ids, NULL);
        break;
    case 6: status = martlet_checkpoint(index, NULL); break;
    case 7: status = add_rows(index, vectors, 1, dim); break;
    case 8: status = martlet_convert(index, MARTLET_FAST, NULL); break;
    default: status = martlet_clear(index); break;
    }
    free((void *)vectors);
    return status;
}

static void make_all_changes(void) {
    martlet_index *index = NULL;
    if (opened(&index) != MARTLET_OK)
        return;
    for (int step = 0; step < steps; step += 1) {
        if (change(index, step) != MARTLET_OK)
            return;
        *acknowledged += 1;
    }
    martlet_index_free(index);
}

static uint64_t state_of(const martlet_index *index) {
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    CHECK_OK(martlet_get_options(index, &options));
    return count_of(index) + (options.memory == MARTLET_FAST ? fast : 0);
}

/* What is there when the folder is opened. */
static uint64_t stored(void) {
    martlet_index *index = NULL;
    CHECK_OK(opened(&index));
    const uint64_t state = state_of(index);
    martlet_index_free(index);
    return state;
}

static bool is_after(uint64_t state, int changes) {
    return changes <= steps && state == (changes == 0 ? 0 : state_after[changes - 1]);
}

static int calls_of_all_changes(void) {
    remove_files();
    *acknowledged = 0;
    plan(NO_FAULT, 0, 0);
    make_all_changes();
    CHECK(*acknowledged == steps && stored() == fast);
    return calls;
}

static void test_killed_at_every_call(void) {
    const int most = calls_of_all_changes();
    CHECK(most > 60);
    for (int call = 1; call <= most; call += 1) {
        for (fault kind = KILL_BEFORE; kind <= KILL_AFTER; kind = (fault)(kind + 1)) {
            remove_files();
            *acknowledged = 0;
            plan(kind, call, 0);
            const bool killed = is_killed(make_all_changes);
            plan(NO_FAULT, 0, 0);
            /* The last calls are those of `stored`. */
            CHECK(killed || *acknowledged == steps);
            const uint64_t state = stored();
            CHECK(is_after(state, *acknowledged) || is_after(state, *acknowledged + 1));
            CHECK(stored() == state);
        }
    }
}

/* Makes all changes, one call of which fails; a change that fails is tried again. */
static void make_changes_with(int call, int code) {
    martlet_index *index = NULL;
    plan(FAIL, call, code);
    if (opened(&index) != MARTLET_OK) {
        CHECK(martlet_last_errno() == code);
        plan(NO_FAULT, 0, 0);
        CHECK_OK(opened(&index));
    }
    for (int step = 0; step < steps; step += 1) {
        const uint64_t before = state_of(index);
        if (change(index, step) == MARTLET_OK)
            continue;
        CHECK(martlet_last_errno() == code && state_of(index) == before);
        plan(NO_FAULT, 0, 0);
        if (change(index, step) == MARTLET_OK)
            continue;
        /* Nobody knew what the log held. */
        CHECK(martlet_last_errno() == EIO && error_says("open it again"));
        CHECK(state_of(index) == before);
        CHECK_OK(martlet_close(index));
        martlet_index_free(index);
        CHECK_OK(opened(&index));
        CHECK(state_of(index) == before);
        CHECK_OK(change(index, step));
    }
    plan(NO_FAULT, 0, 0);
    martlet_index_free(index);
}

static void test_failing_at_every_call(void) {
    static const int codes[] = {ENOSPC, EIO};
    const int most = calls_of_all_changes();
    for (int call = 1; call <= most; call += 1) {
        for (size_t i = 0; i < COUNT_OF(codes); i += 1) {
            remove_files();
            make_changes_with(call, codes[i]);
            CHECK(stored() == fast);
        }
    }
}

static void test_partial_writes(void) {
    const int most = calls_of_all_changes();
    for (int call = 1; call <= most; call += 1) {
        remove_files();
        *acknowledged = 0;
        plan(WRITE_PART, call, 0);
        make_all_changes();
        plan(NO_FAULT, 0, 0);
        CHECK(*acknowledged == steps && stored() == fast);
    }
}

static void test_arguments(void) {
    remove_files();
    martlet_index *index = NULL, *other = NULL, *view = NULL;
    martlet_index_options options = MARTLET_INDEX_OPTIONS_INIT;
    CHECK_INVALID(martlet_open(NULL, &options, NULL, &index));
    CHECK_INVALID(martlet_open(folder, &options, NULL, NULL));
    CHECK_INVALID(martlet_open(folder, &options, NULL, &index)); /* dim is 0 */
    CHECK_STATUS(MARTLET_IO, martlet_open(folder, NULL, NULL, &index));
    CHECK(martlet_last_errno() == ENOENT && index == NULL);
    CHECK_OK(opened(&index));
    CHECK_STATUS(MARTLET_IO, opened(&other));
    CHECK(martlet_last_errno() == EAGAIN && other == NULL);
    CHECK_OK(change(index, 0));
    CHECK_OK(martlet_index_view(index, &view));
    CHECK_INVALID(martlet_checkpoint(view, NULL));
    CHECK_OK(martlet_close(view));
    CHECK_STATUS(MARTLET_IO, opened(&other)); /* a view closes nothing */
    CHECK_OK(martlet_close(index));
    CHECK_OK(martlet_close(index));
    CHECK_INVALID(martlet_close(NULL));
    CHECK_STATUS(MARTLET_IO, change(index, 1));
    CHECK(martlet_last_errno() == EBADF && count_of(index) == 30 && count_of(view) == 30);
    CHECK_STATUS(MARTLET_IO, martlet_checkpoint(index, NULL));
    CHECK_OK(opened(&other));
    CHECK_OK(change(other, 1));
    CHECK(count_of(other) == 25);
    martlet_index_free(view);
    martlet_index_free(index);
    martlet_index_free(other);
    options.dim = dim;
    CHECK_INVALID(martlet_open(folder, &options, NULL, &index)); /* M is 4 */
    CHECK(error_says("has Configuration"));
    CHECK_OK(martlet_open(folder, NULL, NULL, &index));
    CHECK(count_of(index) == 25);
    martlet_control control = MARTLET_CONTROL_INIT;
    control.cancel = 1;
    CHECK_STATUS(MARTLET_CANCELLED, martlet_checkpoint(index, &control));
    CHECK_OK(change(index, 2));
    martlet_index_free(index);
    CHECK_STATUS(MARTLET_CANCELLED, martlet_open(folder, NULL, &control, &index));
    control.cancel = 0;
    CHECK_OK(martlet_open(folder, NULL, &control, &index));
    CHECK(control.total > 0 && count_of(index) == 25);
    martlet_index_free(index);
    index = new_index(dim, MARTLET_L2);
    CHECK_INVALID(martlet_checkpoint(index, NULL));
    CHECK_OK(martlet_close(index));
    CHECK_OK(change(index, 0));
    martlet_index_free(index);
}

int main(void) {
    acknowledged = (volatile int *)mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK((void *)acknowledged != MAP_FAILED);
    make_folder();
    test_arguments();
    test_killed_at_every_call();
    test_failing_at_every_call();
    test_partial_writes();
    remove_files();
    CHECK(rmdir(folder) == 0);
    return check_summary("open");
}
