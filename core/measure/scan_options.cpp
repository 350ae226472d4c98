// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/format.h"
#include "core/measure/sensitivity.h"

namespace espalier::measure {

std::string_view nameOf(Structure structure) {
    return structure == Structure::Weights ? "weights" : "channels";
}

Result<Structure> parseStructure(std::string_view name) {
    for (const auto structure : {Structure::Weights, Structure::Channels}) {
        if (nameOf(structure) == name) return structure;
    }
    return Error{Error::Kind::BadArgument,
                 cat("Unknown structure \"", name, "\""),
                 {},
                 "Known are weights and channels"};
}

std::string ScanOptions::criterionName() const {
    if (!criterion.empty()) return criterion;
    return structure == Structure::Weights ? "magnitude" : "l2";
}

}  // namespace espalier::measure
