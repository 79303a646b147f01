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

/** Rows of the batch that one block of tables serves: as few blocks as tables of 28 KB (64 rows) allow, of as
 * few vectors as that leaves. */
int rows_of_block(int64_t rows, int lanes) {
    const int64_t vectors = divide_up(rows, lanes);
    const int64_t most = lanes > 8 ? 64 / lanes : 56 / lanes;
    const int64_t blocks = divide_up(vectors, most);
    return static_cast<int>(divide_up(vectors, blocks)) * lanes;
}

}  // namespace

// dx[n, k] = sum_m dy[n, m] w[m, k]. For 1-bit weights rows of the batch are lanes, and what differs between
// inputs is only which sums of gradients are added: tables of them serve all inputs.
void lower_dense_input_gradient(GroupLowering &group, const Node &node) {
    const Value &w = group.graph.value(node.inputs[1]);
    const int rows = static_cast<int>(group.graph.value(node.inputs[0]).shape[0]);
    const int outputs = static_cast<int>(w.shape[0]);
    const Func dy = group.elements(node.inputs[0]);
    const Var c("c"), n("n");
    Func product("product"), dx("input_gradient");
    group.stage("product", product);
    if (!is_sign(w.encoding)) {
        const RDom m(0, outputs, "output");
        const Func weights = group.elements(node.inputs[1]);
        product(c, n) = 0.0F;
        product(c, n) += dy(m, n) * number_of(w, weights(c, m));
        group.kernel.family = "input_gradient/f32";
        group.define(node.outputs[0], product);
        return;
    }
    const IntegerView view = integer_view(w.encoding);
    internal_check(w.layout == Layout::OutputPanels, "{}: weights that are not in panels", node.name);
    const int lanes = rows_of_block(rows, group.kernel.target.natural_vector_size<float>());
    const Var lane("lane"), step("step"), panel("panel"), block("block"), bit("bit"), word("word"), k("k");
    Func terms("terms"), transposed("transposed");
    const Expr row = block * lanes + lane, m = 32 * panel + step;
    const Expr value = dy(Halide::min(m, outputs - 1), Halide::min(row, rows - 1));
    terms(lane, step, panel, block) = Halide::select(row < rows && m < outputs, value, 0.0F);

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
    product(lane, k, block) = 0.0F;
    Expr sum = product(lane, k, block);
    for (int g = 0; g < 32 / kTermsPerTable; ++g) {
        const Expr signs = cast<int>(transposed(k % 32, k / 32, p)) >> (kTermsPerTable * g);
        sum += tables(lane, signs % 16, g, p, block);
    }
    product(lane, k, block) = sum;
    dx(c, n) = product(n % lanes, c, n / lanes) * view.scale;
    group.stage("terms", terms);
    group.stage("transposed", transposed);
    group.stage("tables", tables);
    group.kernel.family = "input_gradient/w1";
    group.kernel.m = lanes;
    group.define(node.outputs[0], dx);
}

}  // namespace quantide
