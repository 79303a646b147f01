#include "compiler/base/xz.h"

#include "tests/base/expect_error.h"
#include "tests/base/xz.h"

namespace quantide {

namespace {

TEST(Unxz, UndoesXz) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{65535}, size_t{65536}, size_t{65537}, size_t{1} << 20}) {
        std::string content(size, 'x');
        for (size_t i = 0; i < size; i += 3) {
            content[i] = static_cast<char>(i * i >> 3);
        }
        EXPECT_EQ(unxz(xz(content), "f"), content);
        EXPECT_EQ(unxz(xz(content) + xz("tail"), "f"), content + "tail");
    }
}

TEST(Unxz, PassesOtherBytes) {
    for (const std::string bytes : {"", "\xfd", "plain", "\xfd\x37zXY"}) {
        EXPECT_EQ(unxz(bytes, "f"), bytes);
    }
}

TEST(Unxz, RefusesEveryTruncation) {
    const std::string whole = xz("The quick brown fox jumps over the lazy dog");
    for (size_t size = 6; size < whole.size(); ++size) {
        expect_error([&] { unxz(whole.substr(0, size), "f.xz"); },
                     {"f.xz", "truncated", std::to_string(size)});
    }
}

TEST(Unxz, RefusesEveryDamagedByteAndWhatFollows) {
    const std::string whole = xz("The quick brown fox jumps over the lazy dog");
    for (size_t at = 6; at < whole.size(); ++at) {
        std::string bad = whole;
        bad[at] = static_cast<char>(bad[at] ^ 0x55);
        expect_error([&] { unxz(bad, "f.xz"); }, {"f.xz", "expected"});
    }
    expect_error([&] { unxz(whole + "more", "f.xz"); }, {"f.xz", "expected"});
}

TEST(Unxz, RefusesWhatExpandsBeyondTheLimit) {
    const std::string bomb = xz(std::string(1 << 20, 'x'));
    EXPECT_EQ(unxz(bomb, "f.xz", 1 << 20).size(), size_t{1} << 20);
    expect_error([&] { unxz(bomb, "f.xz", (1 << 20) - 1); }, {"f.xz", "at most 1048575 bytes", "more"});
}

}  // namespace

}  // namespace quantide
