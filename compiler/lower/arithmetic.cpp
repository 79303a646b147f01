#include "compiler/lower/arithmetic.h"

#include "compiler/codegen/target_rates.h"
#include "compiler/lower/byte_products.h"
#include "compiler/ops/rules.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace quantide {

namespace {

// Measured with `bench kernels --all-arithmetic`: how near to a loop's peak its kernels come.
constexpr double kPopcountOfPeak = 0.95, kPopcountOfPeakAlone = 0.88, kBytesOfPeak = 0.8;
/** To expand a plane of a weight, in multiply-adds of bytes: three instructions where a multiply-add is one
 * (dot products) or two. */
constexpr double kExpansionOfDot = 2.8, kExpansionOfPair = 1.4;
/** A shift and a mask for weights of one plane, or that are multiplied plane by plane. */
constexpr double kSinglePlane = 0.4;
/** Rows (positions of images) that share expanded weights. */
constexpr int64_t kMostRows = 64;
constexpr int64_t kLargeBatch = 100;

int64_t positions_of(const Graph &graph, const Node &node) {
    const Shape &shape = graph.value(node.outputs[0]).shape;
    return shape.size() == 4 ? shape[2] * shape[3] : 1;
}

/** Rates are estimates: an arithmetic that the table lacks counts as slow. */
double rate(const LowerOptions &options, const std::string &name) {
    return rate_of(*options.level, name).value_or(1) * 1e9;
}

}  // namespace

const char *to_string(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::Popcount ? "popcount" : "bytes";
}

std::vector<ArithmeticCost> arithmetics_of(const Graph &graph, const Node &node,
                                           const LowerOptions &options) {
    const Value &x = graph.value(node.inputs[0]), &w = graph.value(node.inputs[1]);
    const bool image = node.op == "integer_conv2d";
    const bool apart = node.has("groups") && node.integer("groups") > 1;
    const Halide::Target target = kernel_target(options);
    const auto row_of = [&](Arithmetic arithmetic) -> const Schedule & {
        return find_schedule(fmt::format("{}/{}", image ? "conv2d" : "dense", to_string(arithmetic)), target);
    };
    const int64_t positions = positions_of(graph, node);
    const double operations = 2.0 * static_cast<double>(w.shape[0] * positions) *
                              static_cast<double>(element_count(features_of(w), 1, node.name));
    std::vector<ArithmeticCost> costs;
    if (x.type.bits < 8 && w.type.bits < 8 && weight_view(w.encoding).twice_middle() == 0) {
        const std::string name = row_of(Arithmetic::Popcount).arithmetic;
        const double peak = operations * x.type.bits * w.type.bits / rate(options, name);
        costs.push_back({Arithmetic::Popcount, name,
                         peak / (positions > 1 ? kPopcountOfPeak : kPopcountOfPeakAlone),
                         peak / kPopcountOfPeak,
                         fmt::format("{} x {} bit planes at {:.0f} GOPS", x.type.bits, w.type.bits,
                                     rate(options, name) * 1e-9)});
    }
    // Words that groups share are for popcounts; for bytes their integers are multiplied one by one.
    if (!apart || costs.empty()) {
        const Schedule &row = row_of(Arithmetic::Bytes);
        const ByteProduct product = byte_product_of(x, is_centered(node), w, target, row.tuning);
        const double expansion =
            product.digit_planes == 1
                ? kSinglePlane
                : (product.block == 0 ? kExpansionOfDot : kExpansionOfPair) * w.type.bits;
        const auto seconds = [&](int64_t batch) {
            const int64_t rows = std::min(kMostRows, positions * batch);
            return operations * (product.digits / kBytesOfPeak + expansion / static_cast<double>(rows)) /
                   rate(options, row.arithmetic);
        };
        std::string why =
            fmt::format("{} at {:.0f} GOPS",
                        product.digits == 1 ? "bytes" : fmt::format("{} digits of weights", product.digits),
                        rate(options, row.arithmetic) * 1e-9);
        why += w.type.bits == 1 ? ", weights become bytes"
                                : fmt::format(", {} planes of weights become bytes", w.type.bits);
        costs.push_back({Arithmetic::Bytes, row.arithmetic, seconds(1), seconds(kLargeBatch), why});
    }
    const auto behind = [&](const ArithmeticCost &cost) {
        double worst = 1;
        for (const ArithmeticCost &other : costs) {
            const bool one = !options.batch || *options.batch == 1,
                       many = !options.batch || *options.batch > 1;
            worst = std::max({worst, one ? cost.one / other.one : 1, many ? cost.many / other.many : 1});
        }
        return worst;
    };
    std::stable_sort(costs.begin(), costs.end(),
                     [&](const ArithmeticCost &a, const ArithmeticCost &b) { return behind(a) < behind(b); });
    if (node.has("arithmetic")) {
        const std::string &wanted = node.text("arithmetic");
        const auto found = std::find_if(costs.begin(), costs.end(), [&](const ArithmeticCost &cost) {
            return wanted == to_string(cost.arithmetic);
        });
        std::vector<const char *> known;
        for (const ArithmeticCost &cost : costs) {
            known.push_back(to_string(cost.arithmetic));
        }
        user_check(found != costs.end(),
                   "'{}': expected an arithmetic that multiplies {} bits by {} on {}: {}; found '{}'",
                   node.name, x.type.bits, w.type.bits, options.level->name, fmt::join(known, ", "), wanted);
        std::rotate(costs.begin(), found, found + 1);
    }
    return costs;
}

Arithmetic choose_arithmetic(const Graph &graph, const Node &node, const LowerOptions &options) {
    return arithmetics_of(graph, node, options).front().arithmetic;
}

}  // namespace quantide
