#pragma once

namespace quantide {

/** Quantide's version, which libraries report and cached objects are keyed by. */
constexpr const char *kVersion = "0.1.0";

}  // namespace quantide
