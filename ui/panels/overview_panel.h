// SPDX-License-Identifier: GPL-3.0-or-later
// All prunable layers at once: where in each of them weights are removed.
#pragma once

#include <vector>

#include <QWidget>

#include "core/prune/heatmap.h"

namespace espalier::plots {
class HeatmapView;
}

namespace espalier::ui {

class Document;
class Workbench;

/// A row per layer, its weight from the first to the last element from left to right; colour =
/// sparsity there. A click selects the layer.
class OverviewPanel : public QWidget {
    Q_OBJECT
public:
    explicit OverviewPanel(Workbench* workbench, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void reload();
    void reloadNow();
    void show(const prune::Heatmap& heatmap);
    void showSelection();
    void showHighlight();
    model::LayerId layerAt(int row) const;  ///< invalid: none
    int rowOf(model::LayerId layer) const;  ///< -1: none
    QString readout(int row, int column) const;
    QString rowTip(int row) const;
    QString removedText(model::LayerId layer) const;  ///< "216 of 432 weights removed (50.0 %)"

    Workbench* m_workbench;
    Document* m_document;
    plots::HeatmapView* m_view;
    std::vector<model::LayerId> m_layers;  // of the rows
    bool m_isStale = true;                 // reloaded when it is next seen
};

}  // namespace espalier::ui
