#include "compiler/interpret/affine.h"
#include "compiler/interpret/taps.h"
#include "compiler/ops/conv.h"

#include <cmath>

// The forward ops on images [N, C, H, W], and what goes with them.

namespace quantide {

namespace {

void for_conv(const Interpretation &op, const std::function<void(size_t, int64_t, size_t)> &f) {
    const Shape &w = op.in(1).shape;
    for_taps(Window::of(op.node, {w[2], w[3]}), op.in(0).shape, w, op.outputs[0].shape,
             op.node.integer("groups"), f);
}

template<typename T>
void max_pool(Interpretation &op) {
    std::vector<bool> any(static_cast<size_t>(op.out(0).size()));
    const auto x = op.in(0).as<T>();
    const auto y = op.out(0).as<T>();
    for_pool(op.node, op.in(0).shape, op.out(0).shape, [&](size_t out, size_t in) {
        y[out] = !any[out] || x[in] > y[out] ? x[in] : y[out];
        any[out] = true;
    });
}

/** The sum of the integers of each row of weights over the taps that lie inside the image, or over the
 * others, at the positions of each kind; over all taps where the node has no `image`. */
std::vector<int64_t> tap_sums(const Interpretation &op, const Shape &kinds, bool inside) {
    const Shape &w = op.in(0).shape;
    const bool image = op.node.has("image");
    const int64_t rows = w[0], taps = image ? w[2] * w[3] : 1;
    const auto at = [taps](int64_t row, int64_t tap) { return static_cast<size_t>(row * taps + tap); };
    const std::vector<int32_t> q = integers(op, 0, weight_view(op.input_value(0).encoding));
    std::vector<int64_t> of_tap(at(rows, 0));  // over its inputs
    const int64_t in_row = op.in(0).size() / rows;
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t i = 0; i < in_row; i += taps) {
            for (int64_t tap = 0; tap < taps; ++tap) {
                of_tap[at(row, tap)] += q[static_cast<size_t>(row * in_row + i + tap)];
            }
        }
    }
    if (!image) {
        return of_tap;
    }
    const Shape &extents = op.node.extents("image");
    const Shape whole{1, w[1], extents[0], extents[1]};
    const Window window = Window::of(op.node, {w[2], w[3]});
    const Borders borders = window.borders(whole);
    const Shape y = window.output_shape(whole, rows, op.node.name);
    std::vector<int64_t> sums;
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t kind = 0; kind < kinds[1] * kinds[2]; ++kind) {
            const int64_t i = borders.row_of(kind / kinds[2], y[2]);
            const int64_t j = borders.column_of(kind % kinds[2], y[3]);
            int64_t sum = 0;
            for (int64_t tap = 0; tap < taps; ++tap) {
                const int64_t iy = window.input_of(0, i, tap / w[3]), ix = window.input_of(1, j, tap % w[3]);
                const bool is_inside = iy >= 0 && iy < extents[0] && ix >= 0 && ix < extents[1];
                sum += is_inside == inside ? of_tap[at(row, tap)] : 0;
            }
            sums.push_back(sum);
        }
    }
    return sums;
}

/** Calls f(index in input 0 or in one of several, index in the output) with channels [begin, ...) of an
 * output that has more channels than the input. */
void for_channels(const Shape &few, const Shape &many, int64_t begin,
                  const std::function<void(size_t, size_t)> &f) {
    const int64_t inner = element_count({few.begin() + 2, few.end()}, 1, "image");
    for (int64_t n = 0; n < few[0]; ++n) {
        for (int64_t i = 0; i < few[1] * inner; ++i) {
            f(static_cast<size_t>(n * few[1] * inner + i),
              static_cast<size_t>((n * many[1] + begin) * inner + i));
        }
    }
}

void copy_element(const Array &from, size_t i, Array &to, size_t j) {
    const auto width = static_cast<size_t>(from.type.bytes());
    std::copy_n(&from.bytes[i * width], width, &to.bytes[j * width]);
}

}  // namespace

void interpret_conv2d(Interpretation &op) {
    const Value &x = op.input_value(0), &w = op.input_value(1);
    const auto y = op.out(0).floats();
    const double pad = op.node.real("pad_value");
    if (!is_integer(x.encoding) || !is_integer(w.encoding)) {
        const std::vector<float> numbers_x = numbers(op, 0), numbers_w = numbers(op, 1);
        for_conv(op, [&](size_t out, int64_t in, size_t weight) {
            if (in >= 0 || pad != 0) {
                y[out] = std::fma(in < 0 ? static_cast<float>(pad) : numbers_x[static_cast<size_t>(in)],
                                  numbers_w[weight], y[out]);
            }
        });
        return;
    }
    // Exact in integers, then the float32 steps of border_sum and dequantize.
    const IntegerView x_view = integer_view(x.encoding), w_view = weight_view(w.encoding);
    const std::vector<int32_t> q_x = integers(op, 0, x_view), q_w = integers(op, 1, w_view);
    if (op.node.has("ranges")) {
        std::vector<AffineSums> sums(y.size());
        for_conv(op, [&](size_t out, int64_t in, size_t weight) {
            if (in >= 0) {
                const int64_t x_integer = q_x[static_cast<size_t>(in)], w_integer = q_w[weight];
                sums[out].product += x_integer * w_integer;
                sums[out].x += x_integer;
                sums[out].w += w_integer;
                ++sums[out].count;
            }
        });
        store_affine_product(op, sums);
        return;
    }
    const int64_t pad_integer = pad == 0 ? 0 : x_view(code_of(x, pad).value());
    std::vector<int64_t> acc(y.size()), inside(y.size());
    for_conv(op, [&](size_t out, int64_t in, size_t weight) {
        acc[out] += (in < 0 ? pad_integer : q_x[static_cast<size_t>(in)]) * q_w[weight];
        inside[out] += in >= 0 || pad != 0 ? q_w[weight] : 0;
    });
    for (size_t i = 0; i < y.size(); ++i) {
        y[i] = static_cast<float>(acc[i]) * (x_view.scale * w_view.scale) +
               x_view.offset * w_view.scale * static_cast<float>(inside[i]);
    }
}

void interpret_integer_conv2d(Interpretation &op) {
    const IntegerView view = integer_view(op.input_value(0).encoding);
    const int64_t factor = is_centered(op.node) ? 2 : 1,
                  middle = is_centered(op.node) ? view.twice_middle() : 0;
    const int64_t pad = view(op.node.integer("pad_code"));
    const std::vector<int32_t> x = integers(op, 0, view),
                               w = integers(op, 1, weight_view(op.input_value(1).encoding));
    std::vector<int64_t> acc(static_cast<size_t>(op.out(0).size()));
    for_conv(op, [&](size_t out, int64_t in, size_t weight) {
        acc[out] += (factor * (in < 0 ? pad : x[static_cast<size_t>(in)]) - middle) * w[weight];
    });
    for (size_t i = 0; i < acc.size(); ++i) {
        set_integer(op.out(0), i, acc[i]);
    }
}

void interpret_border_sum(Interpretation &op) {
    const std::vector<int64_t> sums = tap_sums(op, op.out(0).shape, false);
    for (size_t i = 0; i < sums.size(); ++i) {
        set_integer(op.out(0), i, sums[i] * op.node.integer("multiplier"));
    }
}

void interpret_code_sum(Interpretation &op) {
    const std::vector<int64_t> sums = tap_sums(op, op.out(0).shape, true);
    for (size_t i = 0; i < sums.size(); ++i) {
        op.out(0).floats()[i] = static_cast<float>(op.node.real("scale")) * static_cast<float>(sums[i]);
    }
}

void interpret_add_border(Interpretation &op) {
    for (size_t i = 0; i < static_cast<size_t>(op.out(0).size()); ++i) {
        set_integer(op.out(0), i,
                    integer_at(op.in(0), i) + integer_at(op.in(1), channel_operand_index(op, i)));
    }
}

void interpret_flip(Interpretation &op) {
    const auto x = op.in(0).as<uint8_t>(), mask = op.in(1).as<uint8_t>();
    for (size_t i = 0; i < x.size(); ++i) {
        op.out(0).as<uint8_t>()[i] = x[i] ^ mask[channel_of(op.in(0).shape, i)];
    }
}

void interpret_max_pool(Interpretation &op) {
    op.in(0).type == Float(32) ? max_pool<float>(op) : max_pool<uint8_t>(op);
}

void interpret_avg_pool(Interpretation &op) {
    const auto x = op.in(0).floats();
    const auto y = op.out(0).floats();
    for_pool(op.node, op.in(0).shape, op.out(0).shape, [&](size_t out, size_t in) { y[out] += x[in]; });
    const Shape &kernel = op.node.extents("kernel");
    for (float &sum : y) {
        sum /= static_cast<float>(kernel[0] * kernel[1]);
    }
}

void interpret_relu(Interpretation &op) {
    for (size_t i = 0; i < op.in(0).floats().size(); ++i) {
        const float x = op.in(0).floats()[i];
        op.out(0).floats()[i] = x > 0 ? x : 0;
    }
}

void interpret_add(Interpretation &op) {
    for (size_t i = 0; i < op.in(0).floats().size(); ++i) {
        op.out(0).floats()[i] = op.in(0).floats()[i] + op.in(1).floats()[i];
    }
}

void interpret_scale(Interpretation &op) {
    for (size_t i = 0; i < op.in(0).floats().size(); ++i) {
        op.out(0).floats()[i] = op.in(0).floats()[i] * op.in(1).floats()[channel_of(op.in(0).shape, i)];
    }
}

void interpret_bias(Interpretation &op) {
    for (size_t i = 0; i < op.in(0).floats().size(); ++i) {
        op.out(0).floats()[i] = op.in(0).floats()[i] + op.in(1).floats()[channel_of(op.in(0).shape, i)];
    }
}

void interpret_concat(Interpretation &op) {
    int64_t begin = 0;
    for (const Array *input : op.inputs) {
        for_channels(input->shape, op.out(0).shape, begin,
                     [&](size_t in, size_t out) { copy_element(*input, in, op.out(0), out); });
        begin += input->shape[1];
    }
}

void interpret_slice(Interpretation &op) {
    for_channels(op.out(0).shape, op.in(0).shape, op.node.integer("begin"),
                 [&](size_t out, size_t in) { copy_element(op.in(0), in, op.out(0), out); });
}

void interpret_reshape(Interpretation &op) { op.out(0).bytes = op.in(0).bytes; }

}  // namespace quantide
