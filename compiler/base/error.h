#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace quantide {

/** A mistake of the user: a shape, an option, a file. The message is one line that names the layer or
 * file, what was expected and what was found. */
struct CompileError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/** A mistake of ours: an invariant that does not hold. */
struct InternalError : std::logic_error {
    using std::logic_error::logic_error;
};

/** Throws CompileError with the formatted message unless `condition` holds. */
template<typename... Args>
void user_check(bool condition, fmt::format_string<Args...> format, Args &&...args) {
    if (!condition) {
        throw CompileError(fmt::format(format, std::forward<Args>(args)...));
    }
}

/** Throws InternalError with the formatted message unless `condition` holds. */
template<typename... Args>
void internal_check(bool condition, fmt::format_string<Args...> format, Args &&...args) {
    if (!condition) {
        throw InternalError(fmt::format(format, std::forward<Args>(args)...));
    }
}

}  // namespace quantide
