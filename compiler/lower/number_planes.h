#pragma once
#include "compiler/ir/type.h"

#include <Halide.h>
#include <functional>
#include <vector>

namespace quantide {

/** The planes of the numbers u that codes stand for, in units of the first one's: q = min + multiplier u of
 * an integer view. */
class NumberPlanes {
public:
    /** Those of one bit. */
    NumberPlanes() = default;
    explicit NumberPlanes(const IntegerView &view);

    int count = 1;
    bool doubles = false;  ///< each plane counts twice the one before, or the same
    int most = 1;          ///< the largest number
    int of_code = 1;       ///< planes of the code

    /** Whether they are the planes of the code. */
    bool are_of_code() const { return numbers.empty(); }
    /** The largest number of the first few planes. */
    int most_of(int planes) const;
    /** 32 bits of a plane, given those of the code's planes. Of code 0 they are 0. */
    Halide::Expr operator()(int plane, const std::function<Halide::Expr(int)> &of_code) const;

private:
    std::vector<int> numbers;
};

}  // namespace quantide
