#pragma once
#include "compiler/ir/array.h"
#include "dsl/recipe.h"

#include <vector>

namespace quantide {

/** What chance does to one image: output pixel (y, x) is input pixel (y + down, x + right), or a pixel of the
 * padding; after that left and right change places, or not. */
struct ImageChange {
    bool flip = false;
    int64_t down = 0, right = 0;
};

/** The change of image `row` in an epoch. It depends on these numbers alone. */
ImageChange draw_change(const Augmentation &augmentation, uint64_t seed, int64_t epoch, int64_t row);

/** The image [channels, height, width] `image`, changed, with `fill` around it. T is uint8_t or float. */
template<typename T>
void change_image(const ImageChange &change, int64_t height, int64_t width, std::span<const T> image, T fill,
                  std::span<T> out);

/** Images of a data set and their labels in the order of an epoch, gathered batch by batch and changed by
 * chance as the recipe says. */
class Batches {
public:
    /** `images` [n, features] or [n, channels, height, width] as the network's input wants them, and `labels`
     * [n]; both must outlive this. Throws CompileError if the recipe wants to change what is no image, or to
     * cut a window out of one that is smaller than the padding. */
    Batches(const Array &images, const Array &labels, const Recipe &recipe, uint64_t seed);

    /** Full batches of an epoch. */
    int64_t count() const { return images_.shape[0] / static_cast<int64_t>(batch_); }

    void begin_epoch(int64_t epoch);
    /** Makes images() and labels() the batch of that index in the epoch begun. */
    void gather(int64_t index);

    const void *images() const { return images_out_.data(); }
    const uint8_t *labels() const { return labels_out_.data(); }

private:
    template<typename T>
    void gather_changed(size_t to, int64_t row, T fill);

    const Array &images_, &labels_;
    const Augmentation augmentation_;
    const bool changed_;
    const float float_fill_;
    const uint64_t seed_;
    const size_t row_bytes_, batch_;
    AlignedBytes images_out_;
    std::vector<uint8_t> labels_out_;
    std::vector<int32_t> order_;
    int64_t epoch_ = 0;
};

}  // namespace quantide
