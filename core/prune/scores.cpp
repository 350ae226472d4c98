// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/scores.h"

#include <algorithm>

#include "core/base/format.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"
#include "core/prune/scores_torch.h"

namespace espalier::prune {

namespace {

constexpr std::size_t kMostKept = 8;

bool isMeasured(const Result<CriterionInfo>& info) {
    return info && info->needs != CriterionInfo::Needs::Weights;
}

bool isRanked(const Plan& plan) {
    return std::ranges::any_of(plan.weights, [&](const auto& entry) {
        return entry.second.kind != WeightRule::Kind::Sigma && !plan.locked.contains(entry.first);
    });
}

}  // namespace

ScoreKey scoreKey(const model::Snapshot& snapshot, const Plan& plan, std::string_view criterion) {
    return {snapshot.weightsHash(), std::string(criterion),
            plan.data.empty() ? std::string(kDefaultData) : plan.data, plan.seed};
}

std::vector<ScoreKey> scoresNeeded(const model::Snapshot& snapshot, const Plan& plan) {
    std::vector<ScoreKey> needed;
    if (isRanked(plan) && isMeasured(findWeightCriterion(plan.weightCriterion)))
        needed.push_back(scoreKey(snapshot, plan, plan.weightCriterion));
    const std::string& ofChannels = plan.channelDefaults.criterion;
    if (!plan.channels.empty() && isMeasured(findChannelCriterion(ofChannels))) {
        const ScoreKey key = scoreKey(snapshot, plan, ofChannels);
        if (needed.empty() || needed.front() != key) needed.push_back(key);
    }
    return needed;
}

Scores::Scores(std::shared_ptr<const ScoreState> state) : m_state(std::move(state)) {}

const ScoreKey& Scores::key() const {
    return m_state->key;
}

std::int64_t Scores::samples() const {
    return m_state->samples;
}

std::string Scores::whyNot(std::string_view parameter) const {
    const auto scores = m_state->parameters.find(parameter);
    if (scores != m_state->parameters.end() && scores->second.weights.isDefined()) return {};
    const auto reason = m_state->whyNot.find(parameter);
    if (reason != m_state->whyNot.end()) return reason->second;
    return cat("the criterion ", m_state->key.criterion, " is not defined for it");
}

ScoresPtr ScoreCache::find(const ScoreKey& key) const {
    const auto found =
        std::ranges::find_if(m_scores, [&](const ScoresPtr& each) { return each->key() == key; });
    return found == m_scores.end() ? nullptr : *found;
}

void ScoreCache::add(ScoresPtr scores) {
    std::erase_if(m_scores, [&](const ScoresPtr& each) { return each->key() == scores->key(); });
    m_scores.push_back(std::move(scores));
    if (m_scores.size() > kMostKept) m_scores.erase(m_scores.begin());
}

Error needsData(std::string_view what, std::string_view criterion) {
    return {Error::Kind::BadArgument, std::string(what),
            cat("the criterion ", criterion, " needs data"), "Attach data (--data)"};
}

}  // namespace espalier::prune
