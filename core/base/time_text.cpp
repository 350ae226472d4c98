// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/time_text.h"

#include <cmath>
#include <cstdint>

#include "core/base/format.h"

namespace espalier {

namespace {

/// "9 min 20 s", without what is nothing.
std::string inTwo(std::int64_t parts, std::int64_t perWhole, const char* whole, const char* part) {
    const std::string text = cat(parts / perWhole, " ", whole);
    return parts % perWhole == 0 ? text : cat(text, " ", parts % perWhole, " ", part);
}

}  // namespace

std::string timeText(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e12) return "–";
    if (seconds < 9.95) return significant(seconds, 2) + " s";
    const auto whole = std::llround(seconds);
    if (whole < 60) return cat(whole, " s");
    if (whole < 3600) return inTwo(whole, 60, "min", "s");
    return inTwo(std::llround(seconds / 60), 60, "h", "min");
}

}  // namespace espalier
