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

ScanFigures& ScanFigures::operator+=(const ScanFigures& other) {
    top1 += other.top1;
    top5 += other.top5;
    loss += other.loss;
    score += other.score;
    return *this;
}

ScanFigures ScanFigures::operator/(double samples) const {
    return {top1 / samples, top5 / samples, loss / samples, score / samples};
}

}  // namespace espalier::measure
