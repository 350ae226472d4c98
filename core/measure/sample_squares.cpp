// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/variable.h>

#include "core/measure/per_sample_gradients_torch.h"
#include "core/measure/sample_squares_torch.h"

namespace espalier::measure {

namespace {

using torch::autograd::Edge;

/// A use whose output's gradient can be asked for. The edge is taken at once: what an operator
/// writes into the output later does not count.
struct TrackedUse {
    SeenUse use;
    Edge edge;
};

struct TrackedRun {
    at::Tensor scores;
    std::map<int, std::vector<TrackedUse>> uses;  // by parameter
    std::map<int, std::string> others;
};

Result<TrackedRun> track(const ScoredModel& model, const data::Batch& batch, RunControl& control) {
    TrackedRun tracked;
    UseObserver observer(model, [&](const SeenUse& use) {
        auto& uses = tracked.uses[use.parameter];
        uses.push_back({use, {}});
        if (use.output.defined() && use.output.requires_grad())
            uses.back().edge = torch::autograd::impl::gradient_edge(use.output);
    });
    auto scores = run(model, batch, observer, control);
    if (!scores) return scores.error();
    tracked.scores = std::move(*scores);
    tracked.others = observer.otherUses();
    return tracked;
}

/// With the axis of the samples in front.
at::Tensor samplesFirst(const at::Tensor& values, bool isSecond) {
    return isSecond ? values.transpose(0, 1) : values;
}

UseGradient useGradient(const SeenUse& use, const at::Tensor& gradient, bool isSecond) {
    at::Tensor outputGradient = gradient.defined() ? gradient : at::zeros_like(use.output);
    const bool hasBatch = outputGradient.dim() == use.input.dim();
    if (!use.geometry.stride.empty() && !hasBatch) outputGradient = outputGradient.unsqueeze(0);
    return {use.kind, samplesFirst(use.input.detach(), isSecond),
            samplesFirst(outputGradient.detach(), isSecond), use.geometry, use.paddingIndex};
}

data::Batch sampleOf(const data::Batch& batch, std::int64_t sample) {
    data::Batch one{{}, batch.targets.slice(0, sample, sample + 1)};
    for (const at::Tensor& input : batch.inputs)
        one.inputs.push_back(input.slice(0, sample, sample + 1));
    return one;
}

}  // namespace

Result<void> BatchedSquares::look(const data::Batch& batch, RunControl& control) {
    const auto tracked = track(m_model, batch, control);
    if (!tracked) return tracked.error();
    const std::int64_t samples = batch.targets.size(0);
    for (const auto& [parameter, uses] : tracked->uses) {
        if (tracked->others.contains(parameter)) continue;
        std::vector<Layout> layouts;
        for (const auto& [use, edge] : uses) {
            const bool isSecond = use.geometry.stride.empty() && use.input.dim() > 1 &&
                                  use.input.size(0) % samples != 0 && use.input.size(1) == samples;
            const bool isApart =
                isSecond || (use.input.dim() > 0 && use.input.size(0) % samples == 0);
            const bool isAlone = use.kind != UseKind::Embedding || uses.size() == 1;
            if (!edge.is_valid() || !isApart || !isAlone) break;
            layouts.push_back(isSecond ? Layout::Second : Layout::First);
        }
        if (layouts.size() == uses.size()) m_ways[parameter] = std::move(layouts);
    }
    return {};
}

bool BatchedSquares::canTell(int parameter) const {
    return m_ways.contains(parameter);
}

Result<Squares> BatchedSquares::squares(const data::Batch& batch, RunControl& control) const {
    const auto tracked = track(m_model, batch, control);
    if (!tracked) return tracked.error();
    torch::autograd::edge_list edges;
    for (const auto& [parameter, layouts] : m_ways) {
        const auto uses = tracked->uses.find(parameter);
        if (uses == tracked->uses.end() || uses->second.size() != layouts.size()) {
            return Error{Error::Kind::Failed, "Cannot take gradients sample by sample",
                         "the model does not use its weights alike for all samples", ""};
        }
        for (const TrackedUse& use : uses->second) edges.push_back(use.edge);
    }
    const at::Tensor total = loss(m_model, tracked->scores, batch.targets, at::Reduction::Sum);
    const auto gradients = torch::autograd::Engine::get_default_engine().execute(
        {torch::autograd::impl::gradient_edge(total)}, {at::ones_like(total)}, false, false, false,
        edges);
    const at::NoGradGuard noGradients;
    Squares squares(m_model.parameters.size());
    auto gradient = gradients.begin();
    for (const auto& [parameter, layouts] : m_ways) {
        if (!control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        std::vector<UseGradient> uses;
        for (std::size_t i = 0; i < layouts.size(); ++i) {
            uses.push_back(useGradient(tracked->uses.at(parameter)[i].use, *gradient++,
                                       layouts[i] == Layout::Second));
        }
        const auto index = static_cast<std::size_t>(parameter);
        squares[index] =
            sumOfSquares(uses, m_model.parameters[index].tensor.sizes(), batch.targets.size(0));
    }
    return squares;
}

Result<Squares> squaresOneByOne(const ScoredModel& model, const data::Batch& batch,
                                const std::vector<int>& wanted, RunControl& control) {
    Squares squares(model.parameters.size());
    if (wanted.empty()) return squares;
    for (std::int64_t sample = 0; sample < batch.targets.size(0); ++sample) {
        const auto found = gradients(model, sampleOf(batch, sample), control);
        if (!found) return found.error();
        const at::NoGradGuard noGradients;
        for (const int parameter : wanted) {
            const auto index = static_cast<std::size_t>(parameter);
            if (!(*found)[index].defined()) continue;
            const at::Tensor square = (*found)[index].to(at::kFloat).square();
            squares[index] = squares[index].defined() ? squares[index] + square : square;
        }
    }
    return squares;
}

}  // namespace espalier::measure
