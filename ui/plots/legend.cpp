// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/legend.h"

#include <algorithm>
#include <vector>

#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

// Of the free height: the row is as high as its text, all else is the plot's.
constexpr double kLeastStretch = 1e-3;

}  // namespace

void showLegend(QCustomPlot& plot, bool shown) {
    QCPLayoutGrid* grid = plot.plotLayout();
    QCPLegend* legend = plot.legend;
    legend->setVisible(shown);
    QCPLayoutInset* inset = plot.axisRect()->insetLayout();
    if (shown == (legend->layout() != inset)) return;
    QCPLayout* before = legend->layout();
    before->take(legend);
    if (shown) {
        // What fills the row beside it: a legend alone would hold the plot to its own width.
        auto* row = new QCPLayoutGrid;
        grid->insertRow(0);
        grid->addElement(0, 0, row);
        row->addElement(0, 0, legend);
        row->addElement(0, 1, new QCPLayoutElement(&plot));
        grid->setRowStretchFactor(0, kLeastStretch);
        grid->setRowSpacing(0);
        legend->setFillOrder(QCPLegend::foColumnsFirst);
        legend->setColumnSpacing(style::kSpaceGroup);
        legend->setMargins(QMargins(style::kSpacePanel, style::kSpaceRelated, 0, 0));
    } else {
        grid->remove(before);
        grid->simplify();
        inset->addElement(legend, Qt::AlignTop | Qt::AlignLeft);
    }
}

void packLegend(QCustomPlot& plot) {
    QCPLegend& legend = *plot.legend;
    std::vector<QCPLayoutElement*> entries;
    for (int cell = 0; cell < legend.elementCount(); ++cell) {
        QCPLayoutElement* entry = legend.elementAt(cell);
        if (entry != nullptr) entries.push_back(entry);  // else at the end of the last row
    }
    if (entries.empty()) return;
    QSize largest;
    int together = 0;
    for (const QCPLayoutElement* entry : entries) {
        const QSize size = entry->minimumOuterSizeHint();
        largest = largest.expandedTo(size);
        together += size.width() + legend.columnSpacing();
    }
    const int count = static_cast<int>(entries.size());
    const int width = plot.width() - legend.margins().left();
    const bool isOneRow = together <= width;
    const int room = largest.width() + legend.columnSpacing();
    const int columns = isOneRow ? count : std::clamp(width / room, 1, count);
    // Those in one column are as wide as the widest of them may be.
    for (QCPLayoutElement* entry : entries)
        entry->setMaximumSize(isOneRow ? entry->minimumOuterSizeHint() : largest);
    if (legend.wrap() == columns) return;
    legend.setWrap(columns);
    legend.setFillOrder(QCPLegend::foColumnsFirst, true);
}

}  // namespace espalier::plots
