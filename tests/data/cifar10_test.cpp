#include "examples/common/cifar10.h"

#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/base/xz.h"
#include "tests/data/make_cifar10.h"

#include <array>
#include <cstdlib>

namespace quantide {

namespace {

/** Images per file. */
constexpr int kImages = 12;

/** A folder with a small stand-in for CIFAR-10. */
class Cifar10 : public testing::Test {
protected:
    Cifar10() { write_cifar10(folder_.path(), kImages); }
    DataSplits load(const char *source = "cifar10") const {
        return find_data_source(source).load(folder_.path());
    }
    void expect_load_error(std::initializer_list<std::string> fragments) const {
        expect_error([this] { load(); }, fragments);
    }

    TemporaryFolder folder_;
};

void expect_examples(const DataSet &data, int begin, int end) {
    EXPECT_EQ(data.images.shape, (Shape{end - begin, 3072}));
    EXPECT_EQ(data.images.type, UInt(8));
    EXPECT_EQ(data.labels.shape, (Shape{end - begin}));
    EXPECT_EQ(data.classes, 10);
    for (int i = begin; i < end; ++i) {
        const auto row = static_cast<size_t>(i - begin);
        EXPECT_EQ(data.labels.as<uint8_t>()[row], i % 10);
        const auto pixels = data.images.as<uint8_t>().subspan(row * 3072, 3072);
        for (size_t at : {0, 1023, 1024, 2047, 2048, 3071}) {
            EXPECT_EQ(pixels[at], i + static_cast<int>(at / 1024));
        }
    }
}

TEST_F(Cifar10, KeepsTheLastTenthForValidation) {
    const DataSplits splits = load();
    expect_examples(splits.train, 0, 54);
    expect_examples(splits.validation, 54, 60);
    expect_examples(splits.test, 0, 12);
}

TEST_F(Cifar10, TrainsOnAllOfThemIfAsked) {
    const DataSplits splits = load("cifar10_full");
    expect_examples(splits.train, 0, 60);
    expect_examples(splits.validation, 54, 60);
    expect_examples(splits.test, 0, 12);
}

TEST_F(Cifar10, ReadsCompressedFiles) {
    for (const std::string &name : folder_.names()) {
        folder_.add(name + ".xz", xz(content_of(folder_ / name)));
        std::filesystem::remove(folder_ / name);
    }
    expect_examples(load().validation, 54, 60);
}

TEST_F(Cifar10, NamesAMissingFile) {
    std::filesystem::remove(folder_ / "data_batch_4.bin");
    expect_load_error({folder_.path(), "expected the CIFAR-10 file data_batch_4.bin", "found neither"});
    expect_error([] { find_data_source("cifar10").load("/no/such/folder"); },
                 {"/no/such/folder", "data_batch_1.bin"});
}

TEST_F(Cifar10, SaysWhereToGetItWithoutAFolder) {
    expect_error([] { find_data_source("cifar10").load(""); }, {"--data", "cifar-10-binary.tar.gz"});
}

TEST_F(Cifar10, RefusesFilesCutShortOrLong) {
    for (const char *name : {"data_batch_1.bin", "data_batch_5.bin", "test_batch.bin"}) {
        const std::string whole = content_of(folder_ / name);
        for (const std::string &bad : {whole.substr(0, whole.size() - 1), whole + "x", std::string()}) {
            const std::string path = folder_.add(name, bad);
            expect_load_error({path, "images of 3073 bytes", fmt::format("found a file of {}", bad.size())});
        }
        folder_.add(name, whole);
    }
    for (const char *name : {"data_batch_3.bin", "test_batch.bin"}) {
        const std::string whole = content_of(folder_ / name);
        for (const int n : {11, 13}) {
            const std::string path = folder_.add(name, make_cifar10(n));
            expect_load_error({path, "expected 12 images, as in " + folder_ / "data_batch_1.bin",
                               fmt::format("found {}", n)});
        }
        folder_.add(name, whole);
    }
    write_cifar10(folder_.path(), 1);
    expect_load_error({folder_ / "data_batch_1.bin", "at least 2 images", "found 1"});
}

TEST_F(Cifar10, RefusesMoreThanTheOriginalHas) {
    const std::string many(size_t{3073} * 10001, '\0');
    std::filesystem::remove(folder_ / "data_batch_2.bin");
    const std::string path = folder_.add("data_batch_2.bin.xz", xz(many));
    expect_load_error({path, "at most 30730000 bytes", "more"});
}

TEST_F(Cifar10, RefusesALabelOutOfRange) {
    std::string bad = make_cifar10(kImages);
    for (const int label : {10, 255}) {
        bad[3073 * 7] = static_cast<char>(label);
        const std::string path = folder_.add("data_batch_2.bin", bad);
        expect_load_error({path, "labels from 0 to 9", fmt::format("found {} at image 7", label)});
    }
}

TEST_F(Cifar10, RefusesDamagedCompression) {
    std::filesystem::remove(folder_ / "test_batch.bin");
    const std::string whole = xz(make_cifar10(kImages));
    folder_.add("test_batch.bin.xz", whole.substr(0, whole.size() / 2));
    expect_load_error({folder_ / "test_batch.bin.xz", "truncated"});
    std::string bad = whole;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    folder_.add("test_batch.bin.xz", bad);
    expect_load_error({folder_ / "test_batch.bin.xz", "damaged"});
}

TEST(Cifar10Original, HasTheCountsOfTheOriginal) {
    const char *data = std::getenv("QUANTIDE_TEST_DATA");
    const std::string folder = std::string(data != nullptr ? data : "") + "/cifar10";
    if (data == nullptr || *data == '\0' || !std::filesystem::exists(folder)) {
        GTEST_SKIP() << "needs QUANTIDE_TEST_DATA with cifar10/ in it";
    }
    const DataSplits splits = find_data_source("cifar10").load(folder);
    EXPECT_EQ(splits.train.size(), 45000);
    EXPECT_EQ(splits.validation.size(), 5000);
    EXPECT_EQ(splits.test.size(), 10000);
    std::array<int, 10> train{}, test{};
    for (const DataSet *part : {&splits.train, &splits.validation}) {
        for (uint8_t label : part->labels.as<uint8_t>()) {
            ++train.at(label);
        }
    }
    for (uint8_t label : splits.test.labels.as<uint8_t>()) {
        ++test.at(label);
    }
    EXPECT_THAT(train, testing::Each(5000));
    EXPECT_THAT(test, testing::Each(1000));
}

}  // namespace

}  // namespace quantide
