#include "compiler/quantizers/quantizer.h"

#include "compiler/base/error.h"

#include <algorithm>
#include <cmath>

namespace quantide {

namespace {

/** The table's and what was added; made at first use, since files add theirs before main. */
std::vector<const QuantizerDef *> &rows() {
    static std::vector<const QuantizerDef *> all = {
#define QUANTIZER(name) &name##_quantizer,
#include "compiler/quantizers/quantizers.inc"
#undef QUANTIZER
    };
    return all;
}

/** What users may write: "sign", "symmetric(2..8)". */
std::string known_quantizers() {
    std::string known;
    for (const QuantizerDef *row : rows()) {
        known += known.empty() ? "" : ", ";
        known += row->least_bits == row->most_bits
                     ? row->name
                     : fmt::format("{}({}..{})", row->name, row->least_bits, row->most_bits);
    }
    return known;
}

}  // namespace

std::span<const QuantizerDef *const> all_quantizers() { return rows(); }

void add_quantizer(const QuantizerDef &row) {
    const std::string name = row.name;
    const bool letters = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    user_check(!name.empty() && letters, "quantizer {:?}: expected a name of small letters, digits and '_'",
               name);
    user_check(1 <= row.least_bits && row.least_bits <= row.most_bits && row.most_bits <= 8,
               "quantizer '{}': expected widths within 1 to 8 bits, found {} to {}", name, row.least_bits,
               row.most_bits);
    user_check(std::none_of(rows().begin(), rows().end(),
                            [&](const QuantizerDef *known) { return name == known->name; }),
               "quantizer '{}': expected a name that no other quantizer has", name);
    rows().push_back(&row);
}

std::vector<Quantizer> all_widths() {
    std::vector<Quantizer> result;
    for (const QuantizerDef *row : rows()) {
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

// The powers that |x| has reached, each at sqrt(1/2) of it.
uint32_t nearest_power(const Encoding &encoding, float x) {
    if (std::isnan(x)) {
        return 0;
    }
    int reached = 0;
    for (int i = 1; i <= encoding.powers; ++i) {
        reached +=
            std::fabs(x) >= std::ldexp(kAboveSqrtHalf, encoding.greatest - encoding.powers + i) ? 1 : 0;
    }
    return static_cast<uint32_t>(x < 0 ? encoding.powers - reached : encoding.powers + reached);
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
    const auto row = std::find_if(rows().begin(), rows().end(),
                                  [&](const QuantizerDef *def) { return name == def->name; });
    user_check(row != rows().end(), "unknown quantizer '{}': expected one of {}", text, known_quantizers());
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
