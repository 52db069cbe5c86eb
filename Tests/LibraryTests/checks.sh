# Sourced by the checks of this folder: counts what holds, and ends with the totals.
set -uo pipefail
export LC_ALL=C
passed=0 failed=0

# same WHAT EXPECTED ACTUAL: one check, and what differs if it fails.
same() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'failed: %s\n' "$1"
        diff --label expected --label found -u <(printf '%s\n' "$2") <(printf '%s\n' "$3") |
            tail -n +3
        return 1
    fi
}

# none WHAT FOUND: nothing was found.
none() { same "$1" "" "$2"; }

summary() {
    echo "$1: $passed passed, $failed failed"
    [ $failed -eq 0 ]
}
