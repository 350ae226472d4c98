// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/onnx_converter_torch.h"

#include <algorithm>
#include <utility>

#include <c10/util/ScopeExit.h>

#include "core/base/format.h"

namespace espalier::exchange {

using channels::TraceStep;

namespace {

/// Makes a list or a dictionary of what is in another.
bool rearrangesContainer(const torch::jit::Node& node) {
    static const std::set<std::string_view> names{"aten::add",     "aten::add_",  "aten::copy",
                                                  "aten::extend",  "aten::get",   "aten::insert",
                                                  "aten::reverse", "aten::slice", "aten::values"};
    if (node.inputs().empty() || !names.contains(node.kind().toQualString())) return false;
    const auto kind = node.input(0)->type()->kind();
    return kind == c10::TypeKind::ListType || kind == c10::TypeKind::DictType;
}

/// Control flow, calls, and what makes or opens containers: no tensor is computed.
bool isPlumbing(const torch::jit::Node& node) {
    static const std::set<std::string_view> names{"aten::__getitem__", "aten::append", "aten::list",
                                                  "aten::_set_item"};
    return node.kind().is_prim() || names.contains(node.kind().toQualString()) ||
           rearrangesContainer(node);
}

bool writesInPlace(const TraceStep& step) {
    const auto* schema = step.node->maybeSchema();
    if (schema == nullptr || schema->arguments().empty()) return false;
    const auto* alias = schema->arguments()[0].alias_info();
    return alias != nullptr && alias->isWrite();
}

/// Its outputs are parts of its input that share nothing.
bool isSplit(const std::string& name) {
    static const std::set<std::string_view> names{
        "chunk",        "unsafe_chunk",     "split",  "unsafe_split",
        "tensor_split", "split_with_sizes", "unbind",
    };
    return names.contains(name);
}

Integers inverse(const Integers& order) {
    Integers result(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        result[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
    }
    return result;
}

}  // namespace

bool OnnxConverter::run(RunControl& control) {
    const auto& steps = m_seen.trace().steps;
    for (m_step = 0; m_step < steps.size(); ++m_step) {
        if (!control.keepGoing()) return false;
        convert(m_step);
    }
    return true;
}

std::string OnnxConverter::constantName(ValueId id) {
    const auto& value = m_seen.value(id);
    const auto& tensor = m_seen.constant(m_step, id);
    if (!value.path.empty() && !m_written.contains(id)) {
        return m_graph.initialiser(value.path, tensor);
    }
    return m_graph.constant(tensor);
}

at::Tensor OnnxConverter::constantOf(ValueId id) {
    if (m_seen.varies(id)) throw Unmapped("what must be a constant is computed");
    return m_seen.constant(m_step, id);
}

std::string OnnxConverter::nameOf(ValueId id) {
    if (!m_seen.varies(id)) return constantName(id);
    if (m_seen.isNumber(id)) return m_graph.count(m_seen.number(id), m_seen.value(id).dtype);
    if (const auto lost = m_lost.find(id); lost != m_lost.end()) throw Unmapped(lost->second);
    if (m_stale.erase(id) > 0) {
        const auto now = std::exchange(m_step, m_views.at(id).step);
        const auto back = c10::make_scope_exit([&] { m_step = now; });
        map(m_step, mappingName(*m_seen.trace().steps[m_step].node));
    }
    const auto known = m_names.find(id);
    if (known == m_names.end()) throw Unmapped("it reads what the model keeps from run to run");
    return known->second;
}

void OnnxConverter::convert(std::size_t number) {
    const TraceStep& step = m_seen.trace().steps[number];
    if (isPlumbing(*step.node)) return;
    const auto needsNode = [this](ValueId id) { return m_seen.varies(id) && !m_seen.isNumber(id); };
    const OnnxCall call(m_graph, m_seen, *this, step, "");
    const auto outputs = call.outputs();
    if (std::ranges::none_of(outputs, needsNode)) {
        if (writesInPlace(step)) m_written.insert(step.inputs[0]);
        return;
    }
    m_graph.setScope(channels::modulePathOf(*step.node));
    try {
        map(number, mappingName(*step.node));
    } catch (const Unmapped& reason) {
        leaveOut(number, reason.what());
    }
    noteViews(number);
    if (!writesInPlace(step)) return;
    m_written.insert(step.inputs[0]);
    noteWrite(step.inputs[0]);
}

void OnnxConverter::map(std::size_t number, const std::string& name) {
    const TraceStep& step = m_seen.trace().steps[number];
    const OnnxMapping mapping = step.node->kind().is_aten() ? findMapping(name) : nullptr;
    if (mapping == nullptr) throw Unmapped("it has no counterpart in ONNX, or none is known here");
    const OnnxCall call(m_graph, m_seen, *this, step, name);
    mapping(call);
    for (const auto& [id, value] : call.given()) {
        m_names[id] = value;
        m_stale.erase(id);
    }
}

void OnnxConverter::leaveOut(std::size_t number, const std::string& reason) {
    const TraceStep& step = m_seen.trace().steps[number];
    const OnnxCall call(m_graph, m_seen, *this, step, "");
    std::vector<std::string> inputs;
    for (const ValueId id : step.inputs) {
        if (id < 0) continue;
        const auto& value = m_seen.value(id);
        for (const ValueId tensor : value.isTensor ? std::vector{id} : value.elements) {
            if (const auto known = m_names.find(tensor); known != m_names.end())
                inputs.push_back(known->second);
        }
    }
    const auto outputs = call.outputs();
    const OnnxAttributes place{{"place", static_cast<std::int64_t>(m_unmapped.size())}};
    const auto names = m_graph.addMany(kUnmapped, inputs, place, outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) m_names[outputs[i]] = names[i];
    m_unmapped.push_back(
        {step.node->kind().toQualString(), channels::modulePathOf(*step.node), reason});
}

void OnnxConverter::noteViews(std::size_t number) {
    const TraceStep& step = m_seen.trace().steps[number];
    if (!m_seen.isView(number) || step.inputs.empty() || step.inputs[0] < 0) return;
    const OnnxCall call(m_graph, m_seen, *this, step, "");
    for (const ValueId id : call.outputs()) {
        if (id != step.inputs[0]) m_views.insert_or_assign(id, View{step.inputs[0], number});
    }
}

void OnnxConverter::noteWrite(ValueId written) {
    std::set<ValueId> fresh{written};
    ValueId root = written;
    for (auto view = m_views.find(root); view != m_views.end(); view = m_views.find(root)) {
        const View seen = view->second;
        writeBack(root, seen);
        m_stale.erase(seen.base);
        const auto& step = m_seen.trace().steps[seen.step];
        if (const std::string name = mappingName(*step.node); isSplit(name)) {
            for (const ValueId part : OnnxCall(m_graph, m_seen, *this, step, name).outputs())
                fresh.insert(part);
        }
        root = seen.base;
        fresh.insert(root);
    }
    // Everything else that looks at the same memory.
    std::set<ValueId> family{root};
    for (bool grows = true; grows;) {
        grows = false;
        for (const auto& [id, view] : m_views) {
            if (family.contains(view.base) && family.insert(id).second) grows = true;
        }
    }
    for (const ValueId id : family) {
        if (!fresh.contains(id)) m_stale.insert(id);
    }
}

void OnnxConverter::writeBack(ValueId written, const View& view) {
    const auto& step = m_seen.trace().steps[view.step];
    const std::string name = mappingName(*step.node);
    const auto& value = m_seen.value(view.base);
    try {
        const std::string now = nameOf(written);
        const OnnxCall call(m_graph, m_seen, *this, step, name);
        static const std::set<std::string> reshapes{"view",      "reshape",   "flatten",
                                                    "unflatten", "squeeze",   "unsqueeze",
                                                    "view_as",   "reshape_as"};
        if (value.shape == m_seen.value(written).shape &&
            value.dtype == m_seen.value(written).dtype &&
            !std::set<std::string>{"permute", "transpose", "t"}.contains(name)) {
            m_names[view.base] = now;
        } else if (reshapes.contains(name)) {
            m_names[view.base] = m_graph.reshape(now, m_seen.dims(view.base));
        } else if (name == "permute") {
            m_names[view.base] = m_graph.transpose(now, inverse(call.axes("dims", view.base)));
        } else if (isSplit(name)) {
            joinParts(written, now, call);
        } else if (name == "select" || name == "slice") {
            const auto axis = call.axis("dim", view.base);
            const auto size = call.fixedSize(view.base, axis);
            const auto clamped = [size](std::int64_t place) {
                return std::clamp<std::int64_t>(place < 0 ? place + size : place, 0, size);
            };
            const bool isSelect = name == "select";
            if (!isSelect && call.integer("step", 1) != 1) throw Unmapped("");
            const auto begin = clamped(call.integer(isSelect ? "index" : "start", 0));
            const auto end = isSelect ? begin + 1 : clamped(call.integer("end", size));
            const std::string base = nameOf(view.base);
            std::vector<std::string> parts;
            if (begin > 0) parts.push_back(m_graph.slice(base, axis, {0, 0}, {0, begin}));
            parts.push_back(
                isSelect ? m_graph.add("Unsqueeze", {now, m_graph.constant(Integers{axis})}) : now);
            if (end < size) parts.push_back(m_graph.slice(base, axis, {0, end}, {0, size}));
            m_names[view.base] = m_graph.add("Concat", parts, {{"axis", axis}});
        } else {
            throw Unmapped("");
        }
    } catch (const Unmapped&) {
        m_lost[view.base] = cat("a part of it is written to through aten::", name);
    }
}

void OnnxConverter::joinParts(ValueId written, const std::string& now, const OnnxCall& split) {
    const ValueId base = split.step.inputs[0];
    const auto axis = split.axis("dim", base);
    std::vector<std::string> parts;
    for (const ValueId part : split.outputs()) {
        std::string name = part == written ? now : nameOf(part);
        if (split.name == "unbind")
            name = m_graph.add("Unsqueeze", {name, m_graph.constant(Integers{axis})});
        parts.push_back(name);
    }
    m_names[written] = now;  // making another part again has made this one too
    m_names[base] = m_graph.add("Concat", parts, {{"axis", axis}});
}

}  // namespace espalier::exchange
