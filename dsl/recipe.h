#pragma once
#include "compiler/ir/graph.h"

#include <optional>

namespace quantide {

/** What training minimizes: a row of the op table. */
struct Loss {
    std::string op;
};

/** Mean of max(0, 1 - t s)^2 over rows and classes, t = +-1 one against all (L2-SVM). */
Loss squared_hinge();
/** Mean over rows of -log softmax(scores)[label]. */
Loss softmax_cross_entropy();

/** How parameters move: a row of the op table and its settings. */
struct Optimizer {
    std::string op;
    Attributes attributes;
};

struct AdamOptions {
    double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
};
/** Kingma & Ba 2015. */
Optimizer adam(const AdamOptions &options = {});

struct ShiftAdamaxOptions {
    double beta1 = 0.9, beta2 = 0.999;
    double eps = 0x1p-27;  ///< the least v; a power of two
};
/** Shift-based AdaMax (Courbariaux et al. 2016): m = beta1 m + (1 - beta1) g, v = max(AP2(max(beta2 v, |g|)),
 * eps), and a step of AP2(rate / (1 - beta1^t)) AP2(c) m / v, c the factor on latent weights: every factor of
 * m is a power of two. v is kept rounded, as published, and so never falls where beta2 > 1 / sqrt(2). */
Optimizer shift_adamax(const ShiftAdamaxOptions &options = {});

/** Gradient descent; momentum as PyTorch's: m = momentum m + g. */
Optimizer sgd(double momentum = 0);

/** The learning rate of each epoch. */
struct LearningRate {
    enum class Kind : uint8_t { Constant, Exponential, Steps };
    Kind kind = Kind::Constant;
    double start = 0;
    double end = 0;  ///< Exponential: of the epoch after the last; Steps: the factor
    int every = 1;   ///< Steps: epochs between factors

    /** The rate of epoch 0 <= epoch < epochs. */
    double at(int epoch, int epochs) const;
};

LearningRate constant(double rate);
/** From `start`, times (end / start)^(1 / epochs) after every epoch (Courbariaux et al. 2016). */
LearningRate exponential(double start, double end);
/** From `start`, times `factor` after every `every` epochs. */
LearningRate steps(double start, double factor, int every);

/** Global contrast normalization and ZCA whitening of images, as BinaryConnect and Maxout networks have it
 * (Goodfellow et al. 2013, with pylearn2's constants): x - mean(x) is scaled to the length `contrast`, and
 * then multiplied by (C + bias I)^(-1/2), where C is the covariance of the training set. */
struct Whitening {
    double contrast = 55;
    double bias = 0.1;
};

/** What is done to a data set's 8-bit pixels for a network whose input is Float(32):
 * scale * pixel + offset, or whitening. A UInt(8) input takes the pixels as they are. */
struct Preprocessing {
    float scale = 1;
    float offset = 0;
    std::optional<Whitening> whitening = {};
};

/** Random changes to the images that a network trains on, drawn anew for each image and epoch. Its input must
 * be an image [channels, height, width] that is not whitened. */
struct Augmentation {
    bool flip = false;  ///< left and right change places with probability 1/2
    int crop = 0;       ///< puts so many pixels around the image and cuts the extents it had out of that
    int fill = 0;       ///< the 8-bit code of those pixels
};

/** Everything beside the network that `train NET` needs. */
struct Recipe {
    std::string summary;  ///< one line for `quantide list`
    std::string data;     ///< a row of the data set table
    Preprocessing preprocessing = {};
    Augmentation augmentation = {};
    Loss loss;
    Optimizer optimizer;
    LearningRate learning_rate;
    int epochs = 20;
    int batch = 100;
};

/** Throws CompileError naming the field for settings outside their ranges. */
void check_recipe(const std::string &network, const Recipe &recipe);

}  // namespace quantide
