#pragma once
#include "compiler/ir/graph.h"
#include "dsl/precision.h"

#include <functional>

namespace quantide {

/** A value of the network under construction (see build()). */
class Tensor {
public:
    Tensor(std::shared_ptr<Graph> graph, ValueId id) : graph_(std::move(graph)), id_(id) {}
    /** Extents in PyTorch's order; the first, the batch, is kBatch. */
    const Shape &shape() const { return graph_->value(id_).shape; }
    Graph &graph() const { return *graph_; }
    ValueId id() const { return id_; }
    /** The same graph's tensor for another value. */
    Tensor with(ValueId id) const { return {graph_, id}; }

private:
    std::shared_ptr<Graph> graph_;
    ValueId id_;
};

/** Unsigned 8-bit inputs stand for scale * code + offset. Both belong to the network and are exported. */
struct InputOptions {
    float scale = 1;
    float offset = 0;
};

/** A batch of vectors [features] or images [channels, height, width]: Float(32), or UInt(8) codes 0..255.
 * Throws CompileError for another type, for other extents or for one that is not positive. */
Tensor input(const std::string &name, const Shape &features, ElementType type,
             const InputOptions &options = {});

struct DenseOptions {
    int64_t units = 0;                ///< outputs, at least 1
    Precision weights = float32();    ///< sign(): latent float32 weights in [-1, 1], one bit in use
    Precision gradients = float32();  ///< of the layer's products in backward: bfloat16(), ...
    /** What the weight gradient alone takes for the layer's float32 inputs: as they are, or drawn by a
     * stochastic quantizer. stochastic_power_of_two() is quantized back-propagation (Lin et al. 2016): shifts
     * for products. */
    Precision weight_gradient_inputs = float32();
    std::string name = {};        ///< dense1, dense2, ... if empty
    std::string arithmetic = {};  ///< of codes: "popcount", "bytes", "shorts" or "tiles" (AMX); empty: the
                                  ///< fastest by estimate
};

/** A fully connected layer without bias: x [N, K] to x w^T [N, units]. Makes the parameter NAME.weight
 * [units, K]. */
Tensor dense(const Tensor &x, const DenseOptions &options);

struct BatchNormOptions {
    double eps = 1e-4;      ///< added to the variance
    double momentum = 0.1;  ///< share of a batch in the running statistics
    std::string name = {};
};

/** Batch normalization of each feature or channel (Ioffe & Szegedy 2015): by the batch's statistics in
 * training, by the running ones otherwise. Makes NAME.weight, .bias, .running_mean, .running_var (biased). */
Tensor batch_norm(const Tensor &x, const BatchNormOptions &options = {});

struct ShiftBatchNormOptions {
    double eps = 1e-5;        ///< added to the variance
    double momentum = 0.125;  ///< share of a batch in the running statistics
    std::string name = {};
};

/** Batch normalization that multiplies by powers of two alone (Courbariaux et al. 2016, shift-based batch
 * norm): with v = mean((x - m) AP2(x - m)) in place of the variance, y = (x - m) AP2(1 / sqrt(v + eps))
 * AP2(weight) + bias. The running statistic is of 1 / sqrt(v + eps), not rounded. Makes NAME.weight, .bias,
 * .running_mean, .running_invstd. */
Tensor shift_batch_norm(const Tensor &x, const ShiftBatchNormOptions &options = {});

struct RangeBatchNormOptions {
    double eps = 1e-5;      ///< added to the scale
    double momentum = 0.1;  ///< share of a batch in the running statistics
    std::string name = {};
};

/** Batch normalization by the range of a channel (Banner et al. 2018, Range BN): y = (x - mean) weight / (s +
 * eps) + bias with s = (max - min) / (2 sqrt(2 ln n)), n the channel's elements in a batch, of which training
 * needs at least 2. The first of equal elements gets the gradient of the largest or least. Makes NAME.weight,
 * .bias, .running_mean, .running_scale (of s). */
Tensor range_batch_norm(const Tensor &x, const RangeBatchNormOptions &options = {});

struct L1BatchNormOptions {
    double eps = 1e-5;      ///< added to the scale
    double momentum = 0.1;  ///< share of a batch in the running statistics
    std::string name = {};
};

/** Batch normalization by the mean magnitude (Wu et al. 2018, "L1-Norm Batch Normalization"): y = (x - mean)
 * weight / (s + eps) + bias with s = sqrt(pi / 2) mean |x - mean|. Makes NAME.weight, .bias, .running_mean,
 * .running_scale (of s). */
Tensor l1_batch_norm(const Tensor &x, const L1BatchNormOptions &options = {});

/** The codes of a quantizer, with its surrogate gradient. Throws CompileError for a tensor that is
 * quantized already and for float32(). */
Tensor quantize(const Tensor &x, const Precision &precision, const std::string &name = {});

/** clamp(x, -1, 1). */
Tensor hardtanh(const Tensor &x, const std::string &name = {});

struct DropoutOptions {
    double rate = 0.5;  ///< the share of elements that becomes 0, in [0, 1)
    std::string name = {};
};

/** Training: each element becomes 0 with probability `rate`, drawn anew at every step, and else grows to x /
 * (1 - rate) (Srivastava et al. 2014). Evaluated and deployed it is x. The numbers drawn depend on the run's
 * seed and the step alone. */
Tensor dropout(const Tensor &x, const DropoutOptions &options = {});

/** Runs `network`, which makes inputs and layers and returns the scores, and gives the graph it built.
 * Throws CompileError for an input or a layer that the scores do not use, and for scores that are not
 * float32 [N, classes]. */
Graph build(const std::string &name, const std::function<Tensor()> &network);

}  // namespace quantide
