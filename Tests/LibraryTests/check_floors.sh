#!/bin/bash
# Each floor knows only the floors below it. The compiler holds this between modules; this script
# holds it inside the engine, which is one module, and for what may be imported at all.
source "$(dirname "$0")/checks.sh"
cd "$(dirname "$0")/../../Sources" || exit 1

# imports FOLDER MODULE...: nothing else is imported.
imports() {
    local folder=$1 allowed
    shift
    allowed=$(IFS='|'; echo "$*")
    none "$folder imports only $*" \
        "$(grep -rnE '^ *(@\w+ )*import ' "$folder" | grep -vE "import ($allowed)\$")"
}

# avoids FOLDER WORDS: no code there mentions them. Comments may.
avoids() { none "$1 does not mention $2" "$(grep -rnE "^[^/]*\b($2)\b" "$1" --include='*.swift')"; }

imports Kernels CIntrinsics
imports Martlet CIntrinsics Glibc Kernels KernelsV3
imports MartletC CMartlet Glibc Martlet
avoids . 'print|debugPrint|dump|exit|abort|fatalError|try! \w+'
avoids Martlet 'martlet_\w+'
ids='Ids|IntegerIds|StringIds|TextTable'
avoids Martlet/Support "Graph|LinkTable|Scorer|Vector\w+|$ids|Searcher|GraphBuilder"
avoids Martlet/Storage "Graph|LinkTable|Scorer|Vector\w+|$ids|Searcher|GraphBuilder|Snapshot|Contents"
avoids Martlet/Vectors "Graph|LinkTable|$ids|Searcher|GraphBuilder"
avoids Martlet/Graph "Metric|Matrix|Scorer|Vector\w+|$ids|Searcher|GraphBuilder"
avoids Martlet/Search "Metric|$ids|GraphBuilder|Filter|Metadata\w+|Mask"
avoids Martlet/Build "Metric|Matrix|$ids|Searcher"
avoids Martlet/Records 'Graph|LinkTable|Metric|Matrix|Scorer|Vector\w+|Searcher|GraphBuilder'
avoids Martlet/Journal "Graph|LinkTable|Metric|Scorer|Searcher|GraphBuilder|$ids"
for folder in JSON Metadata Filter; do
    avoids Martlet/$folder \
        'Graph|LinkTable|Metric|Matrix|Scorer|Vector\w+|Ids|IntegerIds|StringIds|Searcher|GraphBuilder'
done
summary "Floors"
