#pragma once
#include <string>
#include <string_view>

namespace quantide {

/** A 128-bit hash (XXH3) of `bytes` as 32 hexadecimal digits, the same on every machine: a name for
 * content, not a defence against forgery. */
std::string content_hash(std::string_view bytes);

}  // namespace quantide
