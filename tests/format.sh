#!/usr/bin/env bash
# Checks that every tracked source file is as clang-format leaves it, without changing any.
set -euo pipefail
cd "$1"
wrong=$(git ls-files '*.cpp' '*.h' | xargs clang-format --dry-run 2>&1 | grep warning: | cut -d: -f1 | sort | uniq -c || true)
if [ -n "$wrong" ]; then
    printf '%s\n' "$wrong" "To format all: git ls-files '*.cpp' '*.h' | xargs clang-format -i"
    exit 1
fi
