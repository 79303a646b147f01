#include "examples/common/cifar10.h"

#include "compiler/base/xz.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

namespace quantide {

namespace {

constexpr int kClasses = 10;
constexpr size_t kPixels = 3 * 32 * 32;
constexpr size_t kRecord = 1 + kPixels;
/** Of one of the original files. */
constexpr size_t kRecords = 10000;
constexpr size_t kTrainFiles = 5;

/** `folder`/`name`, or the same compressed. */
std::string find_file(const std::string &folder, const std::string &name) {
    const std::string plain = (std::filesystem::path(folder) / name).string();
    for (const std::string &path : {plain, plain + ".xz"}) {
        if (std::filesystem::exists(path)) {
            return path;
        }
    }
    throw CompileError(fmt::format("{}: expected the CIFAR-10 file {} or {}.xz in this folder, found neither",
                                   folder, name, name));
}

DataSet read(const std::string &path) {
    constexpr uint64_t kMaxBytes = kRecords * kRecord;
    // Compressed pixels may grow a little.
    const std::string bytes = unxz(read_file(path, kMaxBytes + kMaxBytes / 64), path, kMaxBytes);
    return parse_cifar10(bytes, path);
}

DataSet zeros(int64_t n) { return {Array(UInt(8), {n, kPixels}), Array(UInt(8), {n}), kClasses}; }

/** Puts examples `begin` to `end` - 1 of `from` where `to` has its own from `at` on. */
void copy(const DataSet &from, int64_t begin, int64_t end, DataSet &to, int64_t at) {
    std::copy(from.images.bytes.begin() + begin * kPixels, from.images.bytes.begin() + end * kPixels,
              to.images.bytes.begin() + at * kPixels);
    std::copy(from.labels.bytes.begin() + begin, from.labels.bytes.begin() + end,
              to.labels.bytes.begin() + at);
}

/** Trains on all but the last tenth of the training images, or on `all` of them; that tenth validates. */
DataSplits load(const std::string &folder, bool all) {
    user_check(!folder.empty(),
               "cifar10: expected the folder with its files (--data FOLDER), found none; download "
               "cifar-10-binary.tar.gz from www.cs.toronto.edu/~kriz/cifar.html and unpack it");
    std::array<std::string, kTrainFiles> paths;
    for (size_t i = 0; i < kTrainFiles; ++i) {
        paths[i] = find_file(folder, fmt::format("data_batch_{}.bin", i + 1));
    }
    const std::string test_path = find_file(folder, "test_batch.bin");
    DataSet part = read(paths[0]);
    const int64_t n = part.size(), validation = kTrainFiles * n / 10,
                  train = kTrainFiles * n - (all ? 0 : validation);
    user_check(validation > 0, "{}: expected at least 2 images, found {}", paths[0], n);
    const auto check_size = [&](const std::string &path, int64_t size) {
        // A smaller set is fine; a file that is shorter than another was cut.
        user_check(size == n, "{}: expected {} images, as in {}, found {}", path, n, paths[0], size);
    };
    DataSplits splits{.train = zeros(train), .validation = zeros(validation), .test = {}};
    for (size_t i = 0; i < kTrainFiles; ++i) {
        if (i > 0) {
            part = read(paths[i]);
            check_size(paths[i], part.size());
        }
        const auto first = static_cast<int64_t>(i) * n;
        copy(part, 0, std::min(n, train - first), splits.train, first);
    }
    copy(part, n - validation, n, splits.validation, 0);
    splits.test = read(test_path);
    check_size(test_path, splits.test.size());
    return splits;
}

}  // namespace

DataSet parse_cifar10(std::string_view bytes, const std::string &name) {
    user_check(!bytes.empty() && bytes.size() % kRecord == 0,
               "{}: expected images of {} bytes, found a file of {} bytes", name, kRecord, bytes.size());
    DataSet data = zeros(static_cast<int64_t>(bytes.size() / kRecord));
    for (size_t i = 0; i < bytes.size() / kRecord; ++i) {
        const char *record = bytes.data() + i * kRecord;
        const auto label = static_cast<uint8_t>(*record);
        user_check(label < kClasses, "{}: expected labels from 0 to {}, found {} at image {}", name,
                   kClasses - 1, label, i);
        data.labels.as<uint8_t>()[i] = label;
        std::memcpy(&data.images.bytes[i * kPixels], record + 1, kPixels);
    }
    return data;
}

const DataSource cifar10_source = {
    .name = "cifar10",
    .summary =
        "photographs of 10 kinds of things, 3x32x32 pixels of 0 to 255: 45000 to train, the last 5000 of the "
        "training set to validate, 10000 to test; the original binary files, .xz or not (Krizhevsky 2009)",
    .load = [](const std::string &folder) { return load(folder, false); },
};

const DataSource cifar10_full_source = {
    .name = "cifar10_full",
    .summary =
        "the same with all 50000 to train; the 5000 that validate are among them, so their error is one of "
        "training, and the last epoch's test error is the one to report",
    .load = [](const std::string &folder) { return load(folder, true); },
};

}  // namespace quantide
