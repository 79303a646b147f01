#pragma once
#include "compiler/codegen/jit.h"
#include "compiler/interpret/interpret.h"
#include "compiler/ops/op.h"

#include <gtest/gtest.h>

#include <random>

namespace quantide {

/** A graph of one fusion group, its operands' numbers, and the same by kernel and by interpreter. */
class GroupTest : public ::testing::Test {
protected:
    Graph graph;
    Arrays bindings;
    std::mt19937 random{20261121};

    ValueId input(const std::string &name, int64_t rows, int64_t columns, const Array &numbers);
    /** Any other float32 operand: a vector where columns is 0. */
    ValueId parameter(const std::string &name, const Array &numbers);
    /** Images [N, C, H, W] as they lie between kernels. */
    ValueId images(const std::string &name, const Array &numbers);
    /** 1-bit +-1 codes. */
    ValueId codes(const std::string &name, Shape shape, Layout layout);
    ValueId labels(int64_t rows, int64_t classes);

    /** Codes of a quantizer, or "bytes" of an input with an offset. */
    ValueId operand(const std::string &quantizer, Shape shape, Layout layout);
    /** What sgd makes of a gradient of weights in panels: without momentum its moment is the gradient. */
    ValueId updated(ValueId gradient);

    /** Numbers q / 64 with whole q in [-range, range]: sums of a few thousand are exact in float32. */
    Array exact(Shape shape, int range = 64);
    Array uniform(Shape shape, float low, float high);

    /** Puts the nodes from `first` on into one group. */
    void fuse(size_t first);
    /** Lowers, compiles and runs the group; a state's memory is that of its next value. */
    void run(bool parallel = false, const CpuLevel &level = host_level());

    const Array &found(ValueId id) const { return found_.at(id); }
    const Array &expected(ValueId id) const { return expected_.at(id); }

private:
    std::map<ValueId, Array> found_, expected_;
};

/** |found - expected| <= bound(i) for every element. */
void expect_within(const Array &found, const Array &expected, const std::function<double(size_t)> &bound);

}  // namespace quantide
