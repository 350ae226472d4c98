// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/format.h"
#include "core/data/dataset_torch.h"
#include "core/data/random.h"

namespace espalier::data {

std::string_view name(Split split) {
    switch (split) {
        case Split::Train:
            return "train";
        case Split::Validation:
            return "validation";
        case Split::Test:
            return "test";
    }
    return "";
}

Result<Split> parseSplit(std::string_view text) {
    if (text == "train") return Split::Train;
    if (text == "val" || text == "validation") return Split::Validation;
    if (text == "test") return Split::Test;
    return Error{Error::Kind::BadArgument, cat("Cannot read the split '", text, "'"),
                 "there is no split of that name", "Use train, validation or test"};
}

std::int64_t sampleCount(const Dataset& dataset, Split split) {
    switch (split) {
        case Split::Train:
            return dataset.info().train;
        case Split::Validation:
            return dataset.info().validation;
        case Split::Test:
            return dataset.info().test;
    }
    return 0;
}

TrainValidation stratifiedSplit(std::span<const std::int64_t> labels, double validation) {
    std::map<std::int64_t, std::vector<std::int64_t>>
        classes;  // ordered: the draw must not depend on hashing
    for (std::size_t i = 0; i < labels.size(); ++i)
        classes[labels[i]].push_back(static_cast<std::int64_t>(i));

    TrainValidation split;
    SplitMix64 random(0);
    for (auto& [label, samples] : classes) {
        shuffle(std::span(samples), random);
        const auto size = static_cast<std::int64_t>(samples.size());
        const std::int64_t wanted = std::llround(validation * static_cast<double>(size));
        const std::int64_t held = std::clamp<std::int64_t>(wanted, 0, size - 1);
        split.train.insert(split.train.end(), samples.begin(), samples.end() - held);
        split.validation.insert(split.validation.end(), samples.end() - held, samples.end());
    }
    std::ranges::sort(split.train);
    std::ranges::sort(split.validation);
    return split;
}

}  // namespace espalier::data
