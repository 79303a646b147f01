#include "schedules/schedule.h"

#include "compiler/base/error.h"
#include "schedules/families.h"
#include "schedules/markers.h"
#include "schedules/tiles.h"

#include <algorithm>

namespace quantide {

namespace {

using Target = Halide::Target;

/** What dense layers and convolutions share, by bytes, tiles of them and numbers of 16 bits. */
constexpr Tuning kBytesOfAvx512 = {.rows = 10, .lanes = 32, .vector = 16},
                 kTiles = {.rows = 32, .lanes = 32, .vector = 16, .tiles = true},
                 kShortsOfAvx512 = {.rows = 10, .lanes = 32, .vector = 16, .width = 16},
                 kShortsOfAvx2 = {.rows = 6, .lanes = 16, .vector = 8, .width = 16},
                 kShorts = {.rows = 4, .lanes = 8, .vector = 4, .width = 16};

const Schedule kSchedules[] = {
    {"dense/popcount",
     Target::X86,
     Target::AVX512_Zen4,
     "popcount",
     "vpopcntd",
     {10, 32, 16, 0},
     schedule_dense},
    {"dense/popcount",
     Target::X86,
     Target::AVX2,
     "popcount",
     "vpshufb",
     {1, 16, 8, 31, true},
     schedule_dense},
    {"dense/popcount", Target::ARM, Target::FeatureEnd, "popcount", "cnt", {4, 16, 4, 31}, schedule_dense},
    {"dense/popcount",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "popcount",
     "",
     {1, 16, 4, 31, true},
     schedule_dense},
    {"dense/bytes", Target::X86, Target::AVX512_Zen4, "vnni", "vpdpbusd", kBytesOfAvx512,
     schedule_byte_dense},
    {"dense/bytes", Target::X86, Target::AVX2, "maddubs", "vpmaddubsw", {4, 16, 8, 16}, schedule_byte_dense},
    {"dense/bytes", Target::ARM, Target::ARMDotProd, "dot", "udot", {4, 16, 4, 0}, schedule_byte_dense},
    {"dense/bytes", Target::ARM, Target::FeatureEnd, "umull", "umull", {4, 16, 4, 16}, schedule_byte_dense},
    {"dense/bytes",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "masked add",
     "",
     {4, 8, 4, 16},
     schedule_byte_dense},
    {"dense/shorts", Target::X86, Target::AVX512_Zen4, "dpwssd", "vpdpwssd", kShortsOfAvx512,
     schedule_byte_dense},
    {"dense/shorts", Target::X86, Target::AVX2, "maddwd", "vpmaddwd", kShortsOfAvx2, schedule_byte_dense},
    {"dense/shorts", Target::X86, Target::FeatureEnd, "maddwd", "pmaddwd", kShorts, schedule_byte_dense},
    {"dense/tiles", Target::X86, Target::AVX512_SapphireRapids, "amx", "tdpb", kTiles, schedule_tile_dense},
    {"dense/f32", Target::X86, Target::AVX512_Skylake, "float32", "", {10, 32, 16, 128}, schedule_floats},
    {"dense/f32", Target::X86, Target::AVX2, "float32", "vfmadd", {4, 16, 8, 128}, schedule_floats},
    {"dense/f32", Target::ArchUnknown, Target::FeatureEnd, "float32", "", {4, 8, 4, 128}, schedule_floats},
    {"conv2d/popcount",
     Target::X86,
     Target::AVX512_Zen4,
     "popcount",
     "vpopcntd",
     {10, 32, 16, 0},
     schedule_conv},
    {"conv2d/popcount",
     Target::X86,
     Target::AVX2,
     "popcount",
     "vpshufb",
     {1, 16, 8, 31, true},
     schedule_conv},
    {"conv2d/popcount", Target::ARM, Target::FeatureEnd, "popcount", "cnt", {4, 16, 4, 31}, schedule_conv},
    {"conv2d/popcount",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "popcount",
     "",
     {1, 16, 4, 31, true},
     schedule_conv},
    {"conv2d/bytes", Target::X86, Target::AVX512_Zen4, "vnni", "vpdpbusd", kBytesOfAvx512, schedule_conv},
    {"conv2d/bytes", Target::X86, Target::AVX2, "maddubs", "vpmaddubsw", {4, 16, 8, 16}, schedule_conv},
    {"conv2d/bytes", Target::ARM, Target::ARMDotProd, "dot", "udot", {4, 16, 4, 0}, schedule_conv},
    {"conv2d/bytes", Target::ARM, Target::FeatureEnd, "umull", "umull", {4, 16, 4, 16}, schedule_conv},
    {"conv2d/bytes",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "masked add",
     "",
     {2, 16, 4, 16},
     schedule_conv},
    {"conv2d/shorts", Target::X86, Target::AVX512_Zen4, "dpwssd", "vpdpwssd", kShortsOfAvx512, schedule_conv},
    {"conv2d/shorts", Target::X86, Target::AVX2, "maddwd", "vpmaddwd", kShortsOfAvx2, schedule_conv},
    {"conv2d/shorts", Target::X86, Target::FeatureEnd, "maddwd", "pmaddwd", kShorts, schedule_conv},
    {"conv2d/tiles", Target::X86, Target::AVX512_SapphireRapids, "amx", "tdpb", kTiles, schedule_tile_conv},
    {"conv2d/signs/grouped",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "byte add",
     "",
     {4, 32, 32, 0},
     schedule_taps},
    {"conv2d/codes/grouped",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "integer",
     "",
     {4, 16, 8, 0},
     schedule_taps},
    {"conv2d/f32", Target::X86, Target::AVX512_Skylake, "float32", "vfmadd", {10, 32, 16, 0}, schedule_taps},
    {"conv2d/f32", Target::X86, Target::AVX2, "float32", "vfmadd", {4, 16, 8, 0}, schedule_taps},
    {"conv2d/f32", Target::ArchUnknown, Target::FeatureEnd, "float32", "", {4, 8, 4, 0}, schedule_taps},
    {"conv2d_weight_gradient",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "float32",
     "",
     {},
     schedule_conv_weight_gradient},
    {"conv2d_weight_gradient/a1",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "table look-up",
     "",
     {},
     schedule_conv_weight_gradient},
    {"conv2d_input_gradient/w1",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "table look-up",
     "",
     {.rows = 8},
     schedule_signed_conv_input_gradient},
    {"window_gradient", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_window_gradient},
    {"weight_update",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "float32",
     "",
     {.rows = 2},
     schedule_weight_update},
    {"weight_update/a1",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "table look-up",
     "",
     {.rows = 1},
     schedule_weight_update},
    {"input_gradient/w1",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "table look-up",
     "",
     {.block = 1024},
     schedule_signed_input_gradient},
    {"input_gradient/tiles", Target::X86, Target::AVX512_SapphireRapids, "amx", "tdpb", kTiles,
     schedule_tile_dense},
    {"input_gradient/bfloat16", Target::X86, Target::AVX512_SapphireRapids, "amx bfloat16", "tdpbf16ps",
     kTiles, schedule_tile_input_gradient},
    {"input_gradient/bytes", Target::X86, Target::AVX512_Zen4, "vnni", "vpdpbusd", kBytesOfAvx512,
     schedule_byte_dense},
    {"input_gradient/f32",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "float32",
     "",
     {},
     schedule_float_gradient},
    {"conv2d_weight_gradient/codes",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "integer",
     "",
     {},
     schedule_conv_weight_gradient},
    {"conv2d_weight_gradient/tiles", Target::X86, Target::AVX512_SapphireRapids, "amx", "tdpb", kTiles,
     schedule_conv_weight_gradient},
    {"conv2d_weight_gradient/bfloat16", Target::X86, Target::AVX512_SapphireRapids, "amx bfloat16",
     "tdpbf16ps", kTiles, schedule_conv_weight_gradient},
    {"conv2d_weight_gradient/bytes",
     Target::X86,
     Target::AVX512_Zen4,
     "vnni",
     "vpdpbusd",
     {},
     schedule_conv_weight_gradient},
    {"weight_update/codes",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "integer",
     "",
     {.rows = 2},
     schedule_weight_update},
    {"weight_update/tiles", Target::X86, Target::AVX512_SapphireRapids, "amx", "tdpb", kTiles,
     schedule_byte_update},
    {"weight_update/bfloat16", Target::X86, Target::AVX512_SapphireRapids, "amx bfloat16", "tdpbf16ps",
     kTiles, schedule_byte_update},
    {"weight_update/bytes",
     Target::X86,
     Target::AVX512_Zen4,
     "vnni",
     "vpdpbusd",
     {8, 32, 16, 0},
     schedule_byte_update},
    {"weight_gradient/codes",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "integer",
     "",
     {},
     schedule_float_gradient},
    {"input_gradient/codes",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "integer",
     "",
     {},
     schedule_float_gradient},
    {"conv2d_input_gradient/tiles", Target::X86, Target::AVX512_SapphireRapids, "amx", "tdpb", kTiles,
     schedule_tile_conv},
    {"conv2d_input_gradient/bfloat16", Target::X86, Target::AVX512_SapphireRapids, "amx bfloat16",
     "tdpbf16ps", kTiles, schedule_tile_conv},
    {"conv2d_input_gradient/bytes", Target::X86, Target::AVX512_Zen4, "vnni", "vpdpbusd", kBytesOfAvx512,
     schedule_conv},
    {"conv2d_input_gradient/codes",
     Target::X86,
     Target::AVX512_Skylake,
     "integer",
     "",
     {10, 32, 16, 0},
     schedule_taps},
    {"conv2d_input_gradient/codes", Target::X86, Target::AVX2, "integer", "", {4, 16, 8, 0}, schedule_taps},
    {"conv2d_input_gradient/codes",
     Target::ArchUnknown,
     Target::FeatureEnd,
     "integer",
     "",
     {4, 8, 4, 0},
     schedule_taps},
    {"gradient_codes", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_gradient_codes},
    {"weight_gradient", Target::ArchUnknown, Target::FeatureEnd, "float32", "", {}, schedule_float_gradient},
    {"batch_norm_train", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_norm},
    {"batch_norm_gradient", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_norm},
    {"range", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_norm},
    {"pack_panels", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_pack_panels},
    {"row_range", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_row_range},
    {"loss", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_loss},
    {"elementwise", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_elementwise},
};

bool fits(const Schedule &row, const Target &target) {
    return (row.architecture == Target::ArchUnknown || row.architecture == target.arch) &&
           (row.feature == Target::FeatureEnd || target.has_feature(row.feature));
}

}  // namespace

std::span<const Schedule> all_schedules() { return kSchedules; }

namespace {

const Schedule *first_row(const std::string &family, const Halide::Target &target) {
    const auto matches = [&](const Schedule &row) { return family == row.family && fits(row, target); };
    return std::find_if(std::begin(kSchedules), std::end(kSchedules), matches);
}

}  // namespace

bool has_schedule(const std::string &family, const Halide::Target &target) {
    return first_row(family, target) != std::end(kSchedules);
}

const Schedule &find_schedule(const std::string &family, const Halide::Target &target) {
    const Schedule *row = first_row(family, target);
    internal_check(row != std::end(kSchedules), "no schedule of family {} for {}", family,
                   target.to_string());
    return *row;
}

void apply_schedule(Kernel &kernel) {
    const Schedule &row = find_schedule(kernel.family, kernel.target);
    kernel.arithmetic = row.arithmetic;
    if (const auto grid = kernel.stages.find("grid"); grid != kernel.stages.end()) {
        grid->second.compute_root();  // what belongs to a whole tensor
    }
    row.apply(kernel, row.tuning);
}

Halide::Pipeline make_pipeline(const Kernel &kernel) {
    Halide::Pipeline pipeline(kernel.outputs);
    lower_tiles(pipeline);
    lower_markers(pipeline, kernel.target);
    return pipeline;
}

}  // namespace quantide
