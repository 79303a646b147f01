#include "compiler/quantizers/quantizer.h"

#include "compiler/base/error.h"

#include <algorithm>

namespace quantide {

namespace {

const QuantizerDef *const kQuantizers[] = {
#define QUANTIZER(name) &name##_quantizer,
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER
};

}  // namespace

std::span<const QuantizerDef *const> all_quantizers() { return kQuantizers; }

Array quantize(const QuantizerDef &quantizer, const Array &x) {
    Array codes(quantizer.type, x.shape);
    std::transform(x.floats().begin(), x.floats().end(), codes.as<uint8_t>().begin(),
                   [&](float number) { return static_cast<uint8_t>(quantizer.code(number)); });
    return codes;
}

Array quantize(const QuantizerDef &quantizer, const Array &x, const RandomStream &random) {
    Array codes(quantizer.type, x.shape);
    for (size_t i = 0; i < x.floats().size(); ++i) {
        codes.as<uint8_t>()[i] =
            static_cast<uint8_t>(quantizer.drawn_code(x.floats()[i], uniform(random(i))));
    }
    return codes;
}

const QuantizerDef &find_quantizer(const std::string &name) {
    std::string known;
    for (const QuantizerDef *quantizer : kQuantizers) {
        if (quantizer->name == name) {
            return *quantizer;
        }
        known += known.empty() ? quantizer->name : std::string(", ") + quantizer->name;
    }
    throw CompileError(fmt::format("unknown quantizer '{}': expected one of {}", name, known));
}

}  // namespace quantide
