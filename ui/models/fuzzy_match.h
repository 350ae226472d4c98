// SPDX-License-Identifier: GPL-3.0-or-later
// How well a few typed letters fit a name: "exm" finds "Export masked model…".
#pragma once

#include <optional>
#include <vector>

#include <QString>

namespace espalier::ui {

struct FuzzyMatch {
    int score = 0;               ///< more is better; of one pattern alone
    std::vector<int> positions;  ///< of the matched characters in the text, ascending

    bool operator==(const FuzzyMatch&) const = default;
};

/// The best way to find all of `pattern`'s characters in `text`, in their order; none: there is
/// no way. Upper and lower case are one. Characters at the start of words and in a row count more,
/// a shorter text before a longer one. Takes pattern × text steps (dynamic programming, as in
/// Smith and Waterman 1981 with a constant gap penalty). An empty pattern fits everything alike.
std::optional<FuzzyMatch> fuzzyMatch(const QString& pattern, const QString& text);

}  // namespace espalier::ui
