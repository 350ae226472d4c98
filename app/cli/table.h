// SPDX-License-Identifier: GPL-3.0-or-later
// Text tables for the terminal.
#pragma once

#include <string>
#include <vector>

namespace espalier::cli {

enum class Align { Left, Right };

/// Rows of equal length, the first of them the heading, as lines with aligned columns. Widths count
/// characters, not bytes.
std::string table(const std::vector<std::vector<std::string>>& rows,
                  const std::vector<Align>& alignment);

}  // namespace espalier::cli
