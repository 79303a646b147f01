#include "examples/common/optdigits.h"

#include "compiler/base/file.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace quantide {

namespace {

constexpr int kPixels = 64;
constexpr int kMaxPixel = 16;
constexpr int kClasses = 10;
/** The first images of optdigits.tra train, the other 423 (11 %) validate. */
constexpr int64_t kTrain = 3400;

/** The start of a text from a file, for messages. */
std::string excerpt(std::string_view text) {
    std::string result(text.substr(0, 20));
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return result;
}

/** The number in front of `text`, which it is removed from. */
int take_number(std::string_view &text, int max, const std::string &where) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    user_check(error == std::errc() && value >= 0 && value <= max,
               "{}: expected a number from 0 to {}, found '{}'", where, max,
               excerpt(text.substr(0, text.find(','))));
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

void parse_line(std::string_view line, std::vector<uint8_t> &pixels, std::vector<uint8_t> &labels,
                const std::string &where) {
    const auto fields = std::count(line.begin(), line.end(), ',') + 1;
    user_check(fields == kPixels + 1, "{}: expected {} numbers separated by commas, found {}", where,
               kPixels + 1, fields);
    for (int i = 0; i < kPixels; ++i) {
        pixels.push_back(static_cast<uint8_t>(take_number(line, kMaxPixel, where)));
        user_check(line.starts_with(','), "{}: expected a comma after a number, found '{}'", where,
                   excerpt(line));
        line.remove_prefix(1);
    }
    labels.push_back(static_cast<uint8_t>(take_number(line, kClasses - 1, where)));
    user_check(line.empty(), "{}: expected the end of the line, found '{}'", where, excerpt(line));
}

Array to_array(const std::vector<uint8_t> &values, const Shape &shape) {
    Array array(UInt(8), shape);
    std::copy(values.begin(), values.end(), array.as<uint8_t>().begin());
    return array;
}

/** Where the data sets that ship are: as the environment says, beside an installed program, or in the
 * source tree. */
std::filesystem::path shipped_data() {
    if (const char *data = std::getenv("QUANTIDE_DATA_DIR")) {
        return data;
    }
    std::error_code unreadable;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
    const std::filesystem::path installed = program.parent_path().parent_path() / "share/quantide";
    return std::filesystem::exists(installed, unreadable) ? installed : QUANTIDE_SOURCE_DATA;
}

DataSplits load(const std::string &given) {
    const std::filesystem::path folder =
        given.empty() ? shipped_data() / "optdigits" : std::filesystem::path(given);
    user_check(
        !given.empty() || std::filesystem::exists(folder),
        "data set 'optdigits': expected its files in {}, found none; --data FOLDER or QUANTIDE_DATA_DIR says "
        "where they are",
        folder.string());
    const auto read = [&](const char *name) {
        const std::string path = (folder / name).string();
        return parse_optdigits(read_file(path), path);
    };
    DataSet all = read("optdigits.tra");
    user_check(all.size() > kTrain, "{}/optdigits.tra: expected more than {} images, found {}",
               folder.string(), kTrain, all.size());
    return {slice(all, 0, kTrain), slice(all, kTrain, all.size()), read("optdigits.tes")};
}

}  // namespace

DataSet parse_optdigits(std::string_view text, const std::string &name) {
    std::vector<uint8_t> pixels;
    std::vector<uint8_t> labels;
    for (int number = 1; !text.empty(); ++number) {
        const size_t length = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, length);
        text.remove_prefix(std::min(length + 1, text.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (!line.empty()) {
            parse_line(line, pixels, labels, fmt::format("{}:{}", name, number));
        }
    }
    user_check(!labels.empty(), "{}: expected lines of {} numbers, found none", name, kPixels + 1);
    const auto n = static_cast<int64_t>(labels.size());
    return label(to_array(pixels, {n, kPixels}), to_array(labels, {n}), kClasses, name);
}

const DataSource optdigits_source = {
    .name = "optdigits",
    .summary =
        "handwritten digits, 8x8 pixels of 0 to 16: 3400 to train, 423 to validate, 1797 to test; ships with "
        "Quantide (Alpaydin and Kaynak 1998)",
    .load = load,
};

}  // namespace quantide
