#include "compiler/lower/arithmetic.h"

#include "compiler/base/integers.h"
#include "compiler/codegen/target_rates.h"
#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/tile_products.h"
#include "compiler/ops/conv.h"
#include "compiler/ops/rules.h"
#include "schedules/tiles.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace quantide {

namespace {

// Measured with `bench kernels --all-arithmetic`: how near to a loop's peak its kernels come.
constexpr double kPopcountOfPeak = 0.95, kPopcountOfPeakAlone = 0.88, kPopcountOfPairs = 0.93,
                 kBytesOfPeak = 0.8, kShortsOfPeak = 0.78;
/** Digits of bytes, whose sums are widened word by word; popcounts without an instruction, which full adders
 * make rare. */
constexpr double kDigitsOfPeak = 0.57, kCondensedOfPeak = 1.25;
/** Not measured: what the best library for such CPUs reaches, and half as much again. */
constexpr double kTilesOfPeak = 0.55;
/** To expand a plane of a weight, in multiply-adds of bytes: three instructions where a multiply-add is one
 * (dot products) or two. */
constexpr double kExpansionOfDot = 2.8, kExpansionOfPair = 1.4;
/** A shift and a mask for weights of one plane, or that are multiplied plane by plane. */
constexpr double kSinglePlane = 0.4;
/** Weights of eight bits lie as bytes: their way from memory, in multiply-adds of bytes and of numbers of 16
 * bits. */
constexpr double kBytesAsTheyLie = 5, kShortsOfBytes = 2.5;
/** To make bytes of a plane of an input, once for all outputs; those of eight bits are moved. */
constexpr double kInputOfPlane = 13;
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
            inputs = TileSteps(1, w.shape[1]).padded_words() * 32;
            fits = inputs * kTileRows <= kMostTileBytes;
            return;
        }
        const ConvOperands conv = check_conv(graph, node);
        const auto taps = static_cast<int>(conv.window.kernel[0] * conv.window.kernel[1]);
        const TileSteps steps(taps, w.shape[1]);
        const Raster raster(conv.window, graph.value(node.outputs[0]).shape);
        rows = raster.width * graph.value(node.outputs[0]).shape[2];
        inputs = int64_t{32} * steps.padded_words() * taps;
        fits = raster.row_bytes(steps) <= kMostTileBytes && w.layout != Layout::FlatPanels;
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

/** A product and the level that is to compute it. */
struct Product {
    const Graph &graph;
    const Node &node;
    const LowerOptions &options;
    const Value &x, &w;
    const bool image, grouped;
    const NumberPlanes x_planes, w_planes;
    const Halide::Target target;
    const int64_t positions;
    const double operations;  ///< of an image

    Product(const Graph &of, const Node &product, const LowerOptions &how)
        : graph(of),
          node(product),
          options(how),
          x(graph.value(node.inputs[0])),
          w(graph.value(node.inputs[1])),
          image(node.op == "integer_conv2d"),
          grouped(node.has("groups") && node.integer("groups") > 1),
          x_planes(integer_view(x.encoding)),
          w_planes(weight_view(w.encoding)),
          target(kernel_target(options)),
          positions(positions_of(graph, node)),
          operations(2.0 * static_cast<double>(w.shape[0] * positions) *
                     static_cast<double>(element_count(features_of(w), 1, node.name))) {}

    /** The schedule of an arithmetic on this level; null if it has none. */
    const Schedule *schedule(Arithmetic arithmetic) const {
        const std::string family = fmt::format("{}/{}", image ? "conv2d" : "dense", to_string(arithmetic));
        return has_schedule(family, target) ? &find_schedule(family, target) : nullptr;
    }
    /** What making numbers of the weights takes, with `of_plane` for each plane. */
    double expansion(double of_plane, double of_bytes) const {
        return w.type.bits == 8 ? of_bytes : of_plane * w_planes.count;
    }
    /** The operations of an image with those of lanes beyond the last output. */
    double operations_in(const Schedule &schedule) const {
        const int64_t outputs = w.shape[0];
        return operations * static_cast<double>(round_up(outputs, schedule.tuning.vector)) /
               static_cast<double>(outputs);
    }
    /** What making numbers of the inputs of an image takes, in multiply-adds. */
    double of_inputs() const {
        return static_cast<double>(element_count(features_of(x), 1, node.name)) * kInputOfPlane *
               (x.type.bits == 8 ? 1 : x_planes.count);
    }
    std::string expanded(const char *into) const {
        return w.type.bits == 8   ? "weights lie as bytes"
               : w.type.bits == 1 ? fmt::format("weights become {}", into)
                                  : fmt::format("{} planes of weights become {}", w_planes.count, into);
    }
};

using Candidate = std::optional<ArithmeticCost>;

Candidate popcounts(const Product &p) {
    if (!has_popcounts(p.x, p.w)) {
        return {};
    }
    const Schedule &row = *p.schedule(Arithmetic::Popcount);
    const bool by_adders = row.tuning.condense && row.instruction[0] == 0;
    // Where an instruction counts, sums of a pair of planes are short.
    const bool short_sums = row.tuning.block == 0 && p.x.type.bits * p.w.type.bits > 1;
    const double of_peak = by_adders    ? kCondensedOfPeak / kPopcountOfPeak
                           : short_sums ? kPopcountOfPairs
                                        : 1,
                 speed = rate(p.options, row.arithmetic),
                 peak = p.operations_in(row) * p.x.type.bits * p.w.type.bits / speed / of_peak;
    const auto seconds = [=, positions = p.positions](int64_t batch) {
        return peak / (positions * batch > 1 ? kPopcountOfPeak : kPopcountOfPeakAlone);
    };
    return ArithmeticCost{
        Arithmetic::Popcount, row.arithmetic, seconds,
        fmt::format("{} x {} bit planes at {:.0f} GOPS", p.x.type.bits, p.w.type.bits, speed * 1e-9)};
}

/** What multiply-adds, `products` of them for one of the network's, and making numbers of the weights take:
 * as long as `expansion` multiply-adds, once for the rows that share them. */
std::function<double(int64_t)> seconds_of_dots(const Product &p, const Schedule &row, double speed,
                                               double products, double expansion) {
    return [=, operations = p.operations_in(row), positions = p.positions,
            inputs = p.of_inputs()](int64_t batch) {
        const int64_t rows = std::min(kMostRows, positions * batch);
        return (inputs + operations * (products + expansion / static_cast<double>(rows))) / speed;
    };
}

Candidate bytes(const Product &p) {
    const Schedule &row = *p.schedule(Arithmetic::Bytes);
    const ByteProduct product = byte_product_of(p.x, is_centered(p.node), p.w, p.target, row.tuning);
    const double expansion =
        product.digit_planes == 1
            ? kSinglePlane * product.digits
            : p.expansion(product.block == 0 ? kExpansionOfDot : kExpansionOfPair, kBytesAsTheyLie);
    const double speed = rate(p.options, row.arithmetic),
                 of_peak = product.digits > 1 && product.digit_planes > 1 ? kDigitsOfPeak : kBytesOfPeak;
    const std::string unit =
        product.digits == 1 ? "bytes" : fmt::format("{} digits of weights", product.digits);
    return ArithmeticCost{Arithmetic::Bytes, row.arithmetic,
                          seconds_of_dots(p, row, speed, product.digits / of_peak, expansion),
                          fmt::format("{} at {:.0f} GOPS, {}", unit, speed * 1e-9, p.expanded("bytes"))};
}

Candidate shorts(const Product &p) {
    const Schedule *row = p.schedule(Arithmetic::Shorts);
    if (row == nullptr) {
        return {};
    }
    const double speed = rate(p.options, row->arithmetic);
    return ArithmeticCost{
        Arithmetic::Shorts, row->arithmetic,
        seconds_of_dots(p, *row, speed, 1 / kShortsOfPeak, p.expansion(kExpansionOfPair, kShortsOfBytes)),
        fmt::format("numbers of 16 bits at {:.0f} GOPS, {}", speed * 1e-9, p.expanded("such"))};
}

Candidate tiles(const Product &p) {
    const Schedule *row = p.schedule(Arithmetic::Tiles);
    if (row == nullptr) {
        return {};
    }
    const TileShape shape(p.graph, p.node);
    if (!shape.fits) {
        return {};
    }
    const double speed = rate(p.options, row->arithmetic), speed_of_dots = rate(p.options, "vnni"),
                 all_expanded = p.operations * p.expansion(kExpansionOfDot, kBytesAsTheyLie) / speed_of_dots,
                 of_inputs = p.of_inputs() / speed_of_dots;
    const int64_t outputs = round_up(p.w.shape[0], kTileOutputs);
    const auto seconds = [=, image = p.image, positions = p.positions,
                          operations = p.operations](int64_t batch) {
        const int64_t images = image ? 1 : batch, rows = shape.rows * images;
        const double expansion =
            of_inputs + all_expanded / static_cast<double>(std::min(kMostTileRows, positions * batch));
        if (!image && rows < kFewestTileRows) {
            return expansion + operations / kBytesOfPeak / speed_of_dots;
        }
        const double products = static_cast<double>(round_up(rows, kTileRows) * outputs * shape.inputs) /
                                static_cast<double>(images);
        return expansion + 2 * products / kTilesOfPeak / speed;
    };
    return ArithmeticCost{
        Arithmetic::Tiles, row->arithmetic, seconds,
        fmt::format("tiles of bytes at {:.0f} GOPS, {}", speed * 1e-9, p.expanded("bytes"))};
}

/** What can compute a product, in any order. Of groups without words of their own integers are multiplied one
 * by one, which counts as bytes. */
std::vector<ArithmeticCost> candidates(const Product &p) {
    std::vector<ArithmeticCost> result;
    const auto add = [&](const Candidate &candidate) {
        if (candidate) {
            result.push_back(*candidate);
        }
    };
    add(popcounts(p));
    if (!p.grouped || result.empty()) {
        add(bytes(p));
    }
    if (!p.grouped) {
        add(shorts(p));
        add(tiles(p));
    }
    return result;
}

}  // namespace

const char *to_string(Arithmetic arithmetic) {
    switch (arithmetic) {
        case Arithmetic::Popcount:
            return "popcount";
        case Arithmetic::Bytes:
            return "bytes";
        case Arithmetic::Shorts:
            return "shorts";
        default:
            return "tiles";
    }
}

std::vector<ArithmeticCost> arithmetics_of(const Graph &graph, const Node &node,
                                           const LowerOptions &options) {
    const Product product(graph, node, options);
    const std::vector<ArithmeticCost> all = candidates(product);
    std::vector<ArithmeticCost> costs = all;
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
                   node.name, product.x.type.bits, product.w.type.bits, options.level->name,
                   fmt::join(known, ", "), wanted);
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
    if (costs.empty()) {
        return {variant(
            1, options, std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node &node) {
                const Schedule *dots =
                    node.group == group ? gradient_dots(graph, node, kernel_target(options)) : nullptr;
                return dots != nullptr && dots->tuning.tiles;
            }))};
    }
    const auto has_tiles = [](const ArithmeticCost &cost) { return cost.arithmetic == Arithmetic::Tiles; };
    if (options.batch || product->has("arithmetic") || behind(costs.front(), costs, options) < kWorthTwo) {
        return {variant(1, options, has_tiles(costs.front()))};
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
