#include "dsl/recipe.h"

#include "compiler/base/ap2.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace quantide {

Loss squared_hinge() { return {"squared_hinge"}; }

Loss softmax_cross_entropy() { return {"softmax_cross_entropy"}; }

Optimizer adam(const AdamOptions &options) {
    return {"adam", {{"beta1", options.beta1}, {"beta2", options.beta2}, {"eps", options.eps}}};
}

Optimizer shift_adamax(const ShiftAdamaxOptions &options) {
    return {"shift_adamax", {{"beta1", options.beta1}, {"beta2", options.beta2}, {"eps", options.eps}}};
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

namespace {

/** Any image is smaller; sums of extents stay far from overflow. */
constexpr int kMaxCrop = 1 << 16;

/** "recipe of 'net': expected loss to be one of a, b, found 'c'" unless one of them has that name. */
void check_row(const std::string &network, const char *field, const std::string &found,
               const std::vector<std::string> &known) {
    user_check(std::find(known.begin(), known.end(), found) != known.end(),
               "recipe of '{}': expected as {} one of {}, found '{}'", network, field, fmt::join(known, ", "),
               found);
}

void check_preprocessing(const std::string &network, const Preprocessing &preprocessing) {
    if (!preprocessing.whitening) {
        return;
    }
    for (const auto &[field, value] : {std::pair{"contrast", preprocessing.whitening->contrast},
                                       std::pair{"bias", preprocessing.whitening->bias}}) {
        user_check(value > 0 && std::isfinite(value),
                   "recipe of '{}': expected preprocessing.whitening.{} > 0, found {}", network, field,
                   value);
    }
    user_check(preprocessing.scale == 1 && preprocessing.offset == 0,
               "recipe of '{}': expected preprocessing by whitening or by scale and offset, found both",
               network);
}

void check_augmentation(const std::string &network, const Augmentation &augmentation) {
    for (const auto &[field, value, most] :
         {std::tuple{"crop", augmentation.crop, kMaxCrop}, std::tuple{"fill", augmentation.fill, 255}}) {
        user_check(value >= 0 && value <= most,
                   "recipe of '{}': expected augmentation.{} from 0 to {}, found {}", network, field, most,
                   value);
    }
}

}  // namespace

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
    check_preprocessing(network, recipe.preprocessing);
    check_augmentation(network, recipe.augmentation);
    user_check(
        !recipe.preprocessing.whitening || (!recipe.augmentation.flip && recipe.augmentation.crop == 0),
        "recipe of '{}': expected no augmentation of whitened images, found one", network);
    check_row(network, "loss", recipe.loss.op, {squared_hinge().op, softmax_cross_entropy().op});
    Attributes known;
    std::vector<std::string> names;
    for (const Optimizer &optimizer : {adam(), shift_adamax(), sgd()}) {
        names.push_back(optimizer.op);
        known = optimizer.op == recipe.optimizer.op ? optimizer.attributes : known;
    }
    check_row(network, "optimizer", recipe.optimizer.op, names);
    for (const auto &[key, unused] : known) {
        user_check(recipe.optimizer.attributes.count(key) != 0,
                   "recipe of '{}': expected a setting {} of the optimizer '{}', found none", network, key,
                   recipe.optimizer.op);
    }
    for (const auto &[key, attribute] : recipe.optimizer.attributes) {
        user_check(known.count(key) != 0,
                   "recipe of '{}': expected no setting {} of the optimizer '{}', found one", network, key,
                   recipe.optimizer.op);
        const double *number = std::get_if<double>(&attribute);
        user_check(number != nullptr, "recipe of '{}': expected {} to be a double, found another type",
                   network, key);
        const double value = *number;
        if (key == "eps") {
            positive("eps", value);
            user_check(
                recipe.optimizer.op != shift_adamax().op || value == double{ap2(static_cast<float>(value))},
                "recipe of '{}': expected eps to be a power of two, found {}", network, value);
        } else {
            user_check(value >= 0 && value < 1, "recipe of '{}': expected {} in [0, 1), found {}", network,
                       key, value);
        }
    }
}

}  // namespace quantide
