// SPDX-License-Identifier: GPL-3.0-or-later
// A spin box that takes many decimals and shows only those that say something.
#pragma once

#include <QDoubleSpinBox>

namespace espalier::ui {

class ExactSpinBox : public QDoubleSpinBox {
    Q_OBJECT
public:
    explicit ExactSpinBox(QWidget* parent = nullptr) : QDoubleSpinBox(parent) {
        setAlignment(Qt::AlignRight);
        setLocale(QLocale::c());
    }

    QString textFromValue(double value) const override {
        QString text = locale().toString(value, 'f', decimals());
        while (text.endsWith(QLatin1Char('0'))) text.chop(1);
        if (text.endsWith(QLatin1Char('.'))) text.chop(1);
        return text;
    }
};

}  // namespace espalier::ui
