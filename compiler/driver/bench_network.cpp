#include "compiler/base/philox.h"
#include "compiler/codegen/jit.h"
#include "compiler/driver/arithmetic_variants.h"
#include "compiler/driver/bench.h"
#include "compiler/driver/kernel_report.h"
#include "compiler/driver/library_program.h"
#include "compiler/driver/limit_loop.h"
#include "compiler/driver/measure.h"
#include "compiler/driver/progress.h"
#include "compiler/passes/pass.h"
#include "training/trainer.h"

#include <algorithm>

namespace quantide {

namespace {

/** A value's memory for a batch. Random codes, or float32 in (-1, 1). */
AlignedBytes random_bytes(const Value &value, int64_t batch) {
    AlignedBytes bytes(static_cast<size_t>(byte_count(value.shape, value.type, value.layout, batch)));
    const RandomStream random;
    if (value.type.is_float()) {
        auto *numbers = reinterpret_cast<float *>(bytes.data());
        for (size_t i = 0; i < bytes.size() / sizeof(float); ++i) {
            numbers[i] = uniform_symmetric(random(i));
        }
    } else {
        for (size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::byte>(random(i));
        }
    }
    return bytes;
}

/** A deployed program and the memory of one call. */
class Subject {
public:
    Subject(const JitProgram &program, int64_t batch)
        : jit_(program),
          batch_(batch),
          in_(random_bytes(value(program.program().inputs.at(0)), batch)),
          out_(random_bytes(value(program.program().outputs.at(0)), batch)),
          scratch_(program.scratch_bytes(batch)) {}

    void run(std::vector<double> *seconds) {
        jit_.run({.inputs = {in_.data()}, .outputs = {out_.data()}, .states = {}, .scratch = scratch_.data()},
                 batch_, seconds);
    }
    void run(const LoadedLibrary &library) {
        scratch_.grow(library.scratch_bytes(static_cast<int32_t>(batch_)));
        const int status =
            library.run(in_.data(), out_.data(), scratch_.data(), static_cast<int32_t>(batch_));
        internal_check(status == 0, "the library returned {}", status);
    }

private:
    const Value &value(ValueId id) const { return jit_.program().graph.value(id); }

    const JitProgram &jit_;
    int64_t batch_;
    AlignedBytes in_, out_, scratch_;
};

/** The limits of some arithmetics, measured among other contenders. */
class Limits {
public:
    Limits(const CpuLevel &level, const std::vector<KernelReport> &kernels) {
        for (const KernelReport &kernel : kernels) {
            const bool known = std::any_of(loops_.begin(), loops_.end(),
                                           [&](const auto &loop) { return loop.first == kernel.arithmetic; });
            const std::optional<LimitLoop> loop =
                known ? std::nullopt : make_limit_loop(level, kernel.arithmetic);
            if (loop) {
                loops_.emplace_back(kernel.arithmetic, *loop);
            }
        }
    }

    void add_to(std::vector<Contender> &contenders) const {
        for (const auto &[arithmetic, loop] : loops_) {
            contenders.push_back({loop.run});
        }
    }

    /** By arithmetic, given what was measured of the contenders that add_to() added. */
    std::map<std::string, double> gops(std::span<const Measurement> measured, BenchReport &report) const {
        std::map<std::string, double> result;
        for (size_t i = 0; i < loops_.size(); ++i) {
            const LimitLoop &loop = loops_[i].second;
            result[loops_[i].first] = report.limits[loop.name] = loop.operations / measured[i].seconds * 1e-9;
        }
        return result;
    }

private:
    std::vector<std::pair<std::string, LimitLoop>> loops_;
};

double limit_of(const std::map<std::string, double> &limits, const KernelReport &kernel) {
    const auto found = limits.find(kernel.arithmetic);
    return found == limits.end() ? 0 : found->second / kernel.plane_pairs;
}

/** The network's limit: all its products at their limits. */
double joint_limit(const std::vector<BenchRow> &layers) {
    double operations = 0, seconds = 0;
    for (const BenchRow &layer : layers) {
        if (layer.operations > 0 && layer.limit_gops == 0) {
            return 0;
        }
        operations += layer.operations;
        seconds += layer.operations > 0 ? layer.operations / layer.limit_gops : 0;
    }
    return seconds > 0 ? operations / seconds : 0;
}

/** The seconds of the rival's layers, by layer. */
std::map<std::string, double> layer_seconds(const Program &program, const Measurement &measured) {
    std::map<std::string, double> result;
    for (size_t i = 0; i < program.steps.size(); ++i) {
        result[program.steps[i].layer] += measured.parts.at(i);
    }
    return result;
}

JitProgram jit_program(Program program, const CpuLevel &level, bool parallel, bool strict_float) {
    JitOptions options;
    options.level = &level;
    options.parallel = parallel;
    options.strict_float = strict_float;
    options.compiling = [strict_float](int kernels) {
        show_compiling(strict_float ? "the network" : "its float32 form", kernels);
    };
    return JitProgram(std::move(program), options);
}

std::vector<KernelReport> report_kernels(const Program &program, const LowerChoice &choice, int64_t batch) {
    std::vector<KernelReport> kernels;
    for (const Step &step : program.steps) {
        kernels.push_back(report_kernel(program, step, kernel_choice(program, step, choice, batch)));
    }
    return kernels;
}

}  // namespace

void bench_network(const BenchOptions &options, BenchReport &report) {
    const Graph network = find_network(options.subject).graph();
    const CpuLevel *level = options.level.empty() ? &host_level() : bench_levels(options, report).at(0);
    const Arrays parameters = parameters_of(network, options.parameters);
    const bool parallel = options.threads != 1;
    set_jit_threads(options.threads);
    const Program program = deployed_program(network, parameters);
    const JitProgram ours = jit_program(program, *level, parallel, true);
    const JitProgram rival =
        jit_program(deployed_program(as_float32(network), parameters), *level, parallel, false);
    const LoadedLibrary library(
        program, find_target(fmt::format("{}-linux-{}", level->architecture, level->name)), parallel);
    for (const int64_t batch : options.batches) {
        const std::vector<KernelReport> kernels = report_kernels(program, {.level = level}, batch);
        const Limits limit_loops(*level, kernels);
        Subject subject(ours, batch), rival_subject(rival, batch);
        std::vector<double> parts(program.steps.size()), rival_parts(rival.program().steps.size());
        std::vector<Contender> contenders = {{[&] { subject.run(library); }},
                                             {[&] { rival_subject.run(nullptr); }},
                                             {[&] { subject.run(&parts); }, &parts},
                                             {[&] { rival_subject.run(&rival_parts); }, &rival_parts}};
        limit_loops.add_to(contenders);
        fmt::print(stderr, "measuring batch {}\n", batch);
        const std::vector<Measurement> measured = measure(contenders, options.rounds);
        const std::map<std::string, double> limits = limit_loops.gops(std::span(measured).subspan(4), report);
        const std::map<std::string, double> rivals = layer_seconds(rival.program(), measured[3]);

        std::vector<BenchRow> layers;
        for (size_t i = 0; i < program.steps.size(); ++i) {
            const Step &step = program.steps[i];
            layers.push_back({.name = fmt::format("layer/{}/batch{}", step.layer, batch),
                              .arithmetic = kernels[i].arithmetic,
                              .seconds = measured[2].parts.at(i),
                              .operations = static_cast<double>(step.operations * batch),
                              .limit_gops = step.operations > 0 ? limit_of(limits, kernels[i]) : 0});
            const auto rival_layer = rivals.find(step.layer);
            if (rival_layer != rivals.end()) {
                layers.back().baselines["float32"] = rival_layer->second;
            }
        }
        BenchRow whole{.name = fmt::format("network/batch{}", batch),
                       .seconds = measured[0].seconds,
                       .low = measured[0].low,
                       .high = measured[0].high,
                       .limit_gops = joint_limit(layers),
                       .baselines = {{"float32", measured[1].seconds}}};
        for (const BenchRow &layer : layers) {
            whole.operations += layer.operations;
        }
        report.rows.push_back(whole);
        report.rows.insert(report.rows.end(), layers.begin(), layers.end());
    }
}

void bench_arithmetics(const BenchOptions &options, BenchReport &report) {
    const Graph network = find_network(options.subject).graph();
    const CpuLevel *level = options.level.empty() ? &host_level() : bench_levels(options, report).at(0);
    const bool parallel = options.threads != 1;
    set_jit_threads(options.threads);
    const LowerChoice choice{.level = level, .batch = {}, .parallel = parallel};
    const Program program = deployed_program(network, parameters_of(network, options.parameters));
    const std::vector<ArithmeticVariant> variants = arithmetic_variants(program, choice, true);
    std::vector<std::unique_ptr<JitProgram>> programs;
    for (const ArithmeticVariant &variant : variants) {
        programs.push_back(
            std::make_unique<JitProgram>(jit_program(variant.program, *level, parallel, true)));
    }
    ChoiceCheck choices;
    for (const int64_t batch : options.batches) {
        std::vector<std::unique_ptr<Subject>> subjects;
        std::vector<std::vector<double>> parts(variants.size(), std::vector<double>(program.steps.size()));
        std::vector<Contender> contenders;
        std::vector<std::vector<KernelReport>> kernels;
        for (size_t i = 0; i < variants.size(); ++i) {
            kernels.push_back(report_kernels(variants[i].program, choice, batch));
            subjects.push_back(std::make_unique<Subject>(*programs[i], batch));
            contenders.push_back({[&, i] { subjects[i]->run(&parts[i]); }, &parts[i]});
        }
        fmt::print(stderr, "measuring batch {}\n", batch);
        const std::vector<Measurement> measured = measure(contenders, options.rounds);
        for (size_t step = 0; step < program.steps.size(); ++step) {
            const std::string layer = fmt::format("layer/{}/batch{}", program.steps[step].layer, batch);
            std::vector<BenchRow> rows;
            for (size_t i = 0; i < variants.size(); ++i) {
                const KernelReport &kernel = kernels[i][step];
                if (!kernel.arithmetic.empty() &&
                    (i == 0 || kernel.arithmetic != kernels[0][step].arithmetic)) {
                    rows.push_back(
                        {.name = fmt::format("{}/{}", layer, kernel.arithmetic),
                         .arithmetic = kernel.arithmetic,
                         .seconds = measured[i].parts.at(step),
                         .operations = static_cast<double>(program.steps[step].operations * batch)});
                }
            }
            if (rows.size() > 1) {
                choices.add(layer, rows);
            }
            report.rows.insert(report.rows.end(), rows.begin(), rows.end());
        }
    }
    report.summary.push_back(choices.summary());
}

void bench_training(const BenchOptions &options, BenchReport &report) {
    const Network &found = find_network(options.subject);
    const Graph network = found.graph();
    const Recipe recipe = recipe_of(found);
    Trainer trainer(network, recipe, {.seed = 1, .threads = options.threads, .compiling = [](int kernels) {
                                          show_compiling("the training step", kernels);
                                      }});
    const Program &program = trainer.program();
    const CpuLevel &level = host_level();
    const std::vector<KernelReport> kernels = report_kernels(
        program, {.level = &level, .batch = recipe.batch, .parallel = true, .strict_float = false},
        recipe.batch);
    const Limits limit_loops(level, kernels);

    const AlignedBytes images = random_bytes(program.graph.value(program.inputs.at(0)), 1);
    const std::vector<uint8_t> labels(static_cast<size_t>(recipe.batch));
    std::vector<double> parts(program.steps.size());
    const auto step = [&](std::vector<double> *seconds) {
        trainer.measure(seconds);
        trainer.step(images.data(), labels.data(), 1e-4);
    };
    std::vector<Contender> contenders = {{[&] { step(nullptr); }}, {[&] { step(&parts); }, &parts}};
    limit_loops.add_to(contenders);
    const std::vector<Measurement> measured = measure(contenders, options.rounds);
    const std::map<std::string, double> limits = limit_loops.gops(std::span(measured).subspan(2), report);

    const std::string name = fmt::format("step/batch{}", recipe.batch);
    report.rows.push_back(
        {.name = name, .seconds = measured[0].seconds, .low = measured[0].low, .high = measured[0].high});
    for (size_t i = 0; i < program.steps.size(); ++i) {
        const double operations = static_cast<double>(program.steps[i].operations * recipe.batch);
        report.rows[0].operations += operations;
        report.rows.push_back(
            {.name = fmt::format("{}/{:02}/{}/{}", name, i, program.steps[i].layer, kernels[i].family),
             .arithmetic = kernels[i].arithmetic,
             .seconds = measured[1].parts.at(i),
             .operations = operations,
             .limit_gops = operations > 0 ? limit_of(limits, kernels[i]) : 0});
    }
}

void bench_machine(const BenchOptions &options, BenchReport &report) {
    for (const CpuLevel *level : bench_levels(options, report)) {
        for (const std::string &arithmetic : limited_arithmetics(*level)) {
            fmt::print(stderr, "measuring the limit of {}/{}\n", level->name, arithmetic);
            const std::optional<LimitLoop> loop = make_limit_loop(*level, arithmetic);
            const Contender contender{loop->run};
            report.limits[loop->name] =
                loop->operations / measure({&contender, 1}, options.rounds)[0].seconds * 1e-9;
        }
    }
}

}  // namespace quantide
