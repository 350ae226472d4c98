// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/channels.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/prune/channel_criterion.h"
#include "ui/document/document.h"

namespace espalier::ui {

using channels::GroupId;

prune::Plan channelPart(const prune::Plan& plan) {
    prune::Plan part;
    part.channels = plan.channels;
    part.marks = plan.marks;
    if (!part.hasChannels()) return part;
    part.channelDefaults = plan.channelDefaults;
    part.seed = plan.seed;
    part.data = plan.data;
    for (const std::string& key : plan.locked) {
        if (plan.channels.contains(key) || plan.marks.contains(key)) part.locked.insert(key);
    }
    return part;
}

Channels::Channels(Document* document) : QObject(document), m_document(document) {}

const ChannelFacts* Channels::facts() const {
    return m_store.current();
}

FoundGroupsPtr Channels::foundPtr() const {
    const ChannelFacts* known = facts();
    return known && known->found && known->found->ok() ? known->found->value() : nullptr;
}

const Error* Channels::error() const {
    const ChannelFacts* known = facts();
    return known && known->found && !known->found->ok() ? &known->found->error() : nullptr;
}

bool Channels::isSearching() const {
    const ChannelFacts* known = facts();
    return known && !known->found;
}

std::optional<GroupId> Channels::groupOf(model::LayerId layer) const {
    const FoundGroups* groups = found();
    if (!groups || !layer.isValid() || layer.index() >= groups->producing.size()) return {};
    return groups->producing[layer.index()];
}

std::optional<GroupId> Channels::selected() const {
    return groupOf(m_document->selection());
}

const channels::Group& Channels::group(GroupId id) const {
    return found()->groups->group(id);
}

prune::ChannelScoresPtr Channels::scores() const {
    const ChannelFacts* known = facts();
    if (!known) return {};
    const auto* scores = known->scoresBy(prune::scoreOptions(m_document->plan()));
    return scores && scores->ok() ? scores->value() : nullptr;
}

const Error* Channels::scoresError() const {
    const ChannelFacts* known = facts();
    if (!known) return nullptr;
    const auto* scores = known->scoresBy(prune::scoreOptions(m_document->plan()));
    return scores && !scores->ok() ? &scores->error() : nullptr;
}

bool Channels::missesScores() const {
    const prune::Plan& plan = m_document->plan();
    const auto info = prune::findChannelCriterion(plan.channelDefaults.criterion);
    return info && info->isMeasured() &&
           !m_document->scores().find(prune::scoreKey(*m_document->snapshot(), plan, info->name));
}

const prune::ChannelRule* Channels::rule(GroupId id) const {
    const auto& rules = m_document->plan().channels;
    const auto entry = rules.find(keyOf(id));
    return entry == rules.end() ? nullptr : &entry->second;
}

prune::ChannelMarks Channels::marks(GroupId id) const {
    const auto& marks = m_document->plan().marks;
    const auto entry = marks.find(keyOf(id));
    return entry == marks.end() ? prune::ChannelMarks() : entry->second;
}

bool Channels::isLocked(GroupId id) const {
    return m_document->plan().locked.contains(keyOf(id));
}

QString Channels::whyFixed(GroupId id) const {
    const channels::Group& asked = group(id);
    const QString reason = QString::fromStdString(asked.reason);
    if (asked.locked) return reason.isEmpty() ? tr("Nothing can go here") : reason;
    if (asked.width <= 1) return tr("One channel is the least that must stay");
    if (isLocked(id)) return tr("You locked this group");
    if (!asked.exact && !isInexactAllowed()) return tr("Inexact, and not allowed: %1").arg(reason);
    return {};
}

bool Channels::isInexactAllowed() const {
    return m_document->plan().channelDefaults.allowInexact;
}

channels::HeadUnit Channels::headUnit() const {
    return m_document->plan().channelDefaults.heads;
}

const prune::GroupChoice* Channels::choice(GroupId id) const {
    const auto& choice = m_outcome.choice;
    const FoundGroups* groups = found();
    if (!choice || !groups || choice->groups != groups->groups) return nullptr;
    return id.index() < choice->choices.size() ? &choice->choices[id.index()] : nullptr;
}

bool Channels::isCurrent() const {
    const prune::Plan wanted = channelPart(shownPlan());
    if (!wanted.hasChannels()) return !m_outcome.choice;
    const FoundGroups* groups = found();
    return groups && m_outcome.choice && m_outcome.choice->groups == groups->groups &&
           m_answered == wanted;
}

prune::Plan Channels::shownPlan() const {
    prune::Plan plan = m_document->plan();
    if (m_preview && found()) {
        prune::ChannelRule& rule = plan.channels[keyOf(m_preview->first)];
        rule.kind = prune::ChannelRule::Kind::Keep;
        rule.keep = m_preview->second;
        rule.value = 0;
    }
    return plan;
}

void Channels::preview(GroupId id, std::optional<std::int64_t> keep) {
    if (!found() || (keep && !whyFixed(id).isEmpty())) return;
    if (keep) {
        m_preview = {id, *keep};
    } else if (!std::exchange(m_preview, std::nullopt)) {
        return;
    }
    forgetIfWhole();
    Q_EMIT previewChanged();
}

// With no rule and no mark all channels stay: nothing to be found out.
void Channels::forgetIfWhole() {
    if (shownPlan().hasChannels()) return;
    m_outcome = {};
    m_answered.reset();
    m_choiceError.reset();
}

void Channels::useSnapshot(const model::SnapshotPtr& snapshot) {
    m_preview.reset();
    m_choiceError.reset();
    m_outcome = {};
    m_answered.reset();
    if (snapshot) {
        m_store.use(snapshot, headUnit());
    } else {
        m_store.clear();
    }
}

bool Channels::planChanged() {
    const ChannelFacts* known = facts();
    const bool isOtherUnit = known && known->unit != headUnit();
    if (isOtherUnit) useSnapshot(m_document->snapshot());
    m_preview.reset();
    forgetIfWhole();
    return isOtherUnit;
}

void Channels::setFound(const model::SnapshotPtr& snapshot, channels::HeadUnit unit,
                        Result<FoundGroupsPtr> found) {
    ChannelFacts* known = m_store.current();
    if (!known || known->snapshot != snapshot || known->unit != unit) return;
    known->found = std::move(found);
    Q_EMIT groupsChanged();
}

void Channels::setScores(const channels::ChannelGroupsPtr& groups,
                         const prune::ChannelScoreOptions& options, ChannelFacts::Scores scores) {
    ChannelFacts* known = m_store.current();
    if (!known || !found() || found()->groups != groups || known->scoresBy(options)) return;
    known->scores.emplace_back(options, std::move(scores));
    Q_EMIT scoresChanged();
}

const Result<GroupProof>* Channels::proof(GroupId id) const {
    const ChannelFacts* known = facts();
    if (!known) return nullptr;
    const auto entry = known->proofs.find(id);
    return entry == known->proofs.end() ? nullptr : &entry->second;
}

std::vector<std::int64_t> Channels::keptForProof(GroupId id) const {
    const prune::GroupChoice* now = choice(id);
    if (now && !now->isWhole()) return now->kept;
    std::vector<std::int64_t> half(static_cast<std::size_t>((group(id).width + 1) / 2));
    std::iota(half.begin(), half.end(), 0);
    return half;
}

void Channels::setProof(const channels::ChannelGroupsPtr& groups, GroupId id,
                        Result<GroupProof> proof) {
    ChannelFacts* known = m_store.current();
    if (!known || !found() || found()->groups != groups) return;
    known->proofs.insert_or_assign(id, std::move(proof));
    Q_EMIT proofChanged(id);
}

void Channels::setOutcome(const prune::Plan& plan, Result<ChannelOutcome> outcome) {
    if (channelPart(shownPlan()) != channelPart(plan)) return;
    if (outcome) {
        m_outcome = std::move(*outcome);
        m_answered = channelPart(plan);
        m_choiceError.reset();
    } else {
        m_choiceError = outcome.error();
    }
    Q_EMIT choiceChanged();
}

}  // namespace espalier::ui
