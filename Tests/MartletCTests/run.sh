#!/bin/bash
# Runs the programs given, each to its end, and adds up their totals. EMULATOR: a command that runs
# them.
set -u
passed=0 failed=0
for program in "$@"; do
    output=$(${EMULATOR:-} "$program"); status=$?
    printf '%s [%s]\n' "$output" "${program##*-}"
    read -r good bad < <(sed -nE '$s/.*: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' <<< "$output")
    [ $status -le 1 ] && [ -n "${bad:-}" ] || { echo "$program ended with status $status"; bad=1; }
    passed=$((passed + ${good:-0})) failed=$((failed + bad))
    good='' bad=''
done
echo "C: $passed passed, $failed failed"
[ $failed -eq 0 ]
