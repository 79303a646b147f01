#include "tests/schedules/train_groups.h"

#include "compiler/lower/group_lowering.h"
#include "compiler/quantizers/quantizer.h"

#include <HalideBuffer.h>

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

template<typename Param>
Halide::Runtime::Buffer<void> buffer_over(Array &array, const Param &param) {
    std::vector<int> extents;
    for (int i = 0; i < param.dimensions(); ++i) {
        extents.push_back(static_cast<int>(*Halide::Internal::as_const_int(param.dim(i).extent())));
    }
    return Halide::Runtime::Buffer<void>(halide_type_t(param.type()), array.bytes.data(), extents);
}

/** The outputs of a kernel in order; those of a Tuple have the extents of its first. */
std::vector<Halide::OutputImageParam> output_params(const Kernel &kernel) {
    std::vector<Halide::OutputImageParam> result;
    for (const Halide::Func &f : kernel.outputs) {
        result.insert(result.end(), f.output_buffers().size(), f.output_buffers()[0]);
    }
    return result;
}

}  // namespace

ValueId GroupTest::input(const std::string &name, int64_t rows, int64_t columns, const Array &numbers) {
    Attributes attributes{
        {"shape", Shape{columns}}, {"batch", rows}, {"bits", int64_t{8 * numbers.type.bytes()}}};
    if (numbers.type == UInt(8)) {
        attributes["scale"] = 0.25;
        attributes["offset"] = -2.0;
    }
    bindings[name] = numbers;
    return graph.add_one("input", name, {}, attributes);
}

ValueId GroupTest::parameter(const std::string &name, const Array &numbers) {
    bindings[name] = numbers;
    return graph.add_one("parameter", name, {},
                         {{"shape", numbers.shape}, {"init", "zeros"}, {"trainable", int64_t{1}}});
}

ValueId GroupTest::images(const std::string &name, const Array &numbers) {
    const ValueId id = parameter(name, numbers);
    graph.value(id).layout = Layout::ChannelsLast;
    return id;
}

ValueId GroupTest::codes(const std::string &name, Shape shape, Layout layout) {
    Array bits(UInt(1), shape);
    std::generate(bits.as<uint8_t>().begin(), bits.as<uint8_t>().end(), [&] { return random() >> 31; });
    bindings[name] = bits;
    const ValueId id = graph.add_one(
        "parameter", name, {},
        {{"shape", std::move(shape)}, {"init", "zeros"}, {"trainable", int64_t{0}}, {"quantizer", "sign"}});
    graph.value(id).layout = layout;
    return id;
}

ValueId GroupTest::labels(int64_t rows, int64_t classes) {
    Array classes_of(UInt(8), {rows});
    std::generate(classes_of.as<uint8_t>().begin(), classes_of.as<uint8_t>().end(),
                  [&] { return static_cast<uint8_t>(random() % static_cast<unsigned>(classes)); });
    bindings["labels"] = classes_of;
    return graph.add_one("labels", "labels", {}, {{"batch", rows}});
}

ValueId GroupTest::operand(const std::string &quantizer, Shape shape, Layout layout) {
    if (quantizer == "bytes") {
        Array bytes(UInt(8), shape);
        std::generate(bytes.as<uint8_t>().begin(), bytes.as<uint8_t>().end(), [&] { return random() >> 24; });
        bindings["bytes"] = bytes;
        const ValueId id = graph.add_one("input", "bytes", {},
                                         {{"shape", Shape(shape.begin() + 1, shape.end())},
                                          {"batch", shape[0]},
                                          {"bits", int64_t{8}},
                                          {"scale", 0.25},
                                          {"offset", -2.0}});
        graph.value(id).layout = shape.size() == 4 ? Layout::ChannelsLast : Layout::Logical;
        return id;
    }
    const Quantizer q = find_quantizer(quantizer);
    bindings["other"] = quantize(q, uniform(shape, -1.2F, 1.2F));
    const ValueId id = graph.add_one("parameter", "other", {},
                                     {{"shape", std::move(shape)},
                                      {"init", "zeros"},
                                      {"trainable", int64_t{0}},
                                      {"quantizer", quantizer}});
    graph.value(id).layout = q.bits < 8 || has_panels(layout)    ? layout
                             : graph.value(id).shape.size() == 4 ? Layout::ChannelsLast
                                                                 : Layout::Logical;
    return id;
}

ValueId GroupTest::updated(ValueId gradient) {
    const Shape shape = graph.value(gradient).shape;
    const ValueId w = parameter("w", Array(Float(32), shape)), m = parameter("m", Array(Float(32), shape));
    bindings["rate"] = Array(Float(32), {1});
    const ValueId rate = graph.add_one("scalar", "rate", {});
    const auto next =
        graph.add("sgd", "sgd", {w, m, gradient, rate}, {{"momentum", 0.0}, {"scale", 1.0}, {"clip", 0.0}});
    for (const ValueId id : {w, m, next[0], next[1]}) {
        graph.value(id).layout = Layout::OutputPanels;
    }
    graph.updates = {{w, next[0]}, {m, next[1]}};
    return next[1];
}

Array GroupTest::exact(Shape shape, int range) {
    Array array(Float(32), std::move(shape));
    std::uniform_int_distribution<int> distribution(-range, range);
    std::generate(array.floats().begin(), array.floats().end(),
                  [&] { return static_cast<float>(distribution(random)) / 64; });
    return array;
}

Array GroupTest::uniform(Shape shape, float low, float high) {
    Array array(Float(32), std::move(shape));
    std::uniform_real_distribution<float> distribution(low, high);
    std::generate(array.floats().begin(), array.floats().end(), [&] { return distribution(random); });
    return array;
}

void GroupTest::fuse(size_t first) {
    for (size_t i = first; i < graph.nodes.size(); ++i) {
        graph.nodes[i].group = 0;
    }
}

void GroupTest::run(bool parallel, const CpuLevel &level) {
    expected_ = interpret(graph, bindings);
    LowerOptions options;
    options.level = &level;
    options.batch = 1;  // every extent is known
    options.parallel = parallel;
    options.strict_float = false;
    const Kernel kernel = lower_group(graph, 0, options);
    const GroupOperands operands = group_operands(graph, 0);
    std::map<ValueId, Array> memory;
    std::map<ValueId, ValueId> state_of;
    for (const StateUpdate &update : graph.updates) {
        state_of[update.next] = update.state;
    }
    std::vector<Halide::Runtime::Buffer<void>> buffers;
    for (size_t i = 0; i < operands.inputs.size(); ++i) {
        const ValueId id = operands.inputs[i];
        memory[id] = to_layout(expected_.at(id), graph.value(id).layout);
        buffers.push_back(buffer_over(memory[id], kernel.inputs[i]));
    }
    const std::vector<Halide::OutputImageParam> outputs = output_params(kernel);
    ASSERT_EQ(outputs.size(), operands.outputs.size());
    const auto place = [&](ValueId id) {
        const auto state = state_of.find(id);
        return state == state_of.end() ? id : state->second;
    };
    for (size_t i = 0; i < outputs.size(); ++i) {
        const ValueId id = operands.outputs[i];
        if (memory.count(place(id)) == 0) {
            memory[place(id)] = Array(graph.value(id).type, graph.value(id).shape, graph.value(id).layout);
        }
        buffers.push_back(buffer_over(memory[place(id)], outputs[i]));
    }
    std::vector<halide_buffer_t *> raw;
    std::transform(buffers.begin(), buffers.end(), std::back_inserter(raw),
                   [](auto &b) { return b.raw_buffer(); });
    ASSERT_EQ(JitKernel(kernel).run(raw), 0);
    for (ValueId id : operands.outputs) {
        found_[id] = to_layout(memory.at(place(id)), Layout::Logical);
    }
}

void expect_within(const Array &found, const Array &expected, const std::function<double(size_t)> &bound) {
    ASSERT_EQ(found.shape, expected.shape);
    size_t wrong = 0;
    for (size_t i = 0; i < expected.floats().size() && wrong < 3; ++i) {
        const double a = static_cast<double>(found.floats()[i]),
                     b = static_cast<double>(expected.floats()[i]);
        if (!(std::fabs(a - b) <= bound(i))) {
            ADD_FAILURE() << "element " << i << ": expected " << b << ", found " << a << ", bound "
                          << bound(i);
            ++wrong;
        }
    }
}

}  // namespace quantide
