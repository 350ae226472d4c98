// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <functional>
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

std::vector<std::int64_t> stratifiedSample(std::span<const std::int64_t> labels,
                                           std::int64_t count) {
    std::map<std::int64_t, std::vector<std::int64_t>> classes;
    for (std::size_t i = 0; i < labels.size(); ++i)
        classes[labels[i]].push_back(static_cast<std::int64_t>(i));
    const std::int64_t total = std::ssize(labels);
    const std::int64_t wanted = std::clamp<std::int64_t>(count, 0, total);

    struct Share {
        std::int64_t label = 0;
        std::int64_t taken = 0;
        std::int64_t remainder = 0;  // in parts of `total`
    };
    std::vector<Share> shares;
    std::int64_t left = wanted;
    for (const auto& [label, samples] : classes) {
        const std::int64_t quota = wanted * std::ssize(samples);
        shares.push_back({label, quota / total, quota % total});
        left -= quota / total;
    }
    std::ranges::stable_sort(shares, std::ranges::greater(), &Share::remainder);
    for (std::int64_t i = 0; i < left; ++i) ++shares[static_cast<std::size_t>(i)].taken;
    std::ranges::sort(shares, {}, &Share::label);

    std::vector<std::int64_t> sample;
    SplitMix64 random(0);
    for (const Share& share : shares) {
        auto& samples = classes[share.label];
        shuffle(std::span(samples), random);
        sample.insert(sample.end(), samples.begin(), samples.begin() + share.taken);
    }
    std::ranges::sort(sample);
    return sample;
}

}  // namespace espalier::data
