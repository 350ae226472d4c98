// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/selection.h"

#include <algorithm>
#include <array>
#include <bit>

namespace espalier::prune {

namespace {

/// A radix selection over the bits of non-negative doubles, which have the doubles' order, from the
/// top. Scores that are floats have only zeros from the third digit on, and need two passes.
struct Digit {
    int shift;
    int bits;
};
constexpr std::array<Digit, 4> kDigits{{{46, 18}, {29, 17}, {12, 17}, {0, 12}}};

std::uint64_t maskOf(Digit digit) {
    return ((std::uint64_t{1} << digit.bits) - 1) << digit.shift;
}

struct DigitCounts {
    std::vector<std::int64_t> counts;
    std::uint64_t usedBits = 0;  // of the scores that were counted

    /// Counts the digit over the scores whose higher digits are those of `prefix`.
    bool take(const ScoreReader& reader, Digit digit, std::uint64_t prefix, RunControl& control) {
        const int end = digit.shift + digit.bits;
        const std::uint64_t higher = end < 64 ? ~((std::uint64_t{1} << end) - 1) : 0;
        return forEachRun(reader, control, [&](std::int64_t, std::span<const double> scores) {
            for (const double score : scores) {
                const auto key = std::bit_cast<std::uint64_t>(score);
                if ((key & higher) != prefix) continue;
                usedBits |= key;
                ++counts[(key & maskOf(digit)) >> digit.shift];
            }
        });
    }
};

}  // namespace

std::optional<Cut> lowest(std::span<const ScoreReader* const> readers, std::int64_t k,
                          RunControl& control) {
    if (k <= 0) return Cut{};
    std::uint64_t prefix = 0;
    std::uint64_t usedBits = ~std::uint64_t{0};
    std::int64_t rank = k - 1;  // of the last score taken, among those that start with `prefix`
    for (const Digit digit : kDigits) {
        if ((usedBits & maskOf(digit)) == 0) continue;
        DigitCounts found{std::vector<std::int64_t>(std::size_t{1} << digit.bits), 0};
        for (const ScoreReader* reader : readers) {
            if (!found.take(*reader, digit, prefix, control)) return std::nullopt;
        }
        usedBits = found.usedBits;
        std::uint64_t value = 0;
        while (rank >= found.counts[value]) rank -= found.counts[value++];
        prefix |= value << digit.shift;
    }
    return Cut{std::bit_cast<double>(prefix), rank + 1};
}

std::optional<std::vector<std::int64_t>> countTaken(std::span<const ScoreReader* const> readers,
                                                    Cut cut, RunControl& control) {
    std::vector<std::int64_t> taken;
    std::int64_t ties = cut.ties;
    for (const ScoreReader* reader : readers) {
        std::int64_t below = 0;
        std::int64_t equal = 0;
        const bool finished =
            forEachRun(*reader, control, [&](std::int64_t, std::span<const double> scores) {
                for (const double score : scores) {
                    below += score < cut.score;
                    equal += score == cut.score;
                }
            });
        if (!finished) return std::nullopt;
        const std::int64_t fromTies = std::min(equal, ties);
        ties -= fromTies;
        taken.push_back(below + fromTies);
    }
    return taken;
}

}  // namespace espalier::prune
