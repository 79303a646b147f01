#include "compiler/lower/program.h"

#include "compiler/base/integers.h"
#include "tests/passes/interpreted_trainer.h"

#include <set>

namespace quantide {

namespace {

/** Bytes of the scratch values that are read or written during, or before and after, a step. */
int64_t alive_bytes(const Program &program, size_t step) {
    const auto values_of = [&](size_t begin, size_t end) {
        std::set<ValueId> ids;
        for (size_t i = begin; i < end; ++i) {
            for (const Buffer &buffer : program.steps[i].operands) {
                if (buffer.space == Space::Scratch) {
                    ids.insert(buffer.index);
                }
            }
        }
        return ids;
    };
    const std::set<ValueId> before = values_of(0, step + 1), after = values_of(step, program.steps.size());
    int64_t bytes = 0;
    for (ValueId id : before) {
        const Value &value = program.graph.value(id);
        bytes +=
            after.count(id) != 0 ? round_up(byte_count(value.shape, value.type, value.layout, 1), 64) : 0;
    }
    return bytes;
}

void expect_peak(const Program &program) {
    SCOPED_TRACE(print(program.graph));
    int64_t peak = 0;
    for (size_t step = 0; step < program.steps.size(); ++step) {
        peak = std::max(peak, alive_bytes(program, step));
    }
    EXPECT_EQ(program.peak_bytes_per_image, peak);
    EXPECT_EQ(alive_bytes(program, static_cast<size_t>(program.peak_step)), peak);
    EXPECT_LE(peak, program.scratch_bytes_per_image);
}

TEST(Program, SaysWhatIsAliveAtTheBusiestStep) {
    for (uint32_t seed = 0; seed < 30; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const Graph network = random_network(random, {.draws = seed % 2 == 1});
        const Arrays parameters = random_parameters(network, random);
        PassOptions options;
        options.parameters = &parameters;
        expect_peak(make_program(run_passes(network, deployment_passes(), options)));
        options = training_options(squared_hinge(), adam(), 4);
        expect_peak(make_program(run_passes(network, training_passes(), options)));
    }
}

}  // namespace

}  // namespace quantide
