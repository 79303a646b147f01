#include "tests/codegen/chain.h"

#include <bit>

namespace quantide {

namespace {

int64_t round_up(int64_t size) { return (size + 63) / 64 * 64; }

ValueId add_value(Graph &graph, const std::string &name, const Shape &shape, ElementType type) {
    Value value;
    value.name = name;
    value.shape = shape;
    value.type = type;
    graph.values.push_back(value);
    return static_cast<ValueId>(graph.values.size() - 1);
}

}  // namespace

Program make_chain(const std::string &name, int features, int steps) {
    Program program;
    Graph &graph = program.graph;
    graph.name = name;
    ValueId x = add_value(graph, "image", {kBatch, features}, UInt(8));
    for (float scale = 0.125F; graph.value(x).encoding.planes() < 8; scale *= 2) {
        graph.value(x).encoding.scales.push_back(scale);
    }
    graph.value(x).encoding.offset = -1;
    program.inputs = {x};

    Buffer from{
        .space = Space::Input, .index = 0, .offset = 0, .type = UInt(8), .extents = {features, kBatch}};
    for (int s = 0; s < steps; s++) {
        Array constant(UInt(8), {features});
        for (int i = 0; i < features; i++) {
            constant.as<uint8_t>()[static_cast<size_t>(i)] = chain_constant(s, i);
        }
        const ValueId w = add_value(graph, "w" + std::to_string(s), {features}, UInt(8));
        graph.constants[w] = std::make_shared<const Array>(constant);
        const ValueId y = add_value(graph, "y" + std::to_string(s), {kBatch, features}, UInt(8));
        graph.nodes.push_back(
            {.op = "mix", .name = "mix", .inputs = {x, w}, .outputs = {y}, .attributes = {}, .group = s});
        const Buffer to{.space = Space::Scratch,
                        .index = y,
                        .offset = (s % 2) * round_up(features),
                        .type = UInt(8),
                        .extents = {features, kBatch}};
        program.steps.push_back(
            {.kernel = s,
             .layer = "mix" + std::to_string(s),
             .operands = {
                 from,
                 {Space::Constant, static_cast<int>(program.constants.size()), 0, UInt(8), {features}},
                 to}});
        program.constants.push_back(w);
        program.groups.push_back(s);
        from = to;
        x = y;
    }
    const ValueId out = add_value(graph, "scores", {kBatch, features}, Float(32));
    graph.nodes.push_back(
        {.op = "half", .name = "half", .inputs = {x}, .outputs = {out}, .attributes = {}, .group = steps});
    program.steps.push_back({.kernel = steps,
                             .layer = "half",
                             .operands = {from, {Space::Output, 0, 0, Float(32), {features, kBatch}}}});
    program.groups.push_back(steps);
    graph.outputs = {out};
    program.outputs = {out};
    program.scratch_bytes_per_image = 2 * round_up(features);
    return program;
}

Kernel lower_chain(const Graph &graph, int group, const LowerOptions &options) {
    const Node &node = graph.nodes.at(static_cast<size_t>(group));
    const auto features = static_cast<int>(graph.value(node.outputs[0]).shape[1]);
    Kernel kernel;
    kernel.family = node.op;
    kernel.signature = node.op;
    kernel.parallel = options.parallel;
    kernel.target =
        Halide::Target(std::string(options.level->architecture) + "-linux" + options.level->features +
                       "-no_runtime-no_asserts-no_bounds_query-strict_float");
    const Halide::ImageParam x(Halide::UInt(8), 2), w(Halide::UInt(8), 1);
    const Halide::Var i("i"), b("b");
    Halide::Func out("out");
    kernel.inputs = {x};
    if (node.op == "mix") {
        out(i, b) = Halide::popcount(x(i, b) ^ w(i)) + x(i, b);
        kernel.inputs.push_back(w);
    } else {
        out(i, b) = Halide::cast<float>(x(i, b)) * 0.5F + 0.25F;
    }
    Halide::OutputImageParam buffers[] = {x, out.output_buffer()};
    for (Halide::OutputImageParam &p : buffers) {
        p.dim(0).set_bounds(0, features);
        p.dim(1).set_min(0).set_stride(features);
    }
    out.vectorize(i, kernel.target.natural_vector_size<uint8_t>(), Halide::TailStrategy::GuardWithIf);
    if (options.parallel) {
        out.parallel(b);
    }
    kernel.outputs = {out};
    return kernel;
}

float chain_reference(uint8_t x, int i, int steps) {
    for (int s = 0; s < steps; s++) {
        x = static_cast<uint8_t>(x + std::popcount(static_cast<unsigned>(x ^ chain_constant(s, i))));
    }
    return static_cast<float>(x) * 0.5F + 0.25F;
}

}  // namespace quantide
