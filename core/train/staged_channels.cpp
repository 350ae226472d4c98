// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/staged_channels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/prune/channel_marks.h"

namespace espalier::train {
namespace {

using prune::GroupChoice;
using prune::Mark;

std::size_t at(std::int64_t channel) {
    return static_cast<std::size_t>(channel);
}

/// What goes before anything that is ranked behind it, whatever the scores.
enum class Rank { Gone, MarkedToGo, Free, MarkedToStay };

std::vector<Rank> ranksOf(const GroupChoice& whole, const std::vector<Mark>& marks,
                          const GroupChoice* before) {
    std::vector<Rank> ranks(at(whole.width), Rank::Free);
    for (std::size_t c = 0; c < marks.size(); ++c) {
        if (marks[c] == Mark::Remove) ranks[c] = Rank::MarkedToGo;
        if (marks[c] == Mark::Keep) ranks[c] = Rank::MarkedToStay;
    }
    if (!before) return ranks;
    std::vector<bool> isKept(at(whole.width), false);
    for (const std::int64_t channel : before->kept) isKept[at(channel)] = true;
    for (std::size_t c = 0; c < ranks.size(); ++c) {
        if (!isKept[c]) ranks[c] = Rank::Gone;
    }
    return ranks;
}

/// Lowest for what the whole plan takes.
std::vector<double> scoresOf(const GroupChoice& whole) {
    std::vector<double> scores(at(whole.width), 0);
    for (const std::int64_t channel : whole.kept) scores[at(channel)] = 1;
    return scores;
}

GroupChoice staged(const GroupChoice& whole, const std::vector<double>& scores,
                   const std::vector<Rank>& ranks, const ShareOf& share) {
    const auto goes = static_cast<double>(whole.width - whole.reached());
    const std::int64_t removed =
        std::llround(goes * share(goes / static_cast<double>(whole.width)));
    std::vector<std::int64_t> order(at(whole.width));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
        return ranks[at(a)] != ranks[at(b)] ? ranks[at(a)] < ranks[at(b)]
                                            : scores[at(a)] < scores[at(b)];
    });
    GroupChoice choice{whole.width, whole.width - removed, {}, {}};
    choice.kept.assign(order.begin() + removed, order.end());
    std::ranges::sort(choice.kept);
    return choice;
}

}  // namespace

Result<prune::ChannelChoicePtr> stagedChannels(const prune::ChannelChoice& whole,
                                               const prune::Plan& plan,
                                               const std::vector<std::vector<double>>& scores,
                                               const prune::ChannelChoice* before,
                                               const ShareOf& share) {
    auto choice = std::make_shared<prune::ChannelChoice>();
    choice->groups = whole.groups;
    for (const channels::Group& group : whole.groups->groups()) {
        const GroupChoice& own = whole.of(group.id);
        if (own.isWhole()) {
            choice->choices.push_back(own);
            continue;
        }
        const auto marks = plan.marks.find(group.key);
        const auto marked = marks == plan.marks.end() ? Result(std::vector<Mark>())
                                                      : prune::marksOf(group, marks->second);
        if (!marked) return marked.error();
        const bool isScored =
            group.id.index() < scores.size() && std::ssize(scores[group.id.index()]) == group.width;
        choice->choices.push_back(
            staged(own, isScored ? scores[group.id.index()] : scoresOf(own),
                   ranksOf(own, *marked, before ? &before->of(group.id) : nullptr), share));
    }
    return prune::ChannelChoicePtr(std::move(choice));
}

}  // namespace espalier::train
