// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/argument_fitter_torch.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <ATen/Functions.h>
#include <c10/core/GradMode.h>

#include "core/base/format.h"
#include "core/channels/argument_edits_torch.h"
#include "core/channels/demands_torch.h"
#include "core/channels/execution_torch.h"

namespace espalier::channels {

namespace {

using c10::IValue;
using torch::jit::Node;
using Outputs = std::optional<std::vector<IValue>>;

bool isComparison(const Node& node) {
    switch (node.kind()) {
        case c10::aten::eq:
        case c10::aten::ne:
        case c10::aten::lt:
        case c10::aten::le:
        case c10::aten::gt:
        case c10::aten::ge:
            return node.output()->type()->kind() == c10::TypeKind::BoolType;
        default:
            return false;
    }
}

bool hasTensors(const c10::TypePtr& type) {
    if (type->kind() == c10::TypeKind::TensorType) return true;
    return std::ranges::any_of(type->containedTypes(),
                               [](const auto& part) { return hasTensors(part); });
}

bool hasTensorOutput(const Node& node) {
    return std::ranges::any_of(node.outputs(),
                               [](const auto* output) { return hasTensors(output->type()); });
}

class ArgumentFitter final : public script::Observer {
public:
    ArgumentFitter(const Trace& trace, const Boxes& boxes, const script::Draft& draft)
        : m_trace(trace), m_boxes(boxes), m_editor(m_edits, m_numbers) {
        for (const auto& [old, made] : draft.nodes) m_old.emplace(made, old);
        for (std::size_t i = 0; i < trace.steps.size(); ++i) {
            m_steps[trace.steps[i].node].indices.push_back(static_cast<int>(i));
        }
    }

    Outputs before(const Node& node, std::vector<IValue>& inputs) override {
        const auto old = m_old.find(&node);
        if (old == m_old.end()) return std::nullopt;  // in a method called through an interface
        Uses& uses = m_steps[old->second];
        if (uses.next == uses.indices.size()) {
            fail({Error::Kind::Unsupported, "Cannot cut the model",
                  cat(node.kind().toQualString(), " would run more often than before"), ""},
                 uses.indices.empty() ? -1 : uses.indices.back());
        }
        const int step = uses.indices[uses.next++];
        m_step = step;
        Outputs outputs;
        run(step, [&] { outputs = prepare(*const_cast<Node*>(&node), step, inputs); });
        return outputs;
    }

    void onNode(const script::NodeEvent& event) override {
        const auto old = m_old.find(event.node);
        if (old == m_old.end()) return;
        const Uses& uses = m_steps[old->second];
        const int step = uses.indices.at(uses.next - 1);
        const TraceStep& then = m_trace.steps[step];
        const Execution execution(m_trace, m_boxes, step);
        for (std::size_t i = 0; i < event.outputs.size(); ++i) {
            const auto* value = event.node->outputs()[i];
            if (m_numbers.isNumber(value)) {
                m_numbers.record(value, m_trace.values[then.outputs[i]].value, event.outputs[i]);
            }
            checkShapes(execution, step, i, event.outputs[i]);
        }
    }

    const GraphEdits& edits() const { return m_edits; }
    std::optional<Misfit> misfit() const { return m_misfit; }
    int lastStep() const { return m_step; }
    std::vector<std::string> notes() const { return {m_notes.begin(), m_notes.end()}; }

private:
    struct Uses {
        std::vector<int> indices;  ///< steps of the trace
        std::size_t next = 0;
    };

    [[noreturn]] void fail(Error error, int step) {
        m_misfit = Misfit{std::move(error), step};
        throw std::runtime_error(m_misfit->error.why);
    }

    template <class Body>
    void run(int step, Body&& body) {
        try {
            body();
        } catch (const Conflict& conflict) {
            fail({Error::Kind::Unsupported, "Cannot cut the model", conflict.what(), ""}, step);
        }
    }

    Outputs prepare(Node& node, int step, std::vector<IValue>& inputs) {
        const Execution execution(m_trace, m_boxes, step);
        if (node.kind() == c10::prim::If || node.kind() == c10::prim::Loop) {
            keepDecision(node, execution, inputs);
            return std::nullopt;
        }
        if (node.kind() == c10::prim::Constant) return cutConstant(node, execution);
        if (isComparison(node)) {
            if (m_numbers.isData(node.output())) {
                m_editor.fitShapes(node, execution, inputs);
                return std::nullopt;
            }
            return m_editor.fitComparison(node, execution, inputs);
        }
        const auto* schema = node.maybeSchema();
        if (schema == nullptr || !hasTensorOutput(node)) return std::nullopt;
        if (node.outputs().size() == 1 && m_numbers.isNumber(node.output())) return std::nullopt;
        return fitOperator(node, step, execution, inputs);
    }

    /// Branches are decided as before and loops run as often: where a stale number says otherwise,
    /// the decision is made a constant.
    void keepDecision(Node& node, const Execution& execution, std::vector<IValue>& inputs) {
        const std::size_t count = node.kind() == c10::prim::If ? 1 : 2;
        for (std::size_t i = 0; i < count; ++i) {
            const IValue& then = execution.input(i).value;
            if (then.isNone()) continue;
            const bool isRight = sameNumbers(then, inputs[i]);
            // What the input decides stays open; only this run follows the example.
            if (m_numbers.isData(node.inputs()[i])) {
                inputs[i] = then;
            } else {
                m_editor.fitNumber(node, i, then, inputs);
            }
            if (isRight || m_numbers.isData(node.inputs()[i])) continue;
            const auto place = modulePathOf(execution.node());
            m_notes.insert(cat("A branch in ", place.empty() ? "the model" : place,
                               " is fixed as the example decided it"));
        }
    }

    Outputs cutConstant(Node& node, const Execution& execution) {
        const Box& box = execution.outputBox(0);
        if (box.empty() || !execution.output(0).isTensor) return std::nullopt;
        const IValue cut = cutTensor(node.t(c10::attr::value), box).contiguous();
        m_editor.setOutput(node, cut);
        return std::vector<IValue>{cut};
    }

    Outputs fitOperator(Node& node, int step, const Execution& execution,
                        std::vector<IValue>& inputs) {
        Demand demand;
        if (!execution.isWhole() || execution.groupCount()) {
            auto result = demandOf(execution, inputs);
            if (!result) fail(result.error(), step);
            demand = *std::move(result);
        }
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const auto wanted = demand.arguments.find(i);
            if (wanted != demand.arguments.end()) {
                m_editor.fitShape(node, i, wanted->second, inputs);
            } else if (m_numbers.isNumber(node.inputs()[i])) {
                m_editor.keepNumber(node, i, execution.input(i).value, inputs);
            }
        }
        if (!demand.substitute) return std::nullopt;
        return m_editor.substitute(node, *demand.substitute, inputs);
    }

    void checkShapes(const Execution& execution, int step, std::size_t output,
                     const IValue& value) {
        if (value.isObject() || value.isNone()) return;
        const auto expected = execution.newShapesIn(output);
        const auto tensors = script::tensorsIn(value);
        if (expected.size() != tensors.size()) return;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            if (!tensors[i].defined() || tensors[i].sizes().equals(expected[i])) continue;
            fail({Error::Kind::Unsupported, cat("Cannot cut at ", execution.op()),
                  cat(execution.node().kind().toQualString(), " in \"",
                      modulePathOf(execution.node()), "\" would give ",
                      shapeText(tensors[i].sizes()), " where ", shapeText(expected[i]),
                      " is needed"),
                  ""},
                 step);
        }
    }

    static std::string shapeText(at::IntArrayRef shape) {
        std::string text;
        for (const auto size : shape) text += cat(text.empty() ? "" : "x", size);
        return text.empty() ? "a number" : text;
    }

    const Trace& m_trace;
    const Boxes& m_boxes;
    GraphEdits m_edits;
    NumberFlow m_numbers;
    ArgumentEditor m_editor;
    std::unordered_map<const Node*, const Node*> m_old;
    std::unordered_map<const Node*, Uses> m_steps;
    std::optional<Misfit> m_misfit;
    std::set<std::string> m_notes;
    int m_step = -1;
};

}  // namespace

Fit fitArguments(const Trace& trace, const Boxes& boxes, const script::Draft& draft,
                 std::vector<IValue> inputs, RunControl& control) {
    const c10::AutoGradMode recordedWith(true);
    ArgumentFitter fitter(trace, boxes, draft);
    const auto result =
        script::runObserved(script::programOf(draft), std::move(inputs), fitter, control);
    if (fitter.misfit()) return {fitter.misfit(), {}};
    if (!result) {
        auto error = result.error();
        if (error.kind != Error::Kind::Cancelled) error.kind = Error::Kind::Unsupported;
        return {Misfit{error, fitter.lastStep()}, {}};
    }
    fitter.edits().apply(*draft.graph);
    return {std::nullopt, fitter.notes()};
}

}  // namespace espalier::channels
