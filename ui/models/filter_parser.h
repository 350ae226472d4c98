// SPDX-License-Identifier: GPL-3.0-or-later
// From the text of a filter to the question it asks about a layer.
#pragma once

#include <functional>
#include <variant>

#include "ui/models/filter_fields.h"

namespace espalier::ui {

using LayerCondition = std::function<bool(const LayerFacts&)>;

/// What is wrong with a filter's text, and where.
struct FilterProblem {
    QString text;    ///< a sentence for people, the place in it
    int at = 0;      ///< first character concerned, from 0
    int length = 0;  ///< 0: something is missing there

    bool operator==(const FilterProblem&) const = default;
};

/// The language:
///
///     either  = all { "or" all }
///     all     = term { ["and"] term }
///     term    = ("not" | "-") term | "(" either ")" | FIELD COMPARATOR NUMBER
///             | "type:" PART | "group:" LETTER | "is:locked" | "is:prunable" | WORD
///
/// A word, or a text in quotes, is part of the layer's name or type. Numbers may end in k, M, G or
/// %. An empty text accepts every layer.
std::variant<LayerCondition, FilterProblem> parseFilter(const QString& text);

}  // namespace espalier::ui
