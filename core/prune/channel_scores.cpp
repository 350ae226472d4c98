// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/channel_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <ATen/ops/any.h>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_criteria_torch.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/channel_members_torch.h"

namespace espalier::prune {

namespace {

double reduced(const std::vector<MemberScores>& members, std::size_t channel, Reduction reduction) {
    double result = reduction == Reduction::Prod ? 1 : 0;
    for (const MemberScores& scores : members) {
        const double score = scores.at(channel);
        switch (reduction) {
            case Reduction::Mean:
            case Reduction::Sum:
                result += score;
                break;
            case Reduction::Max:
                result = std::max(result, score);
                break;
            case Reduction::Prod:
                result *= score;
                break;
        }
    }
    return reduction == Reduction::Mean ? result / static_cast<double>(members.size()) : result;
}

/// Per channel whether base masks leave any weight that computes it.
std::vector<bool> aliveChannels(const ChannelInput& input) {
    const auto width = static_cast<std::size_t>(input.group.width);
    const model::Snapshot& snapshot = *input.groups.snapshot();
    std::vector<bool> alive(width, false);
    for (const channels::Member* member : producersOf(input)) {
        const auto layer = snapshot.find(member->parameter);
        if (!layer || snapshot.baseRemoved(*layer) == 0) return std::vector<bool>(width, true);
        const at::Tensor kept =
            snapshot.state().baseMasks.at(layer->index()).movedim(member->axis, 0);
        const at::Tensor rows = kept.reshape({kept.size(0), -1}).any(1).contiguous();
        const bool* isAlive = rows.const_data_ptr<bool>();
        for (std::size_t c = 0; c < width; ++c) {
            const auto positions = member->of(static_cast<std::int64_t>(c));
            alive[c] =
                alive[c] || std::ranges::any_of(positions, [&](auto p) { return isAlive[p]; });
        }
    }
    return alive;
}

Result<std::vector<double>> scoresOf(const ChannelInput& input, const ChannelCriterion& criterion,
                                     Reduction reduction) {
    const auto members = criterion.scores(input);
    if (!members) return members.error();
    std::vector<double> scores;
    if (members->empty()) return scores;
    const std::vector<bool> alive = aliveChannels(input);
    // Without a producer that is known, none is known to be removed.
    const bool isKnown = !producersOf(input).empty();
    for (std::size_t c = 0; c < alive.size(); ++c)
        scores.push_back(alive[c] || !isKnown ? reduced(*members, c, reduction) : 0);
    return scores;
}

}  // namespace

ChannelScoreOptions scoreOptions(const Plan& plan) {
    const ChannelDefaults& defaults = plan.channelDefaults;
    // With what a criterion does not look at left out, equal options mean equal scores.
    const bool isNorm = defaults.criterion == "l1" || defaults.criterion == "l2";
    const auto info = findChannelCriterion(defaults.criterion);
    const bool isMeasured = info && info->isMeasured();
    ChannelScoreOptions options;
    options.criterion = defaults.criterion;
    options.reduce = defaults.reduce;
    if (isMeasured || defaults.criterion == "random") options.seed = plan.seed;
    options.withConsumers = isNorm && defaults.withConsumers;
    if (isMeasured) options.data = plan.data.empty() ? std::string(kDefaultData) : plan.data;
    return options;
}

Result<ChannelScoresPtr> channelScores(const channels::ChannelGroups& groups,
                                       const ChannelScoreOptions& options, RunControl& control,
                                       const ScoreCache& measured) {
    auto scores = std::make_shared<ChannelScores>();
    scores->options = options;
    for (const channels::Group& group : groups.groups()) {
        auto own = channelScores(groups, group.id, options, control, measured);
        if (!own) return own.error();
        scores->groups.push_back(std::move(*own));
    }
    return ChannelScoresPtr(std::move(scores));
}

Result<std::vector<double>> channelScores(const channels::ChannelGroups& groups,
                                          channels::GroupId group,
                                          const ChannelScoreOptions& options, RunControl& control,
                                          const ScoreCache& measured) {
    const channels::Group& own = groups.group(group);
    return guarded("Cannot rank the channels of " + own.key, [&]() -> Result<std::vector<double>> {
        const auto criterion = findCriterionOfChannels(options.criterion);
        if (!criterion) return criterion.error();
        if (!control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        ChannelInput input{groups, own, options.seed, options.withConsumers, control, nullptr};
        if ((*criterion)->info.isMeasured()) {
            input.measured = measured.find(
                {groups.snapshot()->weightsHash(), options.criterion, options.data, options.seed});
            if (!input.measured) return needsData("Cannot rank channels", options.criterion);
        }
        return scoresOf(input, **criterion, options.reduce);
    });
}

std::vector<double> normalised(const std::vector<double>& scores, Normalisation normalisation) {
    if (scores.empty()) return {};
    const auto count = static_cast<double>(scores.size());
    const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / count;
    double offset = 0;
    double scale = 1;
    if (normalisation == Normalisation::Mean) scale = mean;
    if (normalisation == Normalisation::Max) scale = *std::ranges::max_element(scores);
    if (normalisation == Normalisation::Gaussian) {
        double squares = 0;
        for (const double score : scores) squares += (score - mean) * (score - mean);
        offset = mean;
        scale = std::sqrt(squares / count);
    }
    if (!(std::abs(scale) > 0)) scale = 1;  // all alike
    std::vector<double> result;
    for (const double score : scores) {
        result.push_back(score == 0 ? -std::numeric_limits<double>::infinity()
                                    : (score - offset) / scale);
    }
    return result;
}

std::vector<std::int64_t> rankedChannels(const std::vector<double>& scores) {
    std::vector<std::int64_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
        return scores[static_cast<std::size_t>(a)] < scores[static_cast<std::size_t>(b)];
    });
    return order;
}

}  // namespace espalier::prune
