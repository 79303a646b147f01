#include "examples/common/idx.h"

#include "tests/base/expect_error.h"
#include "tests/base/gzip.h"
#include "tests/base/temporary_folder.h"
#include "tests/data/make_idx.h"

namespace quantide {

namespace {

using testing::ElementsAre;

TEST(Idx, ReadsDimensionsAndBytes) {
    const Array array = parse_idx(make_idx({2, 3}, std::string("\x00\x01\x02\xfd\xfe\xff", 6)), 2, "f");
    EXPECT_EQ(array.type, UInt(8));
    EXPECT_THAT(array.shape, ElementsAre(2, 3));
    EXPECT_THAT(array.as<uint8_t>(), ElementsAre(0, 1, 2, 253, 254, 255));
}

TEST(Idx, ReadsFilesCompressedOrNot) {
    const TemporaryFolder folder;
    const std::string bytes = make_idx({3}, "abc");
    const Array expected = parse_idx(bytes, 1, "f");
    EXPECT_EQ(read_idx(folder.add("plain", bytes), 1), expected);
    EXPECT_EQ(read_idx(folder.add("compressed", gzip(bytes)), 1), expected);
}

TEST(Idx, RefusesEveryTruncationAndWhatFollows) {
    const std::string whole = make_idx({2, 2}, "abcd");
    for (size_t size = 0; size < 12; ++size) {
        expect_error([&] { parse_idx(whole.substr(0, size), 2, "f"); },
                     {"f: ", "expected an idx header of 12 bytes", fmt::format("found a file of {}", size)});
    }
    for (size_t size = 12; size < whole.size(); ++size) {
        expect_error([&] { parse_idx(whole.substr(0, size), 2, "f"); },
                     {"f: ", "expected 4 bytes of data for the dimensions [2, 2]",
                      fmt::format("found {}", size - 12)});
    }
    expect_error([&] { parse_idx(whole + "e", 2, "f"); }, {"f: ", "expected 4 bytes", "found 5"});
}

TEST(Idx, RefusesAWrongMagicNumber) {
    const std::string whole = make_idx({2, 2}, "abcd");
    expect_error([&] { parse_idx(whole, 1, "f"); },
                 {"f: ", "expected the idx magic number 0x00000801", "0x00000802"});
    for (size_t byte : {0, 1, 2, 3}) {
        std::string bad = whole;
        bad[byte] = '\x0d';
        expect_error([&] { parse_idx(bad, 2, "f"); }, {"f: ", "magic number 0x00000802"});
    }
    const TemporaryFolder folder;
    const std::string path = folder.add("a.gz", "<html>404 Not Found</html>");
    expect_error([&] { read_idx(path, 3); }, {path, "magic number 0x00000803", "found 0x3c68746d"});
}

TEST(Idx, RefusesDimensionsThatCannotBe) {
    expect_error([] { parse_idx(make_idx({0, 2}, ""), 2, "f"); }, {"f: ", "positive dimensions", "[0, 2]"});
    expect_error(
        [] {
            parse_idx(make_idx({0xffffffff, 0xffffffff, 0xffffffff}, ""), 3, "f");
        },
        {"f: ", "overflows", "[4294967295, 4294967295, 4294967295]"});
    expect_error(
        [] {
            parse_idx(make_idx({0xffffff, 0xffffff}, "abc"), 2, "f");
        },
        {"f: ", "expected 281474943156225 bytes", "found 3"});
}

}  // namespace

}  // namespace quantide
