// SPDX-License-Identifier: GPL-3.0-or-later
// What the filter box of the layer list understands: "conv1 sparsity<0.3 params>1e6 type:conv".
#pragma once

#include <functional>
#include <vector>

#include <QString>

#include "core/model/layer.h"

namespace espalier::ui {

/// What a filter may ask about a layer.
struct LayerFacts {
    const model::Layer& layer;
    double sparsity = 0;
    bool isLocked = false;
    QString group = {};  ///< letter of its channel group; empty: none
};

/// Words separated by spaces, all of which must hold: a comparison of `sparsity` (0.3 or 30%),
/// `params`, `weights` or `macs` with <, <=, >, >=, =; `type:conv` (part of the operator's name);
/// `is:locked`, `is:prunable`; `group:A` (letter of its channel group); anything else is part of
/// the name. A comparison that is not finished yet lets everything through.
class LayerFilter {
public:
    LayerFilter() = default;
    explicit LayerFilter(const QString& text);

    bool accepts(const LayerFacts& facts) const;
    bool isEmpty() const { return m_conditions.empty(); }
    /// What is wrong with the text, for people; empty when it is well-formed.
    const QString& problem() const { return m_problem; }

private:
    using Condition = std::function<bool(const LayerFacts&)>;
    void add(const QString& word);
    void addComparison(const QString& key, const QString& comparator, const QString& number);
    void addProperty(const QString& key, const QString& value);

    std::vector<Condition> m_conditions;
    QString m_problem;
};

}  // namespace espalier::ui
