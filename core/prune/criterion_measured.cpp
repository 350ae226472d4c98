// SPDX-License-Identifier: GPL-3.0-or-later
// The criteria that are measured on data: core/measure computes the scores, here they are read.
#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/ops/empty.h>

#include "core/prune/criteria_torch.h"

namespace espalier::prune {

namespace {

using Needs = CriterionInfo::Needs;

/// Numbers that lie in a tensor, one per weight.
class TensorReader : public ScoreReader {
public:
    TensorReader(const at::Tensor& values, at::Tensor kept)
        : m_values(values.to(at::kFloat).contiguous()), m_kept(std::move(kept)) {}

    std::int64_t count() const override { return m_values.numel(); }

    void read(std::int64_t begin, std::span<double> scores) const override {
        const float* values = m_values.const_data_ptr<float>() + begin;
        std::copy_n(values, scores.size(), scores.begin());
        if (!m_kept.defined()) return;
        const bool* kept = m_kept.const_data_ptr<bool>() + begin;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (!kept[i]) scores[i] = kAlreadyRemoved;
        }
    }

private:
    at::Tensor m_values;
    at::Tensor m_kept;  // contiguous or undefined
};

/// Per weight how large a share of its row goes before it, 0..1: what the base mask has removed,
/// then lower scores, then equal ones of a lower index.
at::Tensor ranksInRows(const WeightScores& measured, const at::Tensor& kept) {
    const at::Tensor scores = measured.values.to(at::kFloat).contiguous();
    const at::Tensor rows = measured.rows.contiguous();
    const float* score = scores.const_data_ptr<float>();
    const std::int64_t* row = rows.const_data_ptr<std::int64_t>();
    const bool* isKept = kept.defined() ? kept.const_data_ptr<bool>() : nullptr;
    const auto value = [&](std::int64_t i) { return isKept && !isKept[i] ? -1.0F : score[i]; };
    std::vector<std::int64_t> order(static_cast<std::size_t>(scores.numel()));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
        return row[a] != row[b] ? row[a] < row[b] : value(a) < value(b);
    });
    at::Tensor ranks = at::empty(scores.sizes(), at::kFloat);
    auto first = order.begin();
    while (first != order.end()) {
        const auto last =
            std::find_if(first, order.end(), [&](auto i) { return row[i] != row[*first]; });
        const auto length = static_cast<double>(last - first);
        for (auto each = first; each != last; ++each) {
            ranks.mutable_data_ptr<float>()[*each] =
                static_cast<float>(static_cast<double>(each - first) / length);
        }
        first = last;
    }
    return ranks;
}

std::unique_ptr<ScoreReader> measuredScores(const ScoreInput& input, RunControl&) {
    return std::make_unique<TensorReader>(input.measured.values, input.weights.keptMask());
}

std::unique_ptr<ScoreReader> ranksPerRow(const ScoreInput& input, RunControl& control) {
    if (!control.keepGoing()) return nullptr;
    const at::Tensor& kept = input.weights.keptMask();
    return std::make_unique<TensorReader>(ranksInRows(input.measured, kept), kept);
}

}  // namespace

/// Molchanov et al., Importance Estimation for Neural Network Pruning, 2019.
Criterion taylorCriterion() {
    return {{"taylor", "|w·∂L/∂w|",
             "Weights that the loss would hardly miss go first, to first order (Molchanov 2019).",
             false, Needs::Labels},
            measuredScores,
            measuredScores};
}

/// The sensitivity of the loss alone.
Criterion gradientCriterion() {
    return {{"gradient", "|∂L/∂w|", "Weights that the loss hardly depends on go first.", false,
             Needs::Labels},
            measuredScores,
            measuredScores};
}

/// LeCun et al., Optimal Brain Damage, 1990, with the diagonal of the empirical Fisher information.
Criterion fisherCriterion() {
    return {
        {"fisher", "½·w²·E[(∂L/∂w)²]",
         "Weights that the loss would hardly miss go first, to second order, from each sample's "
         "own gradient (LeCun 1990).",
         false, Needs::Labels},
        measuredScores,
        measuredScores};
}

/// Sun et al., A Simple and Effective Pruning Approach for Large Language Models, 2023.
Criterion wandaCriterion() {
    return {{"wanda", "|w|·‖x‖₂",
             "Small weights of faint inputs go first, the same share of each output's (Sun 2023).",
             false, Needs::Inputs},
            ranksPerRow,
            measuredScores};
}

}  // namespace espalier::prune
