// SPDX-License-Identifier: GPL-3.0-or-later
// Gives a dialog a width and the height its wrapped text then needs.
#pragma once

#include <algorithm>

#include <QDialog>
#include <QLayout>

namespace espalier::ui {

/// Call once all is in the dialog's layout: Qt's own size hint knows no width to wrap at.
inline void fitHeight(QDialog& dialog, int width) {
    const int needed = dialog.layout()->totalHeightForWidth(width);
    dialog.setMinimumHeight(std::max(needed, dialog.layout()->totalMinimumSize().height()));
    dialog.resize(width, std::max(dialog.minimumHeight(), dialog.sizeHint().height()));
}

}  // namespace espalier::ui
