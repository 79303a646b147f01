#include "compiler/base/hash.h"

#define XXH_INLINE_ALL  // the header alone, no library to link
#include <fmt/format.h>
#include <xxhash.h>

namespace quantide {

std::string content_hash(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace quantide
