#include "compiler/base/hash.h"

#include <gtest/gtest.h>

#include <set>

namespace quantide {

namespace {

TEST(ContentHash, IsTheKnownXxh3) { EXPECT_EQ(content_hash(""), "99aa06d3014798d86001c324468d497f"); }

TEST(ContentHash, TellsContentsApart) {
    std::set<std::string> hashes;
    for (size_t size : {0, 1, 3, 63, 64, 65, 127, 128, 129, 240, 241, 1025}) {
        hashes.insert(content_hash(std::string(size, 'x')));
        for (size_t i = 0; i < size; ++i) {
            std::string flipped(size, 'x');
            flipped[i] ^= 1;
            hashes.insert(content_hash(flipped));
        }
    }
    EXPECT_EQ(hashes.size(), 12U + 1 + 3 + 63 + 64 + 65 + 127 + 128 + 129 + 240 + 241 + 1025);
}

}  // namespace

}  // namespace quantide
