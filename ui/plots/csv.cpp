// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/csv.h"

#include <charconv>
#include <cmath>

namespace espalier::plots {

QString csvField(const QString& text) {
    if (!text.contains(u',') && !text.contains(u'"') && !text.contains(u'\n')) return text;
    QString escaped = text;
    escaped.replace(u'"', QStringLiteral("\"\""));
    return u'"' + escaped + u'"';
}

QString csvNumber(double value) {
    QByteArray text;
    appendCsvNumber(text, value);
    return QString::fromLatin1(text);
}

void appendCsvNumber(QByteArray& table, double value) {
    if (std::isnan(value)) return;
    char text[32];
    const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::general, 9);
    table.append(text, end.ptr - text);
}

}  // namespace espalier::plots
