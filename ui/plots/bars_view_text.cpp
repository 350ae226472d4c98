// SPDX-License-Identifier: GPL-3.0-or-later
// BarsView in words: the read-out, assistive technology, CSV.
#include <algorithm>

#include "core/base/format.h"
#include "ui/plots/bars_view.h"
#include "ui/plots/csv.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"

namespace espalier::plots {

QString BarsView::describe(int channel) const {
    const auto i = static_cast<std::size_t>(channel);
    const auto kept = keptNow();
    QString text =
        tr("channel %1: %2").arg(m_data.number(channel)).arg(kept[i] ? tr("stays") : tr("goes"));
    if (m_data.mark(channel) == BarMark::Keep) text += tr(", marked keep");
    if (m_data.mark(channel) == BarMark::Remove) text += tr(", marked remove");
    text += tr(", rank %1 of %2").arg(m_ranks[i] + 1).arg(m_data.count());
    for (const BarSeries& series : m_data.series) {
        text += QStringLiteral(", %1 %2").arg(series.name,
                                              style::numberText(significant(series.scores[i], 4)));
    }
    return text;
}

QString BarsView::hoverText(const QPointF& at) const {
    const int channel = channelAt(at.x());
    return channel < 0 ? QString() : describe(channel);
}

void BarsView::updateAccessibleText() {
    const auto kept = keptNow();
    QString summary =
        style::counted(m_data.count(), tr("%1 channel, %2 stays."), tr("%1 channels, %2 stay."))
            .arg(m_data.count())
            .arg(std::ranges::count(kept, true));
    if (!m_data.series.empty() && m_data.count() > 0) {
        const int worst = m_ranked.back();
        summary +=
            tr(" Ranked by %1, from %2 down to %3.")
                .arg(m_data.series.front().name,
                     style::numberText(
                         significant(scores()[static_cast<std::size_t>(m_ranked.front())])),
                     style::numberText(significant(scores()[static_cast<std::size_t>(worst)])));
    }
    if (m_current >= 0) summary += QLatin1Char(' ') + describe(m_current);
    setAccessibleText(
        m_data.name.isEmpty() ? tr("Channels") : tr("Channels of %1").arg(m_data.name), summary);
}

QString BarsView::csv() const {
    QString table = QStringLiteral("channel,rank,kept,mark");
    for (const BarSeries& series : m_data.series) table += u',' + csvField(series.name);
    table += u'\n';
    const auto kept = keptNow();
    for (int i = 0; i < m_data.count(); ++i) {
        const int channel = channelAt(i);
        const auto at = static_cast<std::size_t>(channel);
        const BarMark mark = m_data.mark(channel);
        const QString marked = mark == BarMark::Keep     ? QStringLiteral("keep")
                               : mark == BarMark::Remove ? QStringLiteral("remove")
                                                         : QString();
        table += QStringLiteral("%1,%2,%3,%4")
                     .arg(m_data.number(channel))
                     .arg(m_ranks[at] + 1)
                     .arg(kept[at] ? 1 : 0)
                     .arg(marked);
        for (const BarSeries& series : m_data.series) table += u',' + csvNumber(series.scores[at]);
        table += u'\n';
    }
    return table;
}

}  // namespace espalier::plots
