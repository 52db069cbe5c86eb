#!/bin/bash
# check_wheel.sh WHEEL...: there is one wheel; every Python 3 on a plain Linux can use it, and
# auditwheel agrees.
source "$(dirname "$0")/checks.sh"

same "one wheel was made" 1 $#
tag=$(basename "$1" | grep -oP 'py3-none-\Kmanylinux_[0-9]+_[0-9]+_\w+(?=\.whl$)')
same "its name promises manylinux for every Python 3" "yes" "${tag:+yes}"
verdict=$(auditwheel show "$1" 2>&1 | tr '\n' ' ')
same "auditwheel finds what the name promises" "$tag" \
    "$(grep -oP 'consistent with the following platform tag: "\K[^"]+' <<< "$verdict")"
same "less than 10 MB" "yes" "$([ "$(stat -c %s "$1")" -lt 10000000 ] && echo yes)"
summary "Wheel"
