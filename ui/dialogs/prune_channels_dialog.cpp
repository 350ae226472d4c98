// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/prune_channels_dialog.h"

#include <utility>

#include <QComboBox>
#include <QSignalBlocker>

#include "core/base/format.h"
#include "core/prune/channel_criterion.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/style/number_text.h"

namespace espalier::ui {
namespace {

using Scope = prune::Scope;

constexpr std::int64_t kMultiples[] = {1, 4, 8, 16, 32};

/// What is asked for; the rest of `plan` stays.
struct Request {
    FoundGroupsPtr found;
    prune::Plan plan;
    std::set<std::string> kept;  ///< groups whose rules stay
    prune::ScoreCache scores;    ///< measured, at hand
    double ratio = 0;
    Scope scope = Scope::Layer;
    std::int64_t multipleOf = 1;
};

/// The groups that a ratio for all would give another rule.
std::set<std::string> ruledGroups(const Document& document) {
    std::set<std::string> keys;
    for (const auto& [key, rule] : document.plan().channels) {
        if (!document.plan().locked.contains(key)) keys.insert(key);
    }
    return keys;
}

Result<SpreadDialog::Preview> previewOf(const Request& request, RunControl& control) {
    const auto& groups = request.found->groups;
    const auto scores =
        prune::channelScores(*groups, prune::scoreOptions(request.plan), control, request.scores);
    if (!scores) return scores.error();
    auto plan =
        prune::withChannelsEverywhere(*groups, withLocked(request.plan, request.kept),
                                      request.ratio, request.scope, *scores, request.multipleOf);
    if (!plan) return plan.error();
    plan->locked = request.plan.locked;
    for (const std::string& key : request.kept)
        plan->channels.insert_or_assign(key, request.plan.channels.at(key));
    const auto choice = prune::chooseChannels(groups, *plan, *scores);
    if (!choice) return choice.error();
    const prune::CutCosts cut = request.found->costs->after((*choice)->kept());
    const model::Snapshot& snapshot = *groups->snapshot();
    const auto removed = prune::expectedRemoved(snapshot, *plan, cut, nullptr);
    return SpreadDialog::Preview{std::move(*plan), prune::footprint(snapshot, removed, cut)};
}

/// Rules that stay, in a plan that ranks by `criterion`: a threshold means nothing in other units,
/// so what stays then is how many channels it keeps.
prune::Plan rankedBy(const std::string& criterion, const Document& document) {
    prune::Plan plan = document.plan();
    if (plan.channelDefaults.criterion == criterion) return plan;
    plan.channelDefaults.criterion = criterion;
    for (const channels::Group& group : document.channels()->found()->groups->groups()) {
        const auto rule = plan.channels.find(group.key);
        const prune::GroupChoice* choice = document.channels()->choice(group.id);
        const bool isThreshold =
            rule != plan.channels.end() && rule->second.kind == prune::ChannelRule::Kind::Threshold;
        if (isThreshold && choice) {
            const std::int64_t multipleOf = rule->second.multipleOf;
            rule->second = prune::ChannelRule::keepBest(choice->reached());
            rule->second.multipleOf = multipleOf;
        }
    }
    return plan;
}

QString keepOffer(std::size_t groups) {
    if (groups == 0) return {};
    return groups == 1 ? PruneChannelsDialog::tr("Keep the cut of the group that has one")
                       : PruneChannelsDialog::tr("Keep the cuts of the %1 groups that have one")
                             .arg(groups);
}

}  // namespace

PruneChannelsDialog::PruneChannelsDialog(const Document* document, JobRunner* jobs, QWidget* parent)
    : SpreadDialog({QStringLiteral("pruneChannels"), tr("Prune channels everywhere"), tr("Ratio"),
                    tr("Ratio: removed channels / channels that may go, in %"), 0.3,
                    keepOffer(ruledGroups(*document).size())},
                   document, jobs, parent) {
    addScopes({{tr("The same share of every group"), Scope::Layer},
               {tr("One threshold for all groups"), Scope::Global},
               {tr("One threshold for groups built alike"), Scope::SameKind}})
        ->setToolTip(tr("What is compared with what before the lowest scores go"));
    addCriteria(prune::channelCriteria(), document->plan().channelDefaults.criterion);
    m_multiple = addChoice(QStringLiteral("Multiple"), tr("Multiple of"));
    m_multiple->setToolTip(
        tr("Kept channels are a multiple of this: hardware likes round numbers"));
    const QSignalBlocker quiet(m_multiple);
    for (const std::int64_t multiple : kMultiples)
        m_multiple->addItem(multiple == 1 ? tr("none") : QString::number(multiple),
                            QVariant::fromValue(static_cast<qlonglong>(multiple)));
    preview();
}

SpreadDialog::Job PruneChannelsDialog::previewJob() {
    Request request;
    request.found = document().channels()->foundPtr();
    if (!request.found) {
        refuse(tr("The channel groups are not known yet."));
        return {};
    }
    request.plan = rankedBy(criterion().toStdString(), document());
    if (keepsRules()) request.kept = ruledGroups(document());
    request.scores = document().scores();
    request.ratio = share();
    request.scope = scope();
    request.multipleOf = m_multiple->currentData().toLongLong();
    return
        [request](const EventSink<>&, RunControl& control) { return previewOf(request, control); };
}

QString PruneChannelsDialog::described(const Preview& preview, const prune::Footprint& dense) {
    const prune::Footprint& after = preview.footprint;
    const auto part = [](std::int64_t now, std::int64_t before) {
        const double left = before > 0 ? double(now) / double(before) : 1;
        return tr("%1 of %2 (%3)")
            .arg(style::numberText(siCount(double(now))),
                 style::numberText(siCount(double(before))), style::numberText(percent(left)));
    };
    const QString leaves =
        tr("Leaves %1 parameters and %2 MACs.")
            .arg(part(after.parameters, dense.parameters), part(after.macs, dense.macs));
    const std::size_t ruled = ruledGroups(document()).size();
    if (ruled == 0) return leaves;
    if (keepsRules()) return leaves + tr(" Groups with a cut stay as they are.");
    return leaves + (ruled == 1 ? tr(" Replaces the cut of 1 group.")
                                : tr(" Replaces the cuts of %1 groups.").arg(ruled));
}

}  // namespace espalier::ui
