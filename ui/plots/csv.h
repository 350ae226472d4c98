// SPDX-License-Identifier: GPL-3.0-or-later
// Cells of a CSV table (RFC 4180).
#pragma once

#include <QByteArray>
#include <QString>

namespace espalier::plots {

/// `text` as one field: quoted when it holds a comma, a quote or a line break.
QString csvField(const QString& text);
/// Nine significant digits with a point; empty for NaN.
QString csvNumber(double value);
/// The same onto the end of a table, for those of a million numbers: UTF-8.
void appendCsvNumber(QByteArray& table, double value);

}  // namespace espalier::plots
