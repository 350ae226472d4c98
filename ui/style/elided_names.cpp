// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/elided_names.h"

#include <algorithm>

#include <QRegularExpression>
#include <QStringList>

namespace espalier::style {

namespace {

/// "l…1" of "layer1": the first letter and the number. What would not get shorter stays.
QString shortPart(const QString& part) {
    const auto isDigit = [](QChar letter) { return letter.isDigit(); };
    const auto end = std::find_if_not(part.crbegin(), part.crend(), isDigit);
    const qsizetype digits = end - part.crbegin();
    if (part.size() - digits < 3) return part;
    return part.left(1) + QChar(0x2026) + part.right(digits);
}

}  // namespace

QString elidedNames(const QFontMetrics& metrics, QString text, int width, Qt::TextElideMode mode) {
    static const QRegularExpression kDotted(QStringLiteral("[A-Za-z_]\\w*(?:\\.\\w+)+"));
    auto names = kDotted.globalMatch(text);
    while (names.hasNext()) {
        QString name = names.next().captured();
        QStringList parts = name.split(QLatin1Char('.'));
        for (QString& part : parts) {
            if (metrics.horizontalAdvance(text) <= width) return text;
            part = shortPart(part);
            const QString shorter = parts.join(QLatin1Char('.'));
            text.replace(name, shorter);
            name = shorter;
        }
    }
    return metrics.elidedText(text, mode, width);
}

}  // namespace espalier::style
