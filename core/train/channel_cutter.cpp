// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/channel_cutter_torch.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "core/channels/shrink_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/train/parameters_torch.h"

namespace espalier::train {
namespace {

using prune::AxisPositions;

at::Tensor indexOf(const std::vector<std::int64_t>& positions, c10::Device device) {
    return at::tensor(at::ArrayRef<std::int64_t>(positions)).to(device);
}

at::Tensor narrowed(at::Tensor whole, const AxisPositions& positions) {
    for (const auto& [axis, stay] : positions)
        whole = whole.index_select(axis, indexOf(stay, whole.device()));
    return whole;
}

/// `part` at its places in a tensor of this shape, 0 elsewhere.
at::Tensor widened(at::Tensor part, const AxisPositions& positions,
                   const std::vector<std::int64_t>& shape) {
    for (const auto& [axis, stay] : positions) {
        auto wider = part.sizes().vec();
        wider[static_cast<std::size_t>(axis)] = shape[static_cast<std::size_t>(axis)];
        at::Tensor next = part.new_zeros(wider);
        next.index_copy_(axis, indexOf(stay, part.device()), part);
        part = next;
    }
    return part;
}

void setParameter(torch::jit::Module module, std::string_view path, const at::Tensor& parameter) {
    for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
        module = module.attr(std::string(path.substr(0, dot))).toModule();
        path.remove_prefix(dot + 1);
    }
    module.setattr(std::string(path), parameter);
}

Result<channels::CutModelPtr> cutModel(const model::SnapshotPtr& now,
                                       const prune::ChannelChoice& choice, RunControl& control) {
    const auto groups = channels::analyse(now, control, choice.groups->headUnit());
    if (!groups) return groups.error();
    const auto areSame = [](const channels::Group& a, const channels::Group& b) {
        return a.key == b.key && a.width == b.width;
    };
    if (!std::ranges::equal((*groups)->groups(), choice.groups->groups(), areSame)) {
        return Error{Error::Kind::Failed, "Cannot cut the model while it trains",
                     "its channel groups are not those that it was masked by",
                     "Take cut_between_rounds out of the recipe's schedule"};
    }
    return channels::cut(*groups, choice.kept(), channels::CutOptions{}, {}, control);
}

}  // namespace

ChannelCutter::ChannelCutter(const model::Snapshot& snapshot, torch::jit::Module whole,
                             TrainingStep& step)
    : m_snapshot(snapshot), m_whole(std::move(whole)), m_step(step) {
    for (const auto& each : m_whole.named_parameters())
        m_shapes[each.name] = each.value.sizes().vec();
    for (const auto& each : m_whole.named_buffers()) m_shapes[each.name] = each.value.sizes().vec();
}

Result<torch::jit::Module> ChannelCutter::cut(const prune::Masks& masks, RunControl& control) {
    const bool isWhole = !masks.channels() || masks.channels()->isWhole();
    if (isWhole) return m_whole;
    std::vector<at::Tensor> base;
    for (const model::Layer& layer : m_snapshot.layers())
        base.push_back(prune::keptMask(masks, layer.id));
    torch::jit::Module atRest = model::cloneModule(m_whole);
    atRest.to(c10::kCPU);
    atRest.eval();
    const auto now = model::withWeights(m_snapshot, std::move(atRest), std::move(base));
    const auto model = cutModel(now, *masks.channels(), control);
    if (!model) return model.error();
    m_positions = (*model)->kept();
    m_cut = model::cloneModule((*model)->state().module);
    m_cut.to((*m_whole.parameters().begin()).device());
    adopt(m_cut);
    m_isCut = true;
    m_step.setModule(m_cut);
    m_step.setMasks(enforcerOf(masks));
    return m_cut;
}

void ChannelCutter::adopt(torch::jit::Module& module) {
    const at::NoGradGuard noGradients;
    const std::vector<at::Tensor>& trained = m_step.parameters();
    for (const auto& each : m_whole.named_parameters()) {
        at::Tensor parameter = each.value;
        const at::Tensor part = model::parameterAt(module, each.name).detach();
        if (parameter.sizes() != part.sizes()) {
            const auto place = std::ranges::find_if(
                trained, [&](const at::Tensor& other) { return other.is_same(parameter); });
            if (place != trained.end()) {
                resizeState(static_cast<std::size_t>(place - trained.begin()),
                            m_positions.at(each.name), m_shapes.at(each.name), true);
            }
        }
        parameter.mutable_grad() = at::Tensor();
        parameter.set_data(part.contiguous());
        setParameter(module, each.name, parameter);
    }
    tieSharedParameters(module);
}

torch::jit::Module ChannelCutter::restore() {
    if (!m_isCut) return m_whole;
    const at::NoGradGuard noGradients;
    const std::vector<at::Tensor>& trained = m_step.parameters();
    for (const auto& [path, positions] : m_positions) {
        at::Tensor part = model::parameterAt(m_cut, path);
        at::Tensor whole = model::parameterAt(m_whole, path);
        const std::vector<std::int64_t>& shape = m_shapes.at(path);
        if (!whole.is_same(part)) continue;  // a buffer: below
        if (part.sizes() == shape) continue;
        part.mutable_grad() = at::Tensor();
        part.set_data(widened(part.detach(), positions, shape));
        const auto place = std::ranges::find_if(
            trained, [&](const at::Tensor& other) { return other.is_same(part); });
        if (place != trained.end())
            resizeState(static_cast<std::size_t>(place - trained.begin()), positions, shape, false);
    }
    for (const auto& each : m_whole.named_buffers()) {
        const at::Tensor part = model::parameterAt(m_cut, each.name).detach();
        const auto positions = m_positions.find(each.name);
        at::Tensor whole = each.value.detach();
        if (positions == m_positions.end()) {
            if (part.sizes() == whole.sizes()) whole.copy_(part);
            continue;
        }
        const at::Tensor stays =
            widened(part.new_ones(part.sizes()), positions->second, m_shapes.at(each.name));
        whole.copy_(
            at::where(stays != 0, widened(part, positions->second, m_shapes.at(each.name)), whole));
    }
    tieSharedParameters(m_whole);
    m_isCut = false;
    m_step.setModule(m_whole);
    return m_whole;
}

void ChannelCutter::resizeState(std::size_t parameter, const AxisPositions& positions,
                                const std::vector<std::int64_t>& wholeShape, bool isCut) {
    for (OptimizerState* state : m_step.optimizer().states()) {
        if (state->empty()) continue;
        at::Tensor& own = (*state)[parameter];
        own = isCut ? narrowed(own, positions) : widened(own, positions, wholeShape);
    }
}

std::unique_ptr<MaskEnforcer> ChannelCutter::enforcerOf(const prune::Masks& masks) const {
    const auto partOf = [&](const std::string& path, const at::Tensor& kept) {
        const auto positions = m_positions.find(path);
        const at::Tensor part =
            positions == m_positions.end() ? kept : narrowed(kept, positions->second);
        return part.all().item<bool>() ? at::Tensor() : part;
    };
    std::vector<at::Tensor> kept;
    for (const model::Layer& layer : m_snapshot.layers()) {
        const at::Tensor& mask = prune::keptMask(masks, layer.id);
        kept.push_back(mask.defined() ? partOf(layer.name, mask) : mask);
    }
    prune::OtherMasks others;
    for (const auto& [path, mask] : masks.state().others) {
        if (const at::Tensor part = partOf(path, mask); part.defined()) others[path] = part;
    }
    return std::make_unique<MaskEnforcer>(m_snapshot, kept, m_cut, m_step.parameters(), others);
}

}  // namespace espalier::train
