// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/goal_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/base/format.h"

namespace espalier::prune {

namespace {

constexpr std::array kCounted{Quantity::NonZeros, Quantity::Parameters, Quantity::Macs,
                              Quantity::Bytes};

struct Unit {
    std::string_view name;
    double factor;
};
/// In small letters: a unit is read in any case.
constexpr std::array kUnits{Unit{"ki", 0x1p10}, Unit{"mi", 0x1p20}, Unit{"gi", 0x1p30},
                            Unit{"k", 1e3},     Unit{"m", 1e6},     Unit{"g", 1e9}};

constexpr double kNextToNothing = 1e-3;  // of the dense model: a number that lacks its % or unit

/// A number, and whether it is a share.
struct Amount {
    double value = 0;
    bool isShare = false;
};

std::string inSmallLetters(std::string_view text) {
    std::string small;
    for (const char c : text) small += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return small;
}

std::optional<Amount> amountIn(std::string_view given, Quantity quantity) {
    std::string text = inSmallLetters(given);
    std::erase(text, ' ');
    double value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || !std::isfinite(value) || value < 0) return {};
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (unit == "%") return Amount{value / 100, true};
    if (unit.empty() && value <= 1) return Amount{value, true};
    const bool hasByte = unit.ends_with('b');
    if (hasByte && quantity != Quantity::Bytes) return {};
    if (hasByte) unit.remove_suffix(1);
    if (unit.empty()) return Amount{value, false};
    const auto known = std::ranges::find(kUnits, unit, &Unit::name);
    if (known == kUnits.end()) return {};
    return Amount{value * known->factor, false};
}

Error unreadable(std::string_view amount) {
    return {Error::Kind::BadArgument, cat("Cannot read the goal ", amount),
            "it is neither a share nor an amount", "Write 50%, 0.5, 1.2M or 5MB"};
}

/// What the dense model has of it, counted as planFor counts.
double denseAmount(Quantity quantity, Structure structure, const model::Snapshot& snapshot) {
    const Footprint dense = denseFootprint(snapshot);
    switch (quantity) {
        case Quantity::Parameters:
            return static_cast<double>(dense.parameters);
        case Quantity::Macs:
            return static_cast<double>(dense.macs);
        case Quantity::Bytes:
            return static_cast<double>(structure == Structure::Channels ? dense.bytesDense
                                                                        : dense.bytesCompressed);
        default:
            return static_cast<double>(dense.nonzeros);
    }
}

}  // namespace

Result<GoalText> parseGoal(std::string_view text) {
    const auto equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const auto quantity =
        std::ranges::find(kCounted, name, [](Quantity each) { return nameOf(each); });
    if (equals == std::string_view::npos || quantity == kCounted.end()) {
        std::string known;
        for (const Quantity each : kCounted) known += cat(known.empty() ? "" : ", ", nameOf(each));
        return Error{Error::Kind::BadArgument, cat("Cannot read the goal ", text),
                     "it does not say how much of what may be left",
                     cat("Write bytes=5MB or macs=50%; what can be counted is ", known)};
    }
    const std::string_view amount = text.substr(equals + 1);
    if (!amountIn(amount, *quantity)) return unreadable(amount);
    return GoalText{*quantity, std::string(amount)};
}

std::string toString(const GoalText& goal) {
    return cat(nameOf(goal.quantity), "=", goal.amount);
}

Result<double> targetOf(std::string_view amount, Quantity quantity, Structure structure,
                        const model::Snapshot& snapshot) {
    const auto read = amountIn(amount, quantity);
    if (!read) return unreadable(amount);
    if (read->isShare && read->value > 1) {
        return Error{Error::Kind::BadArgument, cat("Cannot prune to a goal of ", amount),
                     "more than the dense model has cannot be left", "Ask for 100% at most"};
    }
    if (read->isShare) return read->value;
    const double dense = denseAmount(quantity, structure, snapshot);
    if (read->value <= 100 && read->value < kNextToNothing * dense) {
        return Error{
            Error::Kind::BadArgument, cat("Cannot prune to a goal of ", amount),
            cat(amount, " alone is a number, and next to nothing of what the model has"),
            cat("Write ", amount, "% for a share, or a unit after it, such as ", amount, "k")};
    }
    return dense > 0 ? std::min(1.0, read->value / dense) : 1.0;
}

}  // namespace espalier::prune
