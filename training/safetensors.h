#pragma once
#include "compiler/base/file.h"
#include "compiler/ir/array.h"

#include <map>

namespace quantide {

/** What a safetensors file holds: named arrays and named strings. */
struct SafeTensors {
    std::map<std::string, Array> tensors;
    std::map<std::string, std::string> metadata;
    bool operator==(const SafeTensors &) const = default;
};

/** What to read of a file, and what to refuse in it. */
struct SafeTensorsOptions {
    /** Whether a tensor with NaN or infinity is an error. */
    bool finite = true;
    /** Whether to read the tensor of that name; all if empty. The file is checked as a whole in any case,
     * but for the numbers of the tensors left out. */
    std::function<bool(const std::string &name)> wanted = {};
};

/** Reads a safetensors file. Throws CompileError naming the file and the tensor when anything about it
 * is wrong. */
SafeTensors read_safetensors(const ByteSource &file, const SafeTensorsOptions &options = {});
SafeTensors read_safetensors(const std::string &path, const SafeTensorsOptions &options = {});

/** Writes a safetensors file, complete or not at all. Equal content gives equal bytes. */
void write_safetensors(const std::string &path, const SafeTensors &content);

}  // namespace quantide
