#include "tests/lower/run_group.h"

#include "compiler/quantizers/quantizer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <sstream>

namespace quantide {

namespace {

/** Memory between two pages that may not be touched, flush against the one behind it. */
class GuardedMemory {
public:
    explicit GuardedMemory(size_t bytes) {
        const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        size = (bytes + page - 1) / page * page + 2 * page;
        base = static_cast<std::byte *>(mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        internal_check(
            base != MAP_FAILED && mprotect(base + page, size - 2 * page, PROT_READ | PROT_WRITE) == 0,
            "no guarded memory");
        std::memset(base + page, 0xcd, size - 2 * page);
        begin = base + size - page - bytes;
    }
    ~GuardedMemory() { munmap(base, size); }
    GuardedMemory(const GuardedMemory &) = delete;
    GuardedMemory &operator=(const GuardedMemory &) = delete;
    std::byte *data() const { return begin; }

private:
    std::byte *base, *begin;
    size_t size;
};

Shape with_batch(Shape shape, int batch) {
    for (int64_t &extent : shape) {
        extent = extent == kBatch ? batch : extent;
    }
    return shape;
}

/** An operand of a kernel call: `array` in its value's layout, in guarded memory. */
struct Operand {
    GuardedMemory memory;
    std::vector<halide_dimension_t> dims;
    halide_buffer_t buffer = {};

    Operand(const Array &array, const Halide::Type &type, const std::vector<int64_t> &extents)
        : memory(array.bytes.size()) {
        std::memcpy(memory.data(), array.bytes.data(), array.bytes.size());
        int64_t stride = 1;
        for (int64_t extent : extents) {
            dims.emplace_back(0, static_cast<int32_t>(extent), static_cast<int32_t>(stride));
            stride *= extent;
        }
        buffer.host = reinterpret_cast<uint8_t *>(memory.data());
        buffer.type = type;
        buffer.dimensions = static_cast<int32_t>(dims.size());
        buffer.dim = dims.data();
    }
};

bool is_source(const Node &node) { return node.inputs.empty(); }

}  // namespace

bool test_all() { return std::getenv("QUANTIDE_TEST_ALL") != nullptr; }

Graph as_one_group(const Graph &graph) {
    Graph result = assign_layouts(graph, {});
    for (Node &node : result.nodes) {
        node.group = is_source(node) ? -1 : 0;
    }
    return result;
}

Array random_array(const ElementType &type, const Shape &shape, std::mt19937 &random) {
    Array array(type, shape);
    if (type.is_float()) {
        for (float &x : array.floats()) {
            x = std::uniform_real_distribution<float>(-2, 2)(random);
        }
    } else if (type == Int(32)) {
        for (int32_t &x : array.as<int32_t>()) {
            x = std::uniform_int_distribution<int32_t>(-9, 9)(random);
        }
    } else {
        for (uint8_t &x : array.as<uint8_t>()) {
            x = static_cast<uint8_t>(random() & ((1U << type.bits) - 1));
        }
    }
    return array;
}

ValueId add_input(Graph &graph, ElementType type, int features) {
    const int64_t bits = type == Float(32) ? 32 : 8;
    const ValueId x =
        graph.add_one("input", "x", {},
                      {{"shape", Shape{features}}, {"bits", bits}, {"scale", 1 / 255.0}, {"offset", 0.0}});
    if (type == UInt(1)) {
        graph.value(x).type = type;
        graph.value(x).encoding = find_quantizer("sign").encoding();
    }
    return x;
}

ValueId add_epilogue(Graph &graph, ValueId x, const std::string &epilogue, std::mt19937 &random) {
    const int64_t channels = graph.value(x).shape[1];
    const auto constant = [&](const char *name, const ElementType &type) {
        Array array = random_array(type, {channels}, random);
        if (name == std::string("running_var")) {
            for (float &v : array.floats()) {
                v = v * v;
            }
        }
        return graph.add_constant(name, array);
    };
    std::stringstream ops(epilogue);
    for (std::string op; std::getline(ops, op, '+');) {
        if (op == "threshold") {
            Array t = random_array(Int(32), {channels}, random);
            t.as<int32_t>()[0] = INT32_MAX;
            t.as<int32_t>()[static_cast<size_t>(channels) / 2] = INT32_MIN;
            x = graph.add_one(op, op, {x, graph.add_constant("t", t)});
        } else if (op == "dequantize") {
            x = graph.add_one(op, op, {x, constant("offset", Float(32))}, {{"scale", 0.37}});
        } else if (op.starts_with("batch_norm")) {
            const std::vector<ValueId> inputs = {
                x, constant("weight", Float(32)), constant("bias", Float(32)),
                constant("running_mean", Float(32)), constant("running_var", Float(32))};
            Attributes attributes{{"eps", 1e-4}, {"momentum", 0.1}};
            if (const size_t slash = op.find('/'); slash != std::string::npos) {
                attributes["norm"] = op.substr(slash + 1);
            }
            x = graph.add_one("batch_norm", "batch_norm", inputs, attributes);
        } else if (op == "quantize") {
            x = graph.add_one(op, op, {x}, {{"quantizer", std::string("sign")}});
        } else {
            x = graph.add_one(op, op, {x});
        }
    }
    return x;
}

TestGroup dense_group(const DenseCase &c, std::mt19937 &random) {
    Graph graph;
    const ValueId x = add_input(graph, c.x, c.inputs);
    const ElementType type = c.sign_weights ? UInt(1) : Float(32);
    const Encoding encoding = c.sign_weights ? find_quantizer("sign").encoding() : Encoding{};
    const ValueId w = graph.add_constant("w", random_array(type, {c.outputs, c.inputs}, random), encoding);
    const bool integers = c.sign_weights && !c.x.is_float();
    const ValueId product = graph.add_one(integers ? "integer_dense" : "dense", "dense", {x, w});
    graph.outputs = {add_epilogue(graph, product, c.epilogue, random)};
    const std::string what = fmt::format("dense {} x {} [{}, {}] + {}", to_string(c.x), to_string(type),
                                         c.outputs, c.inputs, c.epilogue);
    return {as_one_group(graph), what};
}

std::string run_and_compare(const TestGroup &group, const LowerOptions &options,
                            const std::vector<int> &batches, std::mt19937 &random, const Arrays &given) {
    const Kernel kernel = lower_group(group.graph, 0, options);
    const JitKernel code(kernel);
    // The interpreter knows logical layouts only.
    Graph logical = group.graph;
    for (Value &value : logical.values) {
        value.layout = Layout::Logical;
    }
    for (auto &[id, numbers] : logical.constants) {
        numbers = std::make_shared<const Array>(to_layout(*numbers, Layout::Logical));
    }
    std::vector<bool> produced(group.graph.values.size()), read(group.graph.values.size());
    std::vector<ValueId> inputs;
    for (const Node &node : group.graph.nodes) {
        for (ValueId id : node.group == 0 ? node.outputs : std::vector<ValueId>{}) {
            produced[static_cast<size_t>(id)] = true;
        }
        for (ValueId id : node.inputs) {
            if (!produced[static_cast<size_t>(id)] && !read[static_cast<size_t>(id)]) {
                read[static_cast<size_t>(id)] = true;
                inputs.push_back(id);
            }
        }
    }
    for (int batch : batches) {
        Arrays bindings = given;
        for (const Node &node : group.graph.nodes) {
            if (node.op == "input" && given.count(node.name) == 0) {
                const Value &value = group.graph.value(node.outputs[0]);
                bindings[value.name] = random_array(value.type, with_batch(value.shape, batch), random);
            }
        }
        const std::map<ValueId, Array> expected = interpret(logical, bindings);
        std::vector<std::unique_ptr<Operand>> operands;
        std::vector<halide_buffer_t *> buffers;
        const auto add = [&](ValueId id, const Halide::Type &type, bool is_output) {
            const Value &value = group.graph.value(id);
            Array array = to_layout(expected.at(id), value.layout);
            const std::vector<int64_t> extents = storage_of(array.shape, value.type, value.layout).extents;
            if (is_output) {
                std::fill(array.bytes.begin(), array.bytes.end(), std::byte{0xcd});
            }
            operands.push_back(std::make_unique<Operand>(array, type, extents));
            buffers.push_back(&operands.back()->buffer);
        };
        for (size_t i = 0; i < inputs.size(); ++i) {
            add(inputs[i], kernel.inputs[i].type(), false);
        }
        for (size_t i = 0; i < group.graph.outputs.size(); ++i) {
            add(group.graph.outputs[i], kernel.outputs[i].type(), true);
        }
        code.run(buffers);
        for (size_t i = 0; i < group.graph.outputs.size(); ++i) {
            const ValueId id = group.graph.outputs[i];
            const Array wanted = to_layout(expected.at(id), group.graph.value(id).layout);
            const std::byte *found = operands[inputs.size() + i]->memory.data();
            for (size_t byte = 0; byte < wanted.bytes.size(); ++byte) {
                if (found[byte] != wanted.bytes[byte]) {
                    return fmt::format("{} at {}, batch {}: byte {} of {} is {:#x}, expected {:#x}",
                                       group.what, options.level->name, batch, byte,
                                       group.graph.value(id).name, static_cast<int>(found[byte]),
                                       static_cast<int>(wanted.bytes[byte]));
                }
            }
        }
    }
    return "";
}

}  // namespace quantide
