#pragma once
#include "compiler/driver/bench.h"
#include "compiler/driver/kernel_report.h"

namespace quantide {

/** A program whose integer products ask for an arithmetic. */
struct ArithmeticVariant {
    std::string option;  ///< "popcount"; empty: each product has the compiler's choice
    Program program;
};

/** The program as it is and, if `all`, once for each arithmetic that a product of it can have beside the
 * choice, wherever it can have it. */
std::vector<ArithmeticVariant> arithmetic_variants(const Program &program, const LowerChoice &choice,
                                                   bool all);

/** Compares rows of equal work: says by how much the first, the compiler's choice, is behind the fastest. */
class ChoiceCheck {
public:
    void add(const std::string &layer, std::span<const BenchRow> rows);
    /** "the fastest was chosen in 7 of 8 layers (within 5 %); ..." */
    std::string summary() const;

private:
    int layers_ = 0;
    std::vector<std::string> wrong_;
};

}  // namespace quantide
