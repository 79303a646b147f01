#pragma once
#include "compiler/codegen/target.h"
#include "compiler/lower/program.h"

#include <string>

namespace quantide {

/** The text of NAME.h: valid C99 and C++, and all that a stranger needs to call the library, whose calls take
 * so many bytes of stack. */
std::string make_header(const Program &program, const std::string &network, const Target &target,
                        bool parallel, int64_t stack_bytes);

}  // namespace quantide
