// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace espalier {

namespace {

constexpr std::string_view kThinSpace = "\u2009";
constexpr std::string_view kMinus = "\u2212";
constexpr std::string_view kUnknown = "\u2013";  // an en dash: there is no number to show
constexpr std::array<std::string_view, 7> kPrefixes = {"", "k", "M", "G", "T", "P", "E"};

/// Replaces the hyphen of a negative number.
std::string withMinus(const std::string& number) {
    return number.starts_with('-') ? std::string(kMinus) + number.substr(1) : number;
}

std::string notFinite(double value) {
    if (std::isnan(value)) return std::string(kUnknown);
    return std::string(value < 0 ? kMinus : "") + "∞";
}

/// A number and its power of 1000, three significant digits from 1000 on.
struct Scaled {
    std::string digits;
    std::size_t power = 0;
};

Scaled scaled(double value) {
    const double magnitude = std::abs(value);
    if (magnitude < 999.5) return {significant(value, 3), 0};
    // Rounded first, so that 999 999 becomes 1.00 M and not 1000 k.
    const double unit = std::pow(10.0, std::floor(std::log10(magnitude)) - 2);
    const double rounded = std::round(magnitude / unit) * unit;
    const int digits = static_cast<int>(std::floor(std::log10(rounded) + 1e-9));
    const auto power =
        std::min<std::size_t>(static_cast<std::size_t>(digits) / 3, kPrefixes.size() - 1);
    const int decimals = std::max(0, 2 - (digits - 3 * static_cast<int>(power)));
    const double shown =
        std::copysign(rounded / std::pow(1000.0, static_cast<double>(power)), value);
    return {withMinus(fmt::format("{:.{}f}", shown, decimals)), power};
}

/// "431", "1 470" …: digits in groups of three.
std::string grouped(const std::string& digits) {
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += kThinSpace;
        text += digits[i];
    }
    return text;
}

}  // namespace

std::string siCount(double count) {
    if (!std::isfinite(count)) return notFinite(count);
    const auto [digits, power] = scaled(count);
    return power == 0 ? digits : fmt::format("{}{}{}", digits, kThinSpace, kPrefixes[power]);
}

std::string percent(double ratio, int decimals) {
    if (!std::isfinite(ratio)) return notFinite(ratio);
    std::string number = fmt::format("{:.{}f}", ratio * 100, decimals);
    // Almost all is not all.
    const double unit = std::pow(10, decimals);
    if (ratio > 0 && ratio < 1 && number.starts_with("100"))
        number = fmt::format("{:.{}f}", std::floor(ratio * 100 * unit) / unit, decimals);
    if (number.find_first_not_of("-0.") == std::string::npos && number.starts_with('-'))
        number.erase(0, 1);
    return fmt::format("{}{}%", withMinus(number), kThinSpace);
}

std::string byteSize(double bytes) {
    if (!std::isfinite(bytes)) return notFinite(bytes);
    const auto [digits, power] = scaled(bytes);
    return fmt::format("{}{}{}B", digits, kThinSpace, kPrefixes[power]);
}

std::string duration(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e12) return std::string(kUnknown);
    const auto whole = static_cast<std::int64_t>(seconds);
    const auto hours = whole / 3600;
    const auto minutes = whole / 60 % 60;
    if (hours == 0) return fmt::format("{:02}:{:02}", minutes, whole % 60);
    return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
}

std::string exactCount(std::int64_t count) {
    const std::string digits = fmt::format("{}", count);
    if (count >= 0) return grouped(digits);
    return std::string(kMinus) + grouped(digits.substr(1));
}

std::string significant(double value, int digits) {
    if (!std::isfinite(value)) return notFinite(value);
    if (value == 0) return "0";  // also −0
    return withMinus(fmt::format("{:.{}g}", value, std::max(1, digits)));
}

}  // namespace espalier
