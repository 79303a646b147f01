#include "dsl/image_layers.h"

#include "compiler/base/integers.h"
#include "dsl/affine.h"
#include "dsl/naming.h"

namespace quantide {

namespace {

Shape images(const Tensor &x, const char *kind, const std::string &name) {
    user_check(x.shape().size() == 4, "{} '{}': expected images [N, C, H, W], found {}", kind, name,
               to_string(x.shape()));
    return x.shape();
}

/** The pads of one axis that give ceil(extent / stride) outputs: before and behind. */
std::pair<int64_t, int64_t> same_pads(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation) {
    const int64_t outputs = stride > 0 ? divide_up(extent, stride) : 0;
    const int64_t all = std::max<int64_t>(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - extent);
    return {all / 2, all - all / 2};
}

Shape pads_of(const Shape &image, const Padding &padding, const Extents &kernel, const Extents &stride,
              const Extents &dilation) {
    if (!padding.same) {
        return padding.pads;
    }
    const auto [top, bottom] = same_pads(image[2], kernel.height, stride.height, dilation.height);
    const auto [left, right] = same_pads(image[3], kernel.width, stride.width, dilation.width);
    return {top, left, bottom, right};
}

Shape shape_of(const Extents &extents) { return {extents.height, extents.width}; }

Tensor pool(const Tensor &x, const char *op, const PoolOptions &options) {
    const std::string name = layer_name(x.graph(), op, options.name);
    const Shape image = images(x, op, name);
    const Extents stride =
        options.stride.height == 0 && options.stride.width == 0 ? options.kernel : options.stride;
    return x.with(x.graph().add_one(op, name, {x.id()},
                                    {{"kernel", shape_of(options.kernel)},
                                     {"strides", shape_of(stride)},
                                     {"pads", pads_of(image, options.padding, options.kernel, stride, 1)}}));
}

Tensor global_pool(const Tensor &x, const char *op, const std::string &wanted) {
    const std::string name = layer_name(x.graph(), std::string("global_") + op, wanted);
    const Shape image = images(x, op, name);
    const Tensor pooled =
        pool(x, op, {.kernel = {image[2], image[3]}, .stride = 0, .padding = {}, .name = name});
    return x.with(
        x.graph().add_one("reshape", name + ".flatten", {pooled.id()}, {{"shape", Shape{image[1]}}}));
}

/** A layer of one channel parameter. */
Tensor channelwise(const Tensor &x, const char *op, const char *suffix, const char *init,
                   const std::string &wanted) {
    Graph &graph = x.graph();
    const std::string name = layer_name(graph, op, wanted);
    user_check(x.shape().size() >= 2, "{} '{}': expected channels, found {}", op, name, to_string(x.shape()));
    return x.with(
        graph.add_one(op, name, {x.id(), parameter(graph, name + suffix, {x.shape()[1]}, init, true)}));
}

void check_same_network(const Tensor &x, const Tensor &y, const std::string &kind, const std::string &name) {
    user_check(&x.graph() == &y.graph(), "{} '{}': expected tensors of one network", kind, name);
}

}  // namespace

Tensor conv2d(const Tensor &x, const Conv2dOptions &options) {
    Graph &graph = x.graph();
    const std::string name = layer_name(graph, "conv2d", options.name);
    const Shape image = images(x, "conv2d", name);
    user_check(options.channels > 0, "conv2d '{}': expected at least 1 channel, found {}", name,
               options.channels);
    Attributes attributes = gradient_attributes("conv2d", name, options.gradients);
    user_check(options.groups > 0 && image[1] % options.groups == 0 && options.channels % options.groups == 0,
               "conv2d '{}': expected groups that divide {} channels in and {} out, found {}", name, image[1],
               options.channels, options.groups);
    user_check(options.kernel.height > 0 && options.kernel.width > 0,
               "conv2d '{}': expected a kernel of positive extents, found {}x{}", name, options.kernel.height,
               options.kernel.width);
    const ValueId weight =
        weights(graph, "conv2d", name,
                {options.channels, image[1] / options.groups, options.kernel.height, options.kernel.width},
                options.weights);
    attributes.merge(
        weight_gradient_inputs(graph, x.id(), "conv2d '" + name + "'", options.weight_gradient_inputs));
    attributes.merge(Attributes{
        {"strides", shape_of(options.stride)},
        {"dilations", shape_of(options.dilation)},
        {"pads", pads_of(image, options.padding, options.kernel, options.stride, options.dilation)},
        {"groups", options.groups},
        {"pad_value", options.padding.value}});
    return x.with(product(graph, "conv2d", name, x.id(), weight, options.arithmetic, attributes));
}

Tensor max_pool(const Tensor &x, const PoolOptions &options) { return pool(x, "max_pool", options); }

Tensor avg_pool(const Tensor &x, const PoolOptions &options) { return pool(x, "avg_pool", options); }

Tensor global_max_pool(const Tensor &x, const std::string &name) { return global_pool(x, "max_pool", name); }

Tensor global_avg_pool(const Tensor &x, const std::string &name) { return global_pool(x, "avg_pool", name); }

Tensor flatten(const Tensor &x, const std::string &wanted) {
    const std::string name = layer_name(x.graph(), "flatten", wanted);
    const int64_t features =
        element_count({x.shape().begin() + 1, x.shape().end()}, 1, "flatten '" + name + "'");
    return x.with(affine_reshape(x.graph(), name, x.id(), {features}));
}

Tensor relu(const Tensor &x, const std::string &name) {
    return x.with(x.graph().add_one("relu", layer_name(x.graph(), "relu", name), {x.id()}));
}

Tensor scale(const Tensor &x, const std::string &name) {
    return channelwise(x, "scale", ".weight", "ones", name);
}

Tensor bias(const Tensor &x, const std::string &name) {
    return channelwise(x, "bias", ".bias", "zeros", name);
}

Tensor add(const Tensor &x, const Tensor &y, const std::string &wanted) {
    const std::string name = layer_name(x.graph(), "add", wanted);
    check_same_network(x, y, "add", name);
    return x.with(x.graph().add_one("add", name, {x.id(), y.id()}));
}

Tensor concat(const std::vector<Tensor> &tensors, const std::string &wanted) {
    user_check(!tensors.empty(), "concat '{}': expected at least one tensor, found none", wanted);
    const Tensor &first = tensors.front();
    const std::string name = layer_name(first.graph(), "concat", wanted);
    std::vector<ValueId> ids;
    for (const Tensor &tensor : tensors) {
        check_same_network(first, tensor, "concat", name);
        ids.push_back(tensor.id());
    }
    return first.with(first.graph().add_one("concat", name, ids));
}

}  // namespace quantide
