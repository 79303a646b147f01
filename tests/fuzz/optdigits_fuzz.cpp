#include "examples/common/optdigits.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> quantide::fuzz_seeds() {
    std::string zeros;
    std::string ramp;
    for (int i = 0; i < 64; ++i) {
        zeros += "0,";
        ramp += std::to_string(i % 17) + ",";
    }
    return {zeros + "9\n", zeros + "0\r\n" + ramp + "5", ramp + "1\n\n" + zeros + "2\n" + ramp + "3\n"};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace quantide;
    run_reader([&] { parse_optdigits(as_text(data, size), "f"); });
    return 0;
}
