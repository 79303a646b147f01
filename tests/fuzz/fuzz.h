#pragma once
#include "compiler/base/error.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// A target is a file NAME_fuzz.cpp that defines these two. It is linked with driver.cpp, or built with
// clang's -fsanitize=fuzzer, for which `fuzz_NAME --write-seeds FOLDER` makes a corpus to start from.

/** Gives one input to a reader. Anything but success and CompileError is a crash. */
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace quantide {

/** Valid inputs, from which others are made by mutation. */
std::vector<std::string> fuzz_seeds();

inline std::string_view as_text(const uint8_t *data, size_t size) {
    return {reinterpret_cast<const char *>(data), size};
}

/** Runs a reader, which may throw CompileError with a message of one line and nothing else. */
template<typename Reader>
void run_reader(const Reader &reader) {
    try {
        reader();
    } catch (const CompileError &error) {
        const std::string message = error.what();
        internal_check(!message.empty() && message.find('\n') == std::string::npos, "not one line: {}",
                       message);
    }
}

}  // namespace quantide
