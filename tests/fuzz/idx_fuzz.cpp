#include "examples/common/dataset.h"
#include "examples/common/idx.h"
#include "tests/data/make_idx.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> quantide::fuzz_seeds() {
    return {make_idx({5}, std::string("\x00\x01\x02\x09\x05", 5)), make_idx({2, 3, 4}, std::string(24, 'x')),
            make_idx({1, 28, 28}, std::string(784, '\xff'))};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace quantide;
    run_reader([&] { parse_idx(as_text(data, size), 3, "f"); });
    run_reader([&] {
        const Array labels = parse_idx(as_text(data, size), 1, "f");
        label(Array(UInt(8), {5, 1}), labels, 10, "f");
    });
    return 0;
}
