#!/bin/bash
# check_library.sh HEADER LIBRARY UNSTRIPPED: the library exports the header's functions and nothing
# else, says which version it is, and needs nothing that a plain Linux system lacks.
source "$(dirname "$0")/checks.sh"
header=$1 library=$2 unstripped=$3

macro() { awk -v name="MARTLET_VERSION_$1" '$2 == name { print $3 }' "$header"; }
version="$(macro MAJOR).$(macro MINOR).$(macro PATCH)"

declared=$(tr '\n' ' ' < "$header" | grep -oP 'MARTLET_API [^;(]*?\Kmartlet_\w+(?=\()' | sort)
exported=$(nm -D --defined-only --extern-only "$library" | awk '{ print $3 }' | sort)
same "the header's functions are the exports" "$declared" "$exported"
c_tests=$(cat "$(dirname "$0")"/../MartletCTests/*.[ch])
none "every function is called by a C test" \
    "$(for function in $declared; do grep -q "$function(" <<< "$c_tests" || echo "$function"; done)"

dynamic=$(readelf -dW "$library")
entries() { sed -nE "s/.*\(($1)\).*\[(.*)\]/\2/p" <<< "$dynamic"; }
same "the file carries the version" "libmartlet.so.$version" "$(basename "$library")"
same "the soname carries the major version" "libmartlet.so.$(macro MAJOR)" "$(entries SONAME)"
none "no folder but its own is searched for libraries" \
    "$(entries 'RPATH|RUNPATH' | grep -vxF '$ORIGIN')"

needed=$(ldd "$library" | awk '{ print $1 }')
allowed='/(libc|libm|libstdc\+\+|libgcc_s)\.so\.[0-9]+$|/ld-linux[^/]*$|/linux-vdso\.so\.1$'
same "libc is needed" "libc.so.6" "$(grep -x 'libc\.so\.6' <<< "$needed")"
none "nothing but the C and C++ runtimes is needed" \
    "$(sed 's|^.*/||; s|^|/|' <<< "$needed" | grep -vE "$allowed")"

newest=$(objdump -T "$library" | grep -oP 'GLIBC_\K[0-9.]+' | sort -V | tail -n 1)
same "glibc 2.34 is new enough (needs $newest)" "2.34" \
    "$(printf '%s\n2.34\n' "$newest" | sort -V | tail -n 1)"

symbols=$(nm "$unstripped")
same "the unstripped copy has the engine's symbols" "yes" \
    "$(grep -q ' t .*martlet' <<< "$symbols" && echo yes)"
none "Foundation is not inside" "$(grep -E '10Foundation|libFoundation' <<< "$symbols" | head -n 3)"
none "Dispatch is not inside" "$(grep -E ' (_?dispatch_|\$s8Dispatch)' <<< "$symbols" | head -n 3)"
none "neither is loaded by name" "$(strings "$library" | grep -E 'lib(Foundation|dispatch)' | head -n 3)"

same "less than 10 MB" "yes" "$([ "$(stat -c %s "$library")" -lt 10000000 ] && echo yes)"
summary "Library"
