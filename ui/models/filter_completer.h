// SPDX-License-Identifier: GPL-3.0-or-later
// Completes the last word of the filter field with the words that mean something there.
#pragma once

#include <QCompleter>

class QLineEdit;

namespace espalier::ui {

class FilterCompleter : public QCompleter {
    Q_OBJECT
public:
    explicit FilterCompleter(QLineEdit* field);

    QStringList splitPath(const QString& text) const override;
    QString pathFromIndex(const QModelIndex& index) const override;

private:
    QLineEdit* m_field;
};

}  // namespace espalier::ui
