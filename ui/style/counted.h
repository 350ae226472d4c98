// SPDX-License-Identifier: GPL-3.0-or-later
// One weight, two weights.
#pragma once

#include <cstdint>

#include <QString>

namespace espalier::style {

/// The words for that many: `one` stands alone with its number, `others` go with any other count,
/// 0 included. Where a number is to be put in, both say "%1".
inline QString counted(std::int64_t count, const QString& one, const QString& others) {
    return count == 1 ? one : others;
}

}  // namespace espalier::style
