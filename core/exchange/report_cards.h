// SPDX-License-Identifier: GPL-3.0-or-later
// The six figures that a report begins with: those of the window's impact bar, in its order.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "core/exchange/reports.h"

namespace espalier::exchange {

/// What a figure rests on.
enum class Basis { Measured, Estimate, NotMeasured };

struct ReportCard {
    std::string key;    ///< "parameters", as in the JSON
    std::string title;  ///< "Parameters"
    std::string unit;   ///< of the values: "MACs", "bytes", "ms", "share"; empty: a plain count
    std::optional<double> before{};  ///< none: not known
    std::optional<double> after{};
    Basis basis = Basis::Measured;
    std::string note{};  ///< beside the basis: "validation, 540 samples"
    bool hasBar = true;  ///< less is better: a bar shows what is left

    bool isCount() const { return unit.empty() || unit == "MACs" || unit == "bytes"; }
    /// A value as people read it.
    std::string text(double value) const;
};

/// Parameters, non-zeros, MACs, file, accuracy, latency.
std::array<ReportCard, 6> cardsOf(const PruneReport& report);

/// "measured", "estimate", "not measured".
std::string nameOf(Basis basis);

std::string cardsHtml(const PruneReport& report);

}  // namespace espalier::exchange
