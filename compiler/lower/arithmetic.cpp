#include "compiler/lower/arithmetic.h"

#include "compiler/base/integers.h"
#include "compiler/codegen/target_rates.h"
#include "compiler/lower/tile_products.h"
#include "compiler/ops/conv.h"
#include "compiler/ops/rules.h"
#include "schedules/tiles.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace quantide {

namespace {

// Measured with `bench kernels --all-arithmetic`: how near to a loop's peak its kernels come.
constexpr double kPopcountOfPeak = 0.95, kPopcountOfPeakAlone = 0.88, kBytesOfPeak = 0.8;
/** Not measured: what the best library for such CPUs reaches, and half as much again. */
constexpr double kTilesOfPeak = 0.55;
/** To expand a plane of a weight, in multiply-adds of bytes: three instructions where a multiply-add is one
 * (dot products) or two. */
constexpr double kExpansionOfDot = 2.8, kExpansionOfPair = 1.4;
/** A shift and a mask for weights of one plane, or that are multiplied plane by plane. */
constexpr double kSinglePlane = 0.4;
/** Rows (positions of images) that share expanded weights. */
constexpr int64_t kMostRows = 64;
/** Rows and outputs of a block of tiles. */
constexpr int64_t kTileRows = 32, kTileOutputs = 16;

/** Two kernels of a group are worth their code if one would be so much slower for one image or for many. */
constexpr double kWorthTwo = 1.1;

int64_t positions_of(const Graph &graph, const Node &node) {
    const Shape &shape = graph.value(node.outputs[0]).shape;
    return shape.size() == 4 ? shape[2] * shape[3] : 1;
}

/** How a product's numbers fill tiles. */
struct TileShape {
    int64_t rows;    ///< of an image
    int64_t inputs;  ///< with those that are padding
    bool fits;       ///< on the stack

    TileShape(const Graph &graph, const Node &node) {
        const Value &w = graph.value(node.inputs[1]);
        if (node.op == "integer_dense") {
            rows = 1;
            inputs = TileSteps(1, static_cast<int>(divide_up(w.shape[1], 32))).padded_words() * 32;
            fits = inputs * kTileRows <= kMostTileBytes;
            return;
        }
        const ConvOperands conv = check_conv(graph, node);
        const auto taps = static_cast<int>(conv.window.kernel[0] * conv.window.kernel[1]);
        const int words = TileSteps(taps, static_cast<int>(divide_up(w.shape[1], 32))).padded_words();
        const Raster raster(conv.window, graph.value(node.outputs[0]).shape);
        rows = raster.width * graph.value(node.outputs[0]).shape[2];
        inputs = int64_t{32} * words * taps;
        fits = raster.row_bytes(words) <= kMostTileBytes && w.layout != Layout::FlatPanels;
    }
};

/** Rates are estimates: an arithmetic that the table lacks counts as slow. */
double rate(const LowerOptions &options, const std::string &name) {
    return rate_of(*options.level, name).value_or(1) * 1e9;
}

/** How often as long as the fastest an arithmetic takes, at worst. */
double behind(const ArithmeticCost &cost, const std::vector<ArithmeticCost> &all,
              const LowerOptions &options) {
    const std::optional<int64_t> given = options.batch ? options.batch : options.expected_batch;
    double worst = 1;
    for (const int64_t batch : given ? std::vector<int64_t>{*given} : std::vector<int64_t>{1, kLargeBatch}) {
        for (const ArithmeticCost &other : all) {
            worst = std::max(worst, cost.seconds(batch) / other.seconds(batch));
        }
    }
    return worst;
}

}  // namespace

const char *to_string(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::Popcount ? "popcount"
           : arithmetic == Arithmetic::Bytes  ? "bytes"
                                              : "tiles";
}

std::vector<ArithmeticCost> arithmetics_of(const Graph &graph, const Node &node,
                                           const LowerOptions &options) {
    const Value &x = graph.value(node.inputs[0]), &w = graph.value(node.inputs[1]);
    const bool image = node.op == "integer_conv2d";
    const bool apart = node.has("groups") && node.integer("groups") > 1;
    const Halide::Target target = kernel_target(options);
    const auto family_of = [&](Arithmetic arithmetic) {
        return fmt::format("{}/{}", image ? "conv2d" : "dense", to_string(arithmetic));
    };
    const auto row_of = [&](Arithmetic arithmetic) -> const Schedule & {
        return find_schedule(family_of(arithmetic), target);
    };
    const int64_t positions = positions_of(graph, node);
    const double operations = 2.0 * static_cast<double>(w.shape[0] * positions) *
                              static_cast<double>(element_count(features_of(w), 1, node.name));
    const std::string expanded = w.type.bits == 1
                                     ? "weights become bytes"
                                     : fmt::format("{} planes of weights become bytes", w.type.bits);
    std::vector<ArithmeticCost> costs;
    if (x.type.bits < 8 && w.type.bits < 8 && weight_view(w.encoding).twice_middle() == 0) {
        const std::string name = row_of(Arithmetic::Popcount).arithmetic;
        const double peak = operations * x.type.bits * w.type.bits / rate(options, name);
        const auto seconds = [=](int64_t batch) {
            return peak / (positions * batch > 1 ? kPopcountOfPeak : kPopcountOfPeakAlone);
        };
        costs.push_back({Arithmetic::Popcount, name, seconds,
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
        const double speed = rate(options, row.arithmetic);
        const auto seconds = [=](int64_t batch) {
            const int64_t rows = std::min(kMostRows, positions * batch);
            return operations * (product.digits / kBytesOfPeak + expansion / static_cast<double>(rows)) /
                   speed;
        };
        const std::string unit =
            product.digits == 1 ? "bytes" : fmt::format("{} digits of weights", product.digits);
        costs.push_back({Arithmetic::Bytes, row.arithmetic, seconds,
                         fmt::format("{} at {:.0f} GOPS, {}", unit, speed * 1e-9, expanded)});
    }
    std::optional<TileShape> shape;
    if (!apart && has_schedule(family_of(Arithmetic::Tiles), target)) {
        shape.emplace(graph, node);
    }
    if (shape && shape->fits) {
        const std::string name = row_of(Arithmetic::Tiles).arithmetic;
        const double speed = rate(options, name), speed_of_dots = rate(options, "vnni"),
                     all_expanded = operations * kExpansionOfDot * w.type.bits / speed_of_dots;
        const int64_t outputs = round_up(w.shape[0], kTileOutputs);
        const auto seconds = [=](int64_t batch) {
            const int64_t images = image ? 1 : batch, rows = shape->rows * images;
            const double expansion =
                all_expanded / static_cast<double>(std::min(kMostTileRows, positions * batch));
            if (!image && rows < kFewestTileRows) {
                return expansion + operations / kBytesOfPeak / speed_of_dots;
            }
            const double products = static_cast<double>(round_up(rows, kTileRows) * outputs * shape->inputs) /
                                    static_cast<double>(images);
            return expansion + 2 * products / kTilesOfPeak / speed;
        };
        costs.push_back({Arithmetic::Tiles, name, seconds,
                         fmt::format("tiles of bytes at {:.0f} GOPS, {}", speed * 1e-9, expanded)});
    }
    const std::vector<ArithmeticCost> all = costs;
    std::stable_sort(costs.begin(), costs.end(), [&](const ArithmeticCost &a, const ArithmeticCost &b) {
        return behind(a, all, options) < behind(b, all, options);
    });
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

std::vector<KernelVariant> kernel_variants(const Graph &graph, int group, const LowerOptions &options) {
    const auto product = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node &node) {
        return node.group == group && is_integer_product(node);
    });
    const std::vector<ArithmeticCost> costs = product == graph.nodes.end()
                                                  ? std::vector<ArithmeticCost>()
                                                  : arithmetics_of(graph, *product, options);
    // With the level whose code it is.
    const auto variant = [&](int64_t least_batch, LowerOptions how, bool tiles) -> KernelVariant {
        if (how.level->otherwise != nullptr && !tiles) {
            how.level = &find_level(how.level->otherwise);
        }
        return {least_batch, how};
    };
    const auto has_tiles = [](const ArithmeticCost &cost) { return cost.arithmetic == Arithmetic::Tiles; };
    if (costs.empty() || options.batch || product->has("arithmetic") ||
        behind(costs.front(), costs, options) < kWorthTwo) {
        return {variant(1, options, !costs.empty() && has_tiles(costs.front()))};
    }
    const auto fastest_at = [&](int64_t batch) -> const ArithmeticCost & {
        return *std::min_element(costs.begin(), costs.end(),
                                 [&](const ArithmeticCost &a, const ArithmeticCost &b) {
                                     return a.seconds(batch) < b.seconds(batch);
                                 });
    };
    // Two of them: one that is the fastest for both would not be behind.
    const ArithmeticCost &of_few = fastest_at(1), &of_many = fastest_at(kLargeBatch);
    LowerOptions few = options, many = options;
    few.expected_batch = 1;
    many.expected_batch = kLargeBatch;
    int64_t from = 2;
    while (from < kLargeBatch && of_many.seconds(from) > of_few.seconds(from)) {
        from *= 2;
    }
    return {variant(1, few, has_tiles(of_few)), variant(from, many, has_tiles(of_many))};
}

}  // namespace quantide
