// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/rankings_line.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QComboBox>
#include <QLocale>

#include "core/base/format.h"
#include "core/prune/criterion.h"
#include "ui/document/score_jobs.h"
#include "ui/document/workbench.h"
#include "ui/style/number_text.h"
#include "ui/style/words.h"

namespace espalier::ui {

namespace {

const QString kSlot = QStringLiteral("compareRankings");

QString shown(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

RankingsLine::RankingsLine(Workbench* workbench, QWidget* parent)
    : QLabel(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_box(new QComboBox(parent)) {
    setObjectName(QStringLiteral("weightsCorrelation"));
    setWordWrap(true);
    hide();
    m_box->setObjectName(QStringLiteral("weightsCompare"));
    m_box->setAccessibleName(tr("Criterion to compare with"));
    m_box->setToolTip(
        tr("How alike another criterion ranks the weights of this layer: Spearman's rank "
           "correlation, 1 for the same order, 0 for none of it, −1 for the reverse"));
    m_box->addItem(tr("Compare with …"), QString());
    for (const prune::CriterionInfo& info : prune::weightCriteria()) {
        m_box->addItem(shown(info.name), shown(info.name));
        m_box->setItemData(m_box->count() - 1, shown(info.summary), Qt::ToolTipRole);
    }
    connect(m_box, &QComboBox::activated, this, [this] {
        m_asked = {};
        compare();
    });
    for (const auto changed : {&Document::selectionChanged, &Document::snapshotChanged,
                               &Document::planChanged, &Document::scoresMeasured})
        connect(m_document, changed, this, &RankingsLine::compare);
}

void RankingsLine::compare() {
    const QString other = m_box->currentData().toString();
    const model::LayerId layer = m_document->selection();
    m_workbench->jobs()->cancelSlot(kSlot);
    const bool isPossible = m_document->hasModel() && layer.isValid() &&
                            m_document->snapshot()->layer(layer).prunable.weights;
    setVisible(isPossible && !other.isEmpty());
    if (!isPossible || other.isEmpty()) return forget();
    const prune::Plan plan = planWithSamples(*m_document);
    const QString mine = shown(plan.weightCriterion);
    const bool isOfThis =
        m_rankings && m_layer == layer && m_rankings->mine == mine && m_rankings->other == other;
    if (!isOfThis) forget();  // else the picture stays until it is made anew
    if (mine == other) return setText(tr("%1 is what the plan ranks by already.").arg(mine));
    const auto snapshot = m_document->snapshot();
    const auto info = prune::findWeightCriterion(other.toStdString());
    const auto key = prune::scoreKey(*snapshot, plan, other.toStdString());
    if (info->isMeasured() && !m_document->scores().find(key)) {
        setText(m_document->dataset()
                    ? tr("Measuring what %1 says…").arg(other)
                    : tr("%1 is measured on data, and none is attached.").arg(other));
        if (std::exchange(m_asked, key) == key) return;  // not at every edit meanwhile
        return m_workbench->scoreJobs()->measureForComparison(other);
    }
    setText(tr("Comparing %1 with %2…").arg(mine, other));
    m_workbench->jobs()->run<prune::RankingsCompared>(
        {Lane::Interactive, tr("Comparing criteria"), kSlot, false}, this,
        [=, other = other.toStdString(), scores = m_document->scores()](const EventSink<>&,
                                                                        RunControl& control) {
            return prune::compareRankings(*snapshot, layer, plan, other, scores, control);
        },
        [=, this](const Result<prune::RankingsCompared>& compared) { say(compared, mine, other); });
}

void RankingsLine::forget() {
    if (!m_rankings) return;
    m_rankings.reset();
    Q_EMIT rankingsChanged();
}

/// At the cut that there is, or else at one half, in whole twentieths.
QString RankingsLine::sharedText(const LayerRankings& rankings) const {
    const double cut = m_document->sparsity(m_layer);
    const double wanted = cut > 0 ? cut : 0.5;
    const int parts = std::clamp(static_cast<int>(std::lround(wanted * prune::kRankParts)), 1,
                                 prune::kRankParts - 1);
    const QString lowest = style::numberText(percent(double(parts) / prune::kRankParts, 0));
    return tr("Of the lowest %1 by %2, %3 are among the lowest %1 by %4.")
        .arg(lowest, rankings.mine,
             style::numberText(percent(sharedOfLowest(rankings.compared, parts), 0)),
             rankings.other);
}

void RankingsLine::say(const Result<prune::RankingsCompared>& compared, const QString& mine,
                       const QString& other) {
    if (!compared) {
        if (compared.error().kind != Error::Kind::Cancelled)
            setText(style::withoutOptions(shown(compared.error().text())));
        return;
    }
    if (!compared->correlation) {
        forget();
        setText(tr("%1 and %2 cannot be compared: one of them finds all weights alike.")
                    .arg(mine, other));
        return;
    }
    m_rankings = LayerRankings{mine, other, *compared};
    m_layer = m_document->selection();
    setText(tr("Rank correlation of %1 and %2 (Spearman): %3, over %4 weights. ")
                .arg(mine, other, QLocale().toString(*compared->correlation, 'f', 2),
                     shown(exactCount(compared->weights))) +
            sharedText(*m_rankings));
    Q_EMIT rankingsChanged();
}

}  // namespace espalier::ui
