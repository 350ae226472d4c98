// SPDX-License-Identifier: GPL-3.0-or-later
// What the program is, its version, its licence, and what it stands on.
#pragma once

#include <QDialog>

namespace espalier::ui {

class AboutDialog : public QDialog {
    Q_OBJECT
public:
    /// `versions`: of the program, its libraries and the platform, one a line; can be copied for a
    /// report.
    explicit AboutDialog(const QString& versions, QWidget* parent = nullptr);
};

}  // namespace espalier::ui
