// SPDX-License-Identifier: GPL-3.0-or-later
// Takes files that are dropped anywhere on a window, text fields included.
#pragma once

#include <QObject>
#include <QStringList>

class QWidget;

namespace espalier::gui {

class DropFilter : public QObject {
    Q_OBJECT
public:
    explicit DropFilter(QWidget* window);

Q_SIGNALS:
    void dropped(const QStringList& paths);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* m_window;
};

}  // namespace espalier::gui
