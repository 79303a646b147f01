#include "compiler/driver/arithmetic_variants.h"
#include "compiler/driver/bench.h"
#include "compiler/driver/library_program.h"
#include "compiler/driver/limit_loop.h"
#include "compiler/driver/measure.h"
#include "compiler/driver/step_runner.h"
#include "compiler/passes/pass.h"
#include "dsl/image_layers.h"

#include <algorithm>
#include <regex>

namespace quantide {

namespace {

/** Equal layers behind each other, as they lie between others in a network: product, batch norm, and signs
 * where the weights are. A dense layer has features [k], a convolution images [channels, height, width] and
 * padding that keeps their extents. */
struct Layers {
    const char *arithmetic;  ///< "w1a1", "w2a4", ...: bits of weights (p4: powers of two) and inputs; "f32"
    Shape input;
    int64_t outputs, batch = 1, kernel = 0, stride = 1;
    int count = 1;
    int64_t groups = 1;

    bool images() const { return input.size() == 3; }
    std::string name() const {
        const std::string kind = count > 1 ? fmt::format("chain{}", count) : images() ? "conv2d" : "dense";
        const std::string suffix = groups > 1 ? fmt::format("_g{}", groups) : "";
        return images() ? fmt::format("{}/{}/k{}_c{}_n{}_{}x{}{}", kind, arithmetic, kernel, input[0],
                                      outputs, input[1], input[2], suffix)
                        : fmt::format("{}/{}/m{}_n{}_k{}", kind, arithmetic, batch, outputs, input[0]);
    }
};

const Layers kLayers[] = {
    {"w1a1", {512}, 512, 1},
    {"w1a1", {512}, 512, 100},
    {"w1a1", {4096}, 4096, 1},
    {"w1a1", {4096}, 4096, 100},
    {"w1a1", {4096}, 1024, 1},
    {"w1a1", {4096}, 1024, 1024},
    {"w1a1", {1000}, 1000, 100},
    {"w1a8", {784}, 512, 1},
    {"w1a8", {784}, 512, 100},
    {"w1a8", {784}, 4096, 1},
    {"w1a8", {784}, 4096, 100},
    {"w1a8", {4096}, 1024, 1024},
    {"f32", {4096}, 1024, 1},
    {"f32", {4096}, 1024, 100},
    {"f32", {4096}, 4096, 100},
    {"f32", {4096}, 1024, 1024},
    {"w1a2", {4096}, 1024, 1},
    {"w1a2", {4096}, 1024, 1024},
    {"w2a2", {4096}, 1024, 1},
    {"w2a2", {4096}, 1024, 1024},
    {"w4a4", {4096}, 1024, 1},
    {"w4a4", {4096}, 1024, 1024},
    {"p4a4", {4096}, 1024, 1},
    {"p4a4", {4096}, 1024, 1024},
    {"w2a8", {4096}, 1024, 1024},
    {"w8a8", {4096}, 1024, 1},
    {"w8a8", {4096}, 1024, 1024},
    {"w1a1", {256, 32, 32}, 256, 1, 3},
    {"w1a1", {256, 28, 28}, 256, 1, 3},
    {"w1a1", {256, 14, 14}, 256, 1, 3},
    {"w1a1", {64, 56, 56}, 64, 1, 3},
    {"w1a1", {128, 28, 28}, 128, 1, 3},
    {"w1a1", {512, 7, 7}, 512, 1, 3},
    {"w1a2", {256, 28, 28}, 256, 1, 3},
    {"w2a2", {256, 28, 28}, 256, 1, 3},
    {"w4a4", {256, 28, 28}, 256, 1, 3},
    {"p4a4", {256, 28, 28}, 256, 1, 3},
    {"w8a8", {256, 28, 28}, 256, 1, 3},
    {"w1a8", {3, 32, 32}, 128, 1, 3},
    {"f32", {64, 28, 28}, 64, 1, 3},
    {"f32", {3, 224, 224}, 64, 1, 7, 2},
    {"w1a1", {256, 28, 28}, 256, 1, 3, 1, 5},
    {"w1a1", {64, 56, 56}, 64, 1, 3, 1, 5},
    {"w1a1", {512, 7, 7}, 512, 1, 3, 1, 5},
    {"w8a8", {256, 28, 28}, 256, 1, 3, 1, 5},
    {"w8a8", {64, 56, 56}, 64, 1, 3, 1, 5},
    {"w8a8", {512, 7, 7}, 512, 1, 3, 1, 5},
    {"w1a1", {256, 28, 28}, 256, 1, 3, 1, 1, 4},
    {"w1a1", {256, 28, 28}, 256, 1, 3, 1, 1, 64},
    {"w1a1", {256, 28, 28}, 256, 1, 3, 1, 1, 256},
    {"f32", {256, 28, 28}, 256, 1, 3, 1, 1, 256},
};

/** A network whose first products are those layers. */
Graph network_of(const Layers &layers) {
    return build("bench", [&] {
        const std::string arithmetic = layers.arithmetic;
        const bool codes = arithmetic != "f32";
        const int weight_bits = codes ? arithmetic[1] - '0' : 0, input_bits = codes ? arithmetic[3] - '0' : 0;
        const Precision weights = !codes                 ? float32()
                                  : arithmetic[0] == 'p' ? power_of_two(weight_bits)
                                                         : symmetric(weight_bits);
        const Precision next = weight_bits == 8 ? unsigned_uniform(8) : sign();  // as networks have it
        const auto product = [&](const Tensor &x, int64_t outputs, int64_t kernel, int64_t stride,
                                 int64_t groups) {
            return layers.images() ? conv2d(x, {.channels = outputs,
                                                .kernel = kernel,
                                                .stride = stride,
                                                .padding = same(),
                                                .groups = groups,
                                                .weights = weights})
                                   : dense(x, {.units = outputs, .weights = weights});
        };
        Tensor x = input("x", layers.input, input_bits == 8 ? UInt(8) : Float(32));
        if (codes && input_bits < 8) {
            x = quantize(x, symmetric(input_bits));
        }
        for (int layer = 0; layer < layers.count; ++layer) {
            x = batch_norm(product(x, layers.outputs, layers.kernel, layers.stride, layers.groups));
            if (codes) {
                x = quantize(x, input_bits == 8 ? next : symmetric(input_bits));
            }
        }
        x = product(x, 1, 1, 1, 1);  // reads the last of them as another layer would
        return layers.images() ? global_avg_pool(x) : x;
    });
}

/** From the first product to the one of that number, with what lies between them. */
std::span<const Step> product_steps(const Program &program, int count) {
    const auto is_product = [](const Step &step) { return step.operations > 0; };
    const auto first = std::find_if(program.steps.begin(), program.steps.end(), is_product);
    auto end = first;
    for (int i = 0; i < count; ++i) {
        const auto product = std::find_if(end, program.steps.end(), is_product);
        internal_check(product != program.steps.end(), "expected {} products to measure, found {}", count, i);
        end = product + 1;
    }
    return {first, end};
}

/** A row for the arithmetic that was chosen and, if asked for, one for each other that there is. */
void measure_layers(const std::string &name, const Layers &layers, const CpuLevel &level,
                    const BenchOptions &options, BenchReport &report, ChoiceCheck &choices) {
    const Graph network = network_of(layers);
    const Arrays parameters = parameters_of(network, {});
    const Program program = deployed_program(network, parameters),
                  rival = deployed_program(as_float32(network), parameters);
    const LowerChoice choice{.level = &level, .expected_batch = layers.batch},
        fast{.level = &level, .batch = {}, .parallel = false, .strict_float = false};
    // Only the first product's layers are measured: others of the chain have the same candidates.
    std::vector<ArithmeticVariant> variants = arithmetic_variants(program, choice, options.all_arithmetic);
    const auto kernel_of = [&](const ArithmeticVariant &variant) {
        return report_kernel(variant.program, product_steps(variant.program, layers.count).front(), choice);
    };
    const KernelReport chosen = kernel_of(variants.front());
    std::erase_if(variants, [&](const ArithmeticVariant &variant) {
        return !variant.option.empty() && kernel_of(variant).arithmetic == chosen.arithmetic;
    });
    CallMemory rival_memory(rival, layers.batch);
    StepsRunner float32(rival, product_steps(rival, layers.count), fast, rival_memory);
    float32.fill_inputs();
    std::vector<std::unique_ptr<CallMemory>> memories;
    std::vector<std::unique_ptr<StepsRunner>> runners;
    std::vector<KernelReport> kernels;
    std::vector<std::optional<LimitLoop>> limits;
    std::vector<Contender> contenders = {{[&] { float32.run(); }}};
    for (const ArithmeticVariant &variant : variants) {
        memories.push_back(std::make_unique<CallMemory>(variant.program, layers.batch));
        runners.push_back(std::make_unique<StepsRunner>(
            variant.program, product_steps(variant.program, layers.count), choice, *memories.back()));
        runners.back()->fill_inputs();
        kernels.push_back(kernel_of(variant));
        limits.push_back(make_limit_loop(level, kernels.back().arithmetic));
        contenders.push_back({[runner = runners.back().get()] { runner->run(); }});
        contenders.push_back({limits.back() ? limits.back()->run : [] {}});
    }
    const std::vector<Measurement> measured = measure(contenders, options.rounds);
    std::vector<BenchRow> rows;
    for (size_t i = 0; i < variants.size(); ++i) {
        const Measurement &time = measured[1 + 2 * i];
        BenchRow row{.name = fmt::format("{}/{}", name, kernels[i].arithmetic),
                     .arithmetic = kernels[i].arithmetic,
                     .seconds = time.seconds,
                     .low = time.low,
                     .high = time.high,
                     .baselines = {{"float32", measured[0].seconds}}};
        for (const Step &step : product_steps(variants[i].program, layers.count)) {
            row.operations += static_cast<double>(step.operations * layers.batch);
        }
        if (limits[i]) {
            report.limits[limits[i]->name] = limits[i]->operations / measured[2 + 2 * i].seconds * 1e-9;
            row.limit_gops = report.limits[limits[i]->name] / kernels[i].plane_pairs;
        }
        rows.push_back(row);
    }
    if (rows.size() > 1) {
        choices.add(name, rows);
    }
    report.rows.insert(report.rows.end(), rows.begin(), rows.end());
}

/** What a program adds to each of its kernels: the library of a long chain of tiny layers against its kernels
 * called one after another on the same memory, described beforehand. */
BenchRow measure_overhead(const std::string &name, const CpuLevel &level, int rounds) {
    constexpr int kCount = 40;
    // The less a kernel does, the less the places of its two copies in memory disturb the difference.
    const Graph network = build("overhead", [] {
        Tensor x = input("x", {1}, Float(32));
        for (int layer = 0; layer < kCount; ++layer) {
            x = dense(x, {.units = 1});
        }
        return x;
    });
    const Program program = deployed_program(network, parameters_of(network, {}));
    const LoadedLibrary library(
        program, find_target(fmt::format("{}-linux-{}", level.architecture, level.name)), false);
    // Both work on the same memory.
    CallMemory memory(program, 1);
    memory.scratch.grow(library.scratch_bytes(1));
    const StepsRunner kernels(program, program.steps, {.level = &level}, memory);
    const Contender contenders[] = {
        {[&] { library.run(memory.inputs[0].data(), memory.outputs[0].data(), memory.scratch.data(), 1); }},
        {[&] { kernels.run(); }}};
    const std::vector<Measurement> measured = measure(contenders, rounds);
    const Measurement more = difference(measured[0], measured[1]);
    const auto steps = static_cast<double>(program.steps.size());
    return {
        .name = name, .seconds = more.seconds / steps, .low = more.low / steps, .high = more.high / steps};
}

}  // namespace

void bench_kernels(const BenchOptions &options, BenchReport &report) {
    std::regex filter;
    try {
        filter = std::regex(options.filter);
    } catch (const std::regex_error &) {
        throw CompileError(
            fmt::format("--filter: expected a regular expression, found '{}'", options.filter));
    }
    const auto wanted = [&](const std::string &name) {
        const bool found = std::regex_search(name, filter);
        if (found) {
            fmt::print(stderr, "compiling and measuring {}\n", name);
        }
        return found;
    };
    ChoiceCheck choices;
    for (const CpuLevel *level : bench_levels(options, report)) {
        for (const Layers &layers : kLayers) {
            const std::string name = fmt::format("{}/{}", layers.name(), level->name);
            if (wanted(name)) {
                measure_layers(name, layers, *level, options, report, choices);
            }
        }
        const std::string name = fmt::format("program/overhead/{}", level->name);
        if (wanted(name)) {
            report.rows.push_back(measure_overhead(name, *level, options.rounds));
        }
    }
    if (options.all_arithmetic) {
        report.summary.push_back(choices.summary());
    }
    user_check(!report.rows.empty(),
               "--filter: expected an expression that occurs in the name of a kernel, such as "
               "'dense/w1a1/m1_n512_k512/{}', found '{}'",
               host_level().name, options.filter);
}

}  // namespace quantide
