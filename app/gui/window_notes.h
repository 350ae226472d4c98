// SPDX-License-Identifier: GPL-3.0-or-later
// What of the window a session remembers: where its panels are, and what is selected.
#pragma once

#include <string>

#include <QByteArray>

namespace espalier::ui {
class Document;
}

namespace espalier::gui {

std::string windowNotes(const QByteArray& layout, const ui::Document& document);
/// Selects what was selected, as far as it is there, and returns the layout.
QByteArray takeWindowNotes(const QString& notes, ui::Document& document);

}  // namespace espalier::gui
