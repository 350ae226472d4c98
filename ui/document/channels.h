// SPDX-License-Identifier: GPL-3.0-or-later
// The channel part of the Document: groups, the rules and marks on them, and what they come to.
#pragma once

#include <optional>

#include <QObject>
#include <QString>

#include "core/prune/channel_choice.h"
#include "ui/document/channel_facts.h"

namespace espalier::ui {

class Document;

/// What a plan's channel part comes to, as a job has found it.
struct ChannelOutcome {
    prune::ChannelChoicePtr choice;
    prune::CutCosts costs;
};

/// The channel part of a plan alone: two plans with equal ones remove the same channels.
prune::Plan channelPart(const prune::Plan& plan);

/// Lives on the GUI thread, owned by the Document. Edits are undo steps of the Document.
class Channels : public QObject {
    Q_OBJECT
public:
    using GroupId = channels::GroupId;

    explicit Channels(Document* document);

    /// Null while they are looked for, and when the search failed.
    const FoundGroups* found() const { return foundPtr().get(); }
    FoundGroupsPtr foundPtr() const;
    const Error* error() const;  ///< why there are no groups
    bool isSearching() const;
    std::optional<GroupId> groupOf(model::LayerId layer) const;  ///< of its output channels
    std::optional<GroupId> selected() const;                     ///< of the layer that is looked at
    const channels::Group& group(GroupId id) const;
    /// Scores of the plan's criterion; null while they are computed, or when there are none.
    prune::ChannelScoresPtr scores() const;
    const Error* scoresError() const;
    /// Whether the plan's criterion needs data and its scores have not been measured.
    bool missesScores() const;

    const prune::ChannelRule* rule(GroupId id) const;  ///< null: none
    prune::ChannelMarks marks(GroupId id) const;
    bool isLocked(GroupId id) const;  ///< by the person
    /// Why no edit can touch the group, for people; empty when one can.
    QString whyFixed(GroupId id) const;
    bool isInexactAllowed() const;

    /// What the plan (while dragging: the previewed one) keeps; null when all stays, or before the
    /// first answer. May be that of the plan before: see isCurrent().
    const prune::ChannelChoicePtr& choice() const { return m_outcome.choice; }
    const prune::GroupChoice* choice(GroupId id) const;
    const prune::CutCosts* costs() const { return m_outcome.choice ? &m_outcome.costs : nullptr; }
    bool isCurrent() const;  ///< choice() answers shownPlan()
    const Error* choiceError() const { return m_choiceError ? &*m_choiceError : nullptr; }

    /// What proving the group alone gave; null: not asked for with these weights.
    const Result<GroupProof>* proof(GroupId id) const;
    /// What is to be proved of it: the channels the plan keeps; where all stay, the first half.
    std::vector<std::int64_t> keptForProof(GroupId id) const;

    /// The plan with what is being dragged.
    prune::Plan shownPlan() const;
    bool isPreviewing() const { return m_preview.has_value(); }
    void preview(GroupId id, std::optional<std::int64_t> keep);  ///< none: back to the plan

    // Edits, each one undo step; see Document for `mergeKey`.
    void setRule(GroupId id, std::optional<prune::ChannelRule> rule, const QString& mergeKey = {});
    /// `output`: the channel as the key's own output index.
    enum class Mark { None, Keep, Remove };
    void setMark(GroupId id, std::int64_t output, Mark mark);
    void keepAll(GroupId id);  ///< no rule and no marks
    void setLocked(GroupId id, bool locked);
    /// Lets groups be cut whose statistics then run over fewer channels. Forbidding it takes their
    /// rules away.
    void setInexactAllowed(bool allowed);
    /// Another head unit makes other groups of attention layers: their rules go.
    /// `data`: the samples that the criterion looks at; empty: as they are.
    void setDefaults(const prune::ChannelDefaults& defaults, const std::string& data = {});

    // For the Document and the jobs.
    void useSnapshot(const model::SnapshotPtr& snapshot);  ///< null: no model
    bool planChanged();                                    ///< whether its groups are others
    channels::HeadUnit headUnit() const;
    void setFound(const model::SnapshotPtr& snapshot, channels::HeadUnit unit,
                  Result<FoundGroupsPtr> found);
    void setScores(const channels::ChannelGroupsPtr& groups,
                   const prune::ChannelScoreOptions& options, ChannelFacts::Scores scores);
    void setOutcome(const prune::Plan& plan, Result<ChannelOutcome> outcome);
    void setProof(const channels::ChannelGroupsPtr& groups, GroupId id, Result<GroupProof> proof);

Q_SIGNALS:
    void groupsChanged();  ///< found, failed, or to be looked for anew
    void scoresChanged();
    void choiceChanged();
    void previewChanged();
    void proofChanged(espalier::channels::GroupId id);

private:
    void forgetIfWhole();
    bool push(prune::Plan plan, const QString& text, const QString& mergeKey = {});
    QString nameOf(GroupId id) const;
    std::string keyOf(GroupId id) const { return group(id).key; }
    const ChannelFacts* facts() const;

    Document* m_document;
    mutable ChannelFactsStore m_store;
    ChannelOutcome m_outcome;
    std::optional<prune::Plan> m_answered;  // channel part of the plan that m_outcome is of
    std::optional<Error> m_choiceError;
    std::optional<std::pair<GroupId, std::int64_t>> m_preview;
};

}  // namespace espalier::ui
