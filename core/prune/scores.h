// SPDX-License-Identifier: GPL-3.0-or-later
// Scores that were measured on data: what they are of, and where those at hand are kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/snapshot.h"
#include "core/prune/plan.h"

namespace espalier::prune {

/// The samples that are looked at when a plan names none.
inline constexpr std::string_view kDefaultData = "train[0:1024]";

/// All that measured scores depend on.
struct ScoreKey {
    std::string weightsHash;  ///< of the snapshot, base masks included
    std::string criterion;
    std::string data;        ///< slice of the attached data: "train[0:1024]"
    std::uint64_t seed = 0;  ///< which samples the slice holds: see data::Slice

    bool operator==(const ScoreKey&) const = default;
};

/// The scores by which `plan` ranks the weights or channels of `snapshot` with `criterion`.
ScoreKey scoreKey(const model::Snapshot& snapshot, const Plan& plan, std::string_view criterion);

/// What rules of `plan` rank by and can only be measured: of the weights, the channels, or both.
std::vector<ScoreKey> scoresNeeded(const model::Snapshot& snapshot, const Plan& plan);

struct ScoreState;  // the torch side: scores_torch.h

/// One criterion's scores of all weights and channels of a snapshot. Immutable; may be read from
/// any thread.
class Scores {
public:
    explicit Scores(std::shared_ptr<const ScoreState> state);

    const ScoreKey& key() const;
    std::int64_t samples() const;  ///< that were really looked at: the data may hold fewer
    /// Why the criterion ranks nothing within this weight, for people; empty when it does.
    std::string whyNot(std::string_view parameter) const;

    const ScoreState& state() const { return *m_state; }

private:
    std::shared_ptr<const ScoreState> m_state;
};

using ScoresPtr = std::shared_ptr<const Scores>;

/// The scores that are at hand. A value; copies share the scores.
class ScoreCache {
public:
    /// Null when they have not been measured.
    ScoresPtr find(const ScoreKey& key) const;
    /// In place of those with the same key. The oldest of more than eight are forgotten.
    void add(ScoresPtr scores);
    void clear() { m_scores.clear(); }
    bool operator==(const ScoreCache&) const = default;  ///< the same scores, not equal ones

private:
    std::vector<ScoresPtr> m_scores;
};

/// "the criterion taylor needs data".
Error needsData(std::string_view what, std::string_view criterion);

}  // namespace espalier::prune
