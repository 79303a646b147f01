#pragma once
#include "examples/common/dataset.h"

#include <string_view>

namespace quantide {

/** The images in the bytes of a binary CIFAR-10 file: for each a label and 3 planes (red, green, blue) of 32
 * rows of 32 pixels. Throws CompileError naming `name` when it is anything else. */
DataSet parse_cifar10(std::string_view bytes, const std::string &name);

}  // namespace quantide
