// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/keys_field.h"

namespace espalier::ui {

void KeysField::keyPressEvent(QKeyEvent* event) {
    QKeySequenceEdit::keyPressEvent(event);
    const QKeySequence keys = keySequence();
    if (keys.isEmpty()) return;  // Ctrl alone
    setKeySequence(keys);        // ends the recording
    Q_EMIT pressed(keys);
}

}  // namespace espalier::ui
