#include "compiler/base/file.h"
#include "examples/common/dataset.h"
#include "examples/common/idx.h"

#include <filesystem>

namespace quantide {

namespace {

constexpr int kClasses = 10;
const Shape kImage = {28, 28};

/** `folder`/`name`, or the same compressed. */
std::string find_file(const std::string &folder, const std::string &name) {
    const std::string plain = (std::filesystem::path(folder) / name).string();
    for (const std::string &path : {plain, plain + ".gz"}) {
        if (std::filesystem::exists(path)) {
            return path;
        }
    }
    throw CompileError(fmt::format("{}: expected the MNIST file {} or {}.gz in this folder, found neither",
                                   folder, name, name));
}

DataSet read_half(const std::string &folder, const std::string &prefix) {
    const std::string images_path = find_file(folder, prefix + "-images-idx3-ubyte");
    const std::string labels_path = find_file(folder, prefix + "-labels-idx1-ubyte");
    Array images = read_idx(images_path, 3);
    user_check(Shape(images.shape.begin() + 1, images.shape.end()) == kImage,
               "{}: expected images of {}, found {}", images_path, to_string(kImage),
               to_string(images.shape));
    return label(std::move(images), read_idx(labels_path, 1), kClasses, labels_path);
}

DataSplits load(const std::string &folder) {
    user_check(!folder.empty(),
               "mnist: expected the folder with its files (--data FOLDER), found none; download "
               "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and "
               "t10k-labels-idx1-ubyte.gz from a mirror of yann.lecun.com/exdb/mnist");
    DataSet all = read_half(folder, "train");
    // The usual split: the last 10 000 of the 60 000.
    const int64_t train = all.size() - all.size() / 6;
    user_check(train < all.size(), "{}: expected at least 6 training images, found {}", folder, all.size());
    return {slice(all, 0, train), slice(all, train, all.size()), read_half(folder, "t10k")};
}

}  // namespace

const DataSource mnist_source = {
    .name = "mnist",
    .summary =
        "handwritten digits, 28x28 pixels of 0 to 255: 50000 to train, 10000 to validate, 10000 to test; the "
        "original idx files, .gz or not (LeCun et al. 1998)",
    .load = load,
};

}  // namespace quantide
