#pragma once
#include <map>
#include <string>

namespace quantide {

/** The page docs/quantizers.md and its pictures, by path in docs: of every row of the quantizer table its
 * forward curve and its surrogate gradient over [-2, 2]. */
std::map<std::string, std::string> quantizer_pages();

}  // namespace quantide
