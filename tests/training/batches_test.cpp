#include "training/batches.h"

#include "tests/base/expect_error.h"
#include "tests/dsl/random_network.h"

#include <map>
#include <numeric>
#include <set>

namespace quantide {

namespace {

constexpr int64_t kImages = 40, kChannels = 2, kHeight = 5, kWidth = 4,
                  kPixels = kChannels * kHeight * kWidth;

Recipe recipe(const Augmentation &augmentation) {
    Recipe result;
    result.augmentation = augmentation;
    result.batch = 8;
    return result;
}

Array images(ElementType type = UInt(8)) {
    const Shape shape = {kImages, kChannels, kHeight, kWidth};
    Random random(1);
    return type == UInt(8) ? random.codes(type, shape) : random.floats(shape);
}

/** Label i for image i. */
Array numbers() {
    Array labels(UInt(8), {kImages});
    std::iota(labels.as<uint8_t>().begin(), labels.as<uint8_t>().end(), uint8_t{0});
    return labels;
}

/** What an image becomes, pixel by pixel. */
template<typename T>
std::vector<T> naive_change(const ImageChange &change, std::span<const T> image, T fill) {
    std::vector<T> out;
    for (int64_t c = 0; c < kChannels; ++c) {
        for (int64_t y = 0; y < kHeight; ++y) {
            for (int64_t x = 0; x < kWidth; ++x) {
                const int64_t from_x = (change.flip ? kWidth - 1 - x : x) + change.right;
                const int64_t from_y = y + change.down;
                const bool inside = from_x >= 0 && from_x < kWidth && from_y >= 0 && from_y < kHeight;
                out.push_back(inside ? image[static_cast<size_t>((c * kHeight + from_y) * kWidth + from_x)]
                                     : fill);
            }
        }
    }
    return out;
}

template<typename T>
std::vector<T> changed(const ImageChange &change, std::span<const T> image, T fill) {
    std::vector<T> out(image.size());
    change_image<T>(change, kHeight, kWidth, image, fill, out);
    return out;
}

TEST(ImageChange, IsThatOfItsDefinition) {
    const Array bytes = images(), floats = images(Float(32));
    const auto codes = bytes.as<uint8_t>().first(kPixels);
    for (const bool flip : {false, true}) {
        // Up to where nothing of the image is left.
        for (int64_t down = -kHeight - 1; down <= kHeight + 1; ++down) {
            for (int64_t right = -kWidth - 1; right <= kWidth + 1; ++right) {
                const ImageChange change{flip, down, right};
                EXPECT_EQ(changed<uint8_t>(change, codes, 77), naive_change<uint8_t>(change, codes, 77));
            }
        }
    }
    const ImageChange change{true, -1, 2};
    EXPECT_EQ(changed<float>(change, floats.floats().first(kPixels), 0.5F),
              naive_change<float>(change, floats.floats().first(kPixels), 0.5F));
}

TEST(ImageChange, FlippedTwiceIsAsBefore) {
    const Array all = images();
    const auto image = all.as<uint8_t>().first(kPixels);
    const std::vector<uint8_t> once = changed<uint8_t>({.flip = true}, image, 0);
    EXPECT_NE(once, std::vector<uint8_t>(image.begin(), image.end()));
    EXPECT_EQ(changed<uint8_t>({.flip = true}, once, 0), std::vector<uint8_t>(image.begin(), image.end()));
}

TEST(ImageChange, IsDrawnFromAllThatMayBe) {
    const Augmentation augmentation{.flip = true, .crop = 2};
    std::map<std::tuple<bool, int64_t, int64_t>, int> counts;
    constexpr int kDraws = 20000;
    for (int row = 0; row < kDraws; ++row) {
        const ImageChange change = draw_change(augmentation, 9, 3, row);
        ++counts[{change.flip, change.down, change.right}];
        EXPECT_LE(std::abs(change.down), 2);
        EXPECT_LE(std::abs(change.right), 2);
    }
    ASSERT_EQ(counts.size(), 50U) << "2 x 5 x 5 changes";
    for (const auto &[change, count] : counts) {
        // Binomial with mean 400 and deviation 19.8: seven deviations.
        EXPECT_NEAR(count, kDraws / 50, 140);
    }
}

TEST(ImageChange, DependsOnSeedEpochAndImage) {
    const Augmentation augmentation{.flip = true, .crop = 1000};
    std::set<std::pair<int64_t, int64_t>> drawn;
    for (const auto &[seed, epoch, row] : std::vector<std::tuple<uint64_t, int64_t, int64_t>>{
             {1, 0, 0}, {2, 0, 0}, {uint64_t{1} << 32, 0, 0}, {1, 1, 0}, {1, 0, 1}, {1, 0, 49999}}) {
        const ImageChange change = draw_change(augmentation, seed, epoch, row),
                          again = draw_change(augmentation, seed, epoch, row);
        EXPECT_EQ(change.down, again.down);
        EXPECT_EQ(change.right, again.right);
        drawn.emplace(change.down, change.right);
    }
    EXPECT_EQ(drawn.size(), 6U);
    const ImageChange none = draw_change({}, 1, 0, 0);
    EXPECT_FALSE(none.flip);
    EXPECT_EQ(none.down, 0);
    EXPECT_EQ(none.right, 0);
}

/** All of an epoch: images by their labels. */
template<typename T>
std::map<uint8_t, std::vector<T>> epoch_of(Batches &batches, int64_t epoch) {
    std::map<uint8_t, std::vector<T>> result;
    batches.begin_epoch(epoch);
    for (int64_t index = 0; index < batches.count(); ++index) {
        batches.gather(index);
        for (size_t i = 0; i < 8; ++i) {
            const T *first = static_cast<const T *>(batches.images()) + i * kPixels;
            EXPECT_TRUE(result.emplace(batches.labels()[i], std::vector<T>(first, first + kPixels)).second);
        }
    }
    return result;
}

TEST(Batches, HoldEachImageOnceAndUnchangedByDefault) {
    const Array inputs = images(), labels = numbers();
    Batches batches(inputs, labels, recipe({}), 1);
    const auto found = epoch_of<uint8_t>(batches, 0);
    ASSERT_EQ(found.size(), static_cast<size_t>(kImages));
    for (const auto &[label, image] : found) {
        const auto expected = inputs.as<uint8_t>().subspan(label * size_t{kPixels}, kPixels);
        EXPECT_EQ(image, std::vector<uint8_t>(expected.begin(), expected.end()));
    }
}

TEST(Batches, ChangeEachImageAsDrawn) {
    const Augmentation augmentation{.flip = true, .crop = 3, .fill = 128};
    Recipe bytes = recipe(augmentation), floats = bytes;
    floats.preprocessing = {.scale = 0.5F, .offset = -3};
    const Array codes = images(), numbers32 = images(Float(32)), labels = numbers();
    Batches of_codes(codes, labels, bytes, 7), of_floats(numbers32, labels, floats, 7);
    for (const int64_t epoch : {4, 0, 4}) {
        for (const auto &[label, image] : epoch_of<uint8_t>(of_codes, epoch)) {
            const auto from = codes.as<uint8_t>().subspan(label * size_t{kPixels}, kPixels);
            EXPECT_EQ(image, naive_change<uint8_t>(draw_change(augmentation, 7, epoch, label), from, 128));
        }
        for (const auto &[label, image] : epoch_of<float>(of_floats, epoch)) {
            const auto from = numbers32.floats().subspan(label * size_t{kPixels}, kPixels);
            EXPECT_EQ(image, naive_change<float>(draw_change(augmentation, 7, epoch, label), from, 61));
        }
    }
}

TEST(Batches, RefuseToChangeWhatIsNoImage) {
    const Array rows(UInt(8), {kImages, kPixels}), inputs = images(), labels = numbers();
    expect_error([&] { Batches(rows, labels, recipe({.flip = true}), 1); },
                 {"augmentation", "[channels, height, width]", "[40]"});
    expect_error([&] { Batches(inputs, labels, recipe({.crop = 5}), 1); },
                 {"augmentation.crop", "at most 4", "5x4", "found 5"});
    EXPECT_NO_THROW(Batches(inputs, labels, recipe({.crop = 4}), 1));
    EXPECT_NO_THROW(Batches(rows, labels, recipe({}), 1));
}

}  // namespace

}  // namespace quantide
