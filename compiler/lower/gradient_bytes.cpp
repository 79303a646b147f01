#include "compiler/lower/gradient_bytes.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;

bool ByteNumbers::fit() const { return view.max() - view.min() <= int64_t{UINT8_MAX} * multiplier(); }

// A code whose planes double is its number.
Expr ByteNumbers::operator()(const Expr &code) const {
    if (view.powers != 0) {
        return cast<uint32_t>(integer_of(view, code) - view.addend);
    }
    bool doubles = true;
    Expr sum;
    for (size_t p = 0; p < view.multipliers.size(); ++p) {
        const int units = view.multipliers[p] / multiplier();
        doubles = doubles && units == 1 << p;
        const Expr bit = cast<uint32_t>(code >> cast(code.type(), static_cast<int>(p))) & 1;
        sum = p == 0 ? bit : sum + bit * cast<uint32_t>(units);
    }
    return doubles ? cast<uint32_t>(code) : sum;
}

GradientBytes::GradientBytes(const GradientOperand &of)
    : has_zero(of.has_zero()), zero(has_zero ? of.zero - 128 : of.zero) {}

Expr GradientBytes::operator()(const Expr &code) const {
    const Expr byte = cast<uint8_t>(code);
    return cast<uint32_t>(has_zero ? byte ^ cast<uint8_t>(128) : byte);
}

ByteProduct product_of(const ByteNumbers &numbers) {
    return {.width = 8, .digit_planes = 8, .addend = numbers.addend()};
}

// Sums that leave 32 bits on the way come back.
Expr corrected(const ByteNumbers &numbers, const GradientBytes &dy, const Expr &dots,
               const Expr &sum_of_gradients, const Expr &sum_of_numbers) {
    Expr sum = cast<uint32_t>(dots);
    if (dy.has_zero) {
        sum -= cast<uint32_t>(dy.zero) * cast<uint32_t>(sum_of_numbers);
    }
    sum *= cast<uint32_t>(numbers.multiplier());
    if (numbers.addend() != 0) {
        sum += cast<uint32_t>(Expr(numbers.addend())) * cast<uint32_t>(sum_of_gradients);
    }
    return cast<int32_t>(sum);
}

}  // namespace quantide
