// SPDX-License-Identifier: GPL-3.0-or-later
// Results as people read them on a terminal.
#pragma once

#include <string>

#include "core/exchange/reports.h"

namespace espalier::cli {

/// Non-zeros, effective MACs and file size, before and after; then one line per layer.
std::string describe(const exchange::PruneReport& report);

/// "top-1 98.97 %, top-5 100.00 %, loss 0.0312 on 10 000 test samples in 1.2 s", or what else was
/// measured.
std::string describe(const measure::Evaluation& evaluation);

}  // namespace espalier::cli
