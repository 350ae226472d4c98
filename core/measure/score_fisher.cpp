// SPDX-License-Identifier: GPL-3.0-or-later
// The criterion fisher: how much the loss would change without a weight, to second order, by the
// diagonal of the empirical Fisher information.
#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "core/measure/gradient_scores_torch.h"
#include "core/measure/sample_squares_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::measure {

namespace {

/// A prime: no other axis is likely to be a multiple of it, and be taken for the samples.
constexpr std::int64_t kBatchSize = 61;
/// Samples for which batches are compared with one sample after the other.
constexpr std::int64_t kCompared = 3;
constexpr double kTolerance = 1e-3;

data::Batch firstOf(const data::Batch& batch, std::int64_t count) {
    data::Batch part{{}, batch.targets.slice(0, 0, count)};
    for (const at::Tensor& input : batch.inputs) part.inputs.push_back(input.slice(0, 0, count));
    return part;
}

bool agree(const at::Tensor& a, const at::Tensor& b) {
    if (!a.defined() || !b.defined()) return false;
    const double difference = (a - b).norm().item<double>();
    return difference <= kTolerance * b.norm().item<double>();
}

/// ½·w²·E[(∂Lᵢ/∂w)²] with the true gradient of each sample.
///
/// Batches give them where the samples stay apart on one axis. Whether they do is not guessed from
/// shapes: on a few samples each parameter's answer is compared with that of one sample after the
/// other, and where they differ, or nothing can be told, that slow way is taken for all samples.
class FisherMeter final : public ScoreMeter {
public:
    explicit FisherMeter(const ScoredModel& model)
        : m_model(model), m_batched(model), m_sums(model.parameters.size()) {
        for (int i = 0; i < static_cast<int>(model.parameters.size()); ++i) {
            const auto layer = model.snapshot->find(nameOf(i));
            if (layer && model.snapshot->layer(*layer).prunable.weights) m_wanted.push_back(i);
        }
    }

    Result<void> add(const data::Batch& batch, RunControl& control) override {
        if (!m_isPrepared) {
            if (auto prepared = prepare(batch, control); !prepared) return prepared;
            m_isPrepared = true;
        }
        if (m_slow.size() < m_wanted.size()) {
            if (auto added = addUp(m_batched.squares(batch, control)); !added) return added;
        }
        return addUp(squaresOneByOne(m_model, batch, m_slow, control));
    }

    void finish(std::int64_t samples, prune::ScoreState& state) override {
        const at::NoGradGuard noGradients;
        for (const int i : m_wanted) {
            const at::Tensor& sum = m_sums[static_cast<std::size_t>(i)];
            if (!sum.defined()) {
                state.whyNot[nameOf(i)] = std::string(kNoGradient);
                continue;
            }
            const at::Tensor weight = m_model.parameters[static_cast<std::size_t>(i)].tensor;
            const at::Tensor scores =
                weight.to(at::kFloat).square() * sum * (0.5 / static_cast<double>(samples));
            setScores(state, nameOf(i), scores, scores);
        }
    }

private:
    const std::string& nameOf(int parameter) const {
        return m_model.parameters[static_cast<std::size_t>(parameter)].name;
    }

    Result<void> prepare(const data::Batch& batch, RunControl& control) {
        const data::Batch few =
            firstOf(batch, std::min<std::int64_t>(kCompared, batch.targets.size(0)));
        const auto exact = squaresOneByOne(m_model, few, m_wanted, control);
        if (!exact) return exact.error();
        const auto looked = m_batched.look(batch, control);
        const auto batched = looked ? m_batched.squares(few, control) : looked.error();
        if (!batched && batched.error().kind == Error::Kind::Cancelled) return batched.error();
        const at::NoGradGuard noGradients;
        for (const int i : m_wanted) {
            const auto index = static_cast<std::size_t>(i);
            if (batched && agree((*batched)[index], (*exact)[index])) continue;
            m_slow.push_back(i);
            m_batched.forget(i);
        }
        return {};
    }

    Result<void> addUp(const Result<Squares>& squares) {
        if (!squares) return squares.error();
        if (auto sound = checkGradients(*squares); !sound) return sound;
        const at::NoGradGuard noGradients;
        for (const int i : m_wanted) {
            const auto index = static_cast<std::size_t>(i);
            if (!(*squares)[index].defined()) continue;
            const at::Tensor more = (*squares)[index].to(at::kFloat);
            m_sums[index] = m_sums[index].defined() ? m_sums[index] + more : more;
        }
        return {};
    }

    const ScoredModel& m_model;
    BatchedSquares m_batched;
    Squares m_sums;
    std::vector<int> m_wanted;  // prunable weights
    std::vector<int> m_slow;    // of these, the ones that go sample by sample
    bool m_isPrepared = false;
};

}  // namespace

MeasuredCriterion measuredFisher() {
    return {"fisher", kBatchSize, [](const ScoredModel& model) -> std::unique_ptr<ScoreMeter> {
                return std::make_unique<FisherMeter>(model);
            }};
}

}  // namespace espalier::measure
