// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/csv.h"

#include <cmath>

namespace espalier::plots {

QString csvField(const QString& text) {
    if (!text.contains(u',') && !text.contains(u'"') && !text.contains(u'\n')) return text;
    QString escaped = text;
    escaped.replace(u'"', QStringLiteral("\"\""));
    return u'"' + escaped + u'"';
}

QString csvNumber(double value) {
    return std::isnan(value) ? QString() : QString::number(value, 'g', 9);
}

}  // namespace espalier::plots
