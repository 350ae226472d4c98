// SPDX-License-Identifier: GPL-3.0-or-later
// Fills the command palette with actions, layers and groups, and does what is chosen there.
#pragma once

class QWidget;

namespace espalier::ui {
class Document;
}

namespace espalier::gui {

class Actions;

/// The palette stands over `window`. What was chosen last is remembered in the settings.
void connectPalette(const Actions& actions, ui::Document* document, QWidget* window);

}  // namespace espalier::gui
