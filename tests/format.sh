#!/usr/bin/env bash
# Checks that every tracked source file is as clang-format leaves it, without changing any.
set -euo pipefail
cd "$1"
git ls-files '*.cpp' '*.h' | xargs clang-format --dry-run -Werror
