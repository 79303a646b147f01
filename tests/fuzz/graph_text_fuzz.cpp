#include "compiler/ir/graph.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> quantide::fuzz_seeds() {
    return {R"(graph digits {
  %image: u8[N, 64] = input() "image" kind="data" offset=-1.0 scale=0.125
  %dense1.weight: f32[32, 64] = parameter() "dense1.weight"
  %dense1.codes: u1[32, 64] {2 + -1} = quantize(%dense1.weight) "dense1" quantizer="sign"
  %dense1: f32[N, 32] = dense(%image, %dense1.codes) "dense1" #0
  return %dense1
  update %dense1.weight = %dense1
}
)",
            R"(graph packed {
  %x: u1[N, 65] {2 + -1} @packed_words = input() "x"
  %w: u1[33, 65] {2 + -1} @output_panels = constant() "a \"quoted\\ name"
  %y: f32[N, 33], %z: i64[3, 3, 1] = dense(%x, %w) "dense2" a=1e-30 b=-7 c="" #12
  return %y
  return %z
}
)",
            "graph empty {\n}\n"};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace quantide;
    run_reader([&] {
        const std::string text = print(parse(std::string(as_text(data, size))));
        internal_check(print(parse(text)) == text, "printed text reads back as another graph: {}", text);
    });
    return 0;
}
