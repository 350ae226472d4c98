// SPDX-License-Identifier: GPL-3.0-or-later
// What a model did on examples of several batch sizes: which numbers grow with the batch, which
// values depend on the input, and what all others are.
#pragma once

#include <map>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/channels/trace_torch.h"
#include "core/exchange/onnx_model.h"
#include "core/script/input_spec.h"

namespace espalier::exchange {

using channels::ValueId;

/// An integer as it follows from the batch size: perSample × batch + rest.
struct Count {
    std::int64_t perSample = 0;
    std::int64_t rest = 0;
    bool isFixed() const { return perSample == 0; }
    bool operator==(const Count&) const = default;
};

/// Thrown where something cannot be said for all batch sizes; what() says what, for people.
struct BatchIsFixed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Observation {
public:
    /// Runs `module` on examples of three batch sizes, or of the one given when `isBatchFree` is
    /// false. Errors: of script::runObserved. Throws BatchIsFixed when the runs are not alike.
    static Result<Observation> make(const torch::jit::Module& module,
                                    std::span<const script::InputSpec> inputs, bool isBatchFree,
                                    RunControl& control);

    const channels::Trace& trace() const { return m_traces[0]; }
    const channels::TraceValue& value(ValueId id) const { return m_traces[0].values.at(at(id)); }
    bool isBatchFree() const { return m_isBatchFree; }

    /// Of a number or a tensor that is one. Like the next two, throws BatchIsFixed when it does not
    /// follow from the batch size as a Count does.
    Count number(ValueId id) const;
    std::vector<Count> numbers(ValueId id) const;  ///< of one number or a list of them
    std::vector<Count> dims(ValueId id) const;     ///< of a tensor's shape
    /// Whether what is not a tensor is the same at all batch sizes.
    bool isSame(ValueId id) const;

    /// Whether it depends on what the inputs hold, so that it is not known before a run.
    bool isData(ValueId id) const { return m_data.contains(id); }
    /// Whether it has to be computed when the exported model runs.
    bool varies(ValueId id) const { return isData(id) || m_byBatch.contains(id); }
    /// Whether it is an integer in a tensor that follows from the batch size alone.
    bool isNumber(ValueId id) const;

    /// What a tensor that does not vary held when `step` read it; after the last step: when it was
    /// returned.
    const at::Tensor& constant(std::size_t step, ValueId id) const;
    /// Whether the output of that step is a view: shares memory with the first input.
    bool isView(std::size_t step) const { return m_views.contains(step); }

private:
    friend class ConstantReader;
    static std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }
    void follow();
    void followWrite(const channels::TraceStep& step);
    void followStep(const channels::TraceStep& step);
    bool anyTensor(ValueId id, const std::set<ValueId>& marked) const;
    bool hasOneShape(ValueId id) const;
    Count countOf(std::span<const std::int64_t> inEachRun) const;
    std::vector<Count> countsOf(const std::vector<Integers>& inEachRun) const;

    std::vector<channels::Trace> m_traces;  // one, or several of the same steps
    bool m_isBatchFree = false;
    std::set<ValueId> m_data;
    std::set<ValueId> m_byBatch;
    std::map<ValueId, ValueId> m_owner;  // of a tensor that may be a view: what it may be a view of
    std::map<std::pair<std::size_t, ValueId>, at::Tensor> m_constants;
    std::set<std::size_t> m_views;
};

}  // namespace espalier::exchange
