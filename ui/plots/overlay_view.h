// SPDX-License-Identifier: GPL-3.0-or-later
// Two histograms over each other: the same values in two models.
#pragma once

#include <array>

#include "ui/plots/histogram_data.h"
#include "ui/plots/plot_view.h"

class QCPGraph;

namespace espalier::plots {

/// Both share their edges; `name` of each is its legend entry. A side without counts is not drawn.
using OverlayData = std::array<HistogramData, 2>;

/// The second over the first, in two colours with a legend. Exact zeros are in
/// the legend, not in the picture.
class OverlayView : public PlotView {
    Q_OBJECT

public:
    explicit OverlayView(QWidget* parent = nullptr);

    void setData(OverlayData data);
    const OverlayData& data() const { return m_data; }
    void setCountScale(CountScale scale);
    CountScale countScale() const { return m_scale; }
    QString csv() const override;

Q_SIGNALS:
    void countScaleChanged();  ///< from the menu or the setter

protected:
    void recolor(const QPalette& palette) override;
    QString hoverText(const QPointF& at) const override;
    void extendContextMenu(QMenu& menu) override;

private:
    void rebuild();
    QString legendText(const HistogramData& side) const;

    OverlayData m_data;
    CountScale m_scale = CountScale::Linear;
    std::array<QCPGraph*, 2> m_graphs{};
};

}  // namespace espalier::plots
