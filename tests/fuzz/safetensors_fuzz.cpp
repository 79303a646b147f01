#include "tests/fuzz/fuzz.h"
#include "training/safetensors.h"

namespace quantide {

namespace {

/** A file from "header\ndata": its length is right, so that a mutated header is read as one. */
std::string with_length(std::string_view text) {
    const uint64_t length = std::min(text.find('\n'), text.size());
    std::string file(reinterpret_cast<const char *>(&length), sizeof(length));
    file += text.substr(0, length);
    return file += text.substr(std::min(length + 1, text.size()));
}

void check(std::string_view file) {
    run_reader([&] {
        const SafeTensors content = read_safetensors(open_memory(file, "f"));
        size_t bytes = 0;
        for (const auto &[name, array] : content.tensors) {
            bytes += array.bytes.size();
        }
        internal_check(bytes < file.size(), "{} bytes of tensors from a file of {}", bytes, file.size());
    });
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
    const std::string small = R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})"
                              "\nabc";
    const std::string several =
        R"({"__metadata__":{"eps":"1e-4","é\n":""},"step":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
        R"("w":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"h":{"dtype":"F16","shape":[1],"data_offsets":[16,18]}} )"
        "\n" +
        std::string(18, '\1');
    return {small, several, "{}", with_length(small), with_length(several), with_length("{}")};
}

}  // namespace quantide

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace quantide;
    check(as_text(data, size));
    check(with_length(as_text(data, size)));
    return 0;
}
