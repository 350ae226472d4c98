// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/drop_filter.h"

#include <QApplication>
#include <QDropEvent>
#include <QMimeData>
#include <QUrl>
#include <QWidget>

namespace espalier::gui {
namespace {

QStringList localFiles(const QMimeData* mime) {
    QStringList paths;
    for (const QUrl& url : mime->urls()) {
        if (url.isLocalFile()) paths << url.toLocalFile();
    }
    return paths;
}

}  // namespace

DropFilter::DropFilter(QWidget* window) : QObject(window), m_window(window) {
    window->setAcceptDrops(true);
    // On the application: a text field would otherwise take the drop and insert the file's name.
    qApp->installEventFilter(this);
}

bool DropFilter::eventFilter(QObject* watched, QEvent* event) {
    const auto type = event->type();
    if (type != QEvent::DragEnter && type != QEvent::DragMove && type != QEvent::Drop) return false;
    auto* widget = qobject_cast<QWidget*>(watched);
    if (!widget || widget->window() != m_window) return false;
    auto* drop = static_cast<QDropEvent*>(event);
    const QStringList paths = localFiles(drop->mimeData());
    if (paths.isEmpty()) return false;
    drop->acceptProposedAction();
    if (type == QEvent::Drop) Q_EMIT dropped(paths);
    return true;
}

}  // namespace espalier::gui
