#pragma once
#include "compiler/ir/array.h"

#include <string>
#include <string_view>

namespace quantide {

/** The array in the bytes of an idx file (the format of MNIST) of unsigned bytes with `rank`
 * dimensions. Throws CompileError naming `name` when they are anything else. */
Array parse_idx(std::string_view bytes, size_t rank, const std::string &name);

/** The array in an idx file, gzip-compressed or not. */
Array read_idx(const std::string &path, size_t rank);

}  // namespace quantide
