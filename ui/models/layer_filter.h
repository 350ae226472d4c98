// SPDX-License-Identifier: GPL-3.0-or-later
// What the filter field of the layer list understands: "conv sparsity<0.3 (params>1e5 or macs>1M)".
#pragma once

#include <optional>

#include "ui/models/filter_parser.h"

namespace espalier::ui {

/// The filter that was understood last. See parseFilter for the language.
class LayerFilter {
public:
    LayerFilter() = default;
    explicit LayerFilter(const QString& text) { setText(text); }

    /// A text with a problem changes nothing but problem(): what was accepted stays accepted.
    void setText(const QString& text);
    bool accepts(const LayerFacts& facts) const { return !m_condition || m_condition(facts); }
    const std::optional<FilterProblem>& problem() const { return m_problem; }

private:
    LayerCondition m_condition;  // none: everything
    std::optional<FilterProblem> m_problem;
};

}  // namespace espalier::ui
