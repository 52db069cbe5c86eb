#!/bin/bash
# check_examples.sh PYTHON: every Python example runs, asserts included, and prints something.
source "$(dirname "$0")/checks.sh"
python=$1

for example in "$(dirname "$0")"/../../examples/python/*.py; do
    output=$("$python" -W error "$example" 2>&1)
    ending="status $?${output:+, output}"
    same "$(basename "$example") ends well and prints something" "status 0, output" "$ending" ||
        printf '%s\n' "$output"
done
summary "Python examples"
