// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers in the user's language.
#pragma once

#include <string>

#include <QString>

namespace espalier::style {

/// A number as core/base/format.h writes it ("62.4 %", "1.47 M"), with the decimal sign of
/// QLocale(). Only for what is shown: files and commands keep the point. Call on any thread.
QString numberText(const std::string& number);

}  // namespace espalier::style
