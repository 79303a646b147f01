#pragma once
#include "schedules/kernel.h"

#include <span>

namespace quantide {

/** What a schedule may vary; what a field means is the family's business. */
struct Tuning {
    int rows = 4;    ///< rows (images) in one register tile
    int lanes = 32;  ///< outputs in one register tile
    int vector = 8;  ///< 32-bit lanes of a vector
    int block = 0;   ///< steps of the reduction between two widenings of the accumulators, 0: none needed;
                     ///< float32: most steps in which weights stay in L1
    bool condense = false;  ///< full adders condense words before their ones are counted
    bool tiles = false;     ///< products by tiles of 16 rows, 64 bytes of inputs and 16 outputs (AMX)
    int width = 8;          ///< bits of the numbers that codes become where they are not counted
};

/** One row of the schedule table. */
struct Schedule {
    const char *family;
    /** Where it may be used: the first row that fits is taken. ArchUnknown and FeatureEnd fit everywhere. */
    Halide::Target::Arch architecture;
    Halide::Target::Feature feature;
    /** How products are computed, and what the code must contain; empty where there are none. */
    const char *arithmetic;
    const char *instruction;
    Tuning tuning;
    void (*apply)(Kernel &, const Tuning &);
};

/** Every row, portable ones last. */
std::span<const Schedule> all_schedules();

/** Whether a row of a family fits a target. */
bool has_schedule(const std::string &family, const Halide::Target &target);

/** The first row of a family that fits a target. */
const Schedule &find_schedule(const std::string &family, const Halide::Target &target);

/** Schedules a kernel by the first row of its family that fits its target. */
void apply_schedule(Kernel &kernel);

}  // namespace quantide
