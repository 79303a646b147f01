#include "dsl/dsl.h"

using namespace quantide;

namespace {

/** A 3x3 binary convolution that keeps the extents, pooled or not, to signs. */
Tensor binary_conv(Tensor x, int64_t channels, bool pool) {
    x = conv2d(x, {.channels = channels, .padding = same(), .weights = sign()});
    return quantize(batch_norm(pool ? max_pool(x) : x), sign());
}

}  // namespace

// BinaryNet's ConvNet for CIFAR-10 (Courbariaux et al. 2016).
QUANTIDE_NETWORK(cifar_convnet) {
    Tensor x = input("image", {3, 32, 32}, UInt(8), {.scale = 2.0F / 255, .offset = -1});
    for (int64_t channels : {128, 256, 512}) {
        x = binary_conv(x, channels, false);
        x = binary_conv(x, channels, true);
    }
    x = flatten(x);
    for (int layer = 0; layer < 2; ++layer) {
        x = quantize(batch_norm(dense(x, {.units = 1024, .weights = sign()})), sign());
    }
    return batch_norm(dense(x, {.units = 10, .weights = sign()}));
}
