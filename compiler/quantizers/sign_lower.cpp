#include <Halide.h>

#include <cmath>

namespace quantide {

// Halide turns x >= 0 into !(x < 0), which is true for NaN.
Halide::Expr lower_sign_code(const Halide::Expr &x) {
    return Halide::select(x < 0.0F || Halide::is_nan(x), 0, 1);
}

// |x| <= 1 likewise becomes !(1 < |x|).
Halide::Expr lower_sign_surrogate(const Halide::Expr &x) {
    return Halide::select(Halide::abs(x) < std::nextafter(1.0F, 2.0F), 1.0F, 0.0F);
}

}  // namespace quantide
