// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/compensation_torch.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "core/channels/attribute_paths_torch.h"
#include "core/channels/execution_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::channels {

namespace {

using torch::jit::Node;
using Positions = std::vector<std::int64_t>;

/// Where two cut activations are multiplied, a constant does not end in a bias.
bool meetsOthers(const Group& group) {
    static const std::set<std::string_view> kProducts = {"matmul", "bmm", "baddbmm", "einsum",
                                                         "scaled_dot_product_attention"};
    return std::ranges::any_of(group.through,
                               [](const auto& op) { return kProducts.contains(op); });
}

bool canCompensate(const Group& group, const KeptChannels& kept) {
    return isCut(group, kept) && group.exact && !meetsOthers(group);
}

/// The positions on the member's axis that go.
Positions removedPositions(const Member& member, const Group& group, const KeptChannels& kept) {
    const auto& stay = kept.groups.at(group.id.index());
    Positions positions;
    for (std::int64_t channel = 0; channel < group.width; ++channel) {
        if (std::ranges::binary_search(stay, channel)) continue;
        const auto own = member.of(channel);
        positions.insert(positions.end(), own.begin(), own.end());
    }
    return positions;
}

/// The weights of normalisations: they go to zero and leave β.
std::set<std::string> scalesOf(const Trace& trace, const Boxes& boxes) {
    static const std::set<std::string_view> kNorms = {"batch_norm", "instance_norm", "group_norm",
                                                      "layer_norm", "native_batch_norm"};
    std::set<std::string> scales;
    for (int i = 0; i < static_cast<int>(trace.steps.size()); ++i) {
        const Execution execution(trace, boxes, i);
        if (!kNorms.contains(execution.op())) continue;
        if (const auto weight = execution.argument("weight")) {
            scales.insert(execution.input(*weight).path);
        }
    }
    return scales;
}

/// Tensors of a module by canonical path.
std::map<std::string, at::Tensor> tensorsByPath(const torch::jit::Module& module) {
    const AttributePaths paths(module);
    std::map<std::string, at::Tensor> tensors;
    for (const auto& attribute : module.named_attributes()) {
        if (!attribute.value.isTensor() || !attribute.value.toTensor().defined()) continue;
        tensors.emplace(paths.of(attribute.value.toTensor()), attribute.value.toTensor().detach());
    }
    return tensors;
}

/// A convolution or linear layer, run once, that reads channels which go.
struct Reader {
    std::size_t weight = 0;  ///< arguments of its node
    std::size_t bias = 0;
    std::string weightPath;
    std::string biasPath;
    at::Tensor columns;  ///< the original weight, zero but for the columns of what goes
};

bool isReader(const std::string& op) {
    return op == "linear" || op.starts_with("conv") || op.starts_with("_convolution");
}

class ReaderFinder {
public:
    ReaderFinder(const ChannelGroups& groups, const KeptChannels& kept, const Boxes& boxes)
        : m_trace(groups.state().trace), m_boxes(boxes) {
        for (const TraceStep& step : m_trace.steps) {
            ++m_runs[step.node];
            for (const ValueId id : step.inputs) ++m_reads[m_trace.values.at(id).path];
        }
        const auto tensors = tensorsByPath(groups.state().program.module);
        for (const Group& group : groups.groups()) {
            if (canCompensate(group, kept)) addColumns(group, kept, tensors);
        }
    }

    std::map<const Node*, Reader> find() const {
        std::map<const Node*, Reader> readers;
        for (int i = 0; i < static_cast<int>(m_trace.steps.size()); ++i) {
            const Execution execution(m_trace, m_boxes, i);
            const auto weight = execution.argument("weight"), bias = execution.argument("bias");
            if (!isReader(execution.op()) || !weight || !bias) continue;
            const Reader reader{
                *weight, *bias, execution.input(*weight).path, execution.input(*bias).path, {}};
            const auto columns = m_columns.find(reader.weightPath);
            const bool isAlone = m_runs.at(&execution.node()) == 1 && !reader.biasPath.empty() &&
                                 m_reads.at(reader.biasPath) == 1;
            if (columns == m_columns.end() || !isAlone) continue;
            readers.emplace(&execution.node(), reader).first->second.columns = columns->second;
        }
        return readers;
    }

private:
    void addColumns(const Group& group, const KeptChannels& kept,
                    const std::map<std::string, at::Tensor>& tensors) {
        for (const Member& member : group.members) {
            const auto found = tensors.find(member.parameter);
            if (member.role != Role::Consumer || found == tensors.end()) continue;
            auto& columns = m_columns[member.parameter];
            if (!columns.defined()) columns = at::zeros_like(found->second);
            const auto index = at::tensor(removedPositions(member, group, kept), at::kLong);
            columns.index_copy_(member.axis, index, found->second.index_select(member.axis, index));
        }
    }

    const Trace& m_trace;
    const Boxes& m_boxes;
    std::map<const Node*, int> m_runs;
    std::map<std::string, int> m_reads;
    std::map<std::string, at::Tensor> m_columns;
};

/// What the removed channels give to each reader, where that is the same everywhere.
class Listener final : public script::Observer {
public:
    explicit Listener(const std::map<const Node*, Reader>& readers) : m_readers(readers) {}

    void onNode(const script::NodeEvent& event) override {
        const auto found = m_readers.find(event.node);
        if (found == m_readers.end()) return;
        const Reader& reader = found->second;
        torch::jit::Stack stack(event.inputs.begin(), event.inputs.end());
        stack[reader.weight] = reader.columns;
        stack[reader.bias] = c10::IValue();
        script::functionOf(const_cast<Node*>(event.node))(stack);
        const at::Tensor given = stack.back().toTensor();
        // [batch, …, out, space …]
        const auto axis = given.dim() - 1 - (reader.columns.dim() - 2);
        const auto rows = given.movedim(axis, 0).flatten(1);
        const auto first = rows.select(1, 0);
        const double most = rows.abs().max().item<double>();
        const double apart = (rows - first.unsqueeze(1)).abs().max().item<double>();
        if (most > 0 && apart <= kSame * most) constants[event.node] = first.clone();
    }

    static constexpr double kSame = 1e-6;
    std::map<const Node*, at::Tensor> constants;

private:
    const std::map<const Node*, Reader>& m_readers;
};

}  // namespace

Result<Compensation> findCompensation(const ChannelGroups& groups, const KeptChannels& kept,
                                      const Boxes& boxes, const WeightMasks& masks,
                                      RunControl& control) {
    const at::NoGradGuard noGrad;
    const auto& program = groups.state().program;
    auto twin = makeTwin(groups, kept, program.module, boxes, masks, control);
    if (!twin) return twin.error();
    if (!twin->isExact) return Compensation{};
    restoreConstants(groups, kept, boxes, {}, program.module, *twin);
    const auto readers = ReaderFinder(groups, kept, boxes).find();
    Listener listeners[] = {Listener(readers), Listener(readers)};
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
        auto inputs = script::exampleInputs(groups.snapshot()->inputs(), seed);
        auto run = script::runObserved(twin->program, inputs, listeners[seed], control);
        if (!run) return run.error();
    }
    Compensation result;
    for (const auto& [node, constant] : listeners[0].constants) {
        const auto other = listeners[1].constants.find(node);
        if (other == listeners[1].constants.end()) continue;
        const double most = constant.abs().max().item<double>();
        const double apart = (constant - other->second).abs().max().item<double>();
        if (apart > Listener::kSame * most) continue;
        result.biases.emplace(readers.at(node).biasPath, constant);
        result.weights.insert(readers.at(node).weightPath);
    }
    return result;
}

void restoreConstants(const ChannelGroups& groups, const KeptChannels& kept, const Boxes& boxes,
                      const Compensation& compensation, const torch::jit::Module& base,
                      Twin& twin) {
    const at::NoGradGuard noGrad;
    const auto original = tensorsByPath(base);
    auto masked = tensorsByPath(twin.module);
    const auto scales = scalesOf(groups.state().trace, boxes);
    for (const Group& group : groups.groups()) {
        if (!canCompensate(group, kept)) continue;
        for (const Member& member : group.members) {
            const bool isShift = member.role == Role::Affine && !scales.contains(member.parameter);
            const bool isRead =
                member.role == Role::Consumer && compensation.weights.contains(member.parameter);
            if (!(isShift || isRead) || !masked.contains(member.parameter)) continue;
            auto& values = masked.at(member.parameter);
            const auto index = at::tensor(removedPositions(member, group, kept), at::kLong);
            values.index_copy_(member.axis, index,
                               original.at(member.parameter).index_select(member.axis, index));
            for (const AxisCut& cut : boxes.parameters.at(member.parameter)) {
                if (cut.axis == member.axis) continue;
                const auto stay = at::tensor(cut.kept, at::kLong);
                const auto other = at::zeros_like(values).index_copy_(
                    cut.axis, stay, values.index_select(cut.axis, stay));
                values.copy_(other);
            }
        }
    }
}

script::ReplaceTensor compensated(script::ReplaceTensor slice, const torch::jit::Module& module,
                                  const Boxes& boxes, const Compensation& compensation) {
    auto paths = std::make_shared<AttributePaths>(module);
    return
        [=, slice = std::move(slice), &boxes](const std::string& name, const at::Tensor& tensor) {
            const at::NoGradGuard noGrad;
            auto result = slice(name, tensor);
            const auto path = paths->of(tensor);
            const auto gain = compensation.biases.find(path);
            if (gain == compensation.biases.end()) return result;
            const auto box = boxes.parameters.find(path);
            const auto gained =
                box == boxes.parameters.end() ? gain->second : cutTensor(gain->second, box->second);
            return (result.detach() + gained).set_requires_grad(tensor.requires_grad());
        };
}

}  // namespace espalier::channels
