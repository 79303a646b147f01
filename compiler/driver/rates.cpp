#include "compiler/driver/rates.h"

#include <map>

namespace quantide {

namespace {

using Rates = std::map<std::string, double>;

// avx2 and baseline: `quantide bench machine` on one core of a Zen 3; the table look-up of baseline is half
// of avx2's, as its vectors are half as long. "integer", what convolutions of bytes with groups do, counts as
// half of float32's fused adds. avx512: two 512-bit ports at a server's clock. dotprod and neon: estimates of
// a mobile core. Only the first two were measured.
const std::map<std::string, Rates> kRates = {
    {"avx512",
     {{"popcount", 2250},
      {"byte dot", 750},
      {"table look-up", 812},
      {"float32", 200},
      {"byte add", 760},
      {"integer", 100}}},
    {"avx2",
     {{"popcount", 750},
      {"byte dot", 310},
      {"table look-up", 406},
      {"float32", 98},
      {"byte add", 380},
      {"integer", 49}}},
    {"baseline",
     {{"popcount", 227},
      {"masked add", 74},
      {"table look-up", 203},
      {"float32", 24},
      {"byte add", 100},
      {"integer", 12}}},
    {"dotprod",
     {{"popcount", 150},
      {"byte dot", 200},
      {"table look-up", 160},
      {"float32", 40},
      {"byte add", 160},
      {"integer", 20}}},
    {"neon",
     {{"popcount", 150},
      {"byte dot", 100},
      {"table look-up", 160},
      {"float32", 40},
      {"byte add", 160},
      {"integer", 20}}},
};

}  // namespace

std::optional<double> shipped_rate(const CpuLevel &level, const std::string &arithmetic) {
    const Rates &rates = kRates.at(level.name);
    const auto found = rates.find(arithmetic);
    return found == rates.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace quantide
