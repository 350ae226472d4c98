// SPDX-License-Identifier: GPL-3.0-or-later
// The only door to QCustomPlot, whose header does not compile with QT_NO_KEYWORDS.
// Include it in .cpp files, after every other header that is not Qt's own.
#pragma once

#define signals Q_SIGNALS
#define slots Q_SLOTS
#define emit Q_EMIT
#define foreach Q_FOREACH
#include <qcustomplot.h>  // IWYU pragma: export
#undef foreach
#undef emit
#undef slots
#undef signals
