// SPDX-License-Identifier: GPL-3.0-or-later
// Text and tables as HTML, for reports.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace espalier::exchange {

/// `text` as it may stand in an element or in a quoted attribute. Control characters, which HTML
/// does not allow, become U+FFFD.
std::string escaped(std::string_view text);

/// A cell that is more than text.
struct Cell {
    Cell(std::string plain) : html(escaped(plain)) {}
    Cell(const char* plain) : html(escaped(plain)) {}
    static Cell ofHtml(std::string markup);

    std::string html;
    bool isText = false;  ///< words, to be read from the left
};

using Row = std::vector<Cell>;

/// The first row is the head. The first column, and cells that are words, begin at the left.
std::string tableOf(const std::string& caption, const std::vector<Row>& rows);

/// A cell of words.
Cell words(std::string text);

/// <h2>, with what is below it in one section.
std::string section(std::string_view title, const std::string& html);

/// A text that is unfolded on demand: JSON, a list.
std::string folded(std::string_view title, std::string_view text);

}  // namespace espalier::exchange
