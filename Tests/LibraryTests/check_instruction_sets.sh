#!/bin/bash
# check_instruction_sets.sh UNSTRIPPED: instructions beyond x86-64's baseline stand only in functions
# of the module KernelsV3, which run after a look at the processor. (The linker keeps one copy of a
# generic function that two modules have specialized: were it KernelsV3's, every older processor
# would crash on it.)
source "$(dirname "$0")/checks.sh"
unstripped=$1

# Lines "function: instruction", for each function the first of its instructions that belongs to
# AVX, AVX2, FMA or F16C (which all begin with v), BMI, LZCNT, MOVBE or POPCNT. TZCNT is left out:
# an older processor runs it as BSF, and compilers emit it for those too.
newer_instructions() {
    objdump --disassemble --no-show-raw-insn "$unstripped" | awk '
        /^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3); seen = 0 }
        !seen && $2 ~ /^v|^(andn|bextr|bls(i|r|msk)|bzhi|mulx|pdep|pext|rorx|s[ah][lr]x)[lq]?$/ ||
        !seen && $2 ~ /^(lzcnt|movbe|popcnt)[wlq]?$/ { print name ": " $2; seen = 1 }'
}

newer=$(newer_instructions)
same "the functions of KernelsV3 are compiled for x86-64-v3 and named in the symbol table" "yes" \
    "$(grep -q '^\$s9KernelsV3' <<< "$newer" && echo yes)"
none "no other function needs a newer processor than any x86-64" \
    "$(grep -v '^\$s9KernelsV3' <<< "$newer")"
summary "Instruction sets"
