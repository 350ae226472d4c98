// SPDX-License-Identifier: GPL-3.0-or-later
// What several reports have in common.
#pragma once

#include <nlohmann/json.hpp>

#include "core/exchange/reports.h"

namespace espalier::exchange {

using Json = nlohmann::ordered_json;

inline Json header(const char* format) {
    return Json{{"format", format}, {"version", 1}};
}

/// The report in words that name no option of the command line: pages are read beside either
/// program.
PruneReport forBothPrograms(PruneReport report);

Json evaluationJson(const measure::Evaluation& evaluation);

}  // namespace espalier::exchange
