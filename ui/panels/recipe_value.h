// SPDX-License-Identifier: GPL-3.0-or-later
// Values of a recipe as text and back, with a decimal point in every language.
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <QLocale>
#include <QString>
#include <QStringList>

namespace espalier::ui {

/// As few digits as give the same number again, but no "5e-04" where "0.0005" says it.
QString exactText(double value);

inline QString valueText(double value) {
    return exactText(value);
}
inline QString valueText(bool value) {
    return value ? QStringLiteral("true") : QStringLiteral("false");
}
inline QString valueText(std::integral auto value) {
    return QString::number(value);
}
inline QString valueText(const std::string& value) {
    return QString::fromStdString(value);
}
QString valueText(const std::vector<int>& values);  ///< "3, 5"

// What cannot be read becomes a value that train::check refuses: not a number, or [0].
inline void takeValue(double& value, const QString& text) {
    bool isNumber = false;
    value = QLocale::c().toDouble(text.trimmed(), &isNumber);
    if (!isNumber) value = std::numeric_limits<double>::quiet_NaN();
}
inline void takeValue(bool& value, const QString& text) {
    value = text == valueText(true);
}
inline void takeValue(std::unsigned_integral auto& value, const QString& text) {
    value = text.toULongLong();
}
inline void takeValue(std::signed_integral auto& value, const QString& text) {
    value = text.toLongLong();
}
inline void takeValue(int& value, const QString& text) {
    value = text.toInt();
}
inline void takeValue(std::string& value, const QString& text) {
    value = text.trimmed().toStdString();
}
void takeValue(std::vector<int>& values, const QString& text);

// Nothing is typed where there is no value.
template <class T>
QString valueText(const std::optional<T>& value) {
    return value ? valueText(*value) : QString();
}
template <class T>
void takeValue(std::optional<T>& value, const QString& text) {
    value.reset();
    if (!text.trimmed().isEmpty()) takeValue(value.emplace(), text);
}

}  // namespace espalier::ui
