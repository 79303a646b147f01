#include "compiler/interpret/interpret_op.h"

#include "compiler/ops/gradient.h"

#include <algorithm>

namespace quantide {

std::vector<int32_t> integers(const Interpretation &op, size_t i, const IntegerView &view) {
    std::vector<int32_t> result;
    for (uint8_t code : op.in(i).as<uint8_t>()) {
        result.push_back(static_cast<int32_t>(view(code)));
    }
    return result;
}

std::vector<float> numbers(const Interpretation &op, size_t i) {
    const Encoding &encoding = op.input_value(i).encoding;
    if (encoding.plain()) {
        const auto values = op.in(i).floats();
        return {values.begin(), values.end()};
    }
    std::vector<float> result;
    for (uint8_t code : op.in(i).as<uint8_t>()) {
        result.push_back(number_of(encoding, code));
    }
    return result;
}

std::vector<double> doubles(const Interpretation &op, size_t i) {
    const Encoding &encoding = op.input_value(i).encoding;
    if (encoding.plain()) {
        const auto values = op.in(i).floats();
        return {values.begin(), values.end()};
    }
    if (!encoding.affine()) {
        const std::vector<float> exact = numbers(op, i);
        return {exact.begin(), exact.end()};
    }
    const IntegerView view = integer_view(encoding);
    std::vector<double> result;
    for (int32_t q : integers(op, i, view)) {
        result.push_back(static_cast<double>(view.scale) * q + view.offset);
    }
    return result;
}

std::vector<double> gradient_doubles(const Interpretation &op) {
    const std::optional<GradientFormat> format = format_of_gradient(op.node);
    if (!format) {
        return doubles(op, 0);
    }
    const GradientGrid grid = format->grid(op.inputs.back()->floats());
    std::vector<double> result;
    for (size_t i = 0; i < static_cast<size_t>(op.in(0).size()); ++i) {
        result.push_back(static_cast<double>(grid.scale) *
                         static_cast<double>(integer_at(op.in(0), i) - grid.zero));
    }
    return result;
}

void store(Array &array, const std::vector<double> &values) {
    std::transform(values.begin(), values.end(), array.floats().begin(),
                   [](double v) { return static_cast<float>(v); });
}

int64_t integer_at(const Array &array, size_t i) {
    switch (array.type.bits) {
        case 8:
            return array.type == UInt(8) ? int64_t{array.as<uint8_t>()[i]} : array.as<int8_t>()[i];
        case 16:
            return array.as<int16_t>()[i];
        case 32:
            return array.as<int32_t>()[i];
        default:
            return array.as<int64_t>()[i];
    }
}

void set_integer(Array &array, size_t i, int64_t value) {
    switch (array.type.bits) {
        case 8:
            array.as<uint8_t>()[i] = static_cast<uint8_t>(value);
            break;
        case 16:
            array.as<int16_t>()[i] = static_cast<int16_t>(value);
            break;
        case 32:
            array.as<int32_t>()[i] = static_cast<int32_t>(value);
            break;
        default:
            array.as<int64_t>()[i] = value;
    }
}

size_t channel_of(const Shape &shape, size_t i) {
    size_t inner = 1;
    for (size_t d = 2; d < shape.size(); ++d) {
        inner *= static_cast<size_t>(shape[d]);
    }
    return i / inner % static_cast<size_t>(shape.at(1));
}

size_t channel_operand_index(const Interpretation &op, size_t i) {
    const Shape &shape = op.in(0).shape;
    const size_t channel = channel_of(shape, i);
    if (!op.node.has("borders")) {
        return channel;
    }
    const Borders borders = borders_of(op.node);
    const int64_t height = shape[2], width = shape[3];
    const auto position = static_cast<int64_t>(i);
    const int64_t row = borders.row_kind(position / width % height, height);
    const int64_t column = borders.column_kind(position % width, width);
    return static_cast<size_t>(
        (static_cast<int64_t>(channel) * borders.row_kinds() + row) * borders.column_kinds() + column);
}

}  // namespace quantide
