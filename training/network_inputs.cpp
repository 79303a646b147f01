#include "training/network_inputs.h"

#include "examples/common/whitening.h"

#include <utility>

namespace quantide {

namespace {

constexpr const char *kMean = "whitening.mean", *kMatrix = "whitening.matrix";

/** The input of a network, which data and preprocessing fit. */
const Value &checked_input(const Graph &network, const Preprocessing &preprocessing, const DataSet &data) {
    for (const Node &node : network.nodes) {
        if (node.op != "input") {
            continue;
        }
        const Value &input = network.value(node.outputs[0]);
        Shape one = input.shape;
        one[0] = 1;
        const int64_t features = element_count(one, 1, input.name);
        user_check(features == data.features(),
                   "input '{}' of network '{}': expected {} features, found {} in the data", input.name,
                   network.name, features, data.features());
        const int64_t classes = network.value(network.outputs.at(0)).shape.at(1);
        user_check(classes == data.classes, "network '{}': expected data of {} classes, found {}",
                   network.name, classes, data.classes);
        user_check(input.type != UInt(8) ||
                       (preprocessing.scale == 1 && preprocessing.offset == 0 && !preprocessing.whitening),
                   "input '{}' of network '{}': expected no preprocessing of an 8-bit input, which has its "
                   "own scale and offset",
                   input.name, network.name);
        return input;
    }
    throw CompileError(fmt::format("network '{}': expected an input, found none", network.name));
}

FittedWhitening fitted_whitening(const Whitening &whitening, const Arrays &fitted, int64_t features) {
    const auto find = [&](const char *name, const Shape &shape) {
        const auto found = fitted.find(name);
        user_check(found != fitted.end(),
                   "whitening: expected the tensor 'preprocessing.{}' in the checkpoint, as training writes "
                   "it, found none",
                   name);
        const Array &array = found->second;
        user_check(array.type == Float(32) && array.shape == shape,
                   "whitening: expected 'preprocessing.{}' to be f32{}, found {}{}", name, to_string(shape),
                   to_string(array.type), to_string(array.shape));
        return array;
    };
    return {whitening.contrast, find(kMean, {features}), find(kMatrix, {features, features})};
}

}  // namespace

Arrays fit_preprocessing(const Graph &network, const Preprocessing &preprocessing, const DataSet &train) {
    checked_input(network, preprocessing, train);
    if (!preprocessing.whitening) {
        return {};
    }
    FittedWhitening fitted =
        fit_whitening(train.images, preprocessing.whitening->contrast, preprocessing.whitening->bias);
    return {{kMean, std::move(fitted.mean)}, {kMatrix, std::move(fitted.matrix)}};
}

Array network_inputs(const Graph &network, const Preprocessing &preprocessing, DataSet data,
                     const Arrays &fitted) {
    const Value &input = checked_input(network, preprocessing, data);
    const auto &whitening = preprocessing.whitening;
    Shape shape = input.shape;
    shape[0] = data.size();
    Array result;
    if (input.type == UInt(8)) {
        result = std::move(data.images);
    } else if (whitening) {
        result = whiten(fitted_whitening(*whitening, fitted, data.features()), data.images);
    } else {
        result = Array(Float(32), shape);
        for (size_t i = 0; i < result.floats().size(); ++i) {
            result.floats()[i] =
                preprocessing.scale * static_cast<float>(data.images.as<uint8_t>()[i]) + preprocessing.offset;
        }
    }
    result.shape = shape;
    return result;
}

}  // namespace quantide
