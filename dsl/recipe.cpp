#include "dsl/recipe.h"

#include <cmath>

namespace quantide {

Loss squared_hinge() { return {"squared_hinge"}; }

Loss softmax_cross_entropy() { return {"softmax_cross_entropy"}; }

Optimizer adam(const AdamOptions &options) {
    return {"adam", {{"beta1", options.beta1}, {"beta2", options.beta2}, {"eps", options.eps}}};
}

Optimizer sgd(double momentum) { return {"sgd", {{"momentum", momentum}}}; }

double LearningRate::at(int epoch, int epochs) const {
    switch (kind) {
        case Kind::Constant:
            return start;
        case Kind::Exponential:
            return start * std::pow(end / start, static_cast<double>(epoch) / epochs);
        case Kind::Steps: {
            const int drops = epoch / every;
            return start * std::pow(end, drops);
        }
    }
    throw InternalError("unknown learning-rate schedule");
}

LearningRate constant(double rate) { return {LearningRate::Kind::Constant, rate, rate, 1}; }

LearningRate exponential(double start, double end) {
    return {LearningRate::Kind::Exponential, start, end, 1};
}

LearningRate steps(double start, double factor, int every) {
    return {LearningRate::Kind::Steps, start, factor, every};
}

void check_recipe(const std::string &network, const Recipe &recipe) {
    auto positive = [&](const char *field, double value) {
        user_check(value > 0 && std::isfinite(value), "recipe of '{}': expected {} > 0, found {}", network,
                   field, value);
    };
    positive("learning_rate.start", recipe.learning_rate.start);
    positive("learning_rate.end", recipe.learning_rate.end);
    positive("learning_rate.every", recipe.learning_rate.every);
    positive("epochs", recipe.epochs);
    positive("batch", recipe.batch);
    user_check(!recipe.loss.op.empty(), "recipe of '{}': expected a loss such as squared_hinge()", network);
    user_check(!recipe.optimizer.op.empty(), "recipe of '{}': expected an optimizer such as adam()", network);
    for (const auto &[key, attribute] : recipe.optimizer.attributes) {
        const double value = std::get<double>(attribute);
        if (key == "eps") {
            positive("eps", value);
        } else {
            user_check(value >= 0 && value < 1, "recipe of '{}': expected {} in [0, 1), found {}", network,
                       key, value);
        }
    }
}

}  // namespace quantide
