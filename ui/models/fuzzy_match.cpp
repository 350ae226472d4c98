// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/fuzzy_match.h"

#include <algorithm>
#include <limits>

namespace espalier::ui {

namespace {

constexpr int kNone = std::numeric_limits<int>::min() / 2;
constexpr int kMatched = 16;
constexpr int kFirst = 12;     // at the start of the text
constexpr int kWordStart = 8;  // of another word
constexpr int kInARow = 10;
constexpr int kGap = -4;
constexpr int kLengthShare = 8;  // so many characters more cost one point

bool startsWord(const QString& text, int at) {
    if (at == 0 || !text[at].isLetterOrNumber()) return at == 0;
    const QChar before = text[at - 1];
    return !before.isLetterOrNumber() || (before.isLower() && text[at].isUpper()) ||
           (before.isLetter() && text[at].isDigit());
}

/// The best score of a match that ends at each place of the text, and the place before it.
struct Row {
    explicit Row(std::size_t size) : scores(size, kNone), from(size, -1) {}

    std::vector<int> scores;
    std::vector<int> from;
};

/// `last`: the row of the character before; null: there is none.
Row rowOf(QChar wanted, const QString& text, const Row* last) {
    Row row(static_cast<std::size_t>(text.size()));
    int best = -1;  // place before the one just before, where a match with a gap goes on
    for (int at = 0; at < text.size(); ++at) {
        const auto i = static_cast<std::size_t>(at);
        if (last && at >= 2 && (best < 0 || last->scores[i - 2] > last->scores[std::size_t(best)]))
            best = at - 2;
        if (text[at].toCaseFolded() != wanted) continue;
        int score = last ? kNone : 0;
        if (last && best >= 0) {
            score = last->scores[static_cast<std::size_t>(best)] + kGap;
            row.from[i] = best;
        }
        if (last && at >= 1 && last->scores[i - 1] + kInARow > score) {
            score = last->scores[i - 1] + kInARow;
            row.from[i] = at - 1;
        }
        if (score <= kNone / 2) continue;
        const int bonus = at == 0 ? kFirst : startsWord(text, at) ? kWordStart : 0;
        row.scores[i] = score + kMatched + bonus;
    }
    return row;
}

}  // namespace

std::optional<FuzzyMatch> fuzzyMatch(const QString& pattern, const QString& text) {
    if (pattern.isEmpty()) return FuzzyMatch{};
    if (pattern.size() > text.size()) return {};
    std::vector<Row> rows;
    for (const QChar wanted : pattern)
        rows.push_back(rowOf(wanted.toCaseFolded(), text, rows.empty() ? nullptr : &rows.back()));
    const auto& scores = rows.back().scores;
    const auto end = std::ranges::max_element(scores);
    if (*end <= kNone / 2) return {};
    FuzzyMatch match{*end - static_cast<int>(text.size()) / kLengthShare, {}};
    int at = static_cast<int>(end - scores.begin());
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        match.positions.push_back(at);
        at = row->from[static_cast<std::size_t>(at)];
    }
    std::ranges::reverse(match.positions);
    return match;
}

}  // namespace espalier::ui
