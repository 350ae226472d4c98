// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as people read them. A thin space (U+2009) before units, U+2212 for minus.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>

namespace espalier {

/// 431080 → "431 k", 1470000 → "1.47 M"; exact below 1000. Three significant digits.
std::string siCount(double count);
/// 0.6241 → "62.4 %".
std::string percent(double ratio, int decimals = 1);
/// 1724320 → "1.72 MB" (powers of 1000).
std::string byteSize(double bytes);
/// 41.2 → "00:41", 3700 → "1:01:40".
std::string duration(double seconds);
/// 431080 → "431 080" with thin spaces.
std::string exactCount(std::int64_t count);
/// `digits` significant digits, no trailing zeros: 0.031.
std::string significant(double value, int digits = 4);

/// All arguments streamed one after the other into one string.
template <class... Parts>
std::string cat(const Parts&... parts) {
    std::ostringstream stream;
    (stream << ... << parts);
    return stream.str();
}

}  // namespace espalier
