// SPDX-License-Identifier: GPL-3.0-or-later
// What the core says, as the window says it.
#pragma once

#include <QString>

namespace espalier::style {

/// Without options and verbs of the command line, which stand in parentheses of their own: of
/// "Attach data (--data)." and "The list says why (espalier-cli inspect)." those go.
QString withoutOptions(QString text);

}  // namespace espalier::style
