// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/channel_choice.h"

#include <algorithm>
#include <numeric>

#include "core/base/format.h"
#include "core/prune/channel_marks.h"

namespace espalier::prune {

namespace {

using channels::Group;

/// One group's channels while it is decided which of them stay.
class Chooser {
public:
    Chooser(const Group& group, const std::vector<double>& scores, std::vector<Mark> marks)
        : m_group(group),
          m_scores(scores),
          m_order(rankedChannels(scores)),
          m_marks(std::move(marks)),
          m_kept(static_cast<std::size_t>(group.width), true) {}

    std::int64_t count() const { return std::ranges::count(m_kept, true); }

    /// What the rule alone keeps; without scores nothing can go.
    std::int64_t applyRule(const ChannelRule& rule) {
        const auto requested = requestedCount(rule, m_group.width);
        if (!requested) {
            for (std::size_t c = 0; c < m_kept.size(); ++c) m_kept[c] = m_scores[c] >= rule.value;
            return count();
        }
        const std::int64_t removed = m_group.width - *requested;
        for (std::int64_t i = 0; i < removed; ++i)
            m_kept[at(m_order[static_cast<std::size_t>(i)])] = false;
        return *requested;
    }

    void raiseToFloor(double floor) {
        const std::int64_t least = floorCount(floor, m_group.width);
        if (count() >= least) return;
        addBest(least - count());
        say(cat("at least ", least, " of its ", m_group.width, " channels stay (floor ",
                significant(100 * floor), "\u2009%)"));
    }

    void applyMarks() {
        std::int64_t added = 0;
        std::int64_t taken = 0;
        for (std::size_t c = 0; c < m_kept.size() && c < m_marks.size(); ++c) {
            added += m_marks[c] == Mark::Keep && !m_kept[c];
            taken += m_marks[c] == Mark::Remove && m_kept[c];
            if (m_marks[c] != Mark::None) m_kept[c] = m_marks[c] == Mark::Keep;
        }
        if (added > 0) say(cat(added, added == 1 ? " more is" : " more are", " marked to stay"));
        if (taken > 0) say(cat(taken, taken == 1 ? " more is" : " more are", " marked to go"));
        if (count() > 0) return;
        addBest(1);
        say("at least one channel stays");
    }

    void roundUp(std::int64_t multipleOf) {
        if (multipleOf <= 1) return;
        const std::int64_t step = channelStep(m_group, multipleOf);
        const std::int64_t wanted = (count() + step - 1) / step * step;
        if (wanted == count()) return;
        if (wanted > m_group.width) {
            say(cat("no larger multiple of ", multipleOf, " fits its ", m_group.width,
                    " channels: all stay"));
        } else {
            say(cat("rounded up to a multiple of ", multipleOf));
        }
        addBest(std::min(wanted, m_group.width) - count());
    }

    GroupChoice result(std::int64_t requested) const {
        GroupChoice choice{m_group.width, requested, {}, {}};
        for (std::size_t c = 0; c < m_kept.size(); ++c) {
            if (m_kept[c]) choice.kept.push_back(static_cast<std::int64_t>(c));
        }
        if (choice.reached() != requested) choice.constraint = m_constraint;
        return choice;
    }

private:
    static std::size_t at(std::int64_t channel) { return static_cast<std::size_t>(channel); }

    /// The best of those that go, ones marked to go last of all.
    void addBest(std::int64_t count) {
        for (const bool mayBeMarked : {false, true}) {
            for (auto c = m_order.rbegin(); c != m_order.rend() && count > 0; ++c) {
                const bool isMarked = at(*c) < m_marks.size() && m_marks[at(*c)] == Mark::Remove;
                if (m_kept[at(*c)] || (isMarked && !mayBeMarked)) continue;
                m_kept[at(*c)] = true;
                --count;
            }
        }
    }

    void say(const std::string& constraint) {
        m_constraint += (m_constraint.empty() ? "" : "; ") + constraint;
    }

    const Group& m_group;
    const std::vector<double>& m_scores;
    std::vector<std::int64_t> m_order;
    std::vector<Mark> m_marks;
    std::vector<bool> m_kept;
    std::string m_constraint;
};

GroupChoice wholeGroup(std::int64_t width, std::int64_t requested, std::string constraint) {
    GroupChoice choice{width, requested, {}, std::move(constraint)};
    choice.kept.resize(static_cast<std::size_t>(width));
    std::iota(choice.kept.begin(), choice.kept.end(), 0);
    return choice;
}

Error noScores(const Group& group, const Plan& plan) {
    return {
        Error::Kind::Unsupported, cat("Cannot cut channels of ", group.key),
        cat("the criterion ", plan.channelDefaults.criterion, " says nothing about its channels"),
        "Choose another criterion, such as l2, or take its rule out"};
}

Result<GroupChoice> choose(const Group& group, const Plan& plan, const ChannelScoresPtr& scores) {
    const auto rule = plan.channels.find(group.key);
    const auto marks = plan.marks.find(group.key);
    const bool hasRule = rule != plan.channels.end();
    const auto requested = hasRule ? requestedCount(rule->second, group.width) : group.width;
    if (plan.locked.contains(group.key)) {
        const std::int64_t wanted = requested.value_or(group.width);
        return wholeGroup(group.width, wanted, wanted == group.width ? "" : "locked in the plan");
    }
    const bool hasMarks = marks != plan.marks.end() && !marks->second.isEmpty();
    if (!hasMarks && requested == group.width) return wholeGroup(group.width, group.width, {});

    const bool isScored = scores && group.id.index() < scores->groups.size() &&
                          std::ssize(scores->groups[group.id.index()]) == group.width;
    if (hasRule && !isScored && requested != group.width) return noScores(group, plan);
    // Marks alone need no ranking: whatever must come back comes back by index.
    const std::vector<double> own =
        isScored ? scores->groups[group.id.index()]
                 : std::vector<double>(static_cast<std::size_t>(group.width));
    auto marked = hasMarks ? marksOf(group, marks->second) : std::vector<Mark>();
    if (!marked) return marked.error();
    Chooser chooser(group, own, std::move(*marked));
    std::int64_t wanted = group.width;
    if (hasRule) {
        wanted = chooser.applyRule(rule->second);
        if (rule->second.kind != ChannelRule::Kind::Keep)
            chooser.raiseToFloor(plan.channelDefaults.floor);
    }
    chooser.applyMarks();
    if (hasRule) chooser.roundUp(rule->second.multipleOf);
    return chooser.result(wanted);
}

}  // namespace

channels::KeptChannels ChannelChoice::kept() const {
    channels::KeptChannels kept;
    for (const GroupChoice& choice : choices) kept.groups.push_back(choice.kept);
    return kept;
}

bool ChannelChoice::isWhole() const {
    return std::ranges::all_of(choices, &GroupChoice::isWhole);
}

Result<ChannelChoicePtr> chooseChannels(const channels::ChannelGroupsPtr& groups, const Plan& plan,
                                        const ChannelScoresPtr& scores) {
    if (auto fits = check(plan, *groups); !fits) return fits.error();
    auto choice = std::make_shared<ChannelChoice>();
    choice->groups = groups;
    for (const Group& group : groups->groups()) {
        auto own = choose(group, plan, scores);
        if (!own) return own.error();
        choice->choices.push_back(std::move(*own));
    }
    return ChannelChoicePtr(std::move(choice));
}

}  // namespace espalier::prune
