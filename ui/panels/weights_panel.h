// SPDX-License-Identifier: GPL-3.0-or-later
// The histogram of the layer that is looked at, with the cut that can be dragged.
#pragma once

#include <optional>

#include <QWidget>

#include "core/model/layer.h"
#include "ui/plots/histogram_data.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QSpinBox;

namespace espalier::plots {
class HeatmapView;
class HistogramView;
}  // namespace espalier::plots

namespace espalier::ui {

class Document;
class ElidedLabel;
class RankingsLine;
class Workbench;

class WeightsPanel : public QWidget {
    Q_OBJECT
public:
    explicit WeightsPanel(Workbench* workbench, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* buildOptions();
    void takeOptions();
    void showOptions();
    void reload();
    void reloadNow();
    void showLayer();
    void showCut();
    void showMark();
    void setCutFunctions();
    plots::TensorHistogram histogramOf(model::LayerId layer) const;
    QString whyNotEditable() const;
    void showRankings();
    QString rankingReadout(int row, int column) const;

    Document* m_document;
    ElidedLabel* m_title;
    QLabel* m_note;
    RankingsLine* m_rankings;
    QComboBox* m_value;
    QCheckBox* m_log;
    QCheckBox* m_full;
    QSpinBox* m_bins;
    plots::HistogramView* m_view;
    plots::HeatmapView* m_ranks;  // beside it while two rankings are compared
    bool m_isStale = true;        // reloaded when it is next seen
};

}  // namespace espalier::ui
