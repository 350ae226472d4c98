// SPDX-License-Identifier: GPL-3.0-or-later
// Names of layers where there is no room for all of them.
#pragma once

#include <QFontMetrics>
#include <QString>

namespace espalier::style {

/// `text` in at most `width` pixels. The parts of dotted names give way first, from the left, and
/// only as far as is needed: "layer1.0.conv1.weight" becomes "l…1.0.conv1.weight". Their numbers
/// stay, for these are what tells one layer of a deep model from another. What is still too long
/// is elided in the middle, or as `mode` says.
QString elidedNames(const QFontMetrics& metrics, QString text, int width,
                    Qt::TextElideMode mode = Qt::ElideMiddle);

}  // namespace espalier::style
