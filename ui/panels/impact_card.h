// SPDX-License-Identifier: GPL-3.0-or-later
// One figure, before and after, with a thin bar of what is left and how sure it is.
#pragma once

#include <QFrame>

#include "ui/panels/impact_figures.h"

class QLabel;
class QToolButton;

namespace espalier::ui {

class RemainderBar;

class ImpactCard : public QFrame {
    Q_OBJECT
public:
    explicit ImpactCard(QWidget* parent = nullptr);

    void setFigure(const ImpactFigure& figure);
    const ImpactFigure& figure() const { return m_figure; }

Q_SIGNALS:
    void actionTriggered(espalier::ui::ImpactFigure::Action action);

protected:
    void changeEvent(QEvent* event) override;

private:
    void recolor();

    ImpactFigure m_figure;
    QLabel* m_title;
    QLabel* m_change;
    QLabel* m_before;
    QLabel* m_after;
    RemainderBar* m_bar;
    QLabel* m_basis;
    QToolButton* m_action;
};

}  // namespace espalier::ui
