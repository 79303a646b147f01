#!/usr/bin/env bash
# Installs Quantide into a folder of its own and builds examples/deploy against that copy, out of the tree: with
# CMake, then with make and pkg-config alone.
# Usage: check.sh CMAKE SOURCE_DIR BUILD_DIR
set -euo pipefail
cmake=$1 source=$2 build=$3
work=$build/deploy
rm -rf "$work"
mkdir -p "$work"
"$cmake" --install "$build" --prefix "$work/prefix" >"$work/install.log"

cp -r "$source/examples/deploy" "$work/with_cmake"
cp -r "$source/examples/deploy" "$work/with_make"
"$cmake" -S "$work/with_cmake" -B "$work/with_cmake/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix"
"$cmake" --build "$work/with_cmake/build"
"$work/with_cmake/build/main"

PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name quantide.pc)") make -C "$work/with_make"
"$work/with_make/main"
