#pragma once
#include <string>
#include <utility>
#include <vector>

namespace quantide {

/** Files to write: their paths within a folder, and what they hold. */
using OutputFiles = std::vector<std::pair<std::string, std::string>>;

/** Writes files into `folder`, making folders as needed: all of them or, with CompileError, none. */
void write_files(const std::string &folder, const OutputFiles &files);

}  // namespace quantide
