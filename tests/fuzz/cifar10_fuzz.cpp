#include "examples/common/cifar10.h"
#include "tests/data/make_cifar10.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> quantide::fuzz_seeds() { return {make_cifar10(1), make_cifar10(3, 5)}; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace quantide;
    run_reader([&] { parse_cifar10(as_text(data, size), "f"); });
    return 0;
}
