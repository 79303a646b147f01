#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/interpret/interpret.h"

#include <optional>

namespace quantide {

/** The deployed program of a network, run in this process: the very kernels that a library holds. */
class Evaluator {
public:
    /** Compiles for the batch chosen at run time. `options.batch` must be empty. */
    Evaluator(const Graph &network, const Arrays &parameters, const JitOptions &options = {});

    /** Takes other parameters of the same network; nothing is compiled. */
    void set_parameters(const Arrays &parameters);

    /** Scores [rows, classes] of `rows` inputs, which lie as the network's input says. If `seconds` is
     * given, adds the time of each step. Throws CompileError for a negative number of rows and for null
     * pointers. */
    void run(const void *inputs, int64_t rows, float *scores, std::vector<double> *seconds = nullptr);
    Array run(const Array &inputs);

    const Program &program() const { return jit_->program(); }

private:
    Graph network_;
    std::optional<JitProgram> jit_;
    AlignedBytes scratch_;
};

/** The numbers that training starts from, with ranges from -1 to 1 where it is training that measures them.
 */
Arrays deployable_parameters(const Graph &network, uint64_t seed);

/** The share of rows whose highest score is not the label's; the first of equal scores counts. */
double error_rate(const Array &scores, const Array &labels);

}  // namespace quantide
