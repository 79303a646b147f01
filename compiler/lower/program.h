#pragma once
#include "compiler/ir/graph.h"

namespace quantide {

/** Where an operand of a step lies. */
enum class Space : uint8_t {
    Input,     ///< the caller's input or labels
    Output,    ///< the caller's output
    Scratch,   ///< the caller's scratch, planned by make_program
    Constant,  ///< packed into the library
    State,     ///< parameters, moments, running statistics, scalars of a training step
};

/** A dense halide_buffer_t: extents innermost first, kBatch where the batch stands. */
struct Buffer {
    Space space = Space::Scratch;
    /** Index in Program::inputs, outputs, constants or states; for scratch the ValueId. */
    int index = 0;
    /** Scratch only: the buffer starts offset * batch bytes into the scratch (batch 1 in training). */
    int64_t offset = 0;
    ElementType type;  ///< of the memory: packed words are UInt(32)
    std::vector<int64_t> extents;
};

/** One kernel call. */
struct Step {
    int kernel = 0;  ///< index in Program::groups
    std::string layer;
    std::vector<Buffer> operands;  ///< inputs, then outputs, as the kernel takes them
    /** Arithmetic operations a row (2 per multiply-add) of the step's product, 0 if it has none. */
    int64_t operations = 0;
    /** Bytes of the weights that the step reads, and of the same weights in float32. */
    int64_t weight_bytes = 0, weight_bytes_float = 0;
};

/** A graph after all passes as a chain of kernels over planned memory. */
struct Program {
    Graph graph;
    std::vector<Step> steps;
    std::vector<int> groups;  ///< kernel -> the fusion group that it is made from
    std::vector<ValueId> inputs, outputs, constants, states;
    /** A call needs this times the batch; a multiple of 64. */
    int64_t scratch_bytes_per_image = 0;
    /** Of that what is alive during the busiest step, of the same unit: no plan needs less. */
    int64_t peak_bytes_per_image = 0;
    /** Index of the busiest step. */
    int peak_step = 0;
};

/** Orders a fused graph's groups and plans the memory of what flows between them: values whose lives do
 * not overlap share it. A state and its next value are one buffer. */
Program make_program(const Graph &graph);

}  // namespace quantide
