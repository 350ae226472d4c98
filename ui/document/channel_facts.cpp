// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/channel_facts.h"

#include <algorithm>

#include <QCoreApplication>
#include <QStringList>

namespace espalier::ui {

using channels::GroupId;
using channels::Role;

namespace {

constexpr std::size_t kRemembered = 3;

QString tr(const char* text) {
    return QCoreApplication::translate("ChannelFacts", text);
}

// 0 → A, 25 → Z, 26 → AA.
QString letterOf(int number) {
    QString letter;
    for (int rest = number + 1; rest > 0; rest = (rest - 1) / 26)
        letter.prepend(QChar(u'A' + (rest - 1) % 26));
    return letter;
}

// What a layer does in a group: computes its channels (or scales them one by one), reads them.
std::optional<Role> roleOf(const model::Layer& layer, const channels::Group& group) {
    std::optional<Role> role;
    for (const channels::Member& member : group.members) {
        if (member.parameter != layer.name) continue;
        if (member.role != Role::Consumer) return member.role;
        role = Role::Consumer;
    }
    return role;
}

}  // namespace

Result<FoundGroupsPtr> findGroups(const model::SnapshotPtr& snapshot, channels::HeadUnit unit,
                                  RunControl& control) {
    const auto groups = channels::analyse(snapshot, control, unit);
    if (!groups) return groups.error();
    const auto costs = prune::channelCosts(*groups);
    if (!costs) return costs.error();
    auto found = std::make_shared<FoundGroups>();
    found->groups = *groups;
    found->costs = *costs;
    int lettered = 0;
    for (const channels::Group& group : (*groups)->groups())
        found->letters.push_back(group.locked ? QString() : letterOf(lettered++));
    for (const model::Layer& layer : snapshot->layers()) {
        std::optional<GroupId> producing = (*groups)->producing(layer.name);
        std::vector<GroupId> reading;
        for (const channels::Group& group : (*groups)->groups()) {
            const auto role = roleOf(layer, group);
            if (role == Role::Consumer) reading.push_back(group.id);
            if (role == Role::Affine && !producing) producing = group.id;
        }
        found->producing.push_back(producing);
        found->reading.push_back(std::move(reading));
    }
    return FoundGroupsPtr(std::move(found));
}

std::vector<model::LayerId> producersOf(const FoundGroups& found, GroupId id) {
    std::vector<model::LayerId> layers;
    const channels::Group& group = found.groups->group(id);
    for (const model::Layer& layer : found.groups->snapshot()->layers()) {
        if (roleOf(layer, group) == Role::Producer) layers.push_back(layer.id);
    }
    return layers;
}

std::vector<model::LayerId> readersOf(const FoundGroups& found, GroupId id) {
    std::vector<model::LayerId> layers;
    for (const model::Layer& layer : found.groups->snapshot()->layers()) {
        if (std::ranges::find(found.reading[layer.id.index()], id) !=
            found.reading[layer.id.index()].end())
            layers.push_back(layer.id);
    }
    return layers;
}

QString headline(const FoundGroups& found, GroupId id) {
    const channels::Group& group = found.groups->group(id);
    const auto producers = producersOf(found, id).size();
    if (group.locked) return tr("all channels stay");
    if (producers <= 1) return tr("no other layer moves along");
    QStringList through;
    for (const std::string& op : group.through) through << QString::fromStdString(op);
    const QString text = tr("%1 layers move together").arg(producers);
    return through.isEmpty() ? text : QStringLiteral("%1: %2").arg(text, through.join(tr(", ")));
}

Result<GroupProof> proveGroup(const channels::ChannelGroupsPtr& groups, GroupId group,
                              std::vector<std::int64_t> kept, const EventSink<>& events,
                              RunControl& control) {
    GroupProof result;
    result.kept = std::ssize(kept);
    channels::KeptChannels channels = channels::allChannels(*groups);
    channels.groups.at(group.index()) = std::move(kept);
    const auto cut = channels::cut(groups, channels, {}, events, control);
    if (!cut) return cut.error();
    result.proof = (*cut)->proof();
    return result;
}

const ChannelFacts::Scores* ChannelFacts::scoresBy(
    const prune::ChannelScoreOptions& options) const {
    const auto entry =
        std::ranges::find(scores, options, [](const auto& pair) { return pair.first; });
    return entry == scores.end() ? nullptr : &entry->second;
}

void ChannelFactsStore::use(const model::SnapshotPtr& snapshot, channels::HeadUnit unit) {
    const auto entry = std::ranges::find_if(m_facts, [&](const auto& facts) {
        return facts->snapshot == snapshot && facts->unit == unit;
    });
    if (entry != m_facts.end()) {
        std::rotate(m_facts.begin(), entry, entry + 1);
        return;
    }
    auto facts = std::make_unique<ChannelFacts>();
    facts->snapshot = snapshot;
    facts->unit = unit;
    m_facts.insert(m_facts.begin(), std::move(facts));
    if (m_facts.size() > kRemembered) m_facts.pop_back();
}

}  // namespace espalier::ui
