// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/option_names.h"

#include <string_view>

namespace espalier {

namespace {

bool isLetter(char c) {
    return c >= 'a' && c <= 'z';
}

bool beginsWithOption(std::string_view text) {
    if (text.starts_with("espalier-cli")) return true;
    return text.size() > 2 && text.starts_with("--") && isLetter(text[2]);
}

/// Whether one of the words names an option or the command line.
bool namesOption(std::string_view words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool isStart = i == 0 || words[i - 1] == ' ' || words[i - 1] == '\n';
        if (isStart && beginsWithOption(words.substr(i))) return true;
    }
    return false;
}

}  // namespace

std::string withoutOptions(std::string text) {
    std::size_t open = std::string::npos;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '(') open = i;
        if (text[i] != ')' || open == std::string::npos) continue;
        if (namesOption(std::string_view(text).substr(open + 1, i - open - 1))) {
            const std::size_t before = text.find_last_not_of(" \n", open - 1);
            const std::size_t from = open == 0 || before == std::string::npos ? 0 : before + 1;
            text.erase(from, i + 1 - from);
            i = from - 1;  // wraps at 0, and is 0 after the step
        }
        open = std::string::npos;
    }
    return text;
}

}  // namespace espalier
