#!/bin/bash
# check.sh FOLDER: on x86-64, the engine's sources compile for arm64, and the kernels give the same bits
# there as those for x86-64-v3. FOLDER is for what is made on the way.
#
# Swift's toolchain has a standard library for its own processor only. So that of arm64 is made here,
# as far as compiling needs it, from the toolchain's own interface of it; nothing is linked against it.
# The kernels need none: as Embedded Swift they run, under an emulator.
source "$(dirname "$0")/../LibraryTests/checks.sh"
folder=$(realpath -m "$1")
cd "$(dirname "$0")/../.." || exit 1

arm=aarch64-unknown-linux-gnu
headers=/usr/aarch64-linux-gnu/include
swift=$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift

need() { # need FILE_OR_COMMAND WHERE_FROM
    [ -e "$1" ] || command -v "$1" > /dev/null || {
        echo "There is no $1: $2" >&2
        exit 1
    }
}
need swiftc 'see https://www.swift.org/install'
need $headers/stdio.h 'an administrator must first run: apt-get install gcc-aarch64-linux-gnu'
need qemu-aarch64 'an administrator must first run: apt-get install qemu-user'
need "$swift/linux/Swift.swiftmodule/x86_64-unknown-linux-gnu.swiftinterface" \
    'this toolchain comes without its interfaces'
need "$swift/embedded/Swift.swiftmodule/aarch64-none-none-elf.swiftmodule" \
    'this toolchain comes without Embedded Swift'

# ---- The engine, compiled ----------------------------------------------------------------------------

# module NAME FLAG...: makes a module of the standard library from its interface, once per toolchain. The
# two calls of C functions for 80-bit floats, which only x86 has, are left out.
module() {
    local name=$1 made=$folder/swift/linux/$1.swiftmodule
    local from=$swift/linux/$name.swiftmodule/x86_64-unknown-linux-gnu.swiftinterface
    shift
    [ "$made/$arm.swiftmodule" -nt "$from" ] && return
    mkdir -p "$made"
    sed -e 's/-target x86_64-unknown-linux-gnu/-target '$arm'/' \
        -e 's/self = _stdlib_\(remainder\|squareRoot\)l(.*)/fatalError()/' "$from" \
        > "$folder/$name.swiftinterface"
    swiftc -frontend -compile-module-from-interface "$folder/$name.swiftinterface" -module-name "$name" \
        -target $arm -resource-dir "$folder/swift" -module-cache-path "$folder/cache" \
        -suppress-warnings -Xcc -isystem -Xcc "$headers" "$@" -o "$made/$arm.swiftmodule"
}

# compile NAME: a module of the engine.
compile() {
    find "Sources/$1/" -name '*.swift' -exec swiftc -target $arm -resource-dir "$folder/swift" \
        -module-cache-path "$folder/cache" -Xcc -isystem -Xcc "$headers" \
        -Xfrontend -disable-implicit-concurrency-module-import \
        -Xfrontend -disable-implicit-string-processing-module-import \
        -swift-version 6 -O -wmo -parse-as-library -warnings-as-errors -I Sources/CIntrinsics -I include \
        -I "$folder" -module-name "$1" -emit-module -emit-module-path "$folder/$1.swiftmodule" \
        -emit-object -o "$folder/$1.o" {} +
}

mkdir -p "$folder/swift/linux/aarch64"
ln -sfn "$swift/shims" "$folder/swift/shims"
ln -sfn "$swift/clang" "$folder/swift/clang"
ln -sfn "$swift/apinotes" "$folder/swift/apinotes"
cp "$swift/linux/x86_64/SwiftGlibc.h" "$swift/linux/x86_64/glibc.modulemap" "$folder/swift/linux/aarch64"
none "the standard library's interface can be read for arm64" "$(module Swift -parse-stdlib 2>&1)"
none "so can that of the C library" "$(module Glibc 2>&1)"
for part in Kernels KernelsV3 Martlet MartletC; do
    none "$part compiles for arm64" "$(compile $part 2>&1)"
done

# ---- The kernels, run --------------------------------------------------------------------------------

# kernels TARGET FLAG...: compiles them, and what prints their results, as Embedded Swift.
kernels() {
    swiftc -target "$1" -enable-experimental-feature Embedded -swift-version 6 -O -wmo -parse-as-library \
        -I Sources/CIntrinsics -module-name Kernels Sources/Kernels/*.swift \
        Tests/Arm64/Export.swift -emit-object -o "$folder/kernels-$1.o" "${@:2}"
}

none "the kernels compile as Embedded Swift for arm64" \
    "$(kernels aarch64-none-none-elf -Xcc -D__linux__ -Xcc -isystem -Xcc "$headers" 2>&1)"
none "and for x86-64-v3" "$(kernels x86_64-unknown-linux-gnu -Xcc -march=x86-64-v3 2>&1)"
# link TARGET OBJECT PROGRAM
link() {
    "$swift/../../bin/clang" --target="$1" -fuse-ld=lld -static -std=c11 -O2 -Wall -Wextra -Werror \
        -I Sources/CIntrinsics Tests/Arm64/digests.c "$folder/$2" -lm -o "$folder/$3"
}
none "a program for arm64 holds them" \
    "$(link aarch64-linux-gnu kernels-aarch64-none-none-elf.o digests-arm64 2>&1)"
none "and one for this processor" \
    "$(link x86_64-linux-gnu kernels-x86_64-unknown-linux-gnu.o digests-x86 2>&1)"
same "the kernels give the same bits on arm64 as on x86-64-v3" \
    "$("$folder/digests-x86")" "$(qemu-aarch64 "$folder/digests-arm64")"
summary "arm64"
