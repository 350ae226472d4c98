// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <set>

#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include "core/model/parameter_table_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_members_torch.h"

namespace espalier::prune {

namespace {

at::Tensor indexOf(const std::vector<std::int64_t>& positions) {
    return at::tensor(positions, at::kLong);
}

std::optional<at::Tensor> elementAt(const c10::IValue& list, std::string_view place) {
    if (!list.isTensorList()) return std::nullopt;
    std::size_t index = 0;
    const auto parsed = std::from_chars(place.data(), place.data() + place.size(), index);
    const c10::List<at::Tensor> tensors = list.toTensorList();
    if (parsed.ptr != place.data() + place.size() || index >= tensors.size()) return std::nullopt;
    return tensors.get(index).detach();
}

}  // namespace

std::optional<at::Tensor> tensorAt(const torch::jit::Module& module, std::string_view path) {
    const auto dot = path.find('.');
    const std::string name(path.substr(0, dot));
    if (!module.hasattr(name)) return std::nullopt;
    const c10::IValue value = module.attr(name);
    if (dot == std::string_view::npos) {
        if (!value.isTensor() || !value.toTensor().defined()) return std::nullopt;
        return value.toTensor().detach();
    }
    const std::string_view rest = path.substr(dot + 1);
    if (value.isModule()) return tensorAt(value.toModule(), rest);
    return elementAt(value, rest);
}

std::optional<at::Tensor> tensorAt(const model::Snapshot& snapshot, std::string_view path) {
    return tensorAt(snapshot.state().module, path);
}

std::vector<CutTensor> cutTensors(const channels::ChannelGroups& groups) {
    const model::Snapshot& snapshot = *groups.snapshot();
    std::set<std::string> parameters;
    for (const auto& parameter : model::uniqueParameters(snapshot.state().module))
        parameters.insert(parameter.name);
    std::map<std::string, CutTensor> found;
    for (const channels::Group& group : groups.groups()) {
        for (const channels::Member& member : group.members) {
            const auto tensor = tensorAt(snapshot, member.parameter);
            if (!tensor || member.axis >= tensor->dim()) continue;
            CutTensor& cut = found[member.parameter];
            cut.path = member.parameter;
            cut.shape = tensor->sizes().vec();
            cut.elementBytes = static_cast<std::int64_t>(tensor->element_size());
            cut.isParameter = parameters.contains(member.parameter);
            cut.layer = snapshot.find(member.parameter);
            cut.axes.push_back({group.id, &member});
        }
    }
    std::vector<CutTensor> tensors;
    for (auto& [path, cut] : found) tensors.push_back(std::move(cut));
    return tensors;
}

AxisPositions positionsKept(const CutTensor& tensor, const channels::ChannelGroups& groups,
                            const channels::KeptChannels& kept) {
    std::map<int, std::vector<bool>> removed;
    for (const auto& [group, member] : tensor.axes) {
        const auto& stay = kept.groups.at(group.index());
        const std::int64_t width = groups.group(group).width;
        if (std::ssize(stay) == width) continue;
        auto& positions = removed[member->axis];
        positions.resize(
            static_cast<std::size_t>(tensor.shape.at(static_cast<std::size_t>(member->axis))));
        auto next = stay.begin();
        for (std::int64_t channel = 0; channel < width; ++channel) {
            if (next != stay.end() && *next == channel) {
                ++next;
                continue;
            }
            for (const std::int64_t position : member->of(channel))
                positions.at(static_cast<std::size_t>(position)) = true;
        }
    }
    AxisPositions result;
    for (const auto& [axis, gone] : removed) {
        std::vector<std::int64_t> stay;
        for (std::size_t i = 0; i < gone.size(); ++i) {
            if (!gone[i]) stay.push_back(static_cast<std::int64_t>(i));
        }
        if (stay.size() < gone.size()) result.emplace(axis, std::move(stay));
    }
    return result;
}

std::vector<std::int64_t> shapeAfter(const CutTensor& tensor, const AxisPositions& kept) {
    std::vector<std::int64_t> shape = tensor.shape;
    for (const auto& [axis, positions] : kept)
        shape[static_cast<std::size_t>(axis)] = std::ssize(positions);
    return shape;
}

at::Tensor sliced(const at::Tensor& tensor, const AxisPositions& kept) {
    at::Tensor part = tensor;
    for (const auto& [axis, positions] : kept) part = part.index_select(axis, indexOf(positions));
    return part;
}

at::Tensor scattered(const at::Tensor& part, const AxisPositions& kept,
                     const std::vector<std::int64_t>& shape, bool rest) {
    at::Tensor whole = part;
    for (const auto& [axis, positions] : kept) {
        auto wider = whole.sizes().vec();
        wider[static_cast<std::size_t>(axis)] = shape[static_cast<std::size_t>(axis)];
        at::Tensor next = at::full(wider, rest, at::kBool);
        next.index_copy_(axis, indexOf(positions), whole);
        whole = next;
    }
    return whole;
}

}  // namespace espalier::prune
