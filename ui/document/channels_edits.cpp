// SPDX-License-Identifier: GPL-3.0-or-later
// What a person does to channels, as undo steps of the Document.
#include <utility>

#include "ui/document/channels.h"
#include "ui/document/document.h"

namespace espalier::ui {

using channels::GroupId;

namespace {

QString textOf(std::string_view name) {
    return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

}  // namespace

QString Channels::nameOf(GroupId id) const {
    return QString::fromStdString(keyOf(id));
}

bool Channels::push(prune::Plan plan, const QString& text, const QString& mergeKey) {
    if (const auto checked = prune::check(plan, *found()->groups); !checked) {
        m_choiceError = checked.error();
        Q_EMIT choiceChanged();
        return false;
    }
    m_choiceError.reset();
    m_document->setPlan(std::move(plan), text, mergeKey);
    return true;
}

void Channels::setRule(GroupId id, std::optional<prune::ChannelRule> rule,
                       const QString& mergeKey) {
    if (!found() || (rule && !whyFixed(id).isEmpty())) return;
    prune::Plan plan = m_document->plan();
    if (rule) {
        plan.channels.insert_or_assign(keyOf(id), *rule);
    } else {
        plan.channels.erase(keyOf(id));
    }
    push(std::move(plan),
         rule ? tr("channels of %1: %2").arg(nameOf(id), QString::fromStdString(describe(*rule)))
              : tr("keep all channels of %1").arg(nameOf(id)),
         mergeKey);
}

void Channels::setMark(GroupId id, std::int64_t output, Mark mark) {
    if (!found() || !whyFixed(id).isEmpty()) return;
    prune::Plan plan = m_document->plan();
    prune::ChannelMarks& marks = plan.marks[keyOf(id)];
    marks.keep.erase(output);
    marks.remove.erase(output);
    if (mark == Mark::Keep) marks.keep.insert(output);
    if (mark == Mark::Remove) marks.remove.insert(output);
    if (marks.isEmpty()) plan.marks.erase(keyOf(id));
    const QString text = mark == Mark::Keep     ? tr("always keep channel %1 of %2")
                         : mark == Mark::Remove ? tr("always remove channel %1 of %2")
                                                : tr("unmark channel %1 of %2");
    push(std::move(plan), text.arg(QString::number(output), nameOf(id)));
}

void Channels::keepAll(GroupId id) {
    if (!found()) return;
    prune::Plan plan = m_document->plan();
    plan.channels.erase(keyOf(id));
    plan.marks.erase(keyOf(id));
    push(std::move(plan), tr("keep all channels of %1").arg(nameOf(id)));
}

void Channels::setLocked(GroupId id, bool locked) {
    if (!found() || group(id).locked) return;
    prune::Plan plan = m_document->plan();
    if (locked) {
        plan.locked.insert(keyOf(id));
    } else {
        plan.locked.erase(keyOf(id));
    }
    push(
        std::move(plan),
        (locked ? tr("lock the channels of %1") : tr("unlock the channels of %1")).arg(nameOf(id)));
}

void Channels::setInexactAllowed(bool allowed) {
    if (!found() || allowed == isInexactAllowed()) return;
    prune::Plan plan = m_document->plan();
    plan.channelDefaults.allowInexact = allowed;
    for (const channels::Group& group : found()->groups->groups()) {
        if (group.exact || allowed) continue;
        plan.channels.erase(group.key);
        plan.marks.erase(group.key);
    }
    m_document->setPlan(std::move(plan),
                        allowed ? tr("allow inexact groups") : tr("keep inexact groups whole"));
}

void Channels::setDefaults(const prune::ChannelDefaults& defaults, const std::string& data) {
    if (!m_document->hasModel()) return;
    prune::Plan plan = m_document->plan();
    if (plan.channelDefaults == defaults) return;
    // A threshold is in units of the old criterion: what stays is how many channels it keeps.
    const bool isOtherScore = plan.channelDefaults.criterion != defaults.criterion ||
                              plan.channelDefaults.reduce != defaults.reduce ||
                              plan.channelDefaults.withConsumers != defaults.withConsumers;
    for (auto& [key, rule] : plan.channels) {
        if (rule.kind != prune::ChannelRule::Kind::Threshold || !isOtherScore || !found()) continue;
        const auto id = found()->groups->find(key);
        const prune::GroupChoice* now = id ? choice(*id) : nullptr;
        if (!now) continue;
        const auto multipleOf = rule.multipleOf;
        rule = prune::ChannelRule::keepBest(now->requested);
        rule.multipleOf = multipleOf;
    }
    const bool isOtherUnit = plan.channelDefaults.heads != defaults.heads;
    for (const channels::Group& group :
         isOtherUnit&& found() ? found()->groups->groups() : std::span<const channels::Group>()) {
        if (group.heads == 0) continue;
        plan.channels.erase(group.key);
        plan.marks.erase(group.key);
        plan.locked.erase(group.key);
    }
    const QString text =
        isOtherUnit    ? tr("head unit: %1").arg(textOf(channels::nameOf(defaults.heads)))
        : isOtherScore ? tr("rank channels by %1").arg(QString::fromStdString(defaults.criterion))
        : plan.channelDefaults.normalise != defaults.normalise
            ? tr("normalise scores by %1").arg(textOf(prune::nameOf(defaults.normalise)))
            : tr("leave at least %1\u2009% of a group").arg(100 * defaults.floor);
    plan.channelDefaults = defaults;
    if (!data.empty()) plan.data = data;
    m_document->setPlan(std::move(plan), text);
}

}  // namespace espalier::ui
