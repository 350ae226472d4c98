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

namespace {

using Indices = std::vector<std::int64_t>;

/// The samples of each class, by ascending label: the draw must not depend on hashing.
std::vector<Indices> byClass(std::span<const std::int64_t> labels) {
    std::map<std::int64_t, Indices> classes;
    for (std::size_t i = 0; i < labels.size(); ++i)
        classes[labels[i]].push_back(static_cast<std::int64_t>(i));
    std::vector<Indices> samples;
    for (auto& [label, ofClass] : classes) samples.push_back(std::move(ofClass));
    return samples;
}

std::int64_t shareOf(std::int64_t samples, double share) {
    return std::llround(share * static_cast<double>(samples));
}

/// Classes that are too small to give anything alone give their share together: one sample each, of
/// classes that are drawn. Those of one sample give theirs only where there are no larger ones.
void holdOutTogether(const std::vector<Indices>& classes, double share, SplitMix64& random,
                     Indices& held) {
    const bool isEachAlone =
        std::ranges::all_of(classes, [](const Indices& samples) { return samples.size() == 1; });
    std::int64_t samples = 0;
    std::vector<std::size_t> able;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        if (held[i] > 0) continue;
        samples += std::ssize(classes[i]);
        if (isEachAlone || classes[i].size() > 1) able.push_back(i);
    }
    shuffle(std::span(able), random);
    const std::int64_t most = std::ssize(able) - (isEachAlone ? 1 : 0);  // training keeps some
    const std::int64_t wanted = std::min(shareOf(samples, share), most);
    for (std::int64_t i = 0; i < wanted; ++i) held[able[static_cast<std::size_t>(i)]] = 1;
}

}  // namespace

TrainValidation stratifiedSplit(std::span<const std::int64_t> labels, double validation) {
    std::vector<Indices> classes = byClass(labels);
    SplitMix64 random(0);
    Indices held;  // of each class
    for (Indices& samples : classes) {
        shuffle(std::span(samples), random);
        const std::int64_t size = std::ssize(samples);
        held.push_back(std::clamp<std::int64_t>(shareOf(size, validation), 0, size - 1));
    }
    holdOutTogether(classes, validation, random, held);

    TrainValidation split;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const Indices& samples = classes[i];
        split.train.insert(split.train.end(), samples.begin(), samples.end() - held[i]);
        split.validation.insert(split.validation.end(), samples.end() - held[i], samples.end());
    }
    std::ranges::sort(split.train);
    std::ranges::sort(split.validation);
    return split;
}

std::vector<std::int64_t> stratifiedSample(std::span<const std::int64_t> labels,
                                           std::int64_t count) {
    std::vector<Indices> classes = byClass(labels);
    const std::int64_t total = std::ssize(labels);
    const std::int64_t wanted = std::clamp<std::int64_t>(count, 0, total);

    struct Share {
        std::size_t ofClass = 0;
        std::int64_t taken = 0;
        std::int64_t remainder = 0;  // in parts of `total`
    };
    std::vector<Share> shares;
    std::int64_t left = wanted;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const std::int64_t quota = wanted * std::ssize(classes[i]);
        shares.push_back({i, quota / total, quota % total});
        left -= quota / total;
    }
    std::ranges::stable_sort(shares, std::ranges::greater(), &Share::remainder);
    for (std::int64_t i = 0; i < left; ++i) ++shares[static_cast<std::size_t>(i)].taken;
    std::ranges::sort(shares, {}, &Share::ofClass);

    Indices sample;
    SplitMix64 random(0);
    for (const Share& share : shares) {
        Indices& samples = classes[share.ofClass];
        shuffle(std::span(samples), random);
        sample.insert(sample.end(), samples.begin(), samples.begin() + share.taken);
    }
    std::ranges::sort(sample);
    return sample;
}

}  // namespace espalier::data
