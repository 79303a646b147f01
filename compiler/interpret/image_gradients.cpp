#include "compiler/interpret/interpret_op.h"
#include "compiler/interpret/taps.h"

// The gradients of the ops on images.

namespace quantide {

void interpret_conv2d_input_gradient(Interpretation &op) {
    const std::vector<double> dy = gradient_doubles(op), w = doubles(op, 1);
    std::vector<double> dx(static_cast<size_t>(op.out(0).size()));
    const Shape &kernel = op.in(1).shape;
    for_taps(Window::of(op.node, {kernel[2], kernel[3]}), op.out(0).shape, kernel, op.in(0).shape,
             op.node.integer("groups"), [&](size_t out, int64_t in, size_t weight) {
                 if (in >= 0) {
                     dx[static_cast<size_t>(in)] += dy[out] * w[weight];
                 }
             });
    store(op.out(0), dx);
}

void interpret_conv2d_weight_gradient(Interpretation &op) {
    const std::vector<double> dy = gradient_doubles(op), x = doubles(op, 1);
    const double pad = op.node.real("pad_value");
    std::vector<double> dw(static_cast<size_t>(op.out(0).size()));
    for_taps(Window::of(op.node, op.node.extents("kernel")), op.in(1).shape, op.out(0).shape, op.in(0).shape,
             op.node.integer("groups"), [&](size_t out, int64_t in, size_t weight) {
                 dw[weight] += dy[out] * (in < 0 ? pad : x[static_cast<size_t>(in)]);
             });
    store(op.out(0), dw);
}

void interpret_max_pool_gradient(Interpretation &op) {
    const auto x = op.in(1).floats();
    const std::vector<double> dy = doubles(op, 0);
    std::vector<int64_t> largest(dy.size(), -1);
    for_pool(op.node, op.in(1).shape, op.in(0).shape, [&](size_t out, size_t in) {
        if (largest[out] < 0 || x[in] > x[static_cast<size_t>(largest[out])]) {
            largest[out] = static_cast<int64_t>(in);
        }
    });
    std::vector<double> dx(x.size());
    for (size_t i = 0; i < dy.size(); ++i) {
        dx[static_cast<size_t>(largest[i])] += dy[i];
    }
    store(op.out(0), dx);
}

void interpret_avg_pool_gradient(Interpretation &op) {
    const std::vector<double> dy = doubles(op, 0);
    const Shape &kernel = op.node.extents("kernel");
    std::vector<double> dx(static_cast<size_t>(op.out(0).size()));
    for_pool(op.node, op.out(0).shape, op.in(0).shape,
             [&](size_t out, size_t in) { dx[in] += dy[out] / static_cast<double>(kernel[0] * kernel[1]); });
    store(op.out(0), dx);
}

void interpret_relu_gradient(Interpretation &op) {
    for (size_t i = 0; i < op.in(0).floats().size(); ++i) {
        op.out(0).floats()[i] = op.in(1).floats()[i] > 0 ? op.in(0).floats()[i] : 0;
    }
}

void interpret_channel_sum(Interpretation &op) {
    const std::vector<double> x = doubles(op, 0);
    std::vector<double> sum(static_cast<size_t>(op.out(0).size()));
    for (size_t i = 0; i < x.size(); ++i) {
        sum[channel_of(op.in(0).shape, i)] += x[i];
    }
    store(op.out(0), sum);
}

void interpret_channel_dot(Interpretation &op) {
    const std::vector<double> x = doubles(op, 0), y = doubles(op, 1);
    std::vector<double> sum(static_cast<size_t>(op.out(0).size()));
    for (size_t i = 0; i < x.size(); ++i) {
        sum[channel_of(op.in(0).shape, i)] += x[i] * y[i];
    }
    store(op.out(0), sum);
}

}  // namespace quantide
