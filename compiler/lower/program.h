#pragma once
#include "compiler/ir/graph.h"

namespace quantide {

/** Where an operand of a step lies. */
enum class Space : uint8_t {
    Input,     ///< the caller's input
    Output,    ///< the caller's output
    Scratch,   ///< the caller's scratch, planned by `plan_memory`
    Constant,  ///< packed into the library
    State,     ///< parameters, moments, running statistics of a training step
};

/** A dense halide_buffer_t: extents innermost first, kBatch where the batch stands. */
struct Buffer {
    Space space = Space::Scratch;
    /** Index of the input, output, constant or state; for scratch the ValueId. */
    int index = 0;
    /** Scratch only: bytes from the start of the scratch are offset * batch. */
    int64_t offset = 0;
    ElementType type;  ///< of the memory: packed words are UInt(32)
    std::vector<int64_t> extents;
};

/** One kernel call. */
struct Step {
    int kernel = 0;  ///< index in Program::kernels
    std::string layer;
    std::vector<Buffer> operands;  ///< inputs, then outputs, as the kernel takes them
    /** Arithmetic operations an image (2 per multiply-add), for reports. */
    int64_t operations = 0;
    std::string arithmetic;  ///< "popcount", "byte dot", "float32", ... of the level asked for
    int64_t weight_bytes = 0, weight_bytes_float = 0;
};

/** A graph after all passes as a chain of kernels over planned memory. */
struct Program {
    Graph graph;
    std::vector<Step> steps;
    std::vector<int> groups;  ///< kernel index -> the fusion group that it was made from
    std::vector<ValueId> inputs, outputs, constants, states;
    int64_t scratch_bytes_per_image = 0;
};

}  // namespace quantide
