// SPDX-License-Identifier: GPL-3.0-or-later
// What a person can do with the selected layers, from the layer list's menu and by key.
#pragma once

#include <QObject>

class QAction;
class QKeySequence;
class QMenu;
class QWidget;

namespace espalier::ui {

class Document;

class LayerActions : public QObject {
    Q_OBJECT
public:
    /// The keys work while `list` has the focus.
    LayerActions(Document* document, QWidget* list, QObject* parent);

    void addTo(QMenu* menu);
    /// Enables and names them for what is selected.
    void refresh();

private:
    QAction* add(const QString& name, const QString& text, const QKeySequence& shortcut,
                 void (LayerActions::*trigger)());
    void toggleLock();
    void keepAll();
    void selectPrunable();
    void copyNames();
    bool isAllLocked() const;

    Document* m_document;
    QWidget* m_list;
    QAction* m_lock;
    QAction* m_keepAll;
    QAction* m_selectPrunable;
    QAction* m_copyNames;
};

}  // namespace espalier::ui
