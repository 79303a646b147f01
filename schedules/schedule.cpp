#include "schedules/schedule.h"

#include "compiler/base/error.h"
#include "schedules/families.h"

#include <algorithm>

namespace quantide {

namespace {

using Target = Halide::Target;

const Schedule kSchedules[] = {
    {"elementwise", Target::ArchUnknown, Target::FeatureEnd, "", "", {}, schedule_elementwise},
};

bool fits(const Schedule &row, const Target &target) {
    return (row.architecture == Target::ArchUnknown || row.architecture == target.arch) &&
           (row.feature == Target::FeatureEnd || target.has_feature(row.feature));
}

}  // namespace

std::span<const Schedule> all_schedules() { return kSchedules; }

const Schedule &find_schedule(const std::string &family, const Halide::Target &target) {
    const auto matches = [&](const Schedule &row) { return family == row.family && fits(row, target); };
    const auto *row = std::find_if(std::begin(kSchedules), std::end(kSchedules), matches);
    internal_check(row != std::end(kSchedules), "no schedule of family {} for {}", family, target.to_string());
    return *row;
}

void apply_schedule(Kernel &kernel) {
    const Schedule &row = find_schedule(kernel.family, kernel.target);
    kernel.arithmetic = row.arithmetic;
    row.apply(kernel, row.tuning);
}

Halide::Pipeline make_pipeline(const Kernel &kernel) { return Halide::Pipeline(kernel.outputs); }

}  // namespace quantide
