// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ops/abs.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sort.h>

#include "core/model/compact_floats.h"
#include "core/prune/criteria_torch.h"

namespace espalier::prune {

namespace {

/// Turns magnitudes, sorted ascending, into their scores, which ascend too: w² / (the sum of v²
/// from w on). Equal magnitudes score by their place in the order, as in the paper. Zeros score 0,
/// also where all are zero.
template <class Value>
void scoreSorted(std::span<Value> magnitudes) {
    double sum = 0;
    for (std::size_t i = magnitudes.size(); i-- > 0;) {
        const auto magnitude = static_cast<double>(magnitudes[i]);
        sum += magnitude * magnitude;
        magnitudes[i] = sum > 0 ? static_cast<Value>(magnitude * magnitude / sum) : Value(0);
    }
}

/// Scores in ascending order, of the type that the tensor of scores has.
template <class Value>
class SortedScores : public ScoreReader {
public:
    explicit SortedScores(std::vector<Value> sortedMagnitudes)
        : m_scores(std::move(sortedMagnitudes)) {
        scoreSorted(std::span<Value>(m_scores));
    }

    std::int64_t count() const override { return static_cast<std::int64_t>(m_scores.size()); }

    void read(std::int64_t begin, std::span<double> scores) const override {
        std::copy_n(m_scores.begin() + begin, scores.size(), scores.begin());
    }

private:
    std::vector<Value> m_scores;
};

/// Sorting 100 million floats takes about a second this way, and ten by comparing them.
std::unique_ptr<ScoreReader> floatScores(const model::WeightValues& weights, RunControl& control) {
    model::CompactFloats::Builder builder;
    std::size_t zeros = 0;
    const auto count = [&](std::span<const float> run) {
        for (const float value : run) {
            if (value == 0)
                ++zeros;
            else
                builder.count(std::abs(value));
        }
    };
    const auto add = [&](std::span<const float> run) {
        for (const float value : run) {
            if (value != 0) builder.add(std::abs(value));
        }
    };
    if (!model::forEachKeptRun<float>(weights, control, count)) return nullptr;
    builder.endCounting();
    if (!model::forEachKeptRun<float>(weights, control, add)) return nullptr;
    const auto sorted = std::move(builder).finish(control);
    if (!sorted) return nullptr;
    return std::make_unique<SortedScores<float>>(sorted->values(zeros));
}

std::unique_ptr<ScoreReader> doubleScores(const model::WeightValues& weights, RunControl& control) {
    std::vector<double> magnitudes;
    const auto add = [&](std::span<const double> run) {
        for (const double value : run) magnitudes.push_back(std::abs(value));
    };
    if (!model::forEachKeptRun<double>(weights, control, add)) return nullptr;
    std::sort(magnitudes.begin(), magnitudes.end());
    return std::make_unique<SortedScores<double>>(std::move(magnitudes));
}

std::unique_ptr<ScoreReader> lampScores(const ScoreInput& input, RunControl& control) {
    return input.weights.isDouble() ? doubleScores(input.weights, control)
                                    : floatScores(input.weights, control);
}

template <class Value>
at::Tensor scoreTensor(const at::Tensor& weight, at::ScalarType type) {
    const at::Tensor magnitudes = at::abs(weight.to(type)).flatten();
    auto [sorted, order] = at::sort(magnitudes, /*stable=*/true, /*dim=*/0, /*descending=*/false);
    scoreSorted(
        std::span<Value>(sorted.data_ptr<Value>(), static_cast<std::size_t>(sorted.numel())));
    return at::empty_like(magnitudes).scatter_(0, order, sorted).reshape(weight.sizes());
}

/// What the base mask removed counts as zero: it has no part in the sums, and scores 0.
at::Tensor lampTensor(const at::Tensor& weight, const ScoreInput& input) {
    at::Tensor values = weight;
    if (const at::Tensor& kept = input.weights.keptMask(); kept.defined()) {
        values = weight.masked_fill(kept.logical_not(), 0);
    }
    return input.weights.isDouble() ? scoreTensor<double>(values, at::kDouble)
                                    : scoreTensor<float>(values, at::kFloat);
}

}  // namespace

Criterion lampCriterion() {
    return {{"lamp", "w² / Σ v² over v² ≥ w²",
             "Magnitude, scaled so that layers can be compared (Lee 2021).", true},
            magnitudeCriterion().ranks,
            lampScores,
            lampTensor};
}

}  // namespace espalier::prune
