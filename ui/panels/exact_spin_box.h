// SPDX-License-Identifier: GPL-3.0-or-later
// A spin box that takes many decimals and shows only those that say something, in the user's
// language; a point or a comma is typed before them.
#pragma once

#include <QDoubleSpinBox>

namespace espalier::ui {

class ExactSpinBox : public QDoubleSpinBox {
    Q_OBJECT
public:
    explicit ExactSpinBox(QWidget* parent = nullptr) : QDoubleSpinBox(parent) {
        setAlignment(Qt::AlignRight);
        QLocale plain;  // "1,5" must not become 15 where the comma parts thousands
        plain.setNumberOptions(QLocale::OmitGroupSeparator | QLocale::RejectGroupSeparator);
        setLocale(plain);
    }

    QString textFromValue(double value) const override {
        QString text = locale().toString(value, 'f', decimals());
        if (!text.contains(locale().decimalPoint())) return text;
        while (text.endsWith(locale().zeroDigit())) text.chop(1);
        if (text.endsWith(locale().decimalPoint())) text.chop(1);
        return text;
    }

    double valueFromText(const QString& text) const override {
        return QDoubleSpinBox::valueFromText(withOwnPoint(text));
    }

    QValidator::State validate(QString& text, int& position) const override {
        text = withOwnPoint(text);
        return QDoubleSpinBox::validate(text, position);
    }

private:
    QString withOwnPoint(QString text) const {
        for (const char point : {'.', ','})
            text.replace(QLatin1Char(point), locale().decimalPoint());
        return text;
    }
};

}  // namespace espalier::ui
