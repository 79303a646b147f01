#include "examples/common/dataset.h"
#include "tests/base/expect_error.h"
#include "tests/base/gzip.h"
#include "tests/base/temporary_folder.h"
#include "tests/data/make_idx.h"

namespace quantide {

namespace {

constexpr uint32_t kTrain = 60;
constexpr uint32_t kTest = 10;

/** Image i is filled with i; its label is i % 10. */
std::string images(uint32_t n) {
    std::string data;
    for (uint32_t i = 0; i < n; ++i) {
        data += std::string(784, static_cast<char>(i));
    }
    return make_idx({n, 28, 28}, data);
}

std::string labels(uint32_t n) {
    std::string data;
    for (uint32_t i = 0; i < n; ++i) {
        data += static_cast<char>(i % 10);
    }
    return make_idx({n}, data);
}

/** A folder with a small stand-in for MNIST. */
class Mnist : public testing::Test {
protected:
    Mnist() {
        folder_.add("train-images-idx3-ubyte.gz", gzip(images(kTrain)));
        folder_.add("train-labels-idx1-ubyte.gz", gzip(labels(kTrain)));
        folder_.add("t10k-images-idx3-ubyte", images(kTest));
        folder_.add("t10k-labels-idx1-ubyte", labels(kTest));
    }
    DataSplits load() const { return find_data_source("mnist").load(folder_.path()); }
    void expect_load_error(std::initializer_list<std::string> fragments) const {
        expect_error([this] { load(); }, fragments);
    }

    TemporaryFolder folder_;
};

void expect_examples(const DataSet &data, uint32_t begin, uint32_t end) {
    EXPECT_EQ(data.images.shape, (Shape{end - begin, 784}));
    EXPECT_EQ(data.labels.shape, (Shape{end - begin}));
    EXPECT_EQ(data.classes, 10);
    for (uint32_t i = begin; i < end; ++i) {
        EXPECT_EQ(data.labels.as<uint8_t>()[i - begin], i % 10);
        EXPECT_EQ(data.images.as<uint8_t>()[(i - begin) * 784], i);
        EXPECT_EQ(data.images.as<uint8_t>()[(i - begin) * 784 + 783], i);
    }
}

TEST_F(Mnist, KeepsTheLastSixthForValidation) {
    const DataSplits splits = load();
    expect_examples(splits.train, 0, 50);
    expect_examples(splits.validation, 50, 60);
    expect_examples(splits.test, 0, 10);
}

TEST_F(Mnist, NamesAMissingFile) {
    std::filesystem::remove(folder_ / "t10k-labels-idx1-ubyte");
    expect_load_error({folder_.path(), "expected the MNIST file t10k-labels-idx1-ubyte", "found neither"});
    expect_error([] { find_data_source("mnist").load("/no/such/folder"); },
                 {"/no/such/folder", "train-images"});
}

TEST_F(Mnist, SaysWhereToGetItWithoutAFolder) {
    expect_error([] { find_data_source("mnist").load(""); },
                 {"--data", "download", "t10k-labels-idx1-ubyte.gz"});
}

TEST_F(Mnist, RefusesADifferentNumberOfLabels) {
    const std::string path = folder_.add("train-labels-idx1-ubyte.gz", gzip(labels(59)));
    expect_load_error({path, "expected 60 labels for 60 images", "found [59]"});
}

TEST_F(Mnist, RefusesALabelOutOfRange) {
    std::string bad = labels(kTest);
    bad[8 + 7] = 10;
    const std::string path = folder_.add("t10k-labels-idx1-ubyte", bad);
    expect_load_error({path, "expected labels from 0 to 9", "found 10 at 7"});
}

TEST_F(Mnist, RefusesImagesOfAnotherSize) {
    const std::string path =
        folder_.add("train-images-idx3-ubyte.gz", make_idx({60, 2, 2}, std::string(240, 0)));
    expect_load_error({path, "expected images of [28, 28]", "found [60, 2, 2]"});
}

TEST_F(Mnist, RefusesATruncatedFile) {
    const std::string whole = gzip(images(kTrain));
    const std::string path = folder_.add("train-images-idx3-ubyte.gz", whole.substr(0, whole.size() / 2));
    expect_load_error({path, "truncated"});
}

TEST_F(Mnist, RefusesLabelsInPlaceOfImages) {
    const std::string path = folder_.add("train-images-idx3-ubyte.gz", gzip(labels(kTrain)));
    expect_load_error({path, "0x00000803", "0x00000801"});
}

TEST_F(Mnist, RefusesTooFewImages) {
    folder_.add("train-images-idx3-ubyte.gz", images(5));
    folder_.add("train-labels-idx1-ubyte.gz", labels(5));
    expect_load_error({folder_.path(), "expected at least 6 training images", "found 5"});
}

}  // namespace

}  // namespace quantide
