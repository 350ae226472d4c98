// SPDX-License-Identifier: GPL-3.0-or-later
// A line inside a dialog that says what is wrong, or what will happen.
#pragma once

#include <QLabel>

#include "core/base/result.h"

namespace espalier::ui {

/// With a full stop at its end, unless it ends like a sentence already.
QString asSentence(const QString& text);

/// With narrow spaces that do not break a line: a unit never begins one.
QString unbroken(QString text);

/// Wraps, can be selected, and is read in the error colour while it holds an error.
class InlineMessage : public QLabel {
    Q_OBJECT
public:
    explicit InlineMessage(const QString& name, QWidget* parent = nullptr);

    void showNote(const QString& text);
    void showError(const QString& text);
    void showError(const espalier::Error& error);
    bool isError() const { return m_isError; }

protected:
    void changeEvent(QEvent* event) override;

private:
    void refreshColor();
    bool m_isError = false;
};

}  // namespace espalier::ui
