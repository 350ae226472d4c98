// SPDX-License-Identifier: GPL-3.0-or-later
// One layer's weights as colours, with what is removed hatched over them, or its mask.
#pragma once

#include <QWidget>

#include "core/channels/groups.h"
#include "core/prune/heatmap.h"
#include "ui/plots/heatmap_data.h"

class QCheckBox;
class QComboBox;

namespace espalier::plots {
class HeatmapView;
}

namespace espalier::ui {

class Document;
class ElidedLabel;
class HeatmapRefiner;
class Workbench;

class HeatmapPanel : public QWidget {
    Q_OBJECT
public:
    explicit HeatmapPanel(Workbench* workbench, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QWidget* buildOptions();
    void reload();
    void reloadNow();
    void show(model::LayerId layer, const prune::HeatmapOptions& options,
              const prune::Heatmap& heatmap);
    void refine(const plots::Block& part);
    void tellHovered(int row, int column);
    /// By its number among the outputs of the group's key.
    struct Channel {
        channels::GroupId group;
        std::int64_t output = 0;
    };
    std::optional<Channel> channelOf(int row) const;
    void mark(int row);
    void showMarks();
    prune::HeatmapOptions options() const;
    prune::WeightAt weightAt(int row, int column) const;
    QString readout(int row, int column) const;

    Workbench* m_workbench;
    Document* m_document;
    ElidedLabel* m_title;
    QComboBox* m_value;
    QCheckBox* m_fold;
    QCheckBox* m_removed;
    plots::HeatmapView* m_view;
    HeatmapRefiner* m_refiner;
    bool m_isStale = true;  // reloaded when it is next seen
    bool m_isLoading = false;
    model::LayerId m_shownLayer;  // what the picture is of
    prune::HeatmapOptions m_shownOptions;
};

}  // namespace espalier::ui
