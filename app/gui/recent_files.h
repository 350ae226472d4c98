// SPDX-License-Identifier: GPL-3.0-or-later
// The models that were opened last, kept in the settings, and their menu.
#pragma once

#include <QObject>
#include <QStringList>

class QMenu;

namespace espalier::gui {

class RecentFiles : public QObject {
    Q_OBJECT
public:
    static constexpr int kMax = 10;

    explicit RecentFiles(QObject* parent = nullptr);

    const QStringList& paths() const { return m_paths; }  ///< absolute, newest first
    void add(const QString& path);
    void clear();
    /// Fills `menu` now and whenever it is shown: entries whose file has gone are greyed.
    void attachTo(QMenu* menu);

Q_SIGNALS:
    void changed();
    void chosen(const QString& path);

private:
    void fill(QMenu* menu);
    void store();

    QStringList m_paths;
};

}  // namespace espalier::gui
