// SPDX-License-Identifier: GPL-3.0-or-later
// The filter of the layer list cut into words: "-conv (params>=1e5 or "or")".
#pragma once

#include <vector>

#include <QString>

namespace espalier::ui {

struct FilterToken {
    enum class Kind {
        Word,        ///< a name, a field, a number, "or", "type:conv"
        Quoted,      ///< `text` without its quotes
        Unclosed,    ///< a quote with no end
        Comparator,  ///< < <= > >= = !=
        Minus,       ///< before a word: not
        Open,
        Close,
        End
    };

    Kind kind = Kind::End;
    QString text;
    int at = 0;  ///< where it begins, in characters from 0

    bool operator==(const FilterToken&) const = default;
};

/// The last one is End. Any text has tokens; "==" is read as "=".
std::vector<FilterToken> filterTokens(const QString& text);

}  // namespace espalier::ui
