// SPDX-License-Identifier: GPL-3.0-or-later
// SIGTERM, SIGINT and SIGHUP as a Qt signal, so that the window can close properly.
#pragma once

#include <QObject>

class QSocketNotifier;

namespace espalier::gui {

/// At most one at a time. A second signal while the first is being handled ends the program at
/// once.
class UnixSignals : public QObject {
    Q_OBJECT
public:
    explicit UnixSignals(QObject* parent = nullptr);
    ~UnixSignals() override;

Q_SIGNALS:
    void terminationRequested();

private:
    QSocketNotifier* m_notifier;
};

}  // namespace espalier::gui
