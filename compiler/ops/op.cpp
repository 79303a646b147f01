#include "compiler/ops/op.h"

namespace quantide {

namespace {

const OpDef *const kOps[] = {
#define OP(name) &name##_op,
#include "compiler/ops/ops.inc"
#undef OP
};

}  // namespace

std::span<const OpDef *const> all_ops() { return kOps; }

const OpDef &find_op(const std::string &name) {
    for (const OpDef *op : kOps) {
        if (op->name == name) {
            return *op;
        }
    }
    throw CompileError(fmt::format("unknown op '{}'", name));
}

}  // namespace quantide
