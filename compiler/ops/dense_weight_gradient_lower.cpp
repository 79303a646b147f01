#include "compiler/base/integers.h"
#include "compiler/lower/op_table.h"
#include "compiler/lower/signed_sums.h"

namespace quantide {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

namespace {

/** True if the update that reads the gradient walks the weights in panels of 32 outputs. */
bool is_updated_in_panels(const Graph &graph, ValueId gradient) {
    for (int user : graph.users(gradient)) {
        const Node &node = graph.nodes[static_cast<size_t>(user)];
        if (graph.value(node.inputs[0]).layout == Layout::OutputPanels) {
            return true;
        }
    }
    return false;
}

}  // namespace

// dw[m, k] = sum_n dy[n, m] x[n, k]. In panels, outputs are lanes and what differs between inputs is only
// which sums of gradients are added: tables of them serve all inputs.
void lower_dense_weight_gradient(GroupLowering &group, const Node &node) {
    const Value &x = group.graph.value(node.inputs[1]);
    const int rows = static_cast<int>(x.shape[0]);
    const int outputs = static_cast<int>(group.graph.value(node.inputs[0]).shape[1]);
    const Func dy = group.elements(node.inputs[0]);
    const Var lane("lane"), k("k"), panel("panel"), c("c"), n("n");
    Func product("product"), gradient("weight_gradient");
    group.stage("product", product);
    if (!is_updated_in_panels(group.graph, node.outputs[0])) {
        const RDom row(0, rows, "row");
        const Func codes = group.elements(node.inputs[1]);
        product(c, n) = 0.0F;
        product(c, n) += dy(n, row) * number_of(x, codes(c, row));
        group.kernel.family = "weight_gradient";
        group.define(node.outputs[0], product);
        return;
    }
    const auto term = [&](const Expr &l, const Expr &step, const Expr &block) -> Expr {
        const Expr m = 32 * block + l;
        const Expr value = dy(Halide::min(m, outputs - 1), Halide::min(step, rows - 1));
        return Halide::select(m < outputs && step < rows, value, 0.0F);
    };
    if (is_sign(x.encoding)) {
        const int groups = static_cast<int>(divide_up(rows, kTermsPerTable));
        const Func words = group.words(node.inputs[1]);
        const Var bit("bit"), four("group"), word("word"), entry("entry");
        Func signs("signs"), tables("tables");
        tables(lane, entry, four, panel) =
            signed_sum(entry, [&](int b) { return term(lane, kTermsPerTable * four + b, panel); });
        signs(bit, four, word) = sign_code([&](int b) -> Expr {
            const Expr row = Halide::min(kTermsPerTable * four + b, rows - 1);
            return words(word, row) >> cast<uint32_t>(bit);
        });
        const auto look_up = [&](int g) {
            return tables(lane, entry_of(signs(k % 32, g, k / 32)), g, panel);
        };
        Expr sum = look_up(0);
        for (int g = 1; g < groups; ++g) {
            sum += look_up(g);
        }
        product(lane, k, panel) = sum * integer_view(x.encoding).scale;
        group.stage("tables", tables);
        group.stage("signs", signs);
    } else {
        const RDom row(0, rows, "row");
        const Func codes = group.elements(node.inputs[1]);
        const Var step("step");
        Func terms("terms"), numbers("numbers");
        terms(lane, step, panel) = term(lane, step, panel);
        numbers(k, step) = number_of(x, codes(k, step));
        product(lane, k, panel) = 0.0F;
        product(lane, k, panel) += terms(lane, row, panel) * numbers(k, row);
        group.stage("terms", terms);
        group.stage("numbers", numbers);
    }
    gradient(c, n) = product(n % 32, c, n / 32);
    group.define(node.outputs[0], gradient);
}

}  // namespace quantide
