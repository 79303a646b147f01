#include "training/batches.h"

#include "compiler/base/philox.h"

#include <algorithm>
#include <cstring>

namespace quantide {

namespace {

void check_images(const Array &images, const Augmentation &augmentation) {
    user_check(images.shape.size() == 4,
               "augmentation: expected an input [channels, height, width], found rows of {}",
               to_string(Shape(images.shape.begin() + 1, images.shape.end())));
    user_check(augmentation.crop <= std::min(images.shape[2], images.shape[3]),
               "augmentation.crop: expected at most {}, as images of {}x{} are, found {}",
               std::min(images.shape[2], images.shape[3]), images.shape[2], images.shape[3],
               augmentation.crop);
}

}  // namespace

ImageChange draw_change(const Augmentation &augmentation, uint64_t seed, int64_t epoch, int64_t row) {
    const RandomStream random{seed, kAugmentationStream, static_cast<uint32_t>(epoch)};
    const uint64_t first = 4 * static_cast<uint64_t>(row), windows = 2 * augmentation.crop + 1;
    const auto shift = [&](uint64_t i) {
        return static_cast<int64_t>(random(i) * windows >> 32) - augmentation.crop;
    };
    return {augmentation.flip && random(first) >> 31 != 0, shift(first + 1), shift(first + 2)};
}

template<typename T>
void change_image(const ImageChange &change, int64_t height, int64_t width, std::span<const T> image, T fill,
                  std::span<T> out) {
    std::fill(out.begin(), out.end(), fill);
    // The columns of the output that lie within the image.
    const int64_t begin = std::max<int64_t>(0, -change.right), end = std::min(width, width - change.right);
    const int64_t rows = static_cast<int64_t>(image.size()) / width;
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t from = row % height + change.down;
        const auto line = out.begin() + row * width;
        if (from >= 0 && from < height && begin < end) {
            const auto source = image.begin() + (row + change.down) * width + change.right;
            std::copy(source + begin, source + end, line + begin);
        }
        if (change.flip) {
            std::reverse(line, line + width);
        }
    }
}

template void change_image(const ImageChange &, int64_t, int64_t, std::span<const uint8_t>, uint8_t,
                           std::span<uint8_t>);
template void change_image(const ImageChange &, int64_t, int64_t, std::span<const float>, float,
                           std::span<float>);

Batches::Batches(const Array &images, const Array &labels, const Recipe &recipe, uint64_t seed)
    : images_(images),
      labels_(labels),
      augmentation_(recipe.augmentation),
      changed_(augmentation_.flip || augmentation_.crop > 0),
      float_fill_(recipe.preprocessing.scale * static_cast<float>(augmentation_.fill) +
                  recipe.preprocessing.offset),
      seed_(seed),
      row_bytes_(images.bytes.size() / static_cast<size_t>(images.shape[0])),
      batch_(static_cast<size_t>(recipe.batch)),
      images_out_(batch_ * row_bytes_),
      labels_out_(batch_) {
    if (changed_) {
        check_images(images, augmentation_);
    }
}

void Batches::begin_epoch(int64_t epoch) {
    epoch_ = epoch;
    order_ = permutation(static_cast<int32_t>(images_.shape[0]), seed_, static_cast<uint32_t>(epoch));
}

void Batches::gather(int64_t index) {
    for (size_t i = 0; i < batch_; ++i) {
        const int32_t row = order_[static_cast<size_t>(index) * batch_ + i];
        const auto from = static_cast<size_t>(row);
        if (!changed_) {
            std::memcpy(&images_out_[i * row_bytes_], &images_.bytes[from * row_bytes_], row_bytes_);
        } else if (images_.type == UInt(8)) {
            gather_changed(i, row, static_cast<uint8_t>(augmentation_.fill));
        } else {
            gather_changed(i, row, float_fill_);
        }
        labels_out_[i] = labels_.as<uint8_t>()[from];
    }
}

template<typename T>
void Batches::gather_changed(size_t to, int64_t row, T fill) {
    const size_t elements = row_bytes_ / sizeof(T);
    change_image(draw_change(augmentation_, seed_, epoch_, row), images_.shape[2], images_.shape[3],
                 images_.as<T>().subspan(static_cast<size_t>(row) * elements, elements), fill,
                 std::span(reinterpret_cast<T *>(images_out_.data()) + to * elements, elements));
}

}  // namespace quantide
