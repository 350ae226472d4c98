// SPDX-License-Identifier: GPL-3.0-or-later
// Shows what an export in a format for other programs will hold, or what stands against it, before
// a file is asked for.
#pragma once

#include <optional>

#include <QDialog>

#include "ui/document/format_export.h"

class QLabel;
class QProgressBar;
class QPushButton;
class QTreeWidget;

namespace espalier::ui {

class InlineMessage;
class Workbench;

class FormatDialog : public QDialog {
    Q_OBJECT
public:
    /// Starts to look at once; a dialog that is closed stops it. `format`: "onnx", "safetensors".
    FormatDialog(Workbench* workbench, const std::string& format, QWidget* parent = nullptr);
    ~FormatDialog() override;

    /// None until it is known that the file can be written.
    const std::optional<FormatPreview>& preview() const { return m_preview; }

private:
    QTreeWidget* makeList();
    void finish(const Result<FormatPreview>& result);
    void showObstacles(const std::vector<exchange::OnnxObstacle>& obstacles);
    void showContents(const FormatPreview& preview);

    Workbench* m_workbench;
    QTreeWidget* m_list;
    QProgressBar* m_progress;
    InlineMessage* m_message;
    QLabel* m_notes;
    QPushButton* m_accept;
    std::optional<FormatPreview> m_preview;
};

}  // namespace espalier::ui
