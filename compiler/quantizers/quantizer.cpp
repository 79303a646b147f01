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

/** What users may write: "sign", "symmetric(2..8)". */
std::string known_quantizers() {
    std::string known;
    for (const QuantizerDef *row : kQuantizers) {
        known += known.empty() ? "" : ", ";
        known += row->least_bits == row->most_bits
                     ? row->name
                     : fmt::format("{}({}..{})", row->name, row->least_bits, row->most_bits);
    }
    return known;
}

}  // namespace

std::span<const QuantizerDef *const> all_quantizers() { return kQuantizers; }

std::vector<Quantizer> all_widths() {
    std::vector<Quantizer> result;
    for (const QuantizerDef *row : kQuantizers) {
        for (int bits = row->least_bits; bits <= row->most_bits; ++bits) {
            result.push_back({row, bits});
        }
    }
    return result;
}

std::string Quantizer::text() const {
    return def->least_bits == def->most_bits ? def->name : fmt::format("{}({})", def->name, bits);
}

std::string Quantizer::name() const {
    return def->least_bits == def->most_bits ? def->name : fmt::format("{}{}", def->name, bits);
}

Quantizer Quantizer::deployed() const {
    return def->deployed == nullptr ? *this : Quantizer{find_quantizer(def->deployed).def, bits};
}

Array quantize(const Quantizer &quantizer, const Array &x) {
    Array codes(quantizer.type(), x.shape);
    std::transform(x.floats().begin(), x.floats().end(), codes.as<uint8_t>().begin(),
                   [&](float number) { return static_cast<uint8_t>(quantizer.code(number)); });
    return codes;
}

Array quantize(const Quantizer &quantizer, const Array &x, const RandomStream &random) {
    Array codes(quantizer.type(), x.shape);
    for (size_t i = 0; i < x.floats().size(); ++i) {
        codes.as<uint8_t>()[i] = static_cast<uint8_t>(
            quantizer.def->drawn_code(x.floats()[i], uniform(random(i)), quantizer.bits));
    }
    return codes;
}

Quantizer find_quantizer(const std::string &text) {
    const size_t bracket = text.find('(');
    const std::string name = text.substr(0, bracket);
    const auto *const row = std::find_if(std::begin(kQuantizers), std::end(kQuantizers),
                                         [&](const QuantizerDef *def) { return name == def->name; });
    user_check(row != std::end(kQuantizers), "unknown quantizer '{}': expected one of {}", text,
               known_quantizers());
    const QuantizerDef &def = **row;
    if (def.least_bits == def.most_bits) {
        user_check(bracket == std::string::npos, "quantizer '{}': {} has one width, {} bits", text, name,
                   def.least_bits);
        return {&def, def.least_bits};
    }
    for (int bits = def.least_bits; bits <= def.most_bits; ++bits) {
        if (text == Quantizer{&def, bits}.text()) {
            return {&def, bits};
        }
    }
    throw CompileError(fmt::format("quantizer '{}': expected {} to {} bits, as in {}", text, def.least_bits,
                                   def.most_bits, Quantizer{&def, def.least_bits}.text()));
}

}  // namespace quantide
