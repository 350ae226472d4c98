// SPDX-License-Identifier: GPL-3.0-or-later
// What the filter of the layer list can ask about a layer, by name.
#pragma once

#include <optional>
#include <span>

#include <QString>
#include <QStringList>

#include "core/model/layer.h"

namespace espalier::ui {

struct LayerFacts {
    const model::Layer& layer;
    double sparsity = 0;
    bool isLocked = false;
    QString group = {};  ///< letter of its channel group; empty: none
    std::int64_t nonzeros = 0;
    std::optional<std::int64_t> channels = {};  ///< of its group, those that stay; none: no group
};

/// A number of each layer. A layer that has none satisfies no comparison.
struct FilterField {
    enum class Unit { Share, Count };  ///< a share is from 0 to 1

    const char* name;
    Unit unit;
    std::optional<double> (*of)(const LayerFacts&);
};

std::span<const FilterField> filterFields();
/// Upper and lower case are one; null: there is none of that name.
const FilterField* filterField(const QString& name);
/// "sparsity, params, …".
QString filterFieldNames();
/// Every word that has a meaning, as it is typed: fields, "type:", "is:locked", "or" …
QStringList filterWords();
/// Whether the last word of `text` is the name of a field, or begins one: a comparison may follow.
bool endsInField(const QString& text);

}  // namespace espalier::ui
