#!/bin/bash
# An installed Martlet, as a C program meets it: `make install` into a folder of its own, pkg-config,
# one compiler call, the example's text; and `make uninstall` leaves nothing behind.
source "$(dirname "$0")/checks.sh"
cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS MFLAGS # of a make that runs this
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
prefix=$stage/usr

files() { (cd "$1" && find . ! -type d | sort); }
install_to() { make --no-print-directory -s "$@" 2>&1; }

none "make install is silent" "$(install_to install PREFIX="$prefix")"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
none "pkg-config knows martlet" "$(pkg-config --print-errors --exists martlet 2>&1)"
same "pkg-config tells the version" "libmartlet.so.$(pkg-config --modversion martlet)" \
    "$(cd "$prefix/lib" && readlink libmartlet.so.?)"

for example in examples/c/*.c; do
    program=$stage/$(basename "$example" .c)
    # The flags are words: they are to be split.
    none "$example compiles" \
        "$(cc -std=c99 -Wall -Wextra -Wpedantic -Werror "$example" -o "$program" \
            $(pkg-config --cflags --libs martlet) 2>&1)"
    same "$example prints its text" "$(cat "${example%.c}.txt")" \
        "$(LD_LIBRARY_PATH=$prefix/lib "$program" 2>&1)"
done

install_to install PREFIX=/usr DESTDIR="$stage/package" > /dev/null
same "DESTDIR holds the same files" "$(files "$prefix")" "$(files "$stage/package/usr")"
same "the staged pkg-config file names the final place" "prefix=/usr" \
    "$(grep ^prefix= "$stage/package/usr/lib/pkgconfig/martlet.pc")"
install_to uninstall PREFIX="$prefix" > /dev/null
none "make uninstall leaves nothing" "$(files "$prefix")"
summary "Install"
