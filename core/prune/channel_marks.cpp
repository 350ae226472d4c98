// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/channel_marks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/format.h"

namespace espalier::prune {

namespace {

const channels::Member* firstProducer(const channels::Group& group) {
    const auto found =
        std::ranges::find(group.members, channels::Role::Producer, &channels::Member::role);
    return found == group.members.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::int64_t> channelOfOutput(const channels::Group& group, std::int64_t output) {
    const auto first = std::ranges::find(group.outputs, output);
    if (first != group.outputs.end()) return first - group.outputs.begin();
    const channels::Member* producer = firstProducer(group);
    if (!producer || group.outputs.empty() || producer->of(0).empty()) return std::nullopt;
    // Another output of the same channel, as of a group that spans several heads.
    const std::int64_t position = output + producer->of(0).front() - group.outputs.front();
    for (std::int64_t channel = 0; channel < group.width; ++channel) {
        if (std::ranges::find(producer->of(channel), position) != producer->of(channel).end())
            return channel;
    }
    return std::nullopt;
}

Result<std::vector<Mark>> marksOf(const channels::Group& group, const ChannelMarks& marks) {
    std::vector<Mark> result(static_cast<std::size_t>(group.width), Mark::None);
    for (const auto& [outputs, mark] :
         {std::pair{&marks.keep, Mark::Keep}, std::pair{&marks.remove, Mark::Remove}}) {
        for (const std::int64_t output : *outputs) {
            const auto channel = channelOfOutput(group, output);
            if (!channel) {
                return Error{Error::Kind::BadArgument, cat("Cannot cut channels of ", group.key),
                             cat("the mark ", output, " is none of its ", group.width, " channels"),
                             cat("Remove the mark from marks.", group.key)};
            }
            Mark& own = result[static_cast<std::size_t>(*channel)];
            if (own != Mark::None && own != mark) {
                return Error{Error::Kind::BadArgument, cat("Cannot cut channels of ", group.key),
                             cat("channel ", output, " is marked both to stay and to go"),
                             "Keep one of the two marks; outputs that go together count as one"};
            }
            own = mark;
        }
    }
    return result;
}

std::optional<std::int64_t> requestedCount(const ChannelRule& rule, std::int64_t width) {
    switch (rule.kind) {
        case ChannelRule::Kind::Keep:
            return rule.keep;
        case ChannelRule::Kind::Ratio:
            return width - std::llround(rule.value * static_cast<double>(width));
        case ChannelRule::Kind::Threshold:
            break;
    }
    return std::nullopt;
}

std::int64_t floorCount(double floor, std::int64_t width) {
    // A share that is a whole number but for rounding (0.1 · 30) is that number.
    const double share = floor * static_cast<double>(width) - 1e-9;
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(share)), 1,
                                    std::max<std::int64_t>(width, 1));
}

std::int64_t channelStep(const channels::Group& group, std::int64_t multipleOf) {
    const channels::Member* producer = firstProducer(group);
    if (!producer || group.width == 0) return multipleOf;
    const auto size = std::ssize(producer->of(0));
    for (std::int64_t channel = 1; channel < group.width; ++channel) {
        if (std::ssize(producer->of(channel)) != size) return multipleOf;
    }
    return size == 0 ? multipleOf : multipleOf / std::gcd(multipleOf, size);
}

}  // namespace espalier::prune
