#include "compiler/codegen/loaded_object.h"

#include "compiler/base/error.h"
#include "compiler/codegen/kernel_compiler.h"
#include "compiler/codegen/object_writer.h"
#include "compiler/codegen/stubs.h"
#include "compiler/codegen/target.h"

#include <HalideBuffer.h>
#include <gmock/gmock.h>

#include <array>
#include <cstring>

namespace quantide {
namespace {

void *nothing(const std::string &) { return nullptr; }

size_t outside(int32_t index) { return 1000 + static_cast<size_t>(index); }

/** An object with a function that returns where its data are, and one that calls another object's. */
std::string make_object() {
    const std::string text = "text";
    const std::array<uint8_t, 3> indices{1, 0, 1};
    ObjectWriter writer("x86-64");
    const int64_t at = writer.add_data(std::as_bytes(std::span(text.c_str(), text.size() + 1)));
    const int64_t table = writer.add_data(std::as_bytes(std::span(indices)));
    const int external = writer.add_external("outside");
    writer.add_function("get_text", return_address("x86-64", writer.data_symbol(), at), false);
    writer.add_function("get_called",
                        return_scaled_index("x86-64", {.last = 2,
                                                       .otherwise = 0,
                                                       .stride = 2,
                                                       .table = std::pair{writer.data_symbol(), table},
                                                       .call = external}),
                        true);
    return writer.finish();
}

class LoadedObjects : public testing::Test {
protected:
    void SetUp() override {
        if (host_level().architecture != std::string("x86-64")) {
            GTEST_SKIP() << "objects are loaded on x86-64 alone";
        }
    }
};

TEST_F(LoadedObjects, HaveTheirDataAndCallWhatIsElsewhere) {
    const LoadedObject object(make_object(), [](const std::string &name) {
        EXPECT_EQ(name, "outside");
        return reinterpret_cast<void *>(&outside);
    });
    const LoadedObject copy = object;
    EXPECT_STREQ(reinterpret_cast<const char *(*)()>(copy.function("get_text"))(), "text");
    EXPECT_GE(reinterpret_cast<size_t (*)(int32_t)>(copy.function("get_called"))(1), 1000U);
    EXPECT_THROW(object.function("get_more"), InternalError);
}

TEST_F(LoadedObjects, ThatCannotBeLoadedAreRefused) {
    EXPECT_THROW(LoadedObject(make_object(), nothing), InternalError);
    const std::string object = make_object();
    for (size_t size = 0; size < object.size(); size += 7) {
        EXPECT_THROW(LoadedObject(object.substr(0, size), nothing), InternalError) << size;
    }
    EXPECT_THROW(LoadedObject(ObjectWriter("arm-64").finish(), nothing), InternalError);
}

// With constants in sections of their own, and a table on the stack that is filled by memset.
TEST_F(LoadedObjects, RunKernels) {
    const Halide::Var x("x"), i("i");
    Halide::ImageParam in(Halide::Int(32), 1, "in");
    Halide::Func table("table"), out("out");
    table(i) = 0;
    table(7) = 5;
    out(x) = Halide::cast<float>(in(x)) * 0.25F + Halide::cast<float>(table(Halide::clamp(in(x), 0, 4095)));
    table.compute_root().store_in(Halide::MemoryType::Stack);
    table.bound(i, 0, 4096);
    Kernel kernel;
    kernel.target = Halide::Target("x86-64-linux-no_runtime-no_asserts-no_bounds_query");
    kernel.inputs = {in};
    kernel.outputs = {out};
    const LoadedObject object(compile_kernel(kernel, "kernel"), [](const std::string &name) {
        return name == "memset" ? reinterpret_cast<void *>(&std::memset) : nullptr;
    });
    const auto run =
        reinterpret_cast<int (*)(halide_buffer_t *, halide_buffer_t *)>(object.function("kernel"));
    std::vector<int32_t> numbers{-3, 0, 7, 100};
    std::vector<float> results(numbers.size());
    Halide::Runtime::Buffer<int32_t> from(numbers.data(), static_cast<int>(numbers.size()));
    Halide::Runtime::Buffer<float> to(results.data(), static_cast<int>(results.size()));
    EXPECT_EQ(run(from.raw_buffer(), to.raw_buffer()), 0);
    EXPECT_THAT(results, testing::ElementsAre(-0.75F, 0.0F, 6.75F, 25.0F));
}

}  // namespace
}  // namespace quantide
