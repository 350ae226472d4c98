// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/slice.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "core/base/format.h"
#include "core/data/dataset_torch.h"
#include "core/data/empty_split.h"
#include "core/data/random.h"

namespace espalier::data {

namespace {

std::optional<std::int64_t> numberIn(std::string_view text) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool isWhole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    return isWhole ? std::optional(number) : std::nullopt;
}

/// "train" of "train[0:1024]".
std::string_view nameIn(std::string_view text) {
    return text.substr(0, text.find('['));
}

std::string splitsOf(const Dataset& dataset) {
    std::string list;
    for (const Split split : {Split::Train, Split::Validation, Split::Test}) {
        const std::int64_t count = sampleCount(dataset, split);
        if (count > 0) list += cat(list.empty() ? "" : ", ", name(split), " (", count, ")");
    }
    return list;
}

}  // namespace

std::string toString(const Slice& slice) {
    return cat(name(slice.split), "[", slice.begin, ":", slice.end, "]");
}

Result<Slice> parseSlice(std::string_view text) {
    const auto bad = [&](const std::string& why) {
        return Error{Error::Kind::BadArgument, cat("Cannot use the data slice \"", text, "\""), why,
                     "Write it like train[0:1024]"};
    };
    const auto split = parseSplit(nameIn(text));
    if (!split) return bad(split.error().why);
    std::string_view range = text.substr(nameIn(text).size());
    const auto colon = range.find(':');
    if (range.size() < 2 || range.back() != ']' || colon == std::string_view::npos)
        return bad("it has no range");
    range = range.substr(1, range.size() - 2);
    const auto begin = numberIn(range.substr(0, colon - 1));
    const auto end = numberIn(range.substr(colon));
    if (!begin || !end || *begin < 0 || *end <= *begin)
        return bad("its range is not two whole numbers, the smaller one first");
    return Slice{*split, *begin, *end};
}

Result<std::vector<std::int64_t>> indicesOf(const Dataset& dataset, const Slice& slice,
                                            std::uint64_t seed) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(sampleCount(dataset, slice.split)));
    const std::string what = cat("Cannot look at ", toString(slice), " of ", dataset.info().name);
    if (order.empty()) return emptySplit(what, dataset.info(), slice.split);
    const auto end = std::min(slice.end, std::ssize(order));
    if (slice.begin >= end) {
        return Error{Error::Kind::BadArgument, what,
                     cat("its ", name(slice.split), " split has ", order.size(), " samples"),
                     cat("Choose samples that are there: ", splitsOf(dataset))};
    }
    std::iota(order.begin(), order.end(), 0);
    SplitMix64 random(seed);
    shuffle(std::span(order), random);
    return std::vector(order.begin() + slice.begin, order.begin() + end);
}

}  // namespace espalier::data
