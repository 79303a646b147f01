#pragma once
#include "compiler/codegen/target.h"

#include <string>

namespace quantide {

/** What the GNU assembler, told only of the extensions that every CPU of a level has, says against code:
 * empty if it knows each instruction. */
std::string foreign_instructions(const std::string &assembly, const CpuLevel &level);

/** True if the assembler for a level's architecture is installed. */
bool have_assembler(const CpuLevel &level);

}  // namespace quantide
