// SPDX-License-Identifier: GPL-3.0-or-later
// The tree of what was done to the model: opened, pinned, fine-tuned. A double click goes back
// there.
#pragma once

#include <map>
#include <optional>

#include <QWidget>

#include "core/project/history.h"

class QLayout;
class QToolButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace espalier::ui {

class Workbench;

class HistoryPanel : public QWidget {
    Q_OBJECT
public:
    explicit HistoryPanel(Workbench* workbench, QWidget* parent = nullptr);

    project::NodeId selectedNode() const;  ///< invalid when none

Q_SIGNALS:
    void pinRequested();

private:
    void makeTree();
    QLayout* makeButtons();
    QToolButton* makeButton(const QString& name, const QString& text, const QString& tip);
    void rebuild();
    void addChildren(QTreeWidgetItem* parent, project::NodeId node);
    void fill(QTreeWidgetItem& item, const project::Node& node);
    void refreshUnpinned();
    void measureSparsities();
    void goToSelected();
    void renameSelected();
    void refreshButtons();

    Workbench* m_workbench;
    project::NodeId m_current;                       // where the document was when last shown
    std::map<project::NodeId, double> m_sparsities;  // of the nodes it is known of
    QTreeWidget* m_tree;
    QTreeWidgetItem* m_unpinned = nullptr;  // what is shown, where that is no state of the tree
    QToolButton* m_goTo;
    QToolButton* m_rename;
    QToolButton* m_pin;
};

}  // namespace espalier::ui
