// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/exchange/onnx_observation_torch.h"
#include "core/script/interpreter_torch.h"
#include "core/script/seeded_random_torch.h"

namespace espalier::exchange {

namespace {

using channels::Trace;
using channels::TraceStep;

/// Two say how a number grows, the third that it does.
constexpr std::array<std::int64_t, 3> kBatches{2, 3, 5};
constexpr std::uint64_t kSeed = 0;

std::vector<script::InputSpec> withBatch(std::span<const script::InputSpec> inputs,
                                         std::int64_t batch) {
    std::vector<script::InputSpec> specs(inputs.begin(), inputs.end());
    for (auto& spec : specs) spec.shape.at(0) = batch;
    return specs;
}

/// Whether two runs were at the same place. What a method holds that is called while it runs
/// (`__enter__` of `with`) is made ready by each run anew, so that its nodes are others.
bool areSame(const torch::jit::Node& a, const torch::jit::Node& b) {
    return &a == &b || (a.owningGraph() != b.owningGraph() && a.kind() == b.kind() &&
                        a.sourceRange() == b.sourceRange());
}

/// Whether both runs took the same steps and gave the same names to what they met.
bool areAlike(const Trace& a, const Trace& b) {
    const auto isSame = [](const TraceStep& x, const TraceStep& y) {
        return areSame(*x.node, *y.node) && x.inputs == y.inputs && x.outputs == y.outputs;
    };
    return a.values.size() == b.values.size() && a.outputs == b.outputs &&
           std::ranges::equal(a.steps, b.steps, isSame);
}

/// A number that was in a tensor: what leaves the tensors and may decide what runs.
bool leavesTensors(const TraceStep& step) {
    static const std::set<std::string_view> names{
        "aten::Int",    "aten::Float",       "aten::Bool",          "aten::item",
        "aten::tolist", "aten::IntImplicit", "aten::FloatImplicit", "aten::ScalarImplicit",
        "prim::tolist", "aten::is_nonzero"};
    return names.contains(step.node->kind().toQualString());
}

}  // namespace

/// Sees the run once more, and keeps what is constant where it is read by what is not.
class ConstantReader final : public script::Observer {
public:
    explicit ConstantReader(Observation& observation) : m_observation(observation) {}

    void onNode(const script::NodeEvent& event) override {
        const auto number = m_next++;
        const auto& steps = m_observation.trace().steps;
        if (number >= steps.size() || !areSame(*steps[number].node, *event.node)) {
            throw std::runtime_error("the model does not do the same twice");
        }
        const TraceStep& step = steps[number];
        const bool isRead = std::ranges::any_of(step.outputs, [this](ValueId id) {
            return m_observation.anyTensor(id, m_observation.m_data) ||
                   m_observation.anyTensor(id, m_observation.m_byBatch);
        });
        if (isRead) keepInputs(number, step, event);
        if (event.inputs.empty() || event.outputs.empty()) return;
        const auto& input = event.inputs[0];
        for (const auto& tensor : script::tensorsIn(event.outputs[0])) {
            if (!input.isTensor() || !input.toTensor().defined() || !input.toTensor().has_storage())
                break;
            if (tensor.has_storage() && tensor.is_alias_of(input.toTensor()) &&
                !tensor.is_same(input.toTensor()))
                m_observation.m_views.insert(number);
        }
    }

private:
    void keepInputs(std::size_t number, const TraceStep& step, const script::NodeEvent& event) {
        const auto skipped = step.inputs.size() - event.inputs.size();
        for (std::size_t i = 0; i < event.inputs.size(); ++i) {
            const ValueId id = step.inputs[i + skipped];
            if (id < 0) continue;
            const auto tensors = script::tensorsIn(event.inputs[i]);
            const auto& value = m_observation.value(id);
            const auto ids = value.isTensor ? std::vector{id} : value.elements;
            for (std::size_t k = 0; k < tensors.size() && k < ids.size(); ++k) {
                if (m_observation.varies(ids[k])) continue;
                // A copy of what may be written to later; parameters are not.
                const bool isShared = !m_observation.value(ids[k]).path.empty();
                m_observation.m_constants.emplace(
                    std::pair{number, ids[k]},
                    isShared ? tensors[k].detach() : tensors[k].detach().clone());
            }
        }
    }

    Observation& m_observation;
    std::size_t m_next = 0;
};

Result<Observation> Observation::make(const torch::jit::Module& module,
                                      std::span<const script::InputSpec> inputs, bool isBatchFree,
                                      RunControl& control) {
    const auto program = script::makeProgram(module);
    if (!program) return program.error();
    Observation seen;
    seen.m_isBatchFree = isBatchFree;
    const auto specsAt = [&](std::size_t run) {
        if (isBatchFree) return withBatch(inputs, kBatches[run]);
        return std::vector<script::InputSpec>(inputs.begin(), inputs.end());
    };
    for (std::size_t run = 0; run < (isBatchFree ? kBatches.size() : 1); ++run) {
        const script::SeededRandom seeded(kSeed);
        auto trace =
            channels::recordTrace(*program, script::exampleInputs(specsAt(run), kSeed), control);
        if (!trace) {
            if (isBatchFree && trace.error().kind != Error::Kind::Cancelled) {
                throw BatchIsFixed(cat("it does not run on a batch of ", kBatches[run]));
            }
            return trace.error();
        }
        seen.m_traces.push_back(std::move(*trace));
        if (!areAlike(seen.m_traces.front(), seen.m_traces.back())) {
            throw BatchIsFixed("what it does depends on the batch size");
        }
    }
    seen.follow();
    ConstantReader reader(seen);
    const script::SeededRandom seeded(kSeed);
    const c10::AutoGradMode gradients(true);
    const auto again =
        script::runObserved(*program, script::exampleInputs(specsAt(0), kSeed), reader, control);
    if (!again) return again.error();
    const auto returned = script::tensorsIn(*again);
    for (std::size_t i = 0; i < returned.size() && i < seen.trace().outputs.size(); ++i) {
        seen.m_constants.emplace(std::pair{seen.trace().steps.size(), seen.trace().outputs[i]},
                                 returned[i].detach());
    }
    return seen;
}

bool Observation::anyTensor(ValueId id, const std::set<ValueId>& marked) const {
    if (id < 0) return false;
    const auto& elements = value(id).elements;
    return marked.contains(id) ||
           std::ranges::any_of(elements, [&](ValueId element) { return marked.contains(element); });
}

void Observation::follow() {
    m_data.insert(trace().inputs.begin(), trace().inputs.end());
    for (std::size_t known = 0; known != m_data.size() + m_byBatch.size();) {
        known = m_data.size() + m_byBatch.size();
        for (const TraceStep& step : trace().steps) {
            followStep(step);
            followWrite(step);
        }
    }
}

/// What is written into a view is in all that shares its memory.
void Observation::followWrite(const TraceStep& step) {
    const auto* schema = step.node->maybeSchema();
    if (schema == nullptr || schema->arguments().empty() || step.inputs.empty()) return;
    const auto* alias = schema->arguments()[0].alias_info();
    const ValueId first = step.inputs[0];
    if (alias == nullptr || first < 0 || !value(first).isTensor) return;
    const auto ownerOf = [this](ValueId id) {
        const auto found = m_owner.find(id);
        return found == m_owner.end() ? id : found->second;
    };
    const ValueId owner = ownerOf(first);
    for (const ValueId id : step.outputs) {
        if (id < 0) continue;
        if (value(id).isTensor && id != owner) m_owner[id] = owner;
        for (const ValueId element : value(id).elements) m_owner[element] = owner;
    }
    if (!alias->isWrite()) return;
    const auto share = [&](std::set<ValueId>& marked) {
        if (!marked.contains(first)) return;
        marked.insert(owner);
        for (const auto& [view, of] : m_owner) {
            if (of == owner) marked.insert(view);
        }
    };
    share(m_data);
    share(m_byBatch);
}

void Observation::followStep(const TraceStep& step) {
    const auto kind = step.node->kind();
    const bool isControl = kind == c10::prim::If || kind == c10::prim::Loop ||
                           kind == c10::prim::CallFunction || kind == c10::prim::CallMethod;
    if (isControl) return;  // what comes out of them has the names it had inside
    bool readsData = false;
    bool readsBatch = false;
    for (const ValueId id : step.inputs) {
        if (id < 0) continue;
        readsData = readsData || anyTensor(id, m_data);
        readsBatch = readsBatch || anyTensor(id, m_byBatch) ||
                     (!value(id).isTensor && value(id).elements.empty() && !isSame(id));
    }
    // Sizes of a tensor do not depend on what it holds; numbers made of numbers in tensors do.
    const bool makesData =
        leavesTensors(step) ? readsData : std::ranges::any_of(step.inputs, [this](ValueId input) {
            return input >= 0 && !value(input).isTensor && isData(input);
        });
    const auto mark = [&](ValueId id) {
        const auto& made = value(id);
        if (made.isTensor ? readsData : makesData) m_data.insert(id);
        if (made.isTensor && (readsBatch || !hasOneShape(id))) m_byBatch.insert(id);
    };
    // What is only handed on keeps what is known of it.
    static const std::set<std::string_view> handing{"prim::ListConstruct",
                                                    "prim::TupleConstruct",
                                                    "prim::DictConstruct",
                                                    "prim::ListUnpack",
                                                    "prim::TupleUnpack",
                                                    "prim::TupleIndex",
                                                    "aten::__getitem__",
                                                    "aten::append",
                                                    "prim::unchecked_cast",
                                                    "aten::list",
                                                    "prim::unchecked_unwrap_optional"};
    const bool isHanding = handing.contains(kind.toQualString());
    for (const ValueId id : step.outputs) {
        if (id < 0 || (isHanding && value(id).isTensor)) continue;
        mark(id);
        if (isHanding) continue;
        for (const ValueId element : value(id).elements) mark(element);
    }
}

bool Observation::hasOneShape(ValueId id) const {
    return std::ranges::all_of(m_traces, [&](const Trace& trace) {
        return trace.values[at(id)].shape == value(id).shape;
    });
}

Count Observation::countOf(std::span<const std::int64_t> inEachRun) const {
    const auto first = inEachRun[0];
    if (std::ranges::count(inEachRun, first) == std::ssize(inEachRun)) return {0, first};
    const auto perSample = (inEachRun[1] - first) / (kBatches[1] - kBatches[0]);
    const auto rest = first - perSample * kBatches[0];
    for (std::size_t run = 0; run < inEachRun.size(); ++run) {
        if (inEachRun[run] != perSample * kBatches[run] + rest)
            throw BatchIsFixed("a size in it does not grow with the batch alone");
    }
    return {perSample, rest};
}

bool Observation::isSame(ValueId id) const {
    const auto& first = value(id);
    if (first.isTensor || first.value.isNone() || first.value.isDevice()) return true;
    return std::ranges::all_of(
        m_traces, [&](const Trace& trace) { return trace.values[at(id)].value == first.value; });
}

bool Observation::isNumber(ValueId id) const {
    const auto& tensor = value(id);
    return !isData(id) && tensor.isTensor && tensor.shape.empty() && tensor.value.isTensor() &&
           at::isIntegralType(tensor.dtype, false);
}

namespace {

std::int64_t integerIn(const c10::IValue& value) {
    if (value.isTensor()) return value.toTensor().item().toLong();
    if (value.isInt()) return value.toInt();
    if (value.isBool()) return value.toBool() ? 1 : 0;
    throw BatchIsFixed("a number that is no integer depends on the batch size");
}

}  // namespace

Count Observation::number(ValueId id) const {
    Integers inEachRun;
    for (const Trace& trace : m_traces) inEachRun.push_back(integerIn(trace.values[at(id)].value));
    return countOf(inEachRun);
}

std::vector<Count> Observation::numbers(ValueId id) const {
    const auto& first = value(id).value;
    std::vector<Count> counts;
    if (first.isNone()) {  // a list of numbers in tensors, or nothing
        for (const ValueId element : value(id).elements) counts.push_back(number(element));
        return counts;
    }
    if (!first.isList()) return {number(id)};
    std::vector<Integers> inEachRun;
    for (const Trace& trace : m_traces) {
        Integers items;
        for (const auto& item : trace.values[at(id)].value.toListRef())
            items.push_back(integerIn(item));
        inEachRun.push_back(std::move(items));
    }
    return countsOf(inEachRun);
}

std::vector<Count> Observation::dims(ValueId id) const {
    std::vector<Integers> inEachRun;
    for (const Trace& trace : m_traces) inEachRun.push_back(trace.values[at(id)].shape);
    return countsOf(inEachRun);
}

/// Place by place.
std::vector<Count> Observation::countsOf(const std::vector<Integers>& inEachRun) const {
    std::vector<Count> counts;
    for (std::size_t i = 0; i < inEachRun[0].size(); ++i) {
        Integers place;
        for (const Integers& run : inEachRun) place.push_back(run.at(i));
        counts.push_back(countOf(place));
    }
    return counts;
}

const at::Tensor& Observation::constant(std::size_t step, ValueId id) const {
    const auto found = m_constants.find({step, id});
    if (found == m_constants.end()) throw std::runtime_error("a constant was not seen");
    return found->second;
}

}  // namespace espalier::exchange
