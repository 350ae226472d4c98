// SPDX-License-Identifier: GPL-3.0-or-later
// Watches what is seen of a heatmap whose cells stand for many weights, and asks for finer cells.
#pragma once

#include <QObject>
#include <QTimer>

#include "ui/plots/heatmap_data.h"

namespace espalier::plots {
class HeatmapView;
}

namespace espalier::ui {

/// Asks when the hand rests. The coarse picture lies below all the time: it is seen while a finer
/// one is made, around it, and again at once when one has zoomed out far enough.
class HeatmapRefiner : public QObject {
    Q_OBJECT
public:
    explicit HeatmapRefiner(plots::HeatmapView* view);

    /// The matrix or what is removed of it is another: asks at once if a finer picture is needed.
    void renew();

Q_SIGNALS:
    void partWanted(const espalier::plots::Block& part);

private:
    void follow();
    void ask();

    plots::HeatmapView* m_view;
    QTimer m_rest;
};

}  // namespace espalier::ui
