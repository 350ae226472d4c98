// SPDX-License-Identifier: GPL-3.0-or-later
// The criteria that are measured on data: core/measure computes the scores, here they are read.
#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/Parallel.h>
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

/// The indices of the weights, row after row, ascending within each; row r has those from
/// begins[r] to begins[r + 1].
struct Rows {
    std::vector<std::int64_t> indices;
    std::vector<std::int64_t> begins;
};

Rows sortedByRow(const at::Tensor& rows) {
    const std::int64_t* row = rows.const_data_ptr<std::int64_t>();
    const std::int64_t count = rows.numel();
    const std::int64_t last = count == 0 ? -1 : *std::max_element(row, row + count);
    Rows sorted{std::vector<std::int64_t>(static_cast<std::size_t>(count)),
                std::vector<std::int64_t>(static_cast<std::size_t>(last) + 2)};
    for (std::int64_t i = 0; i < count; ++i) ++sorted.begins[static_cast<std::size_t>(row[i]) + 1];
    std::partial_sum(sorted.begins.begin(), sorted.begins.end(), sorted.begins.begin());
    std::vector<std::int64_t> next = sorted.begins;
    for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t& place = next[static_cast<std::size_t>(row[i])];
        sorted.indices[static_cast<std::size_t>(place++)] = i;
    }
    return sorted;
}

/// Per weight how large a share of its row goes before it, 0..1: what the base mask has removed,
/// then lower scores, then equal ones of a lower index.
at::Tensor ranksInRows(const WeightScores& measured, const at::Tensor& kept) {
    const at::Tensor scores = measured.values.to(at::kFloat).contiguous();
    const float* score = scores.const_data_ptr<float>();
    const bool* isKept = kept.defined() ? kept.const_data_ptr<bool>() : nullptr;
    const auto value = [&](std::int64_t i) { return isKept && !isKept[i] ? -1.0F : score[i]; };
    Rows rows = sortedByRow(measured.rows.contiguous());
    at::Tensor ranks = at::empty(scores.sizes(), at::kFloat);
    float* rank = ranks.mutable_data_ptr<float>();
    at::parallel_for(0, std::ssize(rows.begins) - 1, 1, [&](std::int64_t from, std::int64_t to) {
        for (auto r = static_cast<std::size_t>(from); r < static_cast<std::size_t>(to); ++r) {
            const auto first = rows.indices.begin() + rows.begins[r];
            const auto last = rows.indices.begin() + rows.begins[r + 1];
            std::stable_sort(first, last, [&](auto a, auto b) { return value(a) < value(b); });
            const auto length = static_cast<double>(last - first);
            for (auto each = first; each != last; ++each)
                rank[*each] = static_cast<float>(static_cast<double>(each - first) / length);
        }
    });
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
