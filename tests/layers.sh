#!/usr/bin/env bash
# Checks the arrows of the map: each folder includes only what stands here, so that none learns of its users.
set -euo pipefail
cd "$1"
shopt -s extglob
wrong=0

# Usage: layer 'FILES' 'WHAT THEY MAY INCLUDE of ours and of Halide, a regular expression'
layer() {
    local found
    # FILES is a pattern.
    # shellcheck disable=SC2086
    found=$(grep -nE '#include ("|<Halide)' $1 | grep -vE "#include [\"<]($2)" || true)
    if [ -n "$found" ]; then
        printf 'not among %s:\n%s\n' "$2" "$found"
        wrong=1
    fi
}

graph='compiler/(base|ir|ops|quantizers)/'
compile="$graph|compiler/(passes|interpret|lower|codegen)/|runtime/"
layer 'runtime/*.*' 'runtime/|HalideRuntime\.h|HalideBuffer\.h'
layer 'compiler/base/*.*' 'compiler/base/'
layer 'compiler/ir/*.* compiler/@(ops|quantizers)/!(*_lower).@(cpp|h)' "$graph"
layer 'compiler/interpret/*.*' "$graph|compiler/interpret/"
layer 'compiler/passes/*.*' "$graph|compiler/(passes|interpret)/"
layer 'dsl/*.*' "$graph|dsl/"
layer 'schedules/*.*' 'compiler/base/|compiler/codegen/target(_rates)?\.h|schedules/|Halide\.h'
layer 'compiler/lower/*.* compiler/@(ops|quantizers)/*_lower.cpp' "$graph|compiler/lower/|compiler/codegen/target(_rates)?\.h|schedules/|Halide\.h"
layer 'compiler/codegen/*.*' "$compile|schedules/|Halide"
layer 'examples/common/*.*' "$graph|examples/common/"
layer 'training/*.*' "$compile|dsl/|examples/common/|training/"
exit $wrong
