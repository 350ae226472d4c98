// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <ATen/core/List.h>
#include <ATen/ops/empty.h>

#include "core/model/operators_torch.h"
#include "core/prune/counted_steps_torch.h"

namespace espalier::prune {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

}  // namespace

/// What every axis has left once channels are gone.
class CountedSteps::Shapes {
public:
    Shapes(const CountedSteps& steps, const channels::KeptChannels& kept,
           const std::map<std::string, std::vector<std::int64_t>>& parameters)
        : m_parameters(parameters) {
        const channels::AnalysisState& analysis = steps.m_analysis;
        std::vector<std::vector<bool>> stays;
        for (std::size_t g = 0; g < analysis.groups.size(); ++g) {
            auto& own = stays.emplace_back(at(analysis.groups[g].width), false);
            for (const std::int64_t channel : kept.groups.at(g)) own.at(at(channel)) = true;
        }
        const auto stayed = [&](channels::Atom atom) {
            const int unit = atom < 0 ? -1 : analysis.unitOf.at(at(atom));
            if (unit < 0) return true;
            const channels::Unit& own = analysis.units[at(unit)];
            return bool(stays.at(own.group.index()).at(at(own.channel)));
        };
        for (const channels::AxisTags& axis : steps.m_axes)
            m_sizes.push_back(std::ranges::count_if(*axis, stayed));
    }

    /// A tensor of this shape without memory of its own.
    at::Tensor stand(const Tensor& tensor) const {
        std::vector<std::int64_t> shape = tensor.value->shape;
        const auto parameter = m_parameters.find(tensor.value->path);
        if (!tensor.value->path.empty() && parameter != m_parameters.end() &&
            parameter->second.size() == shape.size()) {
            shape = parameter->second;
        } else {
            for (std::size_t axis = 0; axis < tensor.axes.size(); ++axis) {
                if (tensor.axes[axis] >= 0) shape[axis] = m_sizes[at(tensor.axes[axis])];
            }
        }
        return at::empty({}).expand(shape);
    }

    c10::IValue stand(const Argument& argument) const {
        if (argument.tensors.empty()) return argument.plain;
        if (!argument.isList) return stand(argument.tensors.front());
        c10::List<at::Tensor> list;
        for (const Tensor& tensor : argument.tensors) list.push_back(stand(tensor));
        return list;
    }

private:
    const std::map<std::string, std::vector<std::int64_t>>& m_parameters;
    std::vector<std::int64_t> m_sizes;  // by place in m_axes
};

CountedSteps::CountedSteps(const channels::ChannelGroups& groups) : m_analysis(groups.state()) {
    for (const channels::TraceStep& step : m_analysis.trace.steps) {
        if (!step.node || !step.node->kind().is_aten()) continue;
        if (!model::isKnownOperator(step.node->kind())) continue;
        Step counted{step.node, {}, {}};
        for (const auto id : step.inputs) counted.inputs.push_back(argument(id));
        for (const auto id : step.outputs) counted.outputs.push_back(argument(id));
        m_steps.push_back(std::move(counted));
    }
}

CountedSteps::Argument CountedSteps::argument(channels::ValueId id) {
    const channels::TraceValue& value = m_analysis.trace.values.at(at(id));
    Argument argument;
    if (value.isTensor) {
        argument.tensors.push_back(tensor(id));
    } else if (!value.elements.empty()) {
        argument.isList = true;
        for (const auto element : value.elements) argument.tensors.push_back(tensor(element));
    } else {
        argument.plain = value.value;
    }
    return argument;
}

CountedSteps::Tensor CountedSteps::tensor(channels::ValueId id) {
    Tensor tensor{&m_analysis.trace.values.at(at(id)), {}, {}};
    tensor.layer = m_analysis.snapshot->find(tensor.value->path);
    const channels::Tags& tags = m_analysis.tags.at(at(id));
    for (std::size_t axis = 0; axis < tags.axes.size() && axis < tensor.value->shape.size();
         ++axis) {
        const channels::AxisTags& own = tags.axes[axis];
        if (!own || std::ssize(*own) != tensor.value->shape[axis]) {
            tensor.axes.push_back(-1);
            continue;
        }
        const auto [known, isNew] =
            m_places.try_emplace(own.get(), static_cast<int>(m_axes.size()));
        if (isNew) m_axes.push_back(own);
        tensor.axes.push_back(known->second);
    }
    return tensor;
}

void CountedSteps::addTo(CountedMacs& macs, const Step& step, const Shapes& shapes) const {
    std::vector<c10::IValue> inputs;
    std::vector<c10::IValue> outputs;
    for (const Argument& argument : step.inputs) inputs.push_back(shapes.stand(argument));
    for (const Argument& argument : step.outputs) outputs.push_back(shapes.stand(argument));
    const auto use = model::readOperator({step.node, inputs, outputs});
    if (!use) return;
    macs.total += use->otherMacs;
    if (use->role == model::WeightRole::Product) {
        // Both operands are listed with the same count.
        macs.total += use->weights.empty() ? 0 : use->weights.front().macs;
    } else {
        for (const model::WeightUse& weight : use->weights) macs.total += weight.macs;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto tensors = script::tensorsIn(inputs[i]);
        for (std::size_t t = 0; t < tensors.size() && t < step.inputs[i].tensors.size(); ++t) {
            const auto& layer = step.inputs[i].tensors[t].layer;
            if (!layer) continue;
            for (const model::WeightUse& weight : use->weights) {
                if (!weight.weight.is_same(tensors[t])) continue;
                macs.layers[layer->index()] += weight.macs;
                if (use->role == model::WeightRole::Product) return;
            }
        }
    }
}

CountedMacs CountedSteps::count(
    const channels::KeptChannels& kept,
    const std::map<std::string, std::vector<std::int64_t>>& shapes) const {
    const Shapes left(*this, kept, shapes);
    CountedMacs macs{0, std::vector<std::int64_t>(m_analysis.snapshot->layers().size())};
    for (const Step& step : m_steps) addTo(macs, step, left);
    return macs;
}

}  // namespace espalier::prune
