#pragma once
#include <string>

namespace quantide {

/** How the numbers of a tensor are represented: float32, a row of the quantizer table, or, of a layer's
 * gradients, a row of the table of gradient formats. */
struct Precision {
    std::string quantizer;         ///< or gradient format; empty: float32
    bool in_training = false;      ///< only there: evaluated and deployed as float32
    bool tanh_normalized = false;  ///< of weights: what is quantized is tanh(w) over the largest |tanh(w)|
    bool operator==(const Precision &) const = default;
};

/** Binary32: not quantized. */
inline Precision float32() { return {}; }

/** One bit, +1 or -1 (Hubara et al. 2016). */
inline Precision sign() { return {"sign"}; }

/** One bit: in training +1 with probability clip((x + 1) / 2, 0, 1), else -1, drawn anew at every step;
 * evaluated and deployed as sign() (BinaryNet's stochastic activations, Hubara et al. 2016). */
inline Precision stochastic_sign() { return {"stochastic_sign"}; }

/** Two bits: -1, 0 or +1, the nearest (Lin et al. 2016, "Neural Networks with Few Multiplications"). */
inline Precision ternary() { return {"ternary"}; }

/** Two bits: in training the sign of x with the probability |x|, else 0, drawn anew at every step; evaluated
 * and deployed as ternary() (Lin et al. 2016). */
inline Precision stochastic_ternary() { return {"stochastic_ternary"}; }

/** `bits` from 1 to 8: the nearest of 2^bits evenly spaced numbers from -1 to 1, which 0 is not one of; of
 * one bit sign() (Hubara et al. 2016, "Quantized Neural Networks"). */
inline Precision symmetric(int bits) {
    return bits == 1 ? sign() : Precision{"symmetric(" + std::to_string(bits) + ")"};
}

/** `bits` from 1 to 8: the nearest of 2^bits evenly spaced numbers from 0 to 1, for activations (Zhou et al.
 * 2016, "DoReFa-Net"). */
inline Precision unsigned_uniform(int bits) { return {"unsigned_uniform(" + std::to_string(bits) + ")"}; }

/** `bits` from 2 to 8: the nearest multiple of 2^(1 - bits) from -1 to 1 less one of them
 * (LinearQuant of Hubara et al. 2016, "Quantized Neural Networks"). */
inline Precision twos_complement(int bits) { return {"twos_complement(" + std::to_string(bits) + ")"}; }

/** `steps` from 1 to 8: the nearest of steps + 1 evenly spaced numbers from -1 to 1, as a sum of equal steps,
 * a bit for each (Yang et al. 2019, "Quantization Networks"). */
inline Precision thermometer(int steps) { return {"thermometer(" + std::to_string(steps) + ")"}; }

/** `bits` from 2 to 8: 0 or, with a sign, one of the 2^(bits - 1) - 1 powers of two up to 1, the nearest by
 * its logarithm (LogQuant of Hubara et al. 2016, "Quantized Neural Networks"). */
inline Precision power_of_two(int bits) { return {"power_of_two(" + std::to_string(bits) + ")"}; }

/** 8 bits: 0 or +- 2^e with e from -63 to 63. In training the power of two below |x| or the one above it,
 * drawn such that the mean is x; evaluated and deployed the nearest by its logarithm (Lin et al. 2016,
 * "Neural Networks with Few Multiplications"). */
inline Precision stochastic_power_of_two() { return {"stochastic_power_of_two"}; }

/** Of weights, `bits` from 1 to 8: symmetric(bits) of tanh(w) / max |tanh(w)|, the maximum over the layer's
 * weights, which are not clipped (Zhou et al. 2016, "DoReFa-Net"). */
inline Precision dorefa(int bits) {
    Precision precision = symmetric(bits);
    precision.tanh_normalized = true;
    return precision;
}

/** `bits` from 1 to 8: the nearest of 2^bits evenly spaced numbers of a range that comes from data (Banner et
 * al. 2018, "Scalable methods for 8-bit training of neural networks"; gemmlowp). Of weights: from the
 * smallest to the largest of them. Of activations: in training the mean over the batch of the smallest and
 * the largest of each row, evaluated and deployed its moving average, the parameter NAME.range. */
inline Precision affine(int bits) { return {"affine(" + std::to_string(bits) + ")"}; }

/** The same with a range for each output of the weights. */
inline Precision affine_per_channel(int bits) { return {"affine_per_channel(" + std::to_string(bits) + ")"}; }

// Of gradients: what a layer's two products of backward read. Their grid follows the gradient's own range at
// every step; products with codes of 1 to 8 bits are exact in integers.

/** Eight significant bits, to nearest even; products are summed in float32. */
inline Precision bfloat16() { return {"bfloat16"}; }

/** `bits` from 2 to 8: 2^bits - 1 even levels up to the largest magnitude, rounded at random so that the mean
 * is the gradient: for QNN's 6 bits (Hubara et al. 2016; the estimator is ours). */
inline Precision stochastic_uniform(int bits) { return {"stochastic_uniform(" + std::to_string(bits) + ")"}; }

/** `bits` from 2 to 6: 0 and powers of two up to the largest magnitude, rounded at random likewise: LogQuant
 * (Hubara et al. 2016; the estimator is ours). */
inline Precision stochastic_log_quant(int bits) {
    return {"stochastic_log_quant(" + std::to_string(bits) + ")"};
}

/** Bytes from the smallest to the largest number, rounded at random, for both products (Banner et al. 2018).
 */
inline Precision stochastic_int8() { return {"stochastic_int8"}; }

/** That for the gradient of the input, and dynamic_fixed_point(16) for that of the weights (Banner et al.
 * 2018, "gradients bifurcation"). */
inline Precision bifurcated_int8() { return {"bifurcated_int8"}; }

/** `bits` from 2 to 16: integers under the exponent of the largest magnitude, to nearest even (Courbariaux et
 * al. 2015; Das et al. 2018). */
inline Precision dynamic_fixed_point(int bits) {
    return {"dynamic_fixed_point(" + std::to_string(bits) + ")"};
}

/** Of weights: quantized in training alone, evaluated and deployed as the float32 numbers in [-1, 1] that
 * training keeps. in_training(stochastic_sign()) is BinaryConnect's stochastic variant (Courbariaux et al.
 * 2015), whose real weights are the mean of what it drew. */
inline Precision in_training(Precision precision) {
    precision.in_training = precision != float32();
    return precision;
}

}  // namespace quantide
