// SPDX-License-Identifier: GPL-3.0-or-later
// A number with what it is of, read from the title of its axis.
#pragma once

#include <QString>

namespace espalier::plots {

/// "sparsity 60 %" for the title "sparsity, %"; "epoch 3" for "epoch".
inline QString quantityText(const QString& title, const QString& number) {
    const qsizetype comma = title.lastIndexOf(QStringLiteral(", "));
    if (comma < 0) return QStringLiteral("%1 %2").arg(title, number);
    return QStringLiteral("%1 %2\u2009%3").arg(title.left(comma), number, title.mid(comma + 2));
}

}  // namespace espalier::plots
