#pragma once
#include "compiler/interpret/interpret.h"

#include <span>
#include <string>
#include <vector>

namespace quantide {

/** A network with numbers, and what the interpreter makes of them. */
struct Case {
    std::string text;
    Graph network;
    Arrays parameters;
    Array input, expected;
    bool second_best = false;  ///< multiplied by the arithmetic that is not the fastest by estimate
};

/** Whether QUANTIDE_TEST_ALL is set. */
bool test_all();

/** The cases of the grid: every pair of values of its axes is in one, or every triple if test_all(), and a
 * list of groups besides. */
const std::vector<Case> &geometry_cases();

/** Layers of pairs of quantizers, every pair if test_all(). */
const std::vector<Case> &quantizer_pairs();

/** Compiles each case for a target and links all libraries, with a C compiler, into FOLDER/program;
 * FOLDER/data has each case's input and what is expected. `program data` prints the level that it runs on and
 * a line for each case whose results are not these bits; it exits with 1 if there are such. Throws
 * std::runtime_error with the compiler's output if that fails. */
void write_geometry_program(std::span<const Case> cases, const std::string &target,
                            const std::string &compiler, const std::string &folder);

}  // namespace quantide
