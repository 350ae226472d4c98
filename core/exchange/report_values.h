// SPDX-License-Identifier: GPL-3.0-or-later
// What the JSON of several reports has in common.
#pragma once

#include <nlohmann/json.hpp>

#include "core/measure/evaluate.h"

namespace espalier::exchange {

using Json = nlohmann::ordered_json;

inline Json header(const char* format) {
    return Json{{"format", format}, {"version", 1}};
}

Json evaluationJson(const measure::Evaluation& evaluation);

}  // namespace espalier::exchange
