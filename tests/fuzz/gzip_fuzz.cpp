#include "compiler/base/file.h"
#include "tests/base/gzip.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> quantide::fuzz_seeds() {
    return {gzip(""), gzip("The quick brown fox jumps over the lazy dog"), gzip(std::string(100000, 'x')),
            gzip("first") + gzip("second")};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace quantide;
    constexpr uint64_t kLimit = uint64_t{1} << 18;
    run_reader([&] {
        const std::string content = gunzip(std::string(as_text(data, size)), "f", kLimit);
        internal_check(content.size() <= std::max(uint64_t{size}, kLimit), "{} bytes", content.size());
    });
    return 0;
}
