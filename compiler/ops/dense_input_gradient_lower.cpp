#include "compiler/base/integers.h"
#include "compiler/lower/gradient_bytes.h"
#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/gradient_planes.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/signed_sums.h"
#include "schedules/markers.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

const Var c("c"), n("n");

/** Rows of the batch that one block of tables serves: as few blocks as tables of 28 KB allow, of as few
 * vectors of so many lanes and bytes as that leaves. */
int rows_of_block(int64_t rows, int lanes, int bytes) {
    const int64_t vectors = divide_up(rows, lanes);
    const int64_t most = (bytes > 32 ? 256 : 224) / bytes;
    const int64_t blocks = divide_up(vectors, most);
    return static_cast<int>(divide_up(vectors, blocks)) * lanes;
}

// For 1-bit weights rows of the batch are lanes, and what differs between inputs is only which sums of
// gradients are added: tables of them serve all inputs. Sums over 32 outputs of codes are narrow.
void of_signs(GroupLowering &group, const Node &node, const GradientOperand &dy) {
    const Value &w = group.graph.value(node.inputs[1]);
    const int rows = static_cast<int>(group.graph.value(node.inputs[0]).shape[0]);
    const int outputs = static_cast<int>(w.shape[0]);
    internal_check(w.layout == Layout::OutputPanels, "{}: weights that are not in panels", node.name);
    const Halide::Type narrow = dy.sum_type(32), total = dy.total_type(outputs);
    const int vector = group.kernel.target.natural_vector_size(narrow);
    const int lanes = rows_of_block(rows, vector, vector * narrow.bytes());
    const Var lane("lane"), step("step"), panel("panel"), block("block"), bit("bit"), word("word"), k("k");
    Func terms("terms"), transposed("transposed"), product("product"), dx("input_gradient");
    const Expr row = block * lanes + lane, m = 32 * panel + step;
    const Expr value = dy.elements(Halide::min(m, outputs - 1), Halide::min(row, rows - 1));
    terms(lane, step, panel, block) =
        Halide::select(row < rows && m < outputs, cast(narrow, value), cast(narrow, 0));

    // Bit o of the word of input 32 word + bit is output 32 panel + o.
    const Func words = group.words(node.inputs[1]);
    const RDom o(0, 32, "o");
    transposed(bit, word, panel) = cast<uint32_t>(0);
    transposed(bit, word, panel) += ((words(o, word, panel) >> cast<uint32_t>(bit)) & 1) << cast<uint32_t>(o);

    const RDom p(0, static_cast<int>(divide_up(outputs, 32)), "panels");
    const Var entry("entry"), four("group");
    Func tables("tables");
    tables(lane, entry, four, panel, block) =
        signed_sum(entry, [&](int b) { return terms(lane, kTermsPerTable * four + b, panel, block); });
    product(lane, k, block) = cast(total, 0);
    const Expr before = product(lane, k, block);
    Expr sum = dy.has_codes() ? cast(narrow, 0) : before;
    for (int g = 0; g < 32 / kTermsPerTable; ++g) {
        const Expr signs = cast<int>(transposed(k % 32, k / 32, p)) >> (kTermsPerTable * g);
        sum += tables(lane, signs % 16, g, p, block);
    }
    product(lane, k, block) = dy.has_codes() ? before + cast(total, sum) : sum;
    dx(c, n) = dy.rescaled(product(n % lanes, c, n / lanes), integer_view(w.encoding).scale);
    group.stage("product", product);
    group.stage("terms", terms);
    group.stage("transposed", transposed);
    group.stage("tables", tables);
    group.kernel.family = "input_gradient/w1";
    group.kernel.m = lanes;
    group.define(node.outputs[0], dx);
}

void of_integers(GroupLowering &group, const Node &node, const GradientOperand &dy) {
    const Value &w = group.graph.value(node.inputs[1]);
    const IntegerView view = weight_view(w.encoding);
    const int outputs = static_cast<int>(w.shape[0]);
    const Halide::Type total = dy.total_type(outputs, largest_integer(view));
    const bool pairs = dy.has_pairs(total);
    const int step = pairs ? 2 : 1;
    const Var p("p");
    const Func codes = group.elements(node.inputs[1]);
    const auto weight = [&](const Expr &m) {
        return Halide::select(m < outputs, integer_of(view, codes(c, Halide::min(m, outputs - 1))), 0);
    };
    const auto gradient = [&](const Expr &m) { return dy.elements(Halide::min(m, outputs - 1), n); };
    Func weights("weights"), terms("terms"), product("product"), dx("input_gradient");
    weights(c, p) = pairs ? pair_word(weight(2 * p), weight(2 * p + 1)) : weight(p);
    terms(p, n) = pairs ? pair_word(gradient(2 * p), gradient(2 * p + 1)) : cast<int32_t>(gradient(p));
    const RDom m(0, static_cast<int>(divide_up(outputs, step)), "output");
    product(c, n) = cast(total, 0);
    product(c, n) = pairs ? short_dot(product(c, n), terms(m, n), weights(c, m))
                          : product(c, n) + cast(total, terms(m, n)) * cast(total, weights(c, m));
    dx(c, n) = dy.rescaled(product(c, n), view.scale);
    group.stage("product", product);
    group.stage("terms", terms);
    group.stage("weights", weights);
    group.kernel.family = "input_gradient/codes";
    group.define(node.outputs[0], dx);
}

// Rows of the batch are multiplied by columns of the weights, whose integers become bytes with four outputs
// in a lane.
void of_bytes(GroupLowering &group, const Node &node, const GradientOperand &dy, const Schedule &schedule) {
    const Value &w = group.graph.value(node.inputs[1]);
    const int rows = static_cast<int>(group.graph.value(node.inputs[0]).shape[0]);
    const int outputs = static_cast<int>(w.shape[0]), inputs = static_cast<int>(w.shape[1]);
    const IntegerView view = weight_view(w.encoding);
    const ByteNumbers numbers(view);
    const GradientBytes bytes(dy);
    const int words = static_cast<int>(divide_up(outputs, 32)), padded = padded_words(schedule.tuning, words);
    const Var lane("lane"), panel("panel"), bit("bit"), word("word"), row("row");
    const Expr from = Halide::min(Halide::likely(row), rows - 1);
    const bool whole = 32 * padded == outputs;
    Func codes("codes"), sum("sum"), weight_total("weight_total"), dx("input_gradient");
    const auto gradient = [&](const Expr &m) -> Expr {
        const Expr there = whole ? m : Halide::min(Halide::likely(m), outputs - 1);
        const Expr byte = bytes(dy.codes(there, from));
        return whole ? byte : Halide::select(Halide::likely(m) < outputs, byte, cast<uint32_t>(0));
    };
    codes(bit, word, row) = cast<int32_t>(lane_of(4, gradient, first_step(4, bit, word)));
    const RDom step({{0, 8}, {0, words}}, "step");
    sum(row) = 0;
    sum(row) += byte_sum(codes(step.x, step.y, row));

    // Packed weights have bits beyond the last input and words beyond the last output.
    const Func elements = group.elements(node.inputs[1]);
    const bool packed = w.layout == Layout::OutputPanels;
    const auto number = [&](const Expr &m) {
        const Expr column = 32 * panel + lane;
        return numbers(
            packed ? elements(column, m)
                   : elements(inputs % 32 == 0 ? column : Halide::min(Halide::likely(column), inputs - 1),
                              Halide::min(m, outputs - 1)));
    };
    const Func dots = row_products(
        group, product_of(numbers), schedule.tuning, words,
        [&](const Expr &b, const Expr &i) { return codes(b, i, row); },
        [&](const Expr &b, const Expr &i, const Expr &) { return lane_of(4, number, first_step(4, b, i)); });
    group.kernel.n = inputs;
    group.kernel.k = 32 * padded;
    group.kernel.m = rows;
    Expr total;
    if (dy.has_zero()) {
        const RDom m(0, outputs, "output");
        weight_total(lane, panel) = 0;
        weight_total(lane, panel) += cast<int32_t>(number(m));
        group.stage("weight_total", weight_total);
        total = from_panels(weight_total, c, {}, inputs);
    }
    dx(c, n) = dy.rescaled(
        corrected(numbers, bytes, from_panels(dots, c, {n}, inputs), sum(n) - outputs * bytes.zero, total),
        view.scale);
    group.stage("codes", codes);
    group.stage("sum", sum);
    group.kernel.family = schedule.family;
    group.define(node.outputs[0], dx);
}

// The same of bfloat16 numbers.
void of_planes(GroupLowering &group, const Node &node, const GradientOperand &dy, const Schedule &schedule) {
    const Value &w = group.graph.value(node.inputs[1]);
    const int rows = static_cast<int>(group.graph.value(node.inputs[0]).shape[0]);
    const int outputs = static_cast<int>(w.shape[0]), inputs = static_cast<int>(w.shape[1]);
    const IntegerView view = weight_view(w.encoding);
    const TileSteps steps(1, outputs, planes_of_gradient(node));
    const Var lane("lane"), panel("panel"), bit("bit"), word("word"), row("row");
    Func codes("codes"), dx("input_gradient");
    const auto gradient = [&](const Expr &m) {
        const Expr value = dy.elements(Halide::min(m, outputs - 1), Halide::min(row, rows - 1));
        const Expr plane = bfloat16_plane(value, word / steps.padded_words(), steps.numbers.row_planes);
        return Halide::select(m < outputs, plane, cast<uint32_t>(0));
    };
    codes(bit, word, row) = lane_of(2, gradient, first_step(2, bit, word % steps.padded_words()));
    const Func elements = group.elements(node.inputs[1]);
    const Expr column =
        w.layout == Layout::OutputPanels ? 32 * panel + lane : Halide::min(32 * panel + lane, inputs - 1);
    const auto number = [&](const Expr &m) {
        return bfloat16_integer(w.encoding, view, elements(column, Halide::min(m, outputs - 1)));
    };
    const Func dots = tile_products(
        group, steps, {row}, [&](const Expr &b, const Expr &i, const Expr &) { return codes(b, i, row); },
        [&](const Expr &b, const Expr &i, const Expr &) { return lane_of(2, number, first_step(2, b, i)); });
    dx(c, n) = dy.rescaled(from_panels(dots, c, {n}, inputs), view.scale);
    group.stage("codes", codes);
    group.kernel.n = inputs;
    group.kernel.k = outputs;
    group.kernel.m = rows;
    group.kernel.family = schedule.family;
    group.define(node.outputs[0], dx);
}

}  // namespace

// dx[n, k] = sum_m dy[n, m] w[m, k].
void lower_dense_input_gradient(GroupLowering &group, const Node &node) {
    const Value &w = group.graph.value(node.inputs[1]);
    const GradientOperand dy(group, node);
    if (const Schedule *dots = gradient_dots(group.graph, node, group.kernel.target)) {
        (dy.has_codes() ? of_bytes : of_planes)(group, node, dy, *dots);
        return;
    }
    if (is_sign(w.encoding)) {
        of_signs(group, node, dy);
        return;
    }
    if (dy.has_codes()) {
        of_integers(group, node, dy);
        return;
    }
    const RDom m(0, static_cast<int>(w.shape[0]), "output");
    const Func weights = group.elements(node.inputs[1]);
    Func product("product");
    product(c, n) = 0.0F;
    product(c, n) += dy.elements(m, n) * number_of(w, weights(c, m));
    group.stage("product", product);
    group.kernel.family = "input_gradient/f32";
    group.define(node.outputs[0], product);
}

}  // namespace quantide
