// SPDX-License-Identifier: GPL-3.0-or-later
// Asks for the input shapes of a model when the program could not guess them.
#pragma once

#include <vector>

#include <QDialog>

#include "core/script/input_spec.h"

class QLineEdit;
class QPushButton;

namespace espalier::ui {

class InlineMessage;

class InputDialog : public QDialog {
    Q_OBJECT
public:
    /// `suggestion` as in toString(InputSpec), one per forward argument, separated by spaces.
    InputDialog(const QString& fileName, const QString& suggestion, QWidget* parent = nullptr);

    /// One per forward argument; empty while the text is not valid.
    std::vector<script::InputSpec> inputs() const;

private:
    void validate();

    QLineEdit* m_text;
    InlineMessage* m_message;
    QPushButton* m_accept;
};

}  // namespace espalier::ui
