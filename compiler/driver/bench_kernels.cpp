#include "compiler/driver/bench.h"
#include "compiler/driver/library_program.h"
#include "compiler/driver/limit_loop.h"
#include "compiler/driver/measure.h"
#include "compiler/driver/step_runner.h"
#include "compiler/passes/pass.h"

#include <algorithm>
#include <map>
#include <regex>

namespace quantide {

namespace {

/** One product: m rows, n outputs, k inputs. */
struct Size {
    const char *family;
    int64_t m, n, k;
};

const Size kSizes[] = {
    {"dense/w1a1", 1, 512, 512},     {"dense/w1a1", 100, 512, 512},  {"dense/w1a1", 1, 4096, 4096},
    {"dense/w1a1", 100, 4096, 4096}, {"dense/w1a1", 1, 1024, 4096},  {"dense/w1a1", 1024, 1024, 4096},
    {"dense/w1a1", 100, 1000, 1000}, {"dense/w1a8", 1, 512, 784},    {"dense/w1a8", 100, 512, 784},
    {"dense/w1a8", 1, 4096, 784},    {"dense/w1a8", 100, 4096, 784}, {"dense/w1a8", 1024, 1024, 4096},
    {"dense/f32", 1, 1024, 4096},    {"dense/f32", 100, 1024, 4096}, {"dense/f32", 100, 4096, 4096},
    {"dense/f32", 1024, 1024, 4096},
};

/** A network whose first product is of that size, its operands and its result as between two layers. */
Graph product_network(const Size &size) {
    return build("bench", [&] {
        const std::string family = size.family;
        const bool binary = family == "dense/w1a1", real = family == "dense/f32";
        Tensor x = input("x", {size.k}, real || binary ? Float(32) : UInt(8));
        if (binary) {
            x = quantize(x, sign());
        }
        if (real) {
            return batch_norm(dense(x, {.units = size.n}));
        }
        x = quantize(batch_norm(dense(x, {.units = size.n, .weights = sign()})), sign());
        return dense(x, {.units = 1, .weights = sign()});
    });
}

const Step &product_step(const Program &program) {
    const auto step = std::find_if(program.steps.begin(), program.steps.end(),
                                   [](const Step &s) { return s.operations > 0; });
    internal_check(step != program.steps.end(), "no product in the network to measure");
    return *step;
}

BenchRow measure_kernel(const std::string &name, const Size &size, const CpuLevel &level, int rounds,
                        BenchReport &report) {
    const Graph network = product_network(size);
    const Arrays parameters = parameters_of(network, {});
    const Program program = deployed_program(network, parameters),
                  rival = deployed_program(as_float32(network), parameters);
    const LowerChoice choice{.level = &level},
        fast{.level = &level, .batch = {}, .parallel = false, .strict_float = false};
    const StepRunner ours(program, product_step(program), choice, size.m),
        float32(rival, product_step(rival), fast, size.m);
    const KernelReport kernel = report_kernel(program, product_step(program), choice);
    const std::optional<LimitLoop> limit = make_limit_loop(level, kernel.arithmetic);
    std::vector<Contender> contenders = {{[&] { ours.run(); }}, {[&] { float32.run(); }}};
    if (limit) {
        contenders.push_back({limit->run});
    }
    const std::vector<Measurement> measured = measure(contenders, rounds);
    BenchRow row{.name = name,
                 .arithmetic = kernel.arithmetic,
                 .seconds = measured[0].seconds,
                 .low = measured[0].low,
                 .high = measured[0].high,
                 .operations = static_cast<double>(2 * size.m * size.n * size.k),
                 .baselines = {{"float32", measured[1].seconds}}};
    if (limit) {
        row.limit_gops = report.limits[limit->name] = limit->operations / measured[2].seconds * 1e-9;
    }
    return row;
}

/** What a program adds to each of its kernels: the library of a long chain of tiny layers against its kernels
 * called one after another on the same memory, described beforehand. */
BenchRow measure_overhead(const std::string &name, const CpuLevel &level, int rounds) {
    constexpr int kLayers = 40;
    // The less a kernel does, the less the places of its two copies in memory disturb the difference.
    const Graph network = build("overhead", [] {
        Tensor x = input("x", {1}, Float(32));
        for (int layer = 0; layer < kLayers; ++layer) {
            x = dense(x, {.units = 1});
        }
        return x;
    });
    const Program program = deployed_program(network, parameters_of(network, {}));
    const LoadedLibrary library(
        program, find_target(fmt::format("{}-linux-{}", level.architecture, level.name)), false);
    AlignedBytes in(sizeof(float)), out(sizeof(float)), scratch(library.scratch_bytes(1));
    const auto host = [&](const Buffer &buffer) -> void * {
        switch (buffer.space) {
            case Space::Input:
                return in.data();
            case Space::Output:
                return out.data();
            case Space::Scratch:
                return scratch.data() + buffer.offset;
            default:
                const ValueId id = program.constants.at(static_cast<size_t>(buffer.index));
                return const_cast<std::byte *>(program.graph.constants.at(id)->bytes.data());
        }
    };
    const LowerChoice choice{.level = &level};
    std::map<std::string, JitKernel> compiled;
    std::vector<std::unique_ptr<StepRunner>> kernels;
    for (const Step &step : program.steps) {
        const std::string signature = kernel_signature(program, step, choice);
        if (compiled.count(signature) == 0) {
            compiled.emplace(signature, compile_step(program, step, choice));
        }
        kernels.push_back(std::make_unique<StepRunner>(compiled.at(signature), step, 1, host));
    }
    const Contender contenders[] = {{[&] { library.run(in.data(), out.data(), scratch.data(), 1); }}, {[&] {
                                        for (const auto &kernel : kernels) {
                                            kernel->run();
                                        }
                                    }}};
    const std::vector<Measurement> measured = measure(contenders, rounds);
    const Measurement more = difference(measured[0], measured[1]);
    const auto steps = static_cast<double>(kernels.size());
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
    for (const CpuLevel *level : bench_levels(options, report)) {
        for (const Size &size : kSizes) {
            const std::string name =
                fmt::format("{}/m{}_n{}_k{}/{}", size.family, size.m, size.n, size.k, level->name);
            if (wanted(name)) {
                report.rows.push_back(measure_kernel(name, size, *level, options.rounds, report));
            }
        }
        const std::string name = fmt::format("program/overhead/{}", level->name);
        if (wanted(name)) {
            report.rows.push_back(measure_overhead(name, *level, options.rounds));
        }
    }
    user_check(!report.rows.empty(),
               "--filter: expected an expression that occurs in the name of a kernel, such as "
               "'dense/w1a1/m1_n512_k512/{}', found '{}'",
               host_level().name, options.filter);
}

}  // namespace quantide
