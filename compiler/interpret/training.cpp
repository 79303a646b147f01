#include "compiler/base/ap2.h"
#include "compiler/interpret/interpret_op.h"
#include "compiler/ops/norm.h"
#include "compiler/ops/random.h"
#include "compiler/quantizers/gradient_format.h"
#include "compiler/quantizers/quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

// Training ops accumulate in double: their float32 kernels are held to these within derived tolerances.

namespace quantide {

namespace {

/** One-against-all target of element i of a [rows, classes] matrix. */
double target(const Interpretation &op, size_t i) {
    const size_t classes = static_cast<size_t>(op.columns(0));
    return op.in(1).as<uint8_t>()[i / classes] == i % classes ? 1 : -1;
}

std::vector<double> softmax(const Interpretation &op) {
    std::vector<double> p = doubles(op, 0);
    const auto classes = op.columns(0);
    for (auto row = p.begin(); row != p.end(); row += classes) {
        const double top = *std::max_element(row, row + classes);
        double sum = 0;
        std::for_each(row, row + classes, [&](double &v) { sum += v = std::exp(v - top); });
        std::for_each(row, row + classes, [&](double &v) { v /= sum; });
    }
    return p;
}

/** w + scale (u - w), clipped. */
double step_weight(const Interpretation &op, double w, double u) {
    const double clip = op.node.real("clip");
    const double moved = w + op.node.real("scale") * (u - w);
    return clip > 0 ? std::clamp(moved, -clip, clip) : moved;
}

/** The indices of a channel's elements, ascending. */
std::vector<size_t> elements_of(const Shape &shape, size_t channel) {
    const auto channels = static_cast<size_t>(shape[1]), rows = static_cast<size_t>(shape[0]);
    const size_t inner = static_cast<size_t>(element_count(shape, 1, "batch norm")) / channels / rows;
    std::vector<size_t> elements;
    for (size_t row = 0; row < rows; ++row) {
        for (size_t i = 0; i < inner; ++i) {
            elements.push_back((row * channels + channel) * inner + i);
        }
    }
    return elements;
}

std::vector<double> differences(const std::vector<double> &x, const std::vector<size_t> &elements,
                                double mean) {
    std::vector<double> result;
    for (size_t i : elements) {
        result.push_back(x[i] - mean);
    }
    return result;
}

/** What a normalization multiplies differences by: as float32, like the statistic that a step hands on. */
double scale_of(const Interpretation &op, double weight, double statistic) {
    return double{norm_of(op.node).scale(static_cast<float>(weight), static_cast<float>(statistic),
                                         static_cast<float>(op.node.real("eps")))};
}

}  // namespace

void interpret_batch_norm_train(Interpretation &op) {
    const Norm &norm = norm_of(op.node);
    const std::vector<double> x = doubles(op, 0), weight = doubles(op, 1), bias = doubles(op, 2);
    std::vector<double> mean(weight.size()), statistic(weight.size()), y(x.size());
    for (size_t c = 0; c < weight.size(); ++c) {
        const std::vector<size_t> elements = elements_of(op.in(0).shape, c);
        for (size_t i : elements) {
            mean[c] += x[i];
        }
        // Of a whole sum: a column of equal integers has exactly their mean.
        mean[c] /= static_cast<double>(elements.size());
        const std::vector<double> d = differences(x, elements, mean[c]);
        statistic[c] = norm.statistic(d, op.node.real("eps"));
        const double scale = scale_of(op, weight[c], statistic[c]);
        for (size_t i = 0; i < elements.size(); ++i) {
            y[elements[i]] = d[i] * scale + bias[c];
        }
    }
    store(op.out(0), y);
    store(op.out(1), mean);
    store(op.out(2), statistic);
}

void interpret_batch_norm_gradient(Interpretation &op) {
    const Norm &norm = norm_of(op.node);
    const std::vector<double> dy = doubles(op, 0), x = doubles(op, 1), mean = doubles(op, 2),
                              statistic = doubles(op, 3), weight = doubles(op, 4);
    std::vector<double> dx(dy.size()), dweight(weight.size()), dbias(weight.size());
    for (size_t c = 0; c < weight.size(); ++c) {
        const std::vector<size_t> elements = elements_of(op.in(0).shape, c);
        const std::vector<double> d = differences(x, elements, mean[c]);
        const double inverse = scale_of(op, 1, statistic[c]), scale = scale_of(op, weight[c], statistic[c]);
        std::vector<double> h(d.size());
        for (size_t i = 0; i < d.size(); ++i) {
            h[i] = norm.stand_in(d[i] * inverse);
            dweight[c] += dy[elements[i]] * h[i];
            dbias[c] += dy[elements[i]];
        }
        const std::vector<double> slope = norm.slope(d, h);
        for (size_t i = 0; i < d.size(); ++i) {
            dx[elements[i]] =
                scale * (dy[elements[i]] - dbias[c] / static_cast<double>(d.size()) - dweight[c] * slope[i]);
        }
    }
    store(op.out(0), dx);
    store(op.out(1), dweight);
    store(op.out(2), dbias);
}

void interpret_dropout_train(Interpretation &op) {
    const RandomStream random = random_stream(op.node, op.in(1).as<uint32_t>());
    const double rate = op.node.real("rate");
    const auto share = static_cast<float>(rate), scale = static_cast<float>(1 / (1 - rate));
    for (size_t i = 0; i < op.out(0).floats().size(); ++i) {
        op.out(0).floats()[i] = uniform(random(i)) < share ? 0 : op.in(0).floats()[i] * scale;
    }
}

void interpret_quantize_train(Interpretation &op) {
    op.out(0) = quantize(find_quantizer(op.node.text("quantizer")), op.in(0),
                         random_stream(op.node, op.in(1).as<uint32_t>()));
}

std::pair<float, float> range_of(std::span<const float> x) {
    const bool has_nan = std::any_of(x.begin(), x.end(), [](float v) { return std::isnan(v); });
    const auto [least, most] = std::minmax_element(x.begin(), x.end(), [](float a, float b) {
        return a < b || (a == b && std::signbit(a) && !std::signbit(b));
    });
    constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
    return has_nan ? std::pair(kNaN, kNaN) : std::pair(*least, *most);
}

void interpret_range(Interpretation &op) {
    std::tie(op.out(0).floats()[0], op.out(0).floats()[1]) = range_of(op.in(0).floats());
}

void interpret_gradient_codes(Interpretation &op) {
    const GradientFormat format = find_gradient_format(op.node.text("format"));
    const GradientGrid grid = format.grid(op.in(1).floats());
    for (size_t i = 0; i < op.in(0).floats().size(); ++i) {
        float u = 0;
        if (format.stochastic()) {
            const RandomStream random = random_stream(op.node, op.in(2).as<uint32_t>());
            u = uniform(random(gradient_word(op.in(0).shape, i)));
        }
        set_integer(op.out(0), i, format.code(op.in(0).floats()[i], u, grid));
    }
}

void interpret_gradient_numbers(Interpretation &op) { store(op.out(0), gradient_doubles(op)); }

void interpret_round_to_bfloat16(Interpretation &op) {
    const auto x = op.in(0).floats();
    std::transform(x.begin(), x.end(), op.out(0).floats().begin(), round_to_bfloat16);
}

void interpret_tanh_normalize_gradient(Interpretation &op) {
    const std::vector<double> dy = doubles(op, 0), x = doubles(op, 1), ends = doubles(op, 2);
    const double most = std::tanh(std::max(std::fabs(ends[0]), std::fabs(ends[1])));
    std::vector<double> dx(dy.size());
    for (size_t i = 0; i < dx.size(); ++i) {
        dx[i] = dy[i] * (1 - std::tanh(x[i]) * std::tanh(x[i])) / (most == 0 ? 1 : most);
    }
    store(op.out(0), dx);
}

void interpret_moving_average(Interpretation &op) {
    std::vector<double> running = doubles(op, 0), batch = doubles(op, 1);
    const double momentum = op.node.real("momentum");
    for (size_t i = 0; i < running.size(); ++i) {
        running[i] = (1 - momentum) * running[i] + momentum * batch[i];
    }
    store(op.out(0), running);
}

void interpret_quantize_gradient(Interpretation &op) {
    const Quantizer quantizer = find_quantizer(op.node.text("quantizer"));
    for (size_t i = 0; i < op.out(0).floats().size(); ++i) {
        op.out(0).floats()[i] = op.in(0).floats()[i] * quantizer.surrogate(op.in(1).floats()[i]);
    }
}

void interpret_hardtanh_gradient(Interpretation &op) {
    for (size_t i = 0; i < op.out(0).floats().size(); ++i) {
        op.out(0).floats()[i] = std::fabs(op.in(1).floats()[i]) <= 1 ? op.in(0).floats()[i] : 0;
    }
}

void interpret_dense_input_gradient(Interpretation &op) {
    const std::vector<double> dy = gradient_doubles(op), w = doubles(op, 1);
    const size_t outputs = static_cast<size_t>(op.columns(0)), depth = static_cast<size_t>(op.columns(1));
    std::vector<double> dx(static_cast<size_t>(op.out(0).size()));
    for (size_t i = 0; i < dx.size(); ++i) {
        for (size_t m = 0; m < outputs; ++m) {
            dx[i] += dy[i / depth * outputs + m] * w[m * depth + i % depth];
        }
    }
    store(op.out(0), dx);
}

void interpret_dense_weight_gradient(Interpretation &op) {
    const std::vector<double> dy = gradient_doubles(op), x = doubles(op, 1);
    const size_t outputs = static_cast<size_t>(op.columns(0)), depth = static_cast<size_t>(op.columns(1));
    std::vector<double> dw(static_cast<size_t>(op.out(0).size()));
    for (size_t i = 0; i < dw.size(); ++i) {
        for (size_t n = 0; n < static_cast<size_t>(op.rows(0)); ++n) {
            dw[i] += dy[n * outputs + i / depth] * x[n * depth + i % depth];
        }
    }
    store(op.out(0), dw);
}

void interpret_squared_hinge(Interpretation &op) {
    const std::vector<double> scores = doubles(op, 0);
    double loss = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
        const double margin = std::max(0.0, 1 - target(op, i) * scores[i]);
        loss += margin * margin / static_cast<double>(scores.size());
    }
    store(op.out(0), {loss});
}

void interpret_squared_hinge_gradient(Interpretation &op) {
    std::vector<double> scores = doubles(op, 0);
    for (size_t i = 0; i < scores.size(); ++i) {
        const double t = target(op, i);
        scores[i] = -2 * t * std::max(0.0, 1 - t * scores[i]) / static_cast<double>(scores.size());
    }
    store(op.out(0), scores);
}

void interpret_softmax_cross_entropy(Interpretation &op) {
    const std::vector<double> p = softmax(op);
    double loss = 0;
    for (size_t i = 0; i < p.size(); ++i) {
        loss -= target(op, i) > 0 ? std::log(p[i]) / static_cast<double>(op.rows(0)) : 0;
    }
    store(op.out(0), {loss});
}

void interpret_softmax_cross_entropy_gradient(Interpretation &op) {
    std::vector<double> p = softmax(op);
    for (size_t i = 0; i < p.size(); ++i) {
        p[i] = (p[i] - (target(op, i) > 0 ? 1 : 0)) / static_cast<double>(op.rows(0));
    }
    store(op.out(0), p);
}

void interpret_adam(Interpretation &op) {
    std::vector<double> w = doubles(op, 0), m = doubles(op, 1), v = doubles(op, 2);
    const std::vector<double> g = doubles(op, 3), rate = doubles(op, 4);
    const double beta1 = op.node.real("beta1"), beta2 = op.node.real("beta2"), eps = op.node.real("eps");
    for (size_t i = 0; i < w.size(); ++i) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        w[i] = step_weight(op, w[i], w[i] - rate[0] * m[i] / (std::sqrt(v[i]) + eps));
    }
    store(op.out(0), w);
    store(op.out(1), m);
    store(op.out(2), v);
}

void interpret_shift_adamax(Interpretation &op) {
    std::vector<double> w = doubles(op, 0), m = doubles(op, 1), v = doubles(op, 2);
    const std::vector<double> g = doubles(op, 3), rate = doubles(op, 4);
    const double beta1 = op.node.real("beta1"), beta2 = op.node.real("beta2"), eps = op.node.real("eps");
    for (size_t i = 0; i < w.size(); ++i) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = std::max(double{ap2(static_cast<float>(std::max(beta2 * v[i], std::fabs(g[i]))))}, eps);
        w[i] = step_weight(op, w[i], w[i] - rate[0] * m[i] / v[i]);
    }
    store(op.out(0), w);
    store(op.out(1), m);
    store(op.out(2), v);
}

void interpret_sgd(Interpretation &op) {
    std::vector<double> w = doubles(op, 0), m = doubles(op, 1);
    const std::vector<double> g = doubles(op, 2), rate = doubles(op, 3);
    for (size_t i = 0; i < w.size(); ++i) {
        m[i] = op.node.real("momentum") * m[i] + g[i];
        w[i] = step_weight(op, w[i], w[i] - rate[0] * m[i]);
    }
    store(op.out(0), w);
    store(op.out(1), m);
}

}  // namespace quantide
