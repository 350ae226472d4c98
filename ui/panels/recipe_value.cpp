// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/recipe_value.h"

namespace espalier::ui {

QString exactText(double value) {
    QString text;
    for (int digits = 6; digits <= 17; ++digits) {
        text = QString::number(value, 'g', digits);
        if (text.toDouble() == value) break;
    }
    return text;
}

QString valueText(const std::vector<int>& values) {
    QStringList texts;
    for (const int value : values) texts << QString::number(value);
    return texts.join(QStringLiteral(", "));
}

void takeValue(std::vector<int>& values, const QString& text) {
    values.clear();
    for (const QString& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts))
        values.push_back(part.trimmed().toInt());
}

}  // namespace espalier::ui
