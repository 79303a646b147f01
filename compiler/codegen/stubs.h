#pragma once
#include "compiler/codegen/object_writer.h"

#include <optional>

namespace quantide {

// Halide IR defines functions that return int and cannot name data. These are the few other functions of a
// library, as machine code of the C calling convention for "x86-64" or "arm-64".

/** `const void *f(void)`: the address of a symbol, plus an offset. */
Code return_address(const std::string &architecture, int symbol, int64_t offset);

/** `size_t f(void)`. */
Code return_constant(const std::string &architecture, uint64_t value);

/** `size_t f(int32_t x)` or, with a table, `const char *f(int32_t x)`:
 * table + stride * ((uint32_t)x <= last ? x : otherwise). */
struct ScaledIndex {
    uint32_t last = 0, otherwise = 0;
    uint64_t stride = 0;
    /** Where to add to: a symbol and an offset from it. */
    std::optional<std::pair<int, int64_t>> table;
    /** Instead of an argument, x is what this function `int (void)` returns. */
    std::optional<int> call;
};
Code return_scaled_index(const std::string &architecture, const ScaledIndex &index);

}  // namespace quantide
