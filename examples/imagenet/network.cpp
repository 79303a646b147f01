#include "dsl/dsl.h"

using namespace quantide;

namespace {

/** sign, a 3x3 binary convolution, batch norm, and a float shortcut around them. Where the extents halve, the
 * shortcut is the mean of 2x2 pixels and a 1x1 float convolution. */
Tensor bireal_block(const Tensor &x, int64_t channels, int64_t stride) {
    const Tensor y = batch_norm(conv2d(
        quantize(x, sign()), {.channels = channels, .stride = stride, .padding = pad(1), .weights = sign()}));
    if (stride == 1) {
        return add(y, x);
    }
    return add(y, batch_norm(conv2d(avg_pool(x), {.channels = channels, .kernel = 1})));
}

}  // namespace

// Bi-Real Net's ResNet-18 at 224x224 (Liu et al. 2018): float first and last layer, float shortcuts.
QUANTIDE_NETWORK(bireal_resnet18) {
    Tensor x = input("image", {3, 224, 224}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    x = batch_norm(conv2d(x, {.channels = 64, .kernel = 7, .stride = 2, .padding = pad(3)}));
    x = max_pool(x, {.kernel = 3, .stride = 2, .padding = pad(1)});
    for (int64_t channels : {64, 128, 256, 512}) {
        for (int layer = 0; layer < 4; ++layer) {
            x = bireal_block(x, channels, layer == 0 && channels > 64 ? 2 : 1);
        }
    }
    return dense(global_avg_pool(x), {.units = 1000});
}
