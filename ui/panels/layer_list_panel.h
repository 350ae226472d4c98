// SPDX-License-Identifier: GPL-3.0-or-later
// All layers of the model: what can be pruned, what is removed, what is locked.
#pragma once

#include <QWidget>

class QLineEdit;
class QMenu;
class QTreeView;

namespace espalier::ui {

class Document;
class ElidedLabel;
class InlineMessage;
class LayerActions;
class LayerModel;
class LayerProxyModel;
class Workbench;

class LayerListPanel : public QWidget {
    Q_OBJECT
public:
    explicit LayerListPanel(Workbench* workbench, QWidget* parent = nullptr);

    /// The menu of a right click, made afresh; the caller owns it.
    QMenu* createContextMenu();
    void focusFilter();
    void focusList();
    QSize sizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void buildTable();
    void buildHeader();
    void setFilter(const QString& text);
    void goToFirst();
    void showReport();
    QString reportText() const;
    QString groupsText() const;
    void showMessage();
    void takeSelection();
    void showSelection();

    Document* m_document;
    LayerModel* m_model;
    LayerProxyModel* m_proxy;
    ElidedLabel* m_report;
    InlineMessage* m_message;
    QLineEdit* m_filter;
    QTreeView* m_table;
    LayerActions* m_actions;
    bool m_isSyncing = false;
    bool m_isShapeWanted = true;  // hidden while the panel is narrow, as is the next
    bool m_areParametersWanted = true;
    bool m_areGroupsWanted = true;
};

}  // namespace espalier::ui
