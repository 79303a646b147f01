#!/usr/bin/env bash
# Installs Quantide into a folder of its own and uses that copy from outside the tree: the driver, examples/deploy with
# CMake, then with make and pkg-config alone, and what a generated header says.
# Usage: check.sh CMAKE SOURCE_DIR BUILD_DIR
set -euo pipefail
cmake=$1 source=$2 build=$3
work=$build/deploy
rm -rf "$work"
mkdir -p "$work"
"$cmake" --install "$build" --prefix "$work/prefix" >"$work/install.log"

driver=$work/prefix/bin/quantide
"$driver" --version
(unset QUANTIDE_DATA_DIR; "$driver" train digits --epochs 1 --checkpoint "$work/digits.safetensors")

cp -r "$source/examples/deploy" "$work/with_cmake"
cp -r "$source/examples/deploy" "$work/with_make"
# A network of the installed driver, too.
cp "$source/examples/digits/classify.c" "$work/with_cmake"
cat >>"$work/with_cmake/CMakeLists.txt" <<'END'
quantide_add_library(digits NETWORK digits CHECKPOINT ../digits.safetensors TARGETS host PARALLEL)
add_executable(classify classify.c)
target_link_libraries(classify PRIVATE digits)
END
"$cmake" -S "$work/with_cmake" -B "$work/with_cmake/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix"
"$cmake" --build "$work/with_cmake/build"
"$work/with_cmake/build/main"
"$work/with_cmake/build/classify" "$work/prefix/share/quantide/optdigits/optdigits.tes"
"$work/with_cmake/build/my_loop" "$work/loop.safetensors"
"$work/with_cmake/build/my_driver" compile my_network --checkpoint "$work/loop.safetensors" -o "$work/loop"

PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name quantide.pc)") make -C "$work/with_make"
"$work/with_make/main"

# The example in the header's comment is C99, and links as the comment says.
header=$work/loop/my_network.h
{
    printf '#include "my_network.h"\n#include <stdio.h>\nint main(void) {\n'
    sed -n '/^ \* Example/,/^ \*\//s/^ \*     //p' "$header"
    printf 'free(block);\nreturn status; }\n'
} >"$work/example.c"
cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$work/loop" "$work/example.c" "$work/loop/libmy_network.a" -o "$work/example"
"$work/example"

# A keyword that is not one stops CMake.
mkdir "$work/mistake"
cat >"$work/mistake/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.28)
project(mistake LANGUAGES C CXX)
find_package(quantide REQUIRED)
quantide_add_library(digits NETWORK digits CHECKPOINT digits.safetensors TARGET host)
END
if "$cmake" -S "$work/mistake" -B "$work/mistake/build" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/mistake.log" 2>&1 ||
    ! grep -q 'found TARGET' "$work/mistake.log"; then
    cat "$work/mistake.log"
    echo "expected quantide_add_library to refuse TARGET"
    exit 1
fi
