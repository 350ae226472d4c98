// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_filter.h"

namespace espalier::ui {

void LayerFilter::setText(const QString& text) {
    auto parsed = parseFilter(text);
    m_problem.reset();
    if (auto* problem = std::get_if<FilterProblem>(&parsed)) {
        m_problem = std::move(*problem);
    } else {
        m_condition = std::move(std::get<LayerCondition>(parsed));
    }
}

}  // namespace espalier::ui
