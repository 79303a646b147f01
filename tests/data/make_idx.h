#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace quantide {

/** An idx file of unsigned bytes. */
inline std::string make_idx(const std::vector<uint32_t> &dimensions, const std::string &data) {
    std::string bytes = {0, 0, 8, static_cast<char>(dimensions.size())};
    for (uint32_t dimension : dimensions) {
        for (int shift : {24, 16, 8, 0}) {
            bytes += static_cast<char>(dimension >> shift);
        }
    }
    return bytes + data;
}

}  // namespace quantide
