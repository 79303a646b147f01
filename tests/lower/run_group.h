#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/interpret/interpret.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/pass.h"

#include <random>

namespace quantide {

/** A graph whose nodes behind the sources are one fusion group, in the layouts of a deployed program. */
struct TestGroup {
    Graph graph;
    std::string what;  ///< for messages
};

/** A dense layer and what is fused behind it. */
struct DenseCase {
    int outputs = 1, inputs = 1;
    ElementType x = UInt(1);  ///< UInt(1): signs; UInt(8): codes; Float(32)
    bool sign_weights = true;
    std::string epilogue;  ///< ops with a "+" between: "threshold", "dequantize+batch_norm+quantize", ...
};

/** Gives layouts to a graph and puts all its computing nodes into group 0. */
Graph as_one_group(const Graph &graph);

/** Random numbers of a type: codes, integers of a small range, floats in [-2, 2]. */
Array random_array(const ElementType &type, const Shape &shape, std::mt19937 &random);

/** The group of a case, with random numbers. */
TestGroup dense_group(const DenseCase &c, std::mt19937 &random);

/** Appends the ops of an epilogue to `x`; returns the last value. */
ValueId add_epilogue(Graph &graph, ValueId x, const std::string &epilogue, std::mt19937 &random);

/** A batch of rows from outside: floats, 8-bit codes or signs. */
ValueId add_input(Graph &graph, ElementType type, int features);

/** Compares a kernel with the interpreter, bit for bit, at several batches, all operands flush against pages
 * that may not be touched. Inputs that are not `given` are random. Returns a message for the first
 * difference, or nothing. */
std::string run_and_compare(const TestGroup &group, const LowerOptions &options,
                            const std::vector<int> &batches, std::mt19937 &random, const Arrays &given = {});

/** True if QUANTIDE_TEST_ALL asks for whole grids instead of samples. */
bool test_all();

}  // namespace quantide
