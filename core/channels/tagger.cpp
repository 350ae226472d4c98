// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/tagger_torch.h"

#include <algorithm>
#include <unordered_set>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// "aten::add_" → "add".
std::string plainName(const torch::jit::Node& node) {
    std::string name = node.kind().toUnqualString();
    while (name.size() > 1 && name.back() == '_' && !name.ends_with("__")) name.pop_back();
    return name;
}

bool anyTensor(const Trace& trace, const std::vector<ValueId>& ids) {
    return std::ranges::any_of(ids, [&trace](ValueId id) {
        if (id < 0) return false;
        const auto& value = trace.values[at(id)];
        return value.isTensor || !value.elements.empty();
    });
}

/// Control flow, attributes and containers hand tensors on as they are.
bool onlyHandsOn(const torch::jit::Node& node) {
    static const std::unordered_set<std::string> kNames = {
        "If",           "Loop",          "Constant",       "GetAttr",
        "SetAttr",      "TupleUnpack",   "TupleIndex",     "ListConstruct",
        "ListUnpack",   "DictConstruct", "TupleConstruct", "TupleSlice",
        "CallFunction", "CallMethod",    "unchecked_cast", "unchecked_unwrap_optional",
        "CreateObject", "Uninitialized", "RaiseException", "Enter",
        "Exit",         "isinstance",    "Print",          "__getitem__",
        "append",       "insert",        "extend",         "pop",
        "_set_item",    "values",        "keys",           "items",
        "list",         "__contains__",  "warn",           "format",
        "get",          "setdefault",    "popitem",        "dict"};
    return kNames.contains(node.kind().toUnqualString());
}

/// Lists are added, sliced or copied: no tensor comes out that did not go in.
bool onlyMovesElements(const Trace& trace, const TraceStep& step) {
    std::unordered_set<ValueId> given;
    for (const auto id : step.inputs) {
        if (id < 0) continue;
        const auto& elements = trace.values[at(id)].elements;
        given.insert(elements.begin(), elements.end());
    }
    return !step.outputs.empty() && std::ranges::all_of(step.outputs, [&](ValueId id) {
        if (id < 0 || trace.values[at(id)].isTensor) return false;
        const auto& elements = trace.values[at(id)].elements;
        return std::ranges::all_of(elements, [&given](ValueId e) { return given.contains(e); });
    });
}

/// Whether an operator makes axes along which all is equal.
bool stretches(std::string_view name) {
    return name.starts_with("expand") || name.starts_with("broadcast_") ||
           name.starts_with("repeat") || name == "tile";
}

}  // namespace

Tagger::Tagger(const Trace& trace, HeadUnit unit) : m_trace(trace), m_unit(unit) {
    prepareValues();
}

void Tagger::prepareValues() {
    m_table.values.resize(m_trace.values.size());
    const int constant = atoms().reason("a constant");
    const int made = atoms().reason("something that has no channels");
    for (std::size_t id = 0; id < m_trace.values.size(); ++id) {
        const auto& value = m_trace.values[id];
        if (!value.isTensor) continue;
        auto& tags = m_table.values[id];
        tags.axes.resize(value.shape.size());
        tags.origin = value.isConstant ? constant : made;
        tags.isParametric = value.isConstant || !value.path.empty();
        tags.isLazy = !value.path.empty();
        if (!tags.isLazy) continue;
        const auto number = static_cast<int>(m_leafPaths.size());
        const auto [leaf, isNew] = m_leafNumbers.try_emplace(value.path, number);
        if (isNew) m_leafPaths.push_back(value.path);
        tags.leaves = {leaf->second};
    }
    const int input = atoms().reason("the model's input");
    for (const auto id : m_trace.inputs) m_table.values[at(id)].origin = input;
}

Result<TagTable> Tagger::run(RunControl& control) {
    for (const auto& step : m_trace.steps) {
        if (!control.keepGoing()) {
            return Error{Error::Kind::Cancelled, "Cannot find the channel groups", "it was stopped",
                         ""};
        }
        walk(step);
        ++m_step;
    }
    for (const auto id : m_trace.outputs) freezeAll(id, "these channels are the model's output");
    return std::move(m_table);
}

void Tagger::walk(const TraceStep& step) {
    if (!anyTensor(m_trace, step.inputs) && !anyTensor(m_trace, step.outputs)) return;
    if (onlyHandsOn(*step.node)) return;
    const bool takesLists = std::ranges::any_of(step.node->inputs(), [](const auto* input) {
        return input->type()->kind() == c10::TypeKind::ListType;
    });
    if (takesLists && onlyMovesElements(m_trace, step)) return;
    const Call call(*this, step, plainName(*step.node));
    const auto inputs = call.tensors();
    const auto outputs = call.outputs();
    const bool isTracked = std::ranges::any_of(
        inputs, [this](ValueId id) { return tags(id).isTracked() || tags(id).isLazy; });
    const bool isStretched = stretches(call.name);
    m_joined.clear();
    m_lost = -1;
    const auto rule = findRule(*step.node, call.name);
    if (rule != nullptr && (isTracked || isStretched || inputs.empty())) {
        rule(call);
    } else if (isTracked) {
        if (outputs.empty() && call.name != "tolist") return;
        call.freezeAll(cat("the operator ", step.node->kind().toQualString(),
                           " is not known to the analysis"));
    } else {
        for (const auto id : outputs) {
            if (std::ranges::find(inputs, id) == inputs.end()) call.set(id, call.plain(id));
        }
    }
    for (const auto id : outputs) {
        auto& made = m_table.values[at(id)];
        if (m_lost >= 0 && !made.isTracked() && !made.isParametric) made.origin = m_lost;
    }
    noteCouplings();
}

void Tagger::noteCouplings() {
    std::unordered_set<Atom> roots;
    for (const auto atom : m_joined) {
        if (roots.insert(atoms().root(atom)).second) m_table.couplings.push_back({m_step, atom});
    }
}

AxisTags Tagger::makeAxis(ValueId id, std::int64_t axis) {
    const auto& value = m_trace.values[at(id)];
    const auto size = value.shape[at(axis)];
    if (size <= 1) return nullptr;
    const bool isParameter = m_table.values[at(id)].isLazy && !value.path.empty();
    const std::string path = isParameter ? value.path : "";
    auto& known = m_parameterAxes[{path, static_cast<int>(axis)}];
    if (known != nullptr && isParameter) return known;
    const auto first = atoms().add(size);
    auto made = std::make_shared<std::vector<Atom>>(at(size));
    for (std::int64_t i = 0; i < size; ++i) (*made)[at(i)] = first + static_cast<Atom>(i);
    m_table.axes.push_back({path, static_cast<int>(axis), size, first,
                            static_cast<int>(value.shape.size()), false, Role::Affine});
    return known = std::move(made);
}

AxisTags Tagger::axis(ValueId id, std::int64_t axis) {
    auto& tags = m_table.values[at(id)];
    auto& found = tags.axes[at(axis)];
    if (found == nullptr && (tags.isLazy || tags.isFree(axis))) found = makeAxis(id, axis);
    return found;
}

const Tags& Tagger::allAxes(ValueId id) {
    const auto& tags = m_table.values[at(id)];
    if (tags.isLazy) {
        for (std::size_t i = 0; i < tags.axes.size(); ++i) {
            axis(id, static_cast<std::int64_t>(i));
        }
    }
    return tags;
}

void Tagger::setTags(ValueId id, Tags tags) {
    const auto& shape = m_trace.values[at(id)].shape;
    tags.axes.resize(shape.size());
    for (std::size_t i = 0; i < shape.size(); ++i) {
        auto& axis = tags.axes[i];
        if (axis == nullptr) continue;
        const bool fits = static_cast<std::int64_t>(axis->size()) == shape[i];
        if (!fits || shape[i] <= 1) {
            freeze(axis, cat(here(), " takes some of them apart"));
            axis = nullptr;
        }
    }
    m_table.values[at(id)] = std::move(tags);
}

void Tagger::attach(Atom a, Atom b) {
    if (a == b) return;
    if (a == kNoAtom || b == kNoAtom) {
        atoms().freeze(std::max(a, b),
                       atoms().reason(cat(here(), " joins them with what must stay")));
    } else {
        atoms().unite(a, b);
    }
}

void Tagger::unite(Atom a, Atom b) {
    if (a == kNoAtom || b == kNoAtom) return attach(a, b);
    if (atoms().unite(a, b)) m_joined.push_back(a);
}

void Tagger::unite(const AxisTags& a, const AxisTags& b) {
    if (a == b || a == nullptr || b == nullptr) return;
    const auto count = std::min(a->size(), b->size());
    for (std::size_t i = 0; i < count; ++i) unite((*a)[i], (*b)[i]);
}

void Tagger::attach(const AxisTags& a, const AxisTags& b) {
    if (a == b || a == nullptr || b == nullptr) return;
    const auto count = std::min(a->size(), b->size());
    for (std::size_t i = 0; i < count; ++i) attach((*a)[i], (*b)[i]);
}

void Tagger::freeze(const AxisTags& axis, const std::string& reason, int origin) {
    if (axis == nullptr) return;
    const int number = atoms().reason(reason);
    for (const auto atom : *axis) atoms().freeze(atom, number);
    if (m_lost < 0)
        m_lost = origin >= 0 ? origin : atoms().reason(cat("others that stay since ", reason));
}

void Tagger::freezeAll(ValueId id, const std::string& reason) {
    for (const auto& axis : allAxes(id).axes) freeze(axis, reason);
}

void Tagger::markInexact(const AxisTags& axis, const std::string& reason) {
    if (axis == nullptr) return;
    const int number = atoms().reason(reason);
    for (const auto atom : *axis) atoms().markInexact(atom, number);
}

void Tagger::setHeads(const AxisTags& axis, std::int64_t heads) {
    if (axis == nullptr || heads <= 1) return;
    for (const auto atom : *axis) atoms().setHeads(atom, heads);
}

void Tagger::setRole(ValueId weight, const AxisTags& axis, Role role) {
    if (axis == nullptr) return;
    std::unordered_set<Atom> roots;
    for (const auto atom : *axis) {
        if (atom != kNoAtom) roots.insert(atoms().root(atom));
    }
    for (const auto leaf : tags(weight).leaves) {
        const auto& path = m_leafPaths[at(leaf)];
        for (auto& known : m_table.axes) {
            if (known.path != path || known.hasRole || known.dimensions < 2) continue;
            const bool isPlain = tags(weight).isLazy;
            const auto own = m_parameterAxes.find({known.path, known.axis});
            const bool matches = isPlain ? own != m_parameterAxes.end() && own->second == axis
                                         : roots.contains(atoms().root(known.first));
            if (!matches) continue;
            known.role = role;
            known.hasRole = true;
        }
    }
}

void Tagger::addGrouped(const AxisTags& channels, std::int64_t perGroup) {
    if (channels != nullptr) m_table.grouped.push_back({m_step, channels, perGroup});
}

std::string Tagger::here() const {
    const auto& node = *m_trace.steps[at(m_step)].node;
    const auto path = modulePathOf(node);
    auto name = plainName(node);
    name.erase(0, name.find_first_not_of('_'));
    return path.empty() ? name : cat(name, " in ", path);
}

}  // namespace espalier::channels
