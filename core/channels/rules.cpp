// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/rules_torch.h"

#include <algorithm>
#include <unordered_map>

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "core/base/format.h"
#include "core/channels/pointwise_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

using Table = std::unordered_map<std::string, Rule>;

void addRules(Table& table, std::span<const NamedRule> rules) {
    for (const auto& row : rules) {
        auto names = row.names;
        while (!names.empty()) {
            const auto end = std::min(names.find(' '), names.size());
            if (end > 0) table.emplace(names.substr(0, end), row.rule);
            names.remove_prefix(std::min(end + 1, names.size()));
        }
    }
}

const Table& table() {
    static const auto* rules = [] {
        auto* all = new Table();
        addRules(*all, contractionRules());
        addRules(*all, einsumRules());
        addRules(*all, convolutionRules());
        addRules(*all, spatialRules());
        addRules(*all, reindexRules());
        addRules(*all, windowRules());
        addRules(*all, axisRules());
        addRules(*all, mixingRules());
        addRules(*all, indexRules());
        addRules(*all, pointwiseRules());
        addRules(*all, normalisationRules());
        addRules(*all, recurrentRules());
        return all;
    }();
    return *rules;
}

}  // namespace

bool isPointwise(const torch::jit::Node& node) {
    const auto* op = node.maybeOperator();
    if (op == nullptr) return false;
    const auto& schema = op->schema();
    const auto handle =
        c10::Dispatcher::singleton().findOp({schema.name(), schema.overload_name()});
    return handle && handle->hasTag(at::Tag::pointwise);
}

Rule findRule(const torch::jit::Node& node, std::string_view name) {
    if (!node.kind().is_aten() && !node.kind().is_prim()) return nullptr;
    const auto found = table().find(std::string(name));
    if (found != table().end()) return found->second;
    return isPointwise(node) ? table().at("add") : nullptr;
}

int Call::argument(std::string_view argumentName) const {
    const auto* schema = step.node->maybeSchema();
    if (schema == nullptr) return -1;
    const auto& arguments = schema->arguments();
    for (std::size_t i = 0; i < arguments.size() && i < step.inputs.size(); ++i) {
        if (arguments[i].name() == argumentName) return static_cast<int>(i);
    }
    return -1;
}

ValueId Call::tensor(int index) const {
    if (index < 0 || at(index) >= step.inputs.size()) return -1;
    const auto id = step.inputs[at(index)];
    return id >= 0 && tagger.value(id).isTensor ? id : -1;
}

std::vector<ValueId> Call::tensors() const {
    std::vector<ValueId> ids;
    for (const auto id : step.inputs) {
        if (id < 0) continue;
        const auto& value = tagger.value(id);
        if (value.isTensor) ids.push_back(id);
        ids.insert(ids.end(), value.elements.begin(), value.elements.end());
    }
    return ids;
}

std::vector<ValueId> Call::outputs() const {
    std::vector<ValueId> ids;
    for (const auto id : step.outputs) {
        if (id < 0) continue;
        const auto& value = tagger.value(id);
        if (value.isTensor) ids.push_back(id);
        ids.insert(ids.end(), value.elements.begin(), value.elements.end());
    }
    return ids;
}

c10::IValue Call::given(std::string_view argumentName) const {
    const auto index = argument(argumentName);
    if (index < 0 || step.inputs[at(index)] < 0) return {};
    return tagger.value(step.inputs[at(index)]).value;
}

std::int64_t Call::integer(std::string_view argumentName, std::int64_t otherwise) const {
    const auto value = given(argumentName);
    if (value.isInt()) return value.toInt();
    if (value.isTensor() && value.toTensor().numel() == 1) {
        return value.toTensor().item().toLong();
    }
    return otherwise;
}

bool Call::flag(std::string_view argumentName) const {
    const auto value = given(argumentName);
    return value.isBool() && value.toBool();
}

std::vector<std::int64_t> Call::integers(std::string_view argumentName) const {
    const auto value = given(argumentName);
    if (value.isInt()) return {value.toInt()};
    return value.isIntList() ? value.toIntVector() : std::vector<std::int64_t>();
}

std::int64_t Call::wrap(std::int64_t axis, std::int64_t rank) const {
    return axis < 0 ? axis + rank : axis;
}

Tags Call::plain(ValueId output) const {
    Tags tags;
    tags.axes.resize(shape(output).size());
    const auto inputs = tensors();
    inherit(*this, inputs, tags);
    return tags;
}

void Call::freezeAll(const std::string& why) const {
    for (const auto id : tensors()) tagger.freezeAll(id, why);
    for (const auto id : outputs()) {
        if (!tagger.tags(id).isTracked()) set(id, plain(id));
    }
}

void inherit(const Call& call, std::span<const ValueId> ids, Tags& tags) {
    tags.isParametric = true;
    for (const auto id : ids) {
        const auto& from = call.tagger.tags(id);
        tags.isParametric &= from.isParametric;
        if (from.origin >= 0 && (tags.origin < 0 || !from.isParametric)) tags.origin = from.origin;
        tags.leaves.insert(tags.leaves.end(), from.leaves.begin(), from.leaves.end());
    }
    std::ranges::sort(tags.leaves);
    tags.leaves.erase(std::unique(tags.leaves.begin(), tags.leaves.end()), tags.leaves.end());
    if (!tags.isParametric) tags.leaves.clear();
}

namespace {

AxisTags joinAligned(const Call& call, const std::vector<Aligned>& sides) {
    auto& tagger = call.tagger;
    AxisTags joined;
    bool isParametric = true;
    bool isTracked = false;
    for (const auto& side : sides) {
        isTracked |= tagger.tags(side.id).isTracked(side.axis);
        isParametric &= tagger.tags(side.id).isParametric;
    }
    if (!isTracked && !isParametric) {
        for (const auto& side : sides) {
            tagger.freeze(tagger.axis(side.id, side.axis),
                          cat(call.tagger.here(), " joins them with what must stay"));
        }
        return nullptr;
    }
    for (const auto& side : sides) {
        const auto axis = tagger.axis(side.id, side.axis);
        if (axis == nullptr) {  // nothing can be made to follow
            for (const auto& other : sides) {
                // Where it comes from says nothing of an axis beside others with channels.
                const bool isWhole = !tagger.tags(side.id).isTracked();
                const auto origin = isWhole ? tagger.tags(side.id).origin : -1;
                tagger.freeze(tagger.axis(other.id, other.axis),
                              cat(call.tagger.here(), " joins them with ",
                                  origin >= 0 ? tagger.atoms().text(origin)
                                  : isWhole   ? "what must stay"
                                              : "an axis that has no channels"),
                              origin);
            }
            return nullptr;
        }
        const bool isParameter = tagger.tags(side.id).isParametric;
        if (joined == nullptr) {
            joined = axis;
        } else if (isParameter || tagger.tags(sides[0].id).isParametric) {
            tagger.attach(joined, axis);
        } else {
            tagger.unite(joined, axis);
        }
    }
    return joined;
}

}  // namespace

Tags broadcastTags(const Call& call, std::span<const ValueId> operands,
                   const std::vector<std::int64_t>& shape, std::int64_t droppedFromRight) {
    Tags tags;
    tags.axes.resize(shape.size());
    inherit(call, operands, tags);
    const auto rank = static_cast<std::int64_t>(shape.size());
    for (std::int64_t axis = 0; axis < rank - droppedFromRight; ++axis) {
        if (shape[at(axis)] <= 1) continue;
        std::vector<Aligned> sides;
        for (const auto id : operands) {
            const auto own = axis - rank + call.rank(id);
            if (own >= 0 && call.shape(id)[at(own)] == shape[at(axis)]) sides.push_back({id, own});
        }
        if (!sides.empty()) tags.axes[at(axis)] = joinAligned(call, sides);
    }
    return tags;
}

void joinAxes(const Call& call, const std::vector<Aligned>& sides) {
    joinAligned(call, sides);
}

void joinAxes(const Call& call, ValueId a, std::int64_t axisOfA, ValueId b, std::int64_t axisOfB) {
    joinAligned(call, {{a, axisOfA}, {b, axisOfB}});
}

}  // namespace espalier::channels
