// SPDX-License-Identifier: GPL-3.0-or-later
// Takes one combination of keys, at once.
#pragma once

#include <QKeySequenceEdit>

namespace espalier::ui {

/// QKeySequenceEdit waits a second for three combinations more; this one does not. Tab and
/// Shift+Tab leave it.
class KeysField : public QKeySequenceEdit {
    Q_OBJECT
public:
    using QKeySequenceEdit::QKeySequenceEdit;

Q_SIGNALS:
    void pressed(const QKeySequence& keys);

protected:
    void keyPressEvent(QKeyEvent* event) override;
};

}  // namespace espalier::ui
