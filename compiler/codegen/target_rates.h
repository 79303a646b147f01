#pragma once
#include "compiler/codegen/target.h"

#include <map>
#include <optional>
#include <string>

namespace quantide {

/** 1e9 operations (two a multiply-add) a second that one core does by each arithmetic, operands in cache. */
using Rates = std::map<std::string, double>;
/** Rates by the names of levels. */
using Machine = std::map<std::string, Rates>;

/** The rates that ship: the estimate for a level's CPUs at large, by which arithmetics are chosen and
 * `inspect` estimates unless use_machine() says better. */
const Machine &shipped_machine();

/** From here on, this machine's rates take the place of those that ship, level by level and arithmetic by
 * arithmetic. For the start of a program: not while others compile. */
void use_machine(const Machine &machine);

/** The rate in use; none for an arithmetic that the tables lack. */
std::optional<double> rate_of(const CpuLevel &level, const std::string &arithmetic);

/** A machine as text that people read, write and compare: lines of LEVEL GOPS ARITHMETIC, '#' before
 * comments. */
std::string print_machine(const Machine &machine, const std::string &comment);

/** Reads such a text. Throws CompileError naming `name` and the line for a level or an arithmetic that is
 * unknown, and for a rate that is not positive. */
Machine parse_machine(const std::string &text, const std::string &name);

}  // namespace quantide
