// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/recent_files.h"

#include <QFileInfo>
#include <QMenu>
#include <QSettings>

namespace espalier::gui {
namespace {

const QString kKey = QStringLiteral("recent/models");

}  // namespace

RecentFiles::RecentFiles(QObject* parent)
    : QObject(parent), m_paths(QSettings().value(kKey).toStringList().mid(0, kMax)) {}

void RecentFiles::add(const QString& path) {
    const QString absolute = QFileInfo(path).absoluteFilePath();
    m_paths.removeAll(absolute);
    m_paths.prepend(absolute);
    while (m_paths.size() > kMax) m_paths.removeLast();
    store();
}

void RecentFiles::clear() {
    m_paths.clear();
    store();
}

void RecentFiles::store() {
    QSettings().setValue(kKey, m_paths);
    Q_EMIT changed();
}

void RecentFiles::attachTo(QMenu* menu) {
    connect(menu, &QMenu::aboutToShow, this, [this, menu] { fill(menu); });
    connect(this, &RecentFiles::changed, menu, [this, menu] { fill(menu); });
    fill(menu);
}

void RecentFiles::fill(QMenu* menu) {
    menu->clear();
    for (qsizetype i = 0; i < m_paths.size(); ++i) {
        const QString& path = m_paths[i];
        const QFileInfo file(path);
        const QString name = file.fileName().replace(QLatin1Char('&'), QStringLiteral("&&"));
        QAction* entry = menu->addAction(QStringLiteral("&%1 %2").arg((i + 1) % 10).arg(name));
        entry->setToolTip(path);
        entry->setEnabled(file.exists());
        connect(entry, &QAction::triggered, this, [this, path] { Q_EMIT chosen(path); });
    }
    if (m_paths.isEmpty()) menu->addAction(tr("No files yet"))->setEnabled(false);
    menu->addSeparator();
    QAction* clearEntry = menu->addAction(tr("&Clear list"));
    clearEntry->setObjectName(QStringLiteral("file.recent_clear"));
    clearEntry->setEnabled(!m_paths.isEmpty());
    connect(clearEntry, &QAction::triggered, this, &RecentFiles::clear);
}

}  // namespace espalier::gui
