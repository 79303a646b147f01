#include "compiler/base/xz.h"
#include "tests/base/xz.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> quantide::fuzz_seeds() {
    return {xz(""), xz("The quick brown fox jumps over the lazy dog"), xz(std::string(100000, 'x')),
            xz("first") + xz("second")};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace quantide;
    constexpr uint64_t kLimit = uint64_t{1} << 18;
    run_reader([&] {
        const std::string content = unxz(std::string(as_text(data, size)), "f", kLimit);
        internal_check(content.size() <= std::max(uint64_t{size}, kLimit), "{} bytes", content.size());
    });
    return 0;
}
