// SPDX-License-Identifier: GPL-3.0-or-later
// The tree of what was done to the model: opened, pinned, fine-tuned, tried. A double click goes
// back there; what is done from there is a branch.
#pragma once

#include <map>
#include <vector>

#include <QWidget>

#include "core/base/result.h"
#include "core/project/history.h"

class QAction;
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
    ~HistoryPanel() override;

    project::NodeId selectedNode() const;  ///< invalid when none

Q_SIGNALS:
    void pinRequested();
    void failed(const espalier::Error& error);

private:
    void makeTree();
    void makeActions();
    QLayout* makeButtons();
    QToolButton* makeButton(const QString& name, QAction* action);
    void refresh();
    void rebuild();
    void showMetric();
    void refill();
    void addChildren(QTreeWidgetItem* parent, project::NodeId node);
    void refreshUnpinned();
    void goToSelected();
    void renameSelected();
    void takeName(QTreeWidgetItem* item);
    void pinSelected();
    void removeSelected();
    bool isAgreed(const QString& name, std::size_t below);
    void refreshActions();

    Workbench* m_workbench;
    project::NodeId m_current;  // where the document was when last shown
    std::map<project::NodeId, QTreeWidgetItem*> m_items;
    QTreeWidget* m_tree;
    QTreeWidgetItem* m_unpinned = nullptr;  // what is shown, where that is no state of the tree
    QAction* m_goTo;
    QAction* m_rename;
    QAction* m_togglePin;
    QAction* m_remove;
    QToolButton* m_pin;
};

}  // namespace espalier::ui
