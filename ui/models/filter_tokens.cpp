// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/filter_tokens.h"

namespace espalier::ui {

namespace {

using Kind = FilterToken::Kind;

/// Length of the comparator at `at`; 0: there is none.
int comparatorLength(const QString& text, int at) {
    const QStringView rest = QStringView(text).mid(at);
    for (const char* two : {"<=", ">=", "!=", "=="}) {
        if (rest.startsWith(QLatin1String(two))) return 2;
    }
    return rest.startsWith(u'<') || rest.startsWith(u'>') || rest.startsWith(u'=') ? 1 : 0;
}

bool endsWord(const QString& text, int at) {
    const QChar c = text[at];
    return c.isSpace() || c == u'(' || c == u')' || c == u'"' || comparatorLength(text, at) > 0;
}

/// The token at `at`, where there is no space, and its length in the text.
std::pair<FilterToken, int> tokenAt(const QString& text, int at) {
    const auto symbol = [at](Kind kind, const QString& sign, int length) {
        return std::pair(FilterToken{kind, sign, at}, length);
    };
    const QChar first = text[at];
    if (first == u'(') return symbol(Kind::Open, first, 1);
    if (first == u')') return symbol(Kind::Close, first, 1);
    if (first == u'-') return symbol(Kind::Minus, first, 1);
    if (const int length = comparatorLength(text, at); length > 0) {
        const QString sign = text.mid(at, length);
        return symbol(Kind::Comparator, sign == QLatin1String("==") ? QStringLiteral("=") : sign,
                      length);
    }
    if (first == u'"') {
        const auto end = static_cast<int>(text.indexOf(u'"', at + 1));
        return end < 0
                   ? symbol(Kind::Unclosed, text.mid(at + 1), static_cast<int>(text.size()) - at)
                   : symbol(Kind::Quoted, text.mid(at + 1, end - at - 1), end - at + 1);
    }
    int end = at + 1;
    while (end < text.size() && !endsWord(text, end)) ++end;
    return symbol(Kind::Word, text.mid(at, end - at), end - at);
}

}  // namespace

std::vector<FilterToken> filterTokens(const QString& text) {
    std::vector<FilterToken> tokens;
    int at = 0;
    while (at < text.size()) {
        if (text[at].isSpace()) {
            ++at;
            continue;
        }
        auto [token, length] = tokenAt(text, at);
        tokens.push_back(std::move(token));
        at += length;
    }
    tokens.push_back({Kind::End, {}, static_cast<int>(text.size())});
    return tokens;
}

}  // namespace espalier::ui
