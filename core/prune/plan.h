// SPDX-License-Identifier: GPL-3.0-or-later
// What the user has decided: a rule per weight and per channel group, marks, locks, criteria. A
// small value; every edit makes a new one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/snapshot.h"
#include "core/prune/channel_plan.h"

namespace espalier::prune {

/// How one weight tensor is pruned. Threshold, sparsity and sigma are three views of one cut.
struct WeightRule {
    enum class Kind {
        Threshold,  ///< removes every weight with score < value (magnitude: |w| < value)
        Sparsity,   ///< removes the round(value * n) lowest scores, ties by index; value in 0..1
        Sigma,      ///< removes |w| < value * σ, σ the population standard deviation of the kept
                    ///< weights
        Pattern     ///< of each run of `group` weights along the input axis keeps the `keep` best;
                    ///< a shorter run at the end keeps its share, rounded up
    };
    Kind kind = Kind::Sparsity;
    double value = 0;
    int keep = 0;   ///< n of n:m
    int group = 0;  ///< m of n:m

    static WeightRule threshold(double t) { return {Kind::Threshold, t, 0, 0}; }
    static WeightRule sparsity(double s) { return {Kind::Sparsity, s, 0, 0}; }
    static WeightRule sigma(double k) { return {Kind::Sigma, k, 0, 0}; }
    static WeightRule pattern(int n, int m) { return {Kind::Pattern, 0, n, m}; }
    bool operator==(const WeightRule&) const = default;
};

/// "threshold 0.031", "sparsity 92 %", "1.5 σ", "2:4".
std::string describe(const WeightRule& rule);

class ScoreCache;

struct Plan {
    std::string modelFile;  ///< name of the file the plan was made for
    std::string modelSha256;
    std::vector<script::InputSpec> inputs;
    std::string weightCriterion = "magnitude";
    std::uint64_t seed = 0;
    std::string data;  ///< slice of the data that criteria look at: "train[0:1024]"
    std::map<std::string, WeightRule> weights;  ///< by parameter path
    ChannelDefaults channelDefaults;
    std::map<std::string, ChannelRule> channels;  ///< by group key
    std::map<std::string, ChannelMarks> marks;    ///< by group key
    /// Parameter paths and group keys that stay whole whatever their rule says.
    std::set<std::string> locked;

    /// Whether any rule or mark asks for channels to go or to stay.
    bool hasChannels() const { return !channels.empty() || !marks.empty(); }
    bool operator==(const Plan&) const = default;
};

using PlanPtr = std::shared_ptr<const Plan>;

/// An empty plan for this model.
Plan emptyPlan(const model::Snapshot& snapshot);

/// Whether a rule's value is in range. Errors: BadArgument, naming `name`.
Result<void> checkRule(std::string_view name, const WeightRule& rule);

/// Whether every weight rule and lock of `plan` names a prunable weight of `snapshot` and has a
/// value in range; a lock may also be the key of a channel group. For what the plan says of
/// channels see channel_choice.h. Errors: Mismatch or BadArgument, naming the key. A different file
/// hash alone is no error: see `isForFile`.
Result<void> check(const Plan& plan, const model::Snapshot& snapshot);

/// Whether the plan was made for exactly this file: by its hash, else by its name; or names none.
bool isForFile(const Plan& plan, const model::Snapshot& snapshot);

/// How a request for a whole model is spread over its layers or channel groups.
enum class Scope {
    Layer,
    Global,
    SameKind  ///< channels alone: global among groups that are built alike
};

/// The plan with one sparsity rule per prunable, unlocked weight, so that a share `sparsity` of
/// them goes.
///
/// Layer: each loses that share. Global: one threshold over all scores, expanded into one exact
/// sparsity per layer; the counts add up to round(sparsity * n) over all of them. No layer loses
/// its last weight to the global threshold: the next one elsewhere goes instead. Base-removed
/// weights go first. Errors: BadArgument (sparsity outside 0..1, unknown criterion, SameKind),
/// Infeasible (Global: a layer would be left empty), Cancelled.
Result<Plan> withSparsityEverywhere(const model::Snapshot& snapshot, const Plan& plan,
                                    double sparsity, Scope scope, RunControl& control);
Result<Plan> withSparsityEverywhere(const model::Snapshot& snapshot, const Plan& plan,
                                    double sparsity, Scope scope, RunControl& control,
                                    const ScoreCache& scores);

}  // namespace espalier::prune
