#pragma once
#include "dsl/layers.h"

namespace quantide {

/** A vertical and a horizontal extent; one number means both. */
struct Extents {
    int64_t height, width;
    Extents(int64_t both) : height(both), width(both) {}  // NOLINT(google-explicit-constructor)
    Extents(int64_t vertical, int64_t horizontal) : height(vertical), width(horizontal) {}
};

/** Pixels around an image. `value` is what they count: 0, where a tap is omitted (exactly, also of codes that
 * have no 0), or any number that the input's encoding has. */
struct Padding {
    bool same = false;          ///< so many that stride 1 keeps the extents; the odd one goes below and right
    Shape pads = {0, 0, 0, 0};  ///< top, left, bottom, right
    double value = 0;
    bool operator==(const Padding &) const = default;
};

/** None. */
inline Padding valid() { return {}; }
/** So that there are ceil(extent / stride) outputs: with stride 1 as many as inputs. */
inline Padding same(double value = 0) { return {.same = true, .pads = {0, 0, 0, 0}, .value = value}; }
/** `pixels` on every side. */
inline Padding pad(int64_t pixels, double value = 0) {
    return {.same = false, .pads = {pixels, pixels, pixels, pixels}, .value = value};
}
/** Pixels on each side. */
inline Padding pad(int64_t top, int64_t left, int64_t bottom, int64_t right, double value = 0) {
    return {.same = false, .pads = {top, left, bottom, right}, .value = value};
}

struct Conv2dOptions {
    int64_t channels = 0;  ///< outputs, at least 1
    Extents kernel = 3;
    Extents stride = 1;
    Extents dilation = 1;
    Padding padding = valid();
    int64_t groups = 1;               ///< divides the channels in and out; the channels in: depthwise
    Precision weights = float32();    ///< sign(): latent float32 weights in [-1, 1], one bit in use
    Precision gradients = float32();  ///< of the layer's products in backward: bfloat16(), ...
    Precision weight_gradient_inputs = float32();  ///< as in DenseOptions
    std::string name = {};                         ///< conv2d1, conv2d2, ... if empty
    std::string arithmetic = {};  ///< of codes: "popcount", "bytes", "shorts" or "tiles" (AMX); empty: the
                                  ///< fastest by estimate
};

/** A convolution (cross-correlation, as in PyTorch) without bias: x [N, C, H, W] to [N, channels, H', W'].
 * Makes the parameter NAME.weight [channels, C / groups, kernel height, width]. */
Tensor conv2d(const Tensor &x, const Conv2dOptions &options);

struct PoolOptions {
    Extents kernel = 2;
    Extents stride = 0;         ///< 0: the kernel's
    Padding padding = valid();  ///< its value does not matter
    std::string name = {};
};

/** The largest number of each window; padding is left out. */
Tensor max_pool(const Tensor &x, const PoolOptions &options = {});

/** The mean of each window; padding counts 0 (PyTorch's count_include_pad). */
Tensor avg_pool(const Tensor &x, const PoolOptions &options = {});

/** The largest number, or the mean, of each channel: [N, C, H, W] to [N, C]. */
Tensor global_max_pool(const Tensor &x, const std::string &name = {});
Tensor global_avg_pool(const Tensor &x, const std::string &name = {});

/** [N, C, H, W] to [N, C H W], in that order. */
Tensor flatten(const Tensor &x, const std::string &name = {});

/** max(x, 0). */
Tensor relu(const Tensor &x, const std::string &name = {});

/** Each channel times, or plus, a trained number: makes NAME.weight (ones) or NAME.bias (zeros). */
Tensor scale(const Tensor &x, const std::string &name = {});
Tensor bias(const Tensor &x, const std::string &name = {});

/** x + y, both float32 of one shape: a residual connection. */
Tensor add(const Tensor &x, const Tensor &y, const std::string &name = {});

/** The channels of several tensors behind each other; all of one type, with equal other extents. */
Tensor concat(const std::vector<Tensor> &tensors, const std::string &name = {});

}  // namespace quantide
