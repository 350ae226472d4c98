// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <ATen/ops/abs.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sort.h>

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

template <class Value>
class SortedScores : public ScoreReader {
public:
    explicit SortedScores(const model::WeightValues& weights) {
        std::array<Value, model::kRunLength> run;
        const bool* kept = weights.kept();
        m_scores.reserve(static_cast<std::size_t>(weights.count()));
        for (std::int64_t begin = 0; begin < weights.count(); begin += model::kRunLength) {
            const auto size =
                static_cast<std::size_t>(std::min(model::kRunLength, weights.count() - begin));
            weights.read(begin, std::span<Value>(run.data(), size));
            for (std::size_t i = 0; i < size; ++i) {
                if (!kept || kept[begin + static_cast<std::int64_t>(i)])
                    m_scores.push_back(std::abs(run[i]));
            }
        }
        std::sort(m_scores.begin(), m_scores.end());
        scoreSorted(std::span<Value>(m_scores));
    }

    std::int64_t count() const override { return static_cast<std::int64_t>(m_scores.size()); }

    void read(std::int64_t begin, std::span<double> scores) const override {
        std::copy_n(m_scores.begin() + begin, scores.size(), scores.begin());
    }

private:
    std::vector<Value> m_scores;
};

std::unique_ptr<ScoreReader> lampScores(const ScoreInput& input) {
    if (input.weights.isDouble()) return std::make_unique<SortedScores<double>>(input.weights);
    return std::make_unique<SortedScores<float>>(input.weights);
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
