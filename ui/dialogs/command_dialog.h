// SPDX-License-Identifier: GPL-3.0-or-later
// Shows the command that does the same without the window, and the files it needs, before both are
// handed over.
#pragma once

#include <functional>

#include <QDialog>

#include "ui/document/command_draft.h"

namespace espalier::ui {

class CommandDialog : public QDialog {
    Q_OBJECT
public:
    explicit CommandDialog(const CommandDraft& draft, QWidget* parent = nullptr);
};

/// Shows the draft; accepted, its files are written and its command is on the clipboard.
void copyCommand(Workbench* workbench, const CommandDraft& draft, QWidget* parent);

/// Gives `dialog`, one with a QDialogButtonBox, a button for that.
void offerCommand(QDialog& dialog, Workbench* workbench, std::function<CommandDraft()> draft);

}  // namespace espalier::ui
