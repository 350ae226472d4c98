// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/channel_plan.h"

#include <array>
#include <cmath>
#include <utility>

#include "core/base/format.h"

namespace espalier::prune {

namespace {

template <class Value>
using Names = std::array<std::pair<std::string_view, Value>, 4>;

constexpr Names<Reduction> kReductions{{{"mean", Reduction::Mean},
                                        {"sum", Reduction::Sum},
                                        {"max", Reduction::Max},
                                        {"prod", Reduction::Prod}}};
constexpr Names<Normalisation> kNormalisations{{{"mean", Normalisation::Mean},
                                                {"max", Normalisation::Max},
                                                {"none", Normalisation::None},
                                                {"gaussian", Normalisation::Gaussian}}};

template <class Value>
std::string_view nameIn(const Names<Value>& names, Value value) {
    for (const auto& [name, each] : names) {
        if (each == value) return name;
    }
    return {};
}

template <class Value>
Result<Value> parseIn(const Names<Value>& names, std::string_view name, std::string_view kind) {
    std::string known;
    for (const auto& [each, value] : names) {
        if (each == name) return value;
        known += cat(known.empty() ? "" : ", ", each);
    }
    return Error{Error::Kind::BadArgument, "Cannot rank channels",
                 cat("\"", name, "\" is no ", kind), "Use one of " + known};
}

Error badRule(std::string_view key, const std::string& why, const std::string& hint) {
    return {Error::Kind::BadArgument, cat("Cannot cut channels of ", key), why, hint};
}

}  // namespace

std::string_view nameOf(Reduction reduction) {
    return nameIn(kReductions, reduction);
}

std::string_view nameOf(Normalisation normalisation) {
    return nameIn(kNormalisations, normalisation);
}

Result<Reduction> parseReduction(std::string_view name) {
    return parseIn(kReductions, name, "reduction");
}

Result<Normalisation> parseNormalisation(std::string_view name) {
    return parseIn(kNormalisations, name, "normalisation");
}

std::string describe(const ChannelRule& rule) {
    std::string text;
    switch (rule.kind) {
        case ChannelRule::Kind::Keep:
            text = cat("keep ", rule.keep);
            break;
        case ChannelRule::Kind::Ratio:
            text = cat("ratio ", significant(100 * rule.value), "\u2009%");
            break;
        case ChannelRule::Kind::Threshold:
            text = cat("threshold ", significant(rule.value));
            break;
    }
    if (rule.multipleOf > 1) text += cat(", a multiple of ", rule.multipleOf);
    return text;
}

Result<void> checkRule(std::string_view key, const ChannelRule& rule) {
    if (rule.multipleOf < 1) {
        return badRule(key, cat("the multiple ", rule.multipleOf, " is not at least 1"),
                       "Use 1, 4, 8, 16 or 32");
    }
    switch (rule.kind) {
        case ChannelRule::Kind::Keep:
            if (rule.keep >= 1) return {};
            return badRule(key, cat("keep ", rule.keep, " would leave no channel"),
                           "At least one channel stays: keep 1");
        case ChannelRule::Kind::Ratio:
            if (rule.value >= 0 && rule.value <= 1) return {};
            return badRule(key, cat("the ratio ", rule.value, " is not between 0 and 1"),
                           "Write 50\u2009% as 0.5");
        case ChannelRule::Kind::Threshold:
            if (std::isfinite(rule.value)) return {};
            return badRule(key, "the threshold is no finite number", "Use a number");
    }
    return {};
}

}  // namespace espalier::prune
