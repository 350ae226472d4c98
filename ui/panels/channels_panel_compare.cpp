// SPDX-License-Identifier: GPL-3.0-or-later
// Another criterion beside the bars of the Channels tab.
#include <QComboBox>
#include <QLocale>

#include "core/prune/channel_criterion.h"
#include "core/prune/rank_correlation.h"
#include "ui/document/workbench.h"
#include "ui/panels/channels_panel.h"
#include "ui/plots/bars_view.h"

namespace espalier::ui {

namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

void ChannelsPanel::buildComparison() {
    m_compare->setObjectName(QStringLiteral("channelCompare"));
    m_compare->setAccessibleName(tr("Criterion to compare with"));
    m_compare->setToolTip(
        tr("Shows what another criterion says of the same channels, as points over the bars, "
           "stretched to their height, and how alike the two rankings are"));
    m_compare->addItem(tr("Compare with …"), QString());
    for (const prune::CriterionInfo& info : prune::channelCriteria())
        m_compare->addItem(text(info.name), text(info.name));
}

QString ChannelsPanel::compared() const {
    return m_compare->currentData().toString();
}

// How alike the two rankings are that are shown.
QString ChannelsPanel::correlation() const {
    const auto& series = m_view->data().series;
    if (series.size() < 2) return {};
    const auto known = prune::rankCorrelation(series[0].scores, series[1].scores);
    if (!known)
        return tr("%1 and %2 cannot be compared: one of them finds all channels alike.")
            .arg(series[0].name, series[1].name);
    return tr("Rank correlation of %1 and %2 (Spearman): %3.")
        .arg(series[0].name, series[1].name, QLocale().toString(*known, 'f', 2));
}

void ChannelsPanel::requestComparison() {
    if (compared().isEmpty() || !m_compared.empty() || !m_group) return;
    m_workbench->channelJobs()->compare(
        *m_group, this, [this, group = m_group](const Result<ComparedScores>& compared) {
            if (!compared || compared->empty() || group != m_group) return;
            m_compared = *compared;
            reload();
        });
}

}  // namespace espalier::ui
