// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/spared_axes_torch.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "core/model/operators_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::channels {

namespace {

using torch::jit::Node;
using Paths = std::set<std::string>;

/// Follows parameters through the steps that read nothing else.
class Sources {
public:
    explicit Sources(const Trace& trace) : m_trace(trace), m_known(trace.values.size()) {}

    /// The parameters that all of the step's inputs come from; none when activations go in as well.
    std::optional<Paths> into(const TraceStep& step) {
        Paths all;
        for (const ValueId id : step.inputs) {
            if (!add(id, all)) return std::nullopt;
            for (const ValueId element : m_trace.values.at(id).elements) {
                if (!add(element, all)) return std::nullopt;
            }
        }
        return all;
    }

    void set(const TraceStep& step, const Paths& paths) {
        for (const ValueId id : step.outputs) m_known[id] = paths;
    }

private:
    bool add(ValueId id, Paths& all) const {
        const TraceValue& value = m_trace.values.at(id);
        if (!value.isTensor || value.isConstant) return true;
        if (!value.path.empty()) {
            all.insert(value.path);
            return true;
        }
        if (!m_known[id]) return false;
        all.insert(m_known[id]->begin(), m_known[id]->end());
        return true;
    }

    const Trace& m_trace;
    std::vector<std::optional<Paths>> m_known;
};

/// Numbers in each parameter.
std::map<std::string, std::int64_t> sizesOf(const Trace& trace) {
    std::map<std::string, std::int64_t> sizes;
    for (const TraceValue& value : trace.values) {
        if (value.isTensor && !value.path.empty()) {
            sizes[value.path] = c10::multiply_integers(value.shape);
        }
    }
    return sizes;
}

/// The cut axes of these parameters, those of the largest first: a vector is spared before the
/// scale that goes with it, and rows before columns.
std::vector<std::pair<std::string, int>> cutAxes(const Paths& paths,
                                                 const std::map<std::string, std::int64_t>& sizes,
                                                 const Boxes& boxes) {
    std::vector<std::pair<std::string, int>> axes;
    for (const auto& path : paths) {
        const auto box = boxes.parameters.find(path);
        if (box == boxes.parameters.end()) continue;
        for (const AxisCut& cut : box->second) axes.emplace_back(path, cut.axis);
    }
    std::ranges::stable_sort(
        axes, {}, [&](const auto& axis) { return std::pair(-sizes.at(axis.first), axis.second); });
    return axes;
}

bool isFinite(std::span<const c10::IValue> values) {
    return std::ranges::all_of(values, [](const c10::IValue& value) {
        return std::ranges::all_of(script::tensorsIn(value), [](const at::Tensor& tensor) {
            return !tensor.defined() || !tensor.is_floating_point() ||
                   at::isfinite(tensor).all().item<bool>();
        });
    });
}

/// The nodes at which numbers cease to be finite.
struct Breaks final : script::Observer {
    void onNode(const script::NodeEvent& event) override {
        if (isWatched(event.node) && isFinite(event.inputs) && !isFinite(event.outputs)) {
            nodes.insert(event.node);
        }
    }
    std::function<bool(const Node*)> isWatched;
    std::set<const Node*> nodes;
};

}  // namespace

Sparing::Sparing(const AnalysisState& analysis, const Boxes& boxes) : m_analysis(analysis) {
    Sources sources(analysis.trace);
    const auto sizes = sizesOf(analysis.trace);
    for (const TraceStep& step : analysis.trace.steps) {
        const auto op = step.node->kind();
        if (op == c10::prim::GetAttr) continue;
        const auto paths = sources.into(step);
        if (!paths || paths->empty()) continue;
        sources.set(step, *paths);
        if (!op.is_aten() || model::isReindexing(op)) continue;
        const auto axes = cutAxes(*paths, sizes, boxes);
        if (axes.empty()) continue;
        auto& candidates = m_computed[step.node].candidates;
        candidates.insert(candidates.end(), axes.begin(), axes.end());
    }
}

bool Sparing::isSettled(const script::Program& twin, RunControl& control) {
    const at::NoGradGuard noGrad;
    Breaks breaks;
    breaks.isWatched = [this](const Node* node) { return m_computed.contains(node); };
    const auto inputs = script::exampleInputs(m_analysis.snapshot->inputs(), 0);
    if (!script::runObserved(twin, inputs, breaks, control)) return true;  // the proof will tell
    bool isSettled = true;
    for (const Node* node : breaks.nodes) {
        auto& [candidates, next] = m_computed.at(node);
        if (next > 0) axes.erase(candidates[next - 1]);
        if (next == candidates.size()) continue;
        axes.insert(candidates[next++]);
        isSettled = false;
    }
    return isSettled;
}

}  // namespace espalier::channels
