// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/axis_labels.h"

#include <algorithm>

#include <QFontMetrics>

namespace espalier::plots {

AxisLabels::AxisLabels(QCustomPlot* plot) : QObject(plot), m_plot(plot) {
    connect(plot, &QCustomPlot::afterLayout, this, &AxisLabels::fitAll);
}

void AxisLabels::fitAll() {
    for (QCPLayoutElement* element : m_plot->plotLayout()->elements(true)) {
        if (auto* scale = qobject_cast<QCPColorScale*>(element)) fit(scale->axis());
        if (auto* rect = qobject_cast<QCPAxisRect*>(element))
            std::ranges::for_each(rect->axes(), [this](QCPAxis* axis) { fit(axis); });
    }
}

// A label stands in the middle of its axis and is cut off at the plot's edge.
void AxisLabels::fit(QCPAxis* axis) {
    if (axis->label().isEmpty() || !axis->visible()) return;
    Label& label = m_labels[axis];
    if (axis->label() != label.shown) label.whole = axis->label();
    const bool isAcross = axis->orientation() == Qt::Horizontal;
    const QPoint middle = axis->axisRect()->rect().center();
    const int room = isAcross ? 2 * std::min(middle.x(), m_plot->width() - middle.x())
                              : 2 * std::min(middle.y(), m_plot->height() - middle.y());
    const QFontMetrics metrics(axis->labelFont(), m_plot);
    label.shown = metrics.elidedText(label.whole, Qt::ElideMiddle, room);
    axis->setLabel(label.shown);
}

}  // namespace espalier::plots
