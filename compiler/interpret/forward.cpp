#include "compiler/interpret/affine.h"
#include "compiler/ops/norm.h"
#include "compiler/ops/tanh.h"
#include "compiler/quantizers/quantizer.h"

#include <cmath>
#include <numeric>

namespace quantide {

namespace {

[[noreturn]] void bound_op(const Interpretation &op) {
    throw InternalError(fmt::format("'{}' is bound, not computed", op.node.name));
}

/** out[n, m] = sum_k x[n, k] w[m, k] in ascending k; of floats by fused multiply-adds. */
template<typename T, typename Out>
void product(const std::vector<T> &x, const std::vector<T> &w, int64_t depth, std::span<Out> out) {
    const int64_t columns = static_cast<int64_t>(w.size()) / depth;
    for (int64_t i = 0; i < static_cast<int64_t>(out.size()); ++i) {
        const T *row = &x[static_cast<size_t>(i / columns * depth)];
        const T *unit = &w[static_cast<size_t>(i % columns * depth)];
        Out sum = 0;
        for (int64_t k = 0; k < depth; ++k) {
            if constexpr (std::is_floating_point_v<T>) {
                sum = std::fma(row[k], unit[k], sum);
            } else {
                sum += static_cast<Out>(row[k]) * unit[k];
            }
        }
        out[static_cast<size_t>(i)] = sum;
    }
}

/** The integers of x, about their middle and doubled where the product is centered. */
std::vector<int32_t> integers_of_x(const Interpretation &op) {
    const IntegerView view = integer_view(op.input_value(0).encoding);
    std::vector<int32_t> q = integers(op, 0, view);
    if (is_centered(op.node)) {
        const int64_t twice_middle = view.twice_middle();
        for (int32_t &i : q) {
            i = static_cast<int32_t>(2 * i - twice_middle);
        }
    }
    return q;
}

int64_t row_sum(const std::vector<int32_t> &matrix, int64_t depth, size_t row) {
    const auto begin = matrix.begin() + static_cast<int64_t>(row) * depth;
    return std::accumulate(begin, begin + depth, int64_t{0});
}

}  // namespace

void interpret_input(Interpretation &op) { bound_op(op); }

void interpret_labels(Interpretation &op) { bound_op(op); }

void interpret_parameter(Interpretation &op) { bound_op(op); }

void interpret_scalar(Interpretation &op) { bound_op(op); }

void interpret_random_key(Interpretation &op) { bound_op(op); }

void interpret_constant(Interpretation &op) { bound_op(op); }

void interpret_quantize(Interpretation &op) {
    op.out(0) = quantize(find_quantizer(op.node.text("quantizer")), op.in(0));
}

void interpret_dense(Interpretation &op) {
    const Value &x = op.input_value(0);
    const Value &w = op.input_value(1);
    const int64_t depth = op.columns(0);
    const auto y = op.out(0).floats();
    if (!is_integer(x.encoding) || !is_integer(w.encoding)) {
        product<float, float>(numbers(op, 0), numbers(op, 1), depth, y);
        return;
    }
    // Exact in integers, then the float32 steps of code_sum and dequantize.
    const IntegerView x_view = integer_view(x.encoding);
    const IntegerView w_view = weight_view(w.encoding);
    const std::vector<int32_t> rows = integers(op, 0, x_view), units = integers(op, 1, w_view);
    std::vector<int64_t> acc(y.size());
    product<int32_t, int64_t>(rows, units, depth, std::span(acc));
    if (op.node.has("ranges")) {
        const size_t columns = units.size() / static_cast<size_t>(depth);
        std::vector<AffineSums> sums;
        for (size_t i = 0; i < y.size(); ++i) {
            sums.push_back(
                {acc[i], row_sum(rows, depth, i / columns), row_sum(units, depth, i % columns), depth});
        }
        store_affine_product(op, sums);
        return;
    }
    for (size_t i = 0; i < y.size(); ++i) {
        const float offset =
            static_cast<float>(row_sum(units, depth, i % (units.size() / static_cast<size_t>(depth))));
        y[i] = static_cast<float>(acc[i]) * (x_view.scale * w_view.scale) +
               x_view.offset * w_view.scale * offset;
    }
}

void interpret_batch_norm(Interpretation &op) {
    const auto x = op.in(0).floats(), weight = op.in(1).floats(), bias = op.in(2).floats();
    const auto mean = op.in(3).floats(), statistic = op.in(4).floats();
    const Norm &norm = norm_of(op.node);
    const float eps = static_cast<float>(op.node.real("eps"));
    for (size_t i = 0; i < x.size(); ++i) {
        const size_t c = channel_of(op.in(0).shape, i);
        op.out(0).floats()[i] = (x[i] - mean[c]) * norm.scale(weight[c], statistic[c], eps) + bias[c];
    }
}

void interpret_tanh_normalize(Interpretation &op) {
    const auto x = op.in(0).floats(), ends = op.in(1).floats();
    const float largest = std::max(std::fabs(ends[0]), std::fabs(ends[1]));
    const float most = largest == 0 ? 1 : tanh_of(largest);
    for (size_t i = 0; i < x.size(); ++i) {
        const float quotient = tanh_of(x[i]) / most;
        op.out(0).floats()[i] = quotient > 1 ? 1 : quotient < -1 ? -1 : quotient;
    }
}

void interpret_hardtanh(Interpretation &op) {
    const auto x = op.in(0).floats();
    for (size_t i = 0; i < x.size(); ++i) {
        op.out(0).floats()[i] = x[i] < -1 ? -1 : x[i] > 1 ? 1 : x[i];
    }
}

void interpret_dropout(Interpretation &op) { op.out(0) = op.in(0); }

void interpret_quantize_in_training(Interpretation &op) { op.out(0) = op.in(0); }

void interpret_integer_dense(Interpretation &op) {
    std::vector<int64_t> acc(static_cast<size_t>(op.out(0).size()));
    product<int32_t, int64_t>(integers_of_x(op), integers(op, 1, weight_view(op.input_value(1).encoding)),
                              op.in(0).size() / op.rows(0), std::span(acc));
    for (size_t i = 0; i < acc.size(); ++i) {
        set_integer(op.out(0), i, acc[i]);
    }
}

void interpret_weight_sum(Interpretation &op) {
    const std::vector<int32_t> units = integers(op, 0, weight_view(op.input_value(0).encoding));
    const auto rows = static_cast<size_t>(op.out(0).size());
    for (size_t i = 0; i < rows; ++i) {
        const int64_t sum = row_sum(units, static_cast<int64_t>(units.size() / rows), i);
        set_integer(op.out(0), i, op.node.integer("multiplier") * sum);
    }
}

void interpret_recenter(Interpretation &op) {
    for (size_t i = 0; i < static_cast<size_t>(op.out(0).size()); ++i) {
        const int64_t twice = integer_at(op.in(0), i) + integer_at(op.in(1), channel_operand_index(op, i));
        set_integer(op.out(0), i, twice >> 1);
    }
}

void interpret_dequantize(Interpretation &op) {
    const auto offset = op.in(1).floats();
    const float scale = static_cast<float>(op.node.real("scale"));
    const auto y = op.out(0).floats();
    for (size_t i = 0; i < y.size(); ++i) {
        y[i] = static_cast<float>(integer_at(op.in(0), i)) * scale + offset[channel_operand_index(op, i)];
    }
}

void interpret_threshold(Interpretation &op) {
    const auto y = op.out(0).as<uint8_t>();
    for (size_t i = 0; i < y.size(); ++i) {
        y[i] = integer_at(op.in(0), i) >= integer_at(op.in(1), channel_operand_index(op, i)) ? 1 : 0;
    }
}

}  // namespace quantide
