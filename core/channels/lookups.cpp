// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/lookups_torch.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include <ATen/Functions.h>

#include "core/base/format.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// Whether a tensor, list or number is written in the code, so that it is the same in every run.
bool isWritten(const torch::jit::Value* value) {
    static const std::set<std::string_view> kMaking = {"tensor", "arange", "to",   "long",
                                                       "detach", "clone",  "flip", "bool"};
    const auto& node = *value->node();
    if (node.kind() == c10::prim::Constant) return true;
    const bool isList = node.kind() == c10::prim::ListConstruct && value->uses().size() == 1;
    const bool isMade = node.kind().is_aten() && kMaking.contains(node.kind().toUnqualString());
    return (isList || isMade) && std::ranges::all_of(node.inputs(), [](const auto* input) {
               return input->type()->kind() == c10::TypeKind::DeviceObjType || isWritten(input);
           });
}

/// The positions on an axis of `size` that an index names; none when they are of another kind.
std::optional<at::Tensor> positionsOf(const TraceValue& index, std::int64_t size) {
    if (!index.value.isTensor() || index.shape.size() != 1) return std::nullopt;
    auto positions = index.value.toTensor();
    const bool isMask = index.dtype == at::kBool;
    if (isMask ? positions.numel() != size : index.dtype != at::kLong && index.dtype != at::kInt) {
        return std::nullopt;
    }
    if (isMask) positions = positions.nonzero().flatten();
    return positions.to(at::kLong).contiguous();
}

}  // namespace

void freezeLookedUp(const Call& call, ValueId input, std::int64_t axis) {
    call.tagger.freeze(call.tagger.allAxes(input).axes[at(axis)],
                       cat(call.tagger.here(), " looks them up by number"));
}

AxisTags lookedUp(const Call& call, ValueId input, std::int64_t axis, const Index& index) {
    auto& tagger = call.tagger;
    const auto source = tagger.allAxes(input).axes[at(axis)];
    if (source == nullptr) return nullptr;
    const auto size = static_cast<std::int64_t>(source->size());
    const auto* numbers = index.id < 0 ? nullptr : &tagger.value(index.id);
    const bool isBuffer =
        numbers != nullptr && !numbers->path.empty() && numbers->dtype != at::kBool;
    const bool isFixed = isBuffer || (index.place != nullptr && isWritten(index.place));
    const auto found = isFixed && numbers != nullptr && !tagger.tags(input).isParametric
                           ? positionsOf(*numbers, size)
                           : std::nullopt;
    if (!found) {
        freezeLookedUp(call, input, axis);
        return nullptr;
    }
    const auto& positions = *found;
    auto picked = std::make_shared<std::vector<Atom>>();
    for (std::int64_t i = 0; i < positions.numel(); ++i) {
        const auto position = positions.data_ptr<std::int64_t>()[i];
        picked->push_back((*source)[at(position < 0 ? position + size : position)]);
    }
    if (isBuffer) {
        tagger.attach(picked, tagger.axis(index.id, 0));
        tagger.addLookup({numbers->path, numbers->value.toTensor(), source});
    }
    return picked;
}

}  // namespace espalier::channels
