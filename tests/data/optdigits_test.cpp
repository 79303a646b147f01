#include "examples/common/optdigits.h"

#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

#include <array>

namespace quantide {

namespace {

using testing::ElementsAre;

std::array<int, 10> histogram(const DataSet &data) {
    std::array<int, 10> counts{};
    for (uint8_t label : data.labels.as<uint8_t>()) {
        ++counts.at(label);
    }
    return counts;
}

/** A valid line: 64 pixels of 3 and a label. */
std::string line(int label) {
    std::string text;
    for (int i = 0; i < 64; ++i) {
        text += "3,";
    }
    return text + std::to_string(label);
}

void expect_parse_error(const std::string &text, std::initializer_list<std::string> fragments) {
    expect_error([&] { parse_optdigits(text, "f"); }, fragments);
}

TEST(Optdigits, ReadsTheFilesThatShip) {
    const DataSplits splits = find_data_source("optdigits").load("");
    EXPECT_EQ(splits.train.size(), 3400);
    EXPECT_EQ(splits.validation.size(), 423);
    EXPECT_EQ(splits.test.size(), 1797);
    EXPECT_EQ(splits.train.features(), 64);
    EXPECT_EQ(splits.train.classes, 10);
    EXPECT_THAT(histogram(splits.test), ElementsAre(178, 182, 177, 183, 181, 182, 181, 179, 174, 180));
    std::array<int, 10> counts = histogram(splits.train);
    for (size_t i = 0; i < 10; ++i) {
        counts.at(i) += histogram(splits.validation).at(i);
    }
    EXPECT_THAT(counts, ElementsAre(376, 389, 380, 389, 387, 376, 377, 387, 380, 382));
    EXPECT_THAT(splits.train.images.as<uint8_t>().first(8), ElementsAre(0, 1, 6, 15, 12, 1, 0, 0));
    EXPECT_EQ(splits.train.labels.as<uint8_t>()[0], 0);
    EXPECT_EQ(splits.test.labels.as<uint8_t>().back(), 8);
}

TEST(Optdigits, NamesAMissingFile) {
    const TemporaryFolder folder;
    expect_error([&] { find_data_source("optdigits").load(folder.path()); },
                 {folder / "optdigits.tra", "No such file"});
    const std::string path = folder.add("optdigits.tra", line(1));
    expect_error([&] { find_data_source("optdigits").load(folder.path()); },
                 {path, "more than 3400 images", "found 1"});
}

TEST(Optdigits, TakesAnyLineEnds) {
    for (const std::string &text :
         {line(1) + "\n" + line(2) + "\n", line(1) + "\r\n" + line(2), line(1) + "\n\n" + line(2)}) {
        EXPECT_THAT(parse_optdigits(text, "f").labels.as<uint8_t>(), ElementsAre(1, 2));
    }
}

TEST(Optdigits, RefusesWhatIsNotSuchAFile) {
    expect_parse_error("", {"f: ", "expected lines of 65 numbers", "found none"});
    expect_parse_error("\n\n", {"f: ", "found none"});
    expect_parse_error("1,2,3\n", {"f:1: ", "expected 65 numbers", "found 3"});
    expect_parse_error(line(1) + "\n" + line(2).substr(0, 50), {"f:2: ", "expected 65 numbers", "found 26"});
    expect_parse_error(line(1) + ",1", {"f:1: ", "expected 65 numbers", "found 66"});
}

TEST(Optdigits, RefusesNumbersOutOfRange) {
    expect_parse_error(line(10), {"f:1: ", "expected a number from 0 to 9", "found '10'"});
    expect_parse_error(line(-1), {"f:1: ", "expected a number from 0 to 9", "found '-1'"});
    expect_parse_error(line(1) + "\n1" + line(0).replace(0, 1, "7"),
                       {"f:2: ", "expected a number from 0 to 16", "found '17'"});
    expect_parse_error("99999999999" + line(0), {"f:1: ", "expected a number from 0 to 16"});
    expect_parse_error(" " + line(0), {"f:1: ", "found ' 3'"});
    expect_parse_error(std::string("\0\x1b", 2) + line(0), {"f:1: ", "found '??3'"});
    expect_parse_error("," + line(0).substr(2), {"f:1: ", "found ''"});
    expect_parse_error("3.5" + line(0).substr(1), {"f:1: ", "expected a comma", "'.5,"});
    expect_parse_error(line(1) + "x", {"f:1: ", "expected the end of the line", "'x'"});
}

}  // namespace

}  // namespace quantide
