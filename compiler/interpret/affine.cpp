#include "compiler/interpret/affine.h"

#include <tuple>

namespace quantide {

namespace {

/** The range at `row` of an array [2] or [2, M]. */
AffineRange range_at(const Array &range, size_t row, int bits) {
    const auto ends = range.floats();
    const size_t rows = ends.size() / 2, at = range.shape.size() == 2 ? row : 0;
    return affine_range(ends[at], ends[rows + at], bits);
}

size_t row_of(const Array &array, size_t i) {
    return i / static_cast<size_t>(array.size() / array.shape.at(0));
}

/** Scale and offset of the integers of a product's operand: of its row where it has a range of each. */
AffineView view_of(const Interpretation &op, size_t operand, int range, size_t row) {
    const Value &value = op.input_value(operand);
    if (range >= 0) {
        return affine_view(range_at(op.in(static_cast<size_t>(range)), row, value.type.bits),
                           value.type.bits);
    }
    const IntegerView view = operand == 0 ? integer_view(value.encoding) : weight_view(value.encoding);
    return {view.scale, view.offset};
}

float affine_number_of(int64_t acc, int64_t sum, const std::array<float, 3> &terms, bool has_sum) {
    const float rest = has_sum ? static_cast<float>(sum) * terms[1] + terms[2] : terms[2];
    return static_cast<float>(acc) * terms[0] + rest;
}

}  // namespace

void store_affine_product(Interpretation &op, const std::vector<AffineSums> &sums) {
    const ProductRanges ranges = product_ranges(op.node);
    const bool has_sum = needs_input_sums(op.graph, op.node);
    const AffineView x = view_of(op, 0, ranges.x, 0);
    for (size_t i = 0; i < sums.size(); ++i) {
        const AffineView w = view_of(op, 1, ranges.w, channel_of(op.out(0).shape, i));
        const auto terms =
            affine_terms(x, w, static_cast<float>(sums[i].w), static_cast<float>(sums[i].count));
        op.out(0).floats()[i] = affine_number_of(sums[i].product, sums[i].x, terms, has_sum);
    }
}

void interpret_affine_codes(Interpretation &op) {
    const int bits = static_cast<int>(op.node.integer("bits"));
    const auto x = op.in(0).floats();
    for (size_t i = 0; i < x.size(); ++i) {
        op.out(0).as<uint8_t>()[i] = affine_code(range_at(op.in(1), row_of(op.in(0), i), bits), x[i], bits);
    }
}

void interpret_affine_numbers(Interpretation &op) {
    const int bits = op.input_value(0).type.bits;
    const auto codes = op.in(0).as<uint8_t>();
    for (size_t i = 0; i < codes.size(); ++i) {
        op.out(0).floats()[i] = affine_number(range_at(op.in(1), row_of(op.in(0), i), bits), codes[i]);
    }
}

void interpret_row_range(Interpretation &op) {
    const auto x = op.in(0).floats();
    const auto ends = op.out(0).floats();
    const size_t rows = ends.size() / 2, in_row = x.size() / rows;
    for (size_t row = 0; row < rows; ++row) {
        std::tie(ends[row], ends[rows + row]) = range_of(x.subspan(row * in_row, in_row));
    }
}

void interpret_row_mean(Interpretation &op) {
    const auto x = op.in(0).floats();
    const auto mean = op.out(0).floats();
    for (size_t i = 0; i < x.size(); ++i) {
        mean[row_of(op.in(0), i)] += x[i];
    }
    for (float &m : mean) {
        m /= static_cast<float>(op.columns(0));
    }
}

void interpret_moving_range(Interpretation &op) {
    const auto running = op.in(0).floats(), batch = op.in(1).floats();
    const double momentum = op.node.real("momentum");
    for (size_t i = 0; i < 2; ++i) {
        op.out(0).floats()[i] = running[1] > running[0] ? static_cast<float>(1 - momentum) * running[i] +
                                                              static_cast<float>(momentum) * batch[i]
                                                        : batch[i];
    }
}

void interpret_affine_view(Interpretation &op) {
    const int bits = static_cast<int>(op.node.integer("bits"));
    const auto out = op.out(0).floats();
    const size_t rows = out.size() / 2;
    for (size_t row = 0; row < rows; ++row) {
        const AffineView view = affine_view(range_at(op.in(0), row, bits), bits);
        out[row] = view.scale;
        out[rows + row] = view.offset;
    }
}

void interpret_affine_terms(Interpretation &op) {
    const auto sums = op.in(0).floats(), counts = op.in(1).floats(), x = op.in(2).floats(),
               w = op.in(3).floats();
    const size_t rows = w.size() / 2;
    for (size_t i = 0; i < sums.size(); ++i) {
        const size_t row = rows == 1 ? 0 : row_of(op.in(0), i);
        const auto terms =
            affine_terms({x[0], x[1]}, {w[row], w[rows + row]}, sums[i], counts[i % counts.size()]);
        for (size_t term = 0; term < terms.size(); ++term) {
            op.out(0).floats()[term * sums.size() + i] = terms.at(term);
        }
    }
}

void interpret_affine_dequantize(Interpretation &op) {
    const bool has_sum = op.inputs.size() == 3;
    const Array &acc = op.in(0), &sum = op.in(1);
    const auto terms = op.inputs.back()->floats();
    const size_t in_term = terms.size() / 3;
    const auto channels = static_cast<size_t>(acc.shape[1]);
    const size_t inner = static_cast<size_t>(acc.size() / acc.shape[0]) / channels;
    const size_t groups = static_cast<size_t>(sum.shape[1]);
    for (size_t i = 0; i < op.out(0).floats().size(); ++i) {
        const size_t at = channel_operand_index(op, i), channel = channel_of(acc.shape, i),
                     image = i / (channels * inner);
        const size_t of_sum =
            has_sum ? (image * groups + channel * groups / channels) * inner + i % inner : 0;
        op.out(0).floats()[i] =
            affine_number_of(integer_at(acc, i), has_sum ? integer_at(sum, of_sum) : 0,
                             {terms[at], terms[in_term + at], terms[2 * in_term + at]}, has_sum);
    }
}

}  // namespace quantide
