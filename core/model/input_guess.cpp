// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/model/input_hint_torch.h"
#include "core/model/inputs_torch.h"

namespace espalier::model {

namespace {

using script::DType;
using script::InputSpec;
using Shape = std::vector<std::int64_t>;

DType floatType(const torch::jit::Module& module) {
    static const std::map<at::ScalarType, DType> kTypes = {{at::kFloat, DType::Float32},
                                                           {at::kDouble, DType::Float64},
                                                           {at::kHalf, DType::Float16},
                                                           {at::kBFloat16, DType::BFloat16}};
    for (const auto& parameter : module.parameters()) {
        const auto found = kTypes.find(parameter.scalar_type());
        if (found != kTypes.end()) return found->second;
    }
    return DType::Float32;
}

constexpr std::array<std::int64_t, 22> kImageSizes = {224, 64,  32, 28, 96,  128, 256, 299,
                                                      384, 48,  84, 16, 112, 160, 192, 227,
                                                      320, 512, 20, 24, 40,  8};
constexpr std::array<std::int64_t, 8> kLengths = {128, 64, 32, 16, 512, 256, 8, 1};
constexpr std::array<std::int64_t, 7> kSignalLengths = {16000, 1024, 256, 128, 100, 64, 32};

/// What a model that starts by growing is given: small maps.
std::vector<Shape> seedShapes(std::int64_t channels) {
    std::vector<Shape> shapes;
    for (const std::int64_t size : {4, 1, 8, 7, 16, 32, 64, 224}) {
        shapes.push_back({1, channels, size, size});
    }
    shapes.push_back({1, channels});
    return shapes;
}

/// Several images at a time, images without a batch, spectrograms without channels.
void addRareImages(std::vector<Shape>& shapes, std::int64_t channels) {
    for (const std::int64_t size : {224, 64, 32}) {
        for (const std::int64_t frames : {8, 4}) {
            shapes.push_back({1, frames, channels, size, size});
        }
        shapes.push_back({channels, size, size});
    }
    if (channels != 1) return;
    for (const auto& [time, bands] : {std::pair{1024, 128}, {64, 32}, {100, 40}, {128, 80}}) {
        shapes.push_back({1, time, bands});
        shapes.push_back({1, bands, time});
    }
}

std::vector<Shape> imageShapes(std::int64_t channels) {
    std::vector<Shape> shapes;
    for (const auto size : kImageSizes) shapes.push_back({1, channels, size, size});
    for (const std::int64_t size : {224, 64, 32, 28}) shapes.push_back({1, size, size, channels});
    if (channels == 1) {
        for (const std::int64_t size : {224, 64, 32, 28}) shapes.push_back({1, size, size});
    }
    addRareImages(shapes, channels);
    return shapes;
}

std::vector<Shape> featureShapes(std::int64_t features) {
    std::vector<Shape> shapes = {{1, features}, {1, 16, features}, {1, features, 16}};
    for (const std::int64_t channels : {1, 3}) {
        const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(features / channels)));
        if (side > 1 && side * side * channels == features) {
            shapes.push_back({1, channels, side, side});
        }
    }
    for (const std::int64_t size : {224, 64, 32, 28}) shapes.push_back({1, 3, size, size});
    shapes.push_back({1, 4, 4, features});
    shapes.push_back({features});
    shapes.push_back({1});
    return shapes;
}

std::vector<Shape> shapesFor(const Hint& hint) {
    std::vector<Shape> shapes;
    switch (hint.kind) {
        case Hint::Kind::Image:
            return imageShapes(hint.size);
        case Hint::Kind::Seed:
            return seedShapes(hint.size);
        case Hint::Kind::Volume:
            for (const std::int64_t size : {112, 64, 32, 16}) {
                shapes.push_back({1, hint.size, 16, size, size});
                shapes.push_back({1, hint.size, size, size, size});
                shapes.push_back({1, 16, hint.size, size, size});
                shapes.push_back({1, 4, hint.size, size, size});
            }
            return shapes;
        case Hint::Kind::Signal:
            for (const auto length : kSignalLengths) shapes.push_back({1, hint.size, length});
            for (const auto length : kSignalLengths) shapes.push_back({1, length, hint.size});
            if (hint.size == 1) shapes.push_back({1, 16000});
            return shapes;
        case Hint::Kind::Features:
            return featureShapes(hint.size);
        case Hint::Kind::Sequence:
            return {{1, 16, hint.size}, {16, hint.size}, {1, hint.size}};
        case Hint::Kind::Ids:
            for (const auto length : kLengths) shapes.push_back({1, length});
            shapes.push_back({1});
            return shapes;
        case Hint::Kind::Unknown:
            return {{1, 3, 224, 224}, {1, 1, 28, 28}, {1, 16}, {1, 16, 64}, {1}};
    }
    return shapes;
}

/// The candidates of one argument, in the order to try.
std::vector<InputSpec> candidatesFor(const Hint& hint, bool isList, DType dtype) {
    std::vector<InputSpec> candidates;
    for (auto& shape : shapesFor(hint)) {
        InputSpec spec{std::move(shape), dtype, std::nullopt, isList};
        if (isList && hint.kind == Hint::Kind::Image) spec.shape.erase(spec.shape.begin());
        if (hint.kind == Hint::Kind::Ids) {
            spec.dtype = DType::Int64;
            spec.range = script::ValueRange{0, static_cast<double>(hint.size)};
        }
        candidates.push_back(std::move(spec));
    }
    return candidates;
}

constexpr std::size_t kLikelyCompanions = 3;  ///< of those below: tried first, with every size

/// For an argument that meets no weight: like the first argument, as a mask, as numbers; then one
/// number per sample (a step, a label, a length), and one per token.
std::vector<InputSpec> companionsOf(const InputSpec& first, DType dtype) {
    auto mask = first;
    mask.dtype = DType::Int64;
    mask.range = script::ValueRange{0, 2};
    auto numbers = first;
    numbers.dtype = dtype;
    numbers.range.reset();
    auto flags = mask;
    flags.dtype = DType::Bool;
    flags.range.reset();
    std::vector<InputSpec> all = first.dtype == DType::Int64 ? std::vector{mask, numbers, flags}
                                                             : std::vector{numbers, mask, flags};
    auto perSample = mask;
    perSample.shape = {first.shape[0]};
    auto perToken = numbers;
    if (perToken.shape.size() > 1) perToken.shape.resize(perToken.shape.size() - 1);
    auto length = perSample;
    const auto tokens = static_cast<double>(first.shape.size() > 1 ? first.shape[1] : 1);
    length.range = script::ValueRange{tokens, tokens + 1};
    auto real = numbers;
    real.shape = {first.shape[0]};
    all.insert(all.end(), {perSample, length, real, perToken});
    return all;
}

}  // namespace

std::vector<std::vector<InputSpec>> guessInputs(const script::Program& program,
                                                std::span<const ForwardArgument> arguments) {
    if (arguments.empty()) return {{}};
    const auto dtype = floatType(program.module);
    std::vector<std::vector<InputSpec>> candidates;  // by argument; empty where nothing is known
    std::size_t longest = 1;
    std::size_t leader = arguments.size();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto hint = hintOf(program, *arguments[i].value);
        const bool isKnown = hint.kind != Hint::Kind::Unknown || arguments.size() == 1;
        candidates.push_back(isKnown ? candidatesFor(hint, arguments[i].isList, dtype)
                                     : std::vector<InputSpec>());
        if (isKnown && leader == arguments.size()) leader = i;
        longest = std::max(longest, candidates.back().size());
    }
    if (leader == arguments.size()) {
        leader = 0;
        candidates[0] = candidatesFor({}, arguments[0].isList, dtype);
        longest = std::max(longest, candidates[0].size());
    }
    const bool hasCompanions =
        std::ranges::any_of(candidates, [](const auto& own) { return own.empty(); });
    std::vector<std::vector<InputSpec>> guesses;
    const auto add = [&](std::size_t round, std::size_t variant) {
        auto& guess = guesses.emplace_back();
        const auto& leading = candidates[leader];
        const auto companions = companionsOf(leading[std::min(round, leading.size() - 1)], dtype);
        for (const auto& own : candidates) {
            guess.push_back(own.empty() ? companions[variant]
                                        : own[std::min(round, own.size() - 1)]);
        }
    };
    const std::size_t variants = hasCompanions ? kLikelyCompanions + 4 : 1;
    for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>(0, kLikelyCompanions),
                                   std::pair<std::size_t, std::size_t>(kLikelyCompanions, 99)}) {
        for (std::size_t round = 0; round < longest; ++round) {
            for (auto variant = from; variant < std::min(to, variants); ++variant) {
                add(round, variant);
            }
        }
    }
    return guesses;
}

}  // namespace espalier::model
