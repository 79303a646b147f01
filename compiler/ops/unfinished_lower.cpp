#include "compiler/lower/op_table.h"

namespace quantide {

// Each line goes when NAME_lower.cpp comes.
#define UNFINISHED(name)                                                                       \
    void lower_##name(GroupLowering &, const Node &node) {                                     \
        throw InternalError(fmt::format("op '{}' has no Halide definition yet", node.op));     \
    }
UNFINISHED(batch_norm_train)
UNFINISHED(batch_norm_gradient)
UNFINISHED(moving_average)
UNFINISHED(quantize_gradient)
UNFINISHED(hardtanh_gradient)
UNFINISHED(dense_input_gradient)
UNFINISHED(dense_weight_gradient)
UNFINISHED(squared_hinge)
UNFINISHED(squared_hinge_gradient)
UNFINISHED(softmax_cross_entropy)
UNFINISHED(softmax_cross_entropy_gradient)
UNFINISHED(adam)
UNFINISHED(sgd)
#undef UNFINISHED

}  // namespace quantide
