#pragma once
#include "compiler/codegen/target.h"
#include "compiler/driver/support.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quantide {

struct BenchOptions {
    std::string subject;  ///< a network, "kernels" or "machine"
    std::string level, filter, json, output;
    ParameterChoice parameters;
    std::vector<int64_t> batches = {1, 100};
    int rounds = 31, threads = 1;
    bool train = false, all_arithmetic = false;
};

/** One line of the report. */
struct BenchRow {
    std::string name;  ///< "layer/dense1/batch1"
    std::string arithmetic = {};
    double seconds = 0;                            ///< median
    double low = 0, high = 0;                      ///< its 95 % confidence interval; both 0: none
    double operations = 0;                         ///< 2 per multiply-add; 0: not a product
    double limit_gops = 0;                         ///< of the machine, for this arithmetic; 0: unknown
    std::map<std::string, double> baselines = {};  ///< a rival's name -> its seconds

    double gops() const { return seconds > 0 ? operations / seconds * 1e-9 : 0; }
};

struct BenchReport {
    std::vector<BenchRow> rows;
    /** Limits by level and arithmetic: "avx2/popcount" -> GOPS. */
    std::map<std::string, double> limits;
    /** What was not measured, and why. */
    std::vector<std::string> skipped;
    /** What the rows say together. */
    std::vector<std::string> summary = {};
};

/** The levels to measure: the one that was asked for, with CompileError if this machine lacks it; otherwise
 * all of its architecture that it has, and the others go to report.skipped. */
std::vector<const CpuLevel *> bench_levels(const BenchOptions &options, BenchReport &report);

/** The deployed network and its layers, with its float32 form as rival. */
void bench_network(const BenchOptions &options, BenchReport &report);
/** The layers of a deployed network by every arithmetic that each can have. */
void bench_arithmetics(const BenchOptions &options, BenchReport &report);
/** The training step of a network, kernel by kernel. */
void bench_training(const BenchOptions &options, BenchReport &report);
/** The kernels alone, over a list of sizes. */
void bench_kernels(const BenchOptions &options, BenchReport &report);
/** The limits alone. */
void bench_machine(const BenchOptions &options, BenchReport &report);

}  // namespace quantide
