// SPDX-License-Identifier: GPL-3.0-or-later
// One bar for each class: how much better or worse it became.
#pragma once

#include <vector>

#include "ui/plots/plot_view.h"

class QCPGraph;

namespace espalier::plots {

class CellTicker;

/// One class; `left` and `right` in percent.
struct DifferenceBar {
    QString name;
    double left = 0;
    double right = 0;
    qint64 samples = 0;  ///< 0: "–" in place of a bar

    double difference() const { return right - left; }
    bool operator==(const DifferenceBar&) const = default;
};

/// Gains and losses in two colours, up and down.
class DifferenceView : public PlotView {
    Q_OBJECT

public:
    explicit DifferenceView(QWidget* parent = nullptr);

    void setBars(std::vector<DifferenceBar> bars);
    const std::vector<DifferenceBar>& bars() const { return m_bars; }
    /// What `left` and `right` are called: columns of the CSV.
    void setSideNames(const QString& left, const QString& right);
    QString csv() const override;

protected:
    void recolor(const QPalette& palette) override;
    QString hoverText(const QPointF& at) const override;
    void prepareReplot() override;

private:
    void rebuild();
    QString textOf(const DifferenceBar& bar) const;

    std::vector<DifferenceBar> m_bars;
    QString m_left;
    QString m_right;
    QCPGraph* m_gains;
    QCPGraph* m_losses;
    QSharedPointer<CellTicker> m_ticker;
};

}  // namespace espalier::plots
