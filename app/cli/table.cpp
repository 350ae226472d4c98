// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/table.h"

#include <algorithm>

namespace espalier::cli {

namespace {

/// Characters in UTF-8 text: bytes that do not continue one.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string cell(const std::string& text, std::size_t columns, Align align) {
    const std::string space(columns - width(text), ' ');
    return align == Align::Left ? text + space : space + text;
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows,
                  const std::vector<Align>& alignment) {
    std::vector<std::size_t> widths(alignment.size(), 0);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += (i ? "  " : "") + cell(row[i], widths[i], alignment[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += (text.empty() ? "" : "\n") + line;
    }
    return text;
}

}  // namespace espalier::cli
