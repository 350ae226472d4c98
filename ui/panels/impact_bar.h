// SPDX-License-Identifier: GPL-3.0-or-later
// What pruning does to the model, in six cards above everything else.
#pragma once

#include <vector>

#include <QWidget>

#include "ui/panels/impact_figures.h"

namespace espalier::ui {

class ImpactCard;
class Workbench;

/// Follows every move of a drag. Accuracy and latency say "not measured" until they were measured
/// for exactly the state that is shown.
class ImpactBar : public QWidget {
    Q_OBJECT
public:
    explicit ImpactBar(Workbench* workbench, QWidget* parent = nullptr);

Q_SIGNALS:
    void attachDataRequested();

private:
    void refresh();
    void perform(ImpactFigure::Action action);

    Workbench* m_workbench;
    std::vector<ImpactCard*> m_cards;
};

}  // namespace espalier::ui
