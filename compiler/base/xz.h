#pragma once
#include "compiler/base/file.h"

namespace quantide {

/** The content of an xz file given its bytes; bytes that are not xz are returned as they are. Throws
 * CompileError naming `name` when they are damaged or expand beyond `max_bytes`. */
std::string unxz(std::string bytes, const std::string &name, uint64_t max_bytes = kMaxFileBytes);

}  // namespace quantide
