#pragma once
#include "schedules/schedule.h"

namespace quantide {

/** Elementwise groups: vectorized along the innermost axis, parallel along the outermost. */
void schedule_elementwise(Kernel &kernel, const Tuning &tuning);

/** Products of a batch of rows with panels of weights, and what is fused behind them. */
void schedule_dense(Kernel &kernel, const Tuning &tuning);

/** Products of bytes: as above, or, where the weights become bytes first, with those expanded for a span of
 * rows. */
void schedule_byte_dense(Kernel &kernel, const Tuning &tuning);

/** Products of tiles of bytes, with weights expanded to bytes for a span of rows. */
void schedule_tile_dense(Kernel &kernel, const Tuning &tuning);

/** Training: the gradient of an input by tiles of bfloat16 numbers, which rows become first. */
void schedule_tile_input_gradient(Kernel &kernel, const Tuning &tuning);

/** Convolutions by tiles: positions of a whole image are rows. */
void schedule_tile_conv(Kernel &kernel, const Tuning &tuning);

/** Products of float32, blocked over their inputs. */
void schedule_floats(Kernel &kernel, const Tuning &tuning);

/** Convolutions with panels of codes, by popcounts or bytes, and what is fused behind them. */
void schedule_conv(Kernel &kernel, const Tuning &tuning);

/** Convolutions element by element: of float32, of float32 and codes, and of codes whose groups share no
 * words. */
void schedule_taps(Kernel &kernel, const Tuning &tuning);

/** Training: the gradient of a convolution's weights. */
void schedule_conv_weight_gradient(Kernel &kernel, const Tuning &tuning);

/** Training: the gradient of the input of a convolution with 1-bit weights. */
void schedule_signed_conv_input_gradient(Kernel &kernel, const Tuning &tuning);

/** Training: the gradients of pools, and of convolutions with groups or strides. */
void schedule_window_gradient(Kernel &kernel, const Tuning &tuning);

/** Training: the gradient of weights in panels, its optimizer, and the packing of the new codes, tile by
 * tile. */
void schedule_weight_update(Kernel &kernel, const Tuning &tuning);

/** The same with the gradient by products of bytes or tiles. */
void schedule_byte_update(Kernel &kernel, const Tuning &tuning);

/** Training: the gradient of the input of a product with 1-bit weights. */
void schedule_signed_input_gradient(Kernel &kernel, const Tuning &tuning);

/** Training: the codes of a gradient. */
void schedule_gradient_codes(Kernel &kernel, const Tuning &tuning);

/** Training: the products of a gradient, row-major: of float32, or of integers, in pairs where they can be.
 */
void schedule_float_gradient(Kernel &kernel, const Tuning &tuning);

/** Training: batch norm by the batch's statistics, its gradient, and what is fused around them. */
void schedule_norm(Kernel &kernel, const Tuning &tuning);

/** Training: codes of weights, packed in panels. */
void schedule_pack_panels(Kernel &kernel, const Tuning &tuning);

/** Training: the ranges of the rows of a batch. */
void schedule_row_range(Kernel &kernel, const Tuning &tuning);

/** Training: losses and their gradients. */
void schedule_loss(Kernel &kernel, const Tuning &tuning);

}  // namespace quantide
