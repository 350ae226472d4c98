// SPDX-License-Identifier: GPL-3.0-or-later
// A field for a number of any size, also in powers of ten: with the decimal sign of the user's
// language, where a point or a comma may be typed.
#pragma once

#include <QDoubleValidator>
#include <QLineEdit>
#include <QLocale>

namespace espalier::ui {

class NumberEdit : public QLineEdit {
    Q_OBJECT
public:
    NumberEdit(double least, double most) {
        setAlignment(Qt::AlignRight);
        setValidator(new Validator(least, most, this));
    }

    /// As recipe_value.h writes and reads it: with a point.
    QString plainText() const { return withSign(text(), QStringLiteral(".")); }
    void setPlainText(const QString& number) {
        setText(withSign(number, QLocale().decimalPoint()));
    }

private:
    static QString withSign(QString number, const QString& sign) {
        for (const QString& typed :
             {QLocale().decimalPoint(), QStringLiteral("."), QStringLiteral(",")})
            number.replace(typed, sign);
        return number;
    }

    class Validator : public QDoubleValidator {
    public:
        Validator(double least, double most, QObject* parent)
            : QDoubleValidator(least, most, kDecimals, parent) {
            QLocale plain = QLocale::c();
            plain.setNumberOptions(QLocale::RejectGroupSeparator);
            setLocale(plain);
        }
        State validate(QString& text, int& position) const override {
            QString number = withSign(text, QStringLiteral("."));
            text = withSign(text, QLocale().decimalPoint());
            return QDoubleValidator::validate(number, position);
        }

    private:
        static constexpr int kDecimals = 12;
    };
};

}  // namespace espalier::ui
