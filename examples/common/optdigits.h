#pragma once
#include "examples/common/dataset.h"

#include <string_view>

namespace quantide {

/** The images in the text of an optdigits file: lines of 64 pixels from 0 to 16 and a digit. Throws
 * CompileError naming `name` and the line when it is anything else. */
DataSet parse_optdigits(std::string_view text, const std::string &name);

}  // namespace quantide
