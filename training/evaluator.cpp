#include "training/evaluator.h"

#include "compiler/passes/pass.h"
#include "training/initialize.h"

#include <algorithm>

namespace quantide {

namespace {

/** Rows a call: enough for full tiles, few enough for the scratch to stay in cache. */
constexpr int64_t kRows = 200;

Program deployed(const Graph &network, const Arrays &parameters) {
    PassOptions options;
    options.parameters = &parameters;
    return make_program(run_passes(network, deployment_passes(), options));
}

}  // namespace

Arrays deployable_parameters(const Graph &network, uint64_t seed) {
    Arrays parameters = initial_parameters(network, seed);
    for (const Node &node : network.nodes) {
        if (node.op == "affine_codes" && node.has("momentum")) {
            const auto ends = parameters.at(network.value(node.inputs[1]).name).floats();
            std::fill(ends.begin(), ends.end(), 1.0F);
            std::fill_n(ends.begin(), ends.size() / 2, -1.0F);
        }
    }
    return parameters;
}

Evaluator::Evaluator(const Graph &network, const Arrays &parameters, const JitOptions &options)
    : network_(network), jit_(std::in_place, deployed(network, parameters), options) {}

void Evaluator::set_parameters(const Arrays &parameters) { jit_->rebind(deployed(network_, parameters)); }

void Evaluator::run(const void *inputs, int64_t rows, float *scores, std::vector<double> *seconds) {
    user_check(rows >= 0, "network '{}': expected a number of rows >= 0, found {}", network_.name, rows);
    user_check(rows == 0 || (inputs != nullptr && scores != nullptr),
               "network '{}': expected {} inputs and memory for their scores, found a null pointer",
               network_.name, rows);
    const Graph &graph = program().graph;
    const Value &input = graph.value(program().inputs.at(0));
    const int64_t row_bytes = byte_count(input.shape, input.type, input.layout, 1);
    const int64_t classes = graph.value(program().outputs.at(0)).shape.at(1);
    for (int64_t row = 0; row < rows; row += kRows) {
        const int64_t batch = std::min(kRows, rows - row);
        scratch_.grow(jit_->scratch_bytes(batch));
        const JitMemory memory{.inputs = {static_cast<const std::byte *>(inputs) + row * row_bytes},
                               .outputs = {scores + row * classes},
                               .states = {},
                               .scratch = scratch_.data()};
        jit_->run(memory, batch, seconds);
    }
}

Array Evaluator::run(const Array &inputs) {
    const Value &input = program().graph.value(program().inputs.at(0));
    Shape expected = input.shape;
    expected[0] = inputs.shape.empty() ? 0 : inputs.shape[0];
    user_check(inputs.type == input.type && inputs.shape == expected,
               "input '{}' of network '{}': expected {}{}, found {}{}", input.name, network_.name,
               to_string(input.type), to_string(input.shape), to_string(inputs.type),
               to_string(inputs.shape));
    const int64_t rows = inputs.shape[0];
    Array scores(Float(32), {rows, program().graph.value(program().outputs.at(0)).shape.at(1)});
    run(inputs.bytes.data(), rows, scores.floats().data());
    return scores;
}

double error_rate(const Array &scores, const Array &labels) {
    const auto classes = scores.shape.at(1);
    const auto expected = labels.as<uint8_t>();
    int64_t wrong = 0;
    for (size_t row = 0; row < expected.size(); ++row) {
        const auto first = scores.floats().begin() + static_cast<int64_t>(row) * classes;
        wrong += std::max_element(first, first + classes) - first != expected[row] ? 1 : 0;
    }
    return static_cast<double>(wrong) / static_cast<double>(expected.size());
}

}  // namespace quantide
