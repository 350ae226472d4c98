// SPDX-License-Identifier: GPL-3.0-or-later
// The channel part of a plan: a rule and marks per group, and how channels are ranked.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/channels/groups.h"

namespace espalier::prune {

/// How many channels of a group stay.
struct ChannelRule {
    enum class Kind {
        Keep,      ///< the `keep` best
        Ratio,     ///< width − round(value · width), at least the floor; value in 0..1
        Threshold  ///< every channel with score >= value, at least the floor
    };
    Kind kind = Kind::Ratio;
    std::int64_t keep = 0;
    double value = 0;
    /// The producer's output width becomes a multiple of this, rounded up; 1: any.
    std::int64_t multipleOf = 1;

    static ChannelRule keepBest(std::int64_t n) { return {Kind::Keep, n, 0, 1}; }
    static ChannelRule ratio(double r) { return {Kind::Ratio, 0, r, 1}; }
    static ChannelRule threshold(double t) { return {Kind::Threshold, 0, t, 1}; }
    bool operator==(const ChannelRule&) const = default;
};

/// "keep 12", "ratio 50 %", "threshold 0.8", "keep 12, a multiple of 4".
std::string describe(const ChannelRule& rule);

/// Whether a rule's value is in range. Errors: BadArgument, naming `key`.
Result<void> checkRule(std::string_view key, const ChannelRule& rule);

/// Channels that stay or go whatever the rule says, as indices of the group key's own outputs.
struct ChannelMarks {
    std::set<std::int64_t> keep;
    std::set<std::int64_t> remove;

    bool isEmpty() const { return keep.empty() && remove.empty(); }
    bool operator==(const ChannelMarks&) const = default;
};

/// How the scores of a group's members become one score per channel.
enum class Reduction { Mean, Sum, Max, Prod };
/// What makes scores of different groups comparable: divided by the group's mean or maximum, or
/// (x − mean) / σ.
enum class Normalisation { Mean, Max, None, Gaussian };

std::string_view nameOf(Reduction reduction);          ///< "mean", "sum", "max", "prod"
std::string_view nameOf(Normalisation normalisation);  ///< "mean", "max", "none", "gaussian"
/// Errors: BadArgument, listing the known names.
Result<Reduction> parseReduction(std::string_view name);
Result<Normalisation> parseNormalisation(std::string_view name);

/// How channels are ranked, and the least that stays of a group that a ratio or threshold cuts.
struct ChannelDefaults {
    std::string criterion = "l2";
    Reduction reduce = Reduction::Mean;
    bool withConsumers = false;  ///< l1 and l2 also look at the weights that read a channel
    Normalisation normalise = Normalisation::Mean;
    channels::HeadUnit heads = channels::HeadUnit::Most;  ///< what the groups' keys mean
    double floor = 0.1;  ///< share of the width, 0..1; at least one channel stays in any case
    /// Whether groups may be cut whose statistics then run over fewer channels, so that the cut
    /// model computes something else than the masked one.
    bool allowInexact = false;

    bool operator==(const ChannelDefaults&) const = default;
};

}  // namespace espalier::prune
