// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/markup.h"

#include <utility>

#include "core/base/format.h"

namespace espalier::exchange {

namespace {

std::string_view entityOf(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

bool isControl(char c) {
    const auto code = static_cast<unsigned char>(c);
    return (code < ' ' && c != '\n' && c != '\t') || code == 0x7f;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (const auto entity = entityOf(c); !entity.empty()) {
            result += entity;
        } else if (isControl(c)) {
            result += "\uFFFD";
        } else {
            result += c;
        }
    }
    return result;
}

Cell Cell::ofHtml(std::string markup) {
    Cell cell("");
    cell.html = std::move(markup);
    return cell;
}

Cell words(std::string text) {
    Cell cell(std::move(text));
    cell.isText = true;
    return cell;
}

std::string tableOf(const std::string& caption, const std::vector<Row>& rows) {
    std::string html =
        cat("<div class=\"wide\"><table>\n<caption>", escaped(caption), "</caption>\n");
    for (std::size_t r = 0; r < rows.size(); ++r) {
        html += r == 0 ? "<thead><tr>" : "<tr>";
        for (std::size_t c = 0; c < rows[r].size(); ++c) {
            const Cell& cell = rows[r][c];
            const char* kind = cell.isText ? " class=\"text\"" : "";
            if (r == 0) {
                html += cat("<th scope=\"col\"", kind, ">", cell.html, "</th>");
            } else if (c == 0) {
                html += cat("<th scope=\"row\">", cell.html, "</th>");
            } else {
                html += cat("<td", kind, ">", cell.html, "</td>");
            }
        }
        html += r == 0 ? "</tr></thead>\n<tbody>\n" : "</tr>\n";
    }
    return html + "</tbody></table></div>\n";
}

std::string section(std::string_view title, const std::string& html) {
    if (html.empty()) return {};
    return cat("<section>\n<h2>", escaped(title), "</h2>\n", html, "</section>\n");
}

std::string folded(std::string_view title, std::string_view text) {
    if (text.empty()) return {};
    return cat("<details><summary>", escaped(title), "</summary><pre>", escaped(text),
               "</pre></details>\n");
}

}  // namespace espalier::exchange
