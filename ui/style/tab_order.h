// SPDX-License-Identifier: GPL-3.0-or-later
// Tab goes as the fields lie, not as they were made.
#pragma once

class QWidget;

namespace espalier::style {

/// Makes Tab visit what takes the focus within `root` in the order of its layouts: rows from the
/// top, each from its start. To be called once, when everything is in its layout.
void tabAsLaidOut(QWidget& root);

}  // namespace espalier::style
