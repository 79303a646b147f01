#include "compiler/base/integers.h"
#include "compiler/lower/gradient_bytes.h"
#include "compiler/lower/gradient_dots.h"
#include "compiler/lower/gradient_planes.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/signed_sums.h"
#include "schedules/markers.h"

#include <algorithm>

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** dw[m, k] = sum_n dy[n, m] x[n, k]. */
class WeightGradient {
public:
    WeightGradient(GroupLowering &lowering, const Node &of)
        : group(lowering),
          node(of),
          dy(lowering, of),
          x(group.graph.value(of.inputs[1])),
          rows(static_cast<int>(x.shape[0])),
          outputs(static_cast<int>(group.graph.value(of.inputs[0]).shape[1])),
          codes(group.elements(of.inputs[1])) {
        if (dy.has_codes()) {
            const IntegerView view = integer_view(x.encoding);
            total = dy.total_type(rows, largest_integer(view));
            unit = view.scale;
            offset = view.offset;
        }
    }

    // Row-major: for whatever does not walk panels.
    void in_rows() {
        const RDom row(0, rows, "row");
        const auto element = [&](const Expr &r) -> Expr {
            return dy.has_codes() ? cast(total, integer_of(integer_view(x.encoding), codes(c, r)))
                                  : number_of(x, codes(c, r));
        };
        product(c, n) = cast(total, 0);
        product(c, n) += cast(total, dy.elements(n, row)) * element(row);
        gradient(c, n) = dy.has_codes() ? rescaled(product(c, n), n) : product(c, n);
        group.stage("product", product);
        group.kernel.family = dy.has_codes() ? "weight_gradient/codes" : "weight_gradient";
        group.define(node.outputs[0], gradient);
    }

    // Outputs are lanes, and what differs between inputs is only which sums of gradients are added: tables of
    // them serve all inputs.
    void of_signs() {
        const int groups = static_cast<int>(divide_up(rows, kTermsPerTable));
        const Halide::Type narrow = dy.sum_type(32);
        const Func words = group.words(node.inputs[1]);
        const Var bit("bit"), four("group"), word("word"), entry("entry");
        Func signs("signs"), tables("tables");
        tables(lane, entry, four, panel) =
            signed_sum(entry, [&](int b) { return cast(narrow, term(kTermsPerTable * four + b)); });
        signs(bit, four, word) = sign_code([&](int b) -> Expr {
            const Expr row = Halide::min(kTermsPerTable * four + b, rows - 1);
            return words(word, row) >> cast<uint32_t>(bit);
        });
        const auto look_up = [&](int g) {
            return tables(lane, entry_of(signs(k % 32, g, k / 32)), g, panel);
        };
        // Narrow sums end before they can overflow.
        int chunk = groups;
        while (chunk > 32 / kTermsPerTable &&
               dy.sum_type(int64_t{chunk} * kTermsPerTable).bits() > narrow.bits()) {
            --chunk;
        }
        Expr sum;
        for (int first = 0; first < groups; first += chunk) {
            Expr part = look_up(first);
            for (int g = first + 1; g < std::min(groups, first + chunk); ++g) {
                part += look_up(g);
            }
            sum = first == 0 ? cast(total, part) : sum + cast(total, part);
        }
        product(lane, k, panel) = dy.rescaled(sum, integer_view(x.encoding).scale);
        group.stage("tables", tables);
        group.stage("signs", signs);
        finish("weight_update/a1");
    }

    void of_numbers() {
        const bool pairs = dy.has_pairs(total);
        const Var step("step");
        Func terms("terms"), numbers("numbers"), sum("sum");
        if (!dy.has_codes()) {
            const RDom row(0, rows, "row");
            terms(lane, step, panel) = term(step);
            numbers(k, step) = number_of(x, codes(k, step));
            product(lane, k, panel) = 0.0F;
            product(lane, k, panel) += terms(lane, row, panel) * numbers(k, row);
        } else {
            const RDom row(0, static_cast<int>(divide_up(rows, pairs ? 2 : 1)), "row");
            const auto integer = [&](const Expr &r) {
                return integer_of(integer_view(x.encoding), codes(k, Halide::min(r, rows - 1)));
            };
            terms(lane, step, panel) =
                pairs ? pair_word(term(2 * step), term(2 * step + 1)) : cast<int32_t>(term(step));
            numbers(k, step) = pairs ? pair_word(integer(2 * step), integer(2 * step + 1)) : integer(step);
            const Expr a = terms(lane, row, panel), b = numbers(k, row);
            sum(lane, k, panel) = cast(total, 0);
            sum(lane, k, panel) = pairs ? short_dot(sum(lane, k, panel), a, b)
                                        : sum(lane, k, panel) + cast(total, a) * cast(total, b);
            product(lane, k, panel) =
                rescaled(sum(lane, k, panel), Halide::min(32 * panel + lane, outputs - 1));
            group.stage("sum", sum);
        }
        group.stage("terms", terms);
        group.stage("numbers", numbers);
        finish(dy.has_codes() ? "weight_update/codes" : "weight_update");
    }

    // Inputs are multiplied by outputs; a lane has four rows of the batch.
    void of_bytes(const Schedule &schedule) {
        const ByteNumbers numbers(integer_view(x.encoding));
        const GradientBytes signed_bytes(dy);
        const int inputs = static_cast<int>(x.shape[1]);
        const Var bit("bit"), word("word"), row("row");
        // Packed codes have bits beyond the last input.
        const bool whole = x.layout == Layout::PackedWords || inputs % 32 == 0;
        const auto number = [&](const Expr &r) {
            return numbers(codes(whole ? Expr(k) : Halide::min(Halide::likely(k), inputs - 1),
                                 Halide::min(r, rows - 1)));
        };
        const Expr m = 32 * panel + lane, output = outputs % 32 == 0 ? m : Halide::min(m, outputs - 1);
        const auto gradient_of = [&](const Expr &r) {
            return signed_bytes(dy.codes(output, Halide::min(r, rows - 1)));
        };
        Func bytes("codes"), number_sums("number_sums");
        bytes(bit, word, k) = lane_of(
            4, [&](const Expr &r) { return Halide::select(r < rows, number(r), cast<uint32_t>(0)); },
            first_step(4, bit, word));
        const Func dots = row_products(
            group, product_of(numbers), schedule.tuning, static_cast<int>(divide_up(rows, 32)),
            [&](const Expr &b, const Expr &i) { return bytes(b, i, row); },
            [&](const Expr &b, const Expr &i, const Expr &) {
                return cast<int32_t>(lane_of(4, gradient_of, first_step(4, b, i)));
            });
        Expr sum_of_numbers;
        if (dy.has_zero()) {
            const RDom r(0, rows, "row");
            number_sums(k) = 0;
            number_sums(k) += cast<int32_t>(number(r));
            group.stage("number_sums", number_sums);
            sum_of_numbers = number_sums(k);
        }
        const Expr sum_of_gradients = numbers.addend() == 0 ? Expr(0) : row_sum(output);
        product(lane, k, panel) = rescaled(
            corrected(numbers, signed_bytes, dots(lane, k, panel), sum_of_gradients, sum_of_numbers), output);
        group.stage("codes", bytes);
        finish(schedule.family);
    }

    // The same of bfloat16 numbers, two rows of the batch in a lane.
    void of_planes(const Schedule &schedule) {
        const IntegerView view = integer_view(x.encoding);
        unit = view.scale;
        offset = view.offset;
        const TileSteps steps(1, rows, planes_of_gradient(node));
        const int inputs = static_cast<int>(x.shape[1]);
        const Var bit("bit"), word("word"), row("row");
        const Expr input = x.layout == Layout::PackedWords ? Expr(k) : Halide::min(k, inputs - 1);
        Func numbers("codes");
        const auto number = [&](const Expr &r) {
            const Expr integer = bfloat16_integer(x.encoding, view, codes(input, Halide::min(r, rows - 1)));
            return Halide::select(r < rows, integer, cast<uint32_t>(0));
        };
        numbers(bit, word, k) = lane_of(2, number, first_step(2, bit, word));
        const Func dots = tile_products(
            group, steps, {row},
            [&](const Expr &b, const Expr &i, const Expr &) { return numbers(b, i, row); },
            [&](const Expr &b, const Expr &i, const Expr &plane) {
                return lane_of(
                    2,
                    [&](const Expr &r) {
                        return bfloat16_plane(term(r), plane, steps.numbers.weight_planes);
                    },
                    first_step(2, b, i));
            });
        product(lane, k, panel) = rescaled(dots(lane, k, panel), Halide::min(32 * panel + lane, outputs - 1));
        group.stage("codes", numbers);
        finish(schedule.family);
    }

private:
    /** dy of output 32 panel + lane; 0 beyond the last output and the last row. */
    Expr term(const Expr &row) {
        const Expr m = 32 * panel + lane;
        const Expr value = dy.elements(Halide::min(m, outputs - 1), Halide::min(row, rows - 1));
        return Halide::select(m < outputs && row < rows, value, cast(value.type(), 0));
    }

    /** The sum of dy of an output. */
    Expr row_sum(const Expr &output) {
        if (!row_sums.defined()) {
            const RDom row(0, rows, "row");
            row_sums(n) = cast(total, 0);
            row_sums(n) += cast(total, dy.elements(n, row));
            group.stage("row_sums", row_sums);
        }
        return row_sums(output);
    }

    /** What a sum of products for an output stands for: where x = unit q + offset, the sum of dy counts, too.
     */
    Expr rescaled(const Expr &sum, const Expr &output) {
        const Expr of_codes = dy.rescaled(sum, unit);
        return offset == 0 ? of_codes : Halide::strict_float(of_codes + dy.rescaled(row_sum(output), offset));
    }

    void finish(const char *family) {
        gradient(c, n) = product(n % 32, c, n / 32);
        group.stage("product", product);
        group.kernel.family = family;
        group.define(node.outputs[0], gradient);
    }

    GroupLowering &group;
    const Node &node;
    const GradientOperand dy;
    const Value &x;
    const int rows, outputs;
    const Func codes;
    Halide::Type total = Halide::Float(32);
    float unit = 1, offset = 0;
    const Var lane{"lane"}, k{"k"}, panel{"panel"}, c{"c"}, n{"n"};
    Func product{"product"}, gradient{"weight_gradient"}, row_sums{"row_sums"};
};

}  // namespace

void lower_dense_weight_gradient(GroupLowering &group, const Node &node) {
    WeightGradient gradient(group, node);
    if (!is_updated_in_panels(group.graph, node.outputs[0])) {
        gradient.in_rows();
    } else if (const Schedule *dots = gradient_dots(group.graph, node, group.kernel.target)) {
        format_of_gradient(node) ? gradient.of_bytes(*dots) : gradient.of_planes(*dots);
    } else if (is_sign(group.graph.value(node.inputs[1]).encoding)) {
        gradient.of_signs();
    } else {
        gradient.of_numbers();
    }
}

}  // namespace quantide
