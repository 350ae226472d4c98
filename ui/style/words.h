// SPDX-License-Identifier: GPL-3.0-or-later
// What the core says, as the window says it.
#pragma once

#include <QString>

namespace espalier::style {

/// As core/base/option_names.h has it.
QString withoutOptions(const QString& text);

}  // namespace espalier::style
