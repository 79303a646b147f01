#pragma once
#include <string>

namespace quantide {

/** Draws the cases of the grid: every pair of values of its axes is in one, or every triple if
 * QUANTIDE_TEST_ALL is set, and a list of groups besides. Compiles each for a target and links all libraries,
 * with a C compiler, into FOLDER/program; FOLDER/data has each case's input and what the interpreter makes of
 * it. `program data` prints the level that it runs on and a line for each case whose results are not these
 * bits; it exits with 1 if there are such. Throws std::runtime_error with the compiler's output if that
 * fails. */
void write_geometry_program(const std::string &target, const std::string &compiler,
                            const std::string &folder);

}  // namespace quantide
