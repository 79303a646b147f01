#pragma once
#include <Halide.h>

#include <map>
#include <string>
#include <vector>

namespace quantide {

/** One Halide pipeline before it is compiled: what `lower` fills in and a schedule schedules. */
struct Kernel {
    /** The kind of row of the schedule table: "dense/popcount", "conv2d/bytes", "elementwise", ... */
    std::string family;
    /** Bits of the weights and the inputs of a product of codes: "w1a8"; else empty. */
    std::string operands;
    /** How products are computed there: "popcount", "byte dot", "float32"; empty where there are none. */
    std::string arithmetic;
    /** What it computes, without the network's name: two kernels of equal text compile once. */
    std::string signature;
    /** What it is compiled for: a level's features, without run-time, asserts and bounds queries. */
    Halide::Target target;
    bool parallel = false;
    /** Operands in the order of the compiled function's arguments: buffers first, then the outputs. */
    std::vector<Halide::ImageParam> inputs;
    std::vector<Halide::Func> outputs;
    /** The Funcs that a schedule needs to name, by role ("accumulate", "epilogue", ...). */
    std::map<std::string, Halide::Func> stages;
    std::map<std::string, Halide::RDom> domains;
    /** Extents: n outputs, k inputs of a product; m rows, 0 where the batch is chosen at run time. */
    int64_t m = 0, n = 0, k = 0;
    /** Channels over which a convolution sums at each tap. */
    int64_t channels = 0;
    /** Accumulators behind one element of the output: the window of a pooling that is fused. */
    int64_t pooled = 1;
    /** Bits of the codes that the stage "pack" packs. */
    int planes = 1;
    /** Products of its arithmetic that make one product: pairs of planes; of bytes, digits of weights. */
    int plane_pairs = 1;
    /** Digits of bytes that the stage "weights" makes of a weight. */
    int digits = 1;
    /** Whether the weights of a product are as large as its inputs: read block by block for many rows, as
     * where they are expanded. */
    bool blocks_weights = false;
    /** Words of packed weights behind one step of the stage "accumulate". */
    int words_of_step = 1;

    /** Words of each of several planes of a row of tiles, see plane_pairs; 0 where it has one. */
    int words_of_plane = 0;
    /** Bytes of inputs and sums behind a row of a convolution by tiles. */
    int64_t row_bytes = 0;
    /** Whether the stage "padded" holds a whole image, or the rows that a row of outputs reads. */
    bool pads_image = false;
    /** Extents of the output, where that is an image. */
    int64_t height = 0, width = 0;
};

/** The scheduled pipeline, ready to be compiled for kernel.target. */
Halide::Pipeline make_pipeline(const Kernel &kernel);

}  // namespace quantide
