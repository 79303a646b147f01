#include "compiler/codegen/target_rates.h"

#include "compiler/base/error.h"

#include <fmt/ranges.h>

#include <cmath>
#include <sstream>

namespace quantide {

namespace {

// avx2 and baseline: `quantide bench machine` on one core of a Zen 3; the table look-up of baseline is half
// of avx2's, as its vectors are half as long. "integer", what convolutions of bytes with groups do, counts as
// half of float32's fused adds. avx512: the same of an Emerald Rapids without AMX; amx: the same, what
// was measured of its tiles of bytes elsewhere, and half of that for bfloat16. dotprod and neon: estimates of
// a mobile core.
const Rates kAvx512 = {{"popcount", 1900}, {"vnni", 687},     {"dpwssd", 343}, {"table look-up", 645},
                       {"float32", 152},   {"byte add", 355}, {"integer", 76}};

Rates with(Rates rates, const char *arithmetic, double gops) {
    rates[arithmetic] = gops;
    return rates;
}

const Machine kShipped = {
    {"amx", with(with(kAvx512, "amx", 4500), "amx bfloat16", 2250)},
    {"avx512", kAvx512},
    {"avx2",
     {{"popcount", 750},
      {"maddubs", 310},
      {"maddwd", 163},
      {"table look-up", 406},
      {"float32", 98},
      {"byte add", 380},
      {"integer", 49}}},
    {"baseline",
     {{"popcount", 227},
      {"masked add", 74},
      {"maddwd", 80},
      {"table look-up", 203},
      {"float32", 24},
      {"byte add", 100},
      {"integer", 12}}},
    {"dotprod",
     {{"popcount", 450},
      {"dot", 200},
      {"table look-up", 160},
      {"float32", 40},
      {"byte add", 160},
      {"integer", 20}}},
    {"neon",
     {{"popcount", 450},
      {"umull", 100},
      {"table look-up", 160},
      {"float32", 40},
      {"byte add", 160},
      {"integer", 20}}},
};

Machine &machine_in_use() {
    static Machine machine = kShipped;
    return machine;
}

}  // namespace

const Machine &shipped_machine() { return kShipped; }

void use_machine(const Machine &machine) {
    for (const auto &[level, rates] : machine) {
        for (const auto &[arithmetic, gops] : rates) {
            machine_in_use()[level][arithmetic] = gops;
        }
    }
}

std::optional<double> rate_of(const CpuLevel &level, const std::string &arithmetic) {
    const Rates &rates = machine_in_use().at(level.name);
    const auto found = rates.find(arithmetic);
    return found == rates.end() ? std::nullopt : std::optional(found->second);
}

std::string print_machine(const Machine &machine, const std::string &comment) {
    std::string text =
        fmt::format("# {}\n# 1e9 operations a second of one core: level, rate, arithmetic\n", comment);
    for (const auto &[level, rates] : machine) {
        for (const auto &[arithmetic, gops] : rates) {
            text += fmt::format("{} {:.1f} {}\n", level, gops, arithmetic);
        }
    }
    return text;
}

Machine parse_machine(const std::string &text, const std::string &name) {
    Machine machine;
    std::istringstream lines(text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::istringstream words(line);
        std::string level, arithmetic;
        double gops = 0;
        if (!(words >> level) || level[0] == '#') {
            continue;
        }
        const bool complete = words >> gops && std::getline(words >> std::ws, arithmetic);
        user_check(complete && std::isfinite(gops) && gops > 0,
                   "{}:{}: expected a level, a positive rate and an arithmetic, as in 'avx2 750 popcount', "
                   "found '{}'",
                   name, number, line);
        const auto rates = kShipped.find(level);
        std::vector<std::string> known;
        for (const auto &row : kShipped) {
            known.push_back(row.first);
        }
        user_check(rates != kShipped.end(), "{}:{}: expected one of the levels {}, found '{}'", name, number,
                   fmt::join(known, ", "), level);
        known.clear();
        for (const auto &row : rates->second) {
            known.push_back(row.first);
        }
        user_check(rates->second.count(arithmetic) != 0,
                   "{}:{}: expected an arithmetic of {}: {}; found '{}'", name, number, level,
                   fmt::join(known, ", "), arithmetic);
        machine[level][arithmetic] = gops;
    }
    return machine;
}

}  // namespace quantide
