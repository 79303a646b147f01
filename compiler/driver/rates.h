#pragma once
#include "compiler/codegen/target.h"

#include <optional>
#include <string>

namespace quantide {

/** 1e9 operations a second that one core does by an arithmetic on a level, as shipped: what `inspect`
 * estimates by. `bench machine` measures this machine's. None for an arithmetic that the table lacks. */
std::optional<double> shipped_rate(const CpuLevel &level, const std::string &arithmetic);

}  // namespace quantide
