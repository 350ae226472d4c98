// SPDX-License-Identifier: GPL-3.0-or-later
// When something was written, for people.
#pragma once

#include <QDateTime>
#include <QString>

namespace espalier::ui {

/// "today 21:40", or with the date.
QString whenText(const QDateTime& when);

}  // namespace espalier::ui
