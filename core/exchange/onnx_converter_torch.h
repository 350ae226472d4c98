// SPDX-License-Identifier: GPL-3.0-or-later
// Turns an observed run into ONNX nodes, step by step.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/run_control.h"
#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

/// A node that no ONNX could be found for.
struct UnmappedStep {
    std::string op;      ///< "aten::fft_rfft2"
    std::string layer;   ///< module path, may be empty
    std::string reason;  ///< for people
};

/// TorchScript writes into tensors, ONNX does not: a value has another name after each write. A
/// write into a view is carried into what it is a view of, and other views are made again when they
/// are read.
class OnnxConverter final : public OnnxValues {
public:
    OnnxConverter(OnnxGraph& graph, const Observation& observation)
        : m_graph(graph), m_seen(observation) {}

    void setInput(ValueId id, std::string name) { m_names[id] = std::move(name); }
    /// Throws BatchIsFixed. What has no mapping becomes a node of the type kUnmapped, whose
    /// doc_string is its place in unmapped(). False: stopped.
    bool run(RunControl& control);
    std::string nameOf(ValueId id) override;
    at::Tensor constantOf(ValueId id) override;

    const std::vector<UnmappedStep>& unmapped() const { return m_unmapped; }
    static constexpr auto kUnmapped = "Unmapped";

private:
    struct View {
        ValueId base;
        std::size_t step;
    };

    void convert(std::size_t number);
    void map(std::size_t number, const std::string& name);
    void leaveOut(std::size_t number, const std::string& reason);
    void noteViews(std::size_t number);
    void noteWrite(ValueId written);
    void writeBack(ValueId written, const View& view);
    /// Names what was split after its part `written` became `now`.
    void joinParts(ValueId written, const std::string& now, const OnnxCall& split);
    std::string constantName(ValueId id);

    OnnxGraph& m_graph;
    const Observation& m_seen;
    std::size_t m_step = 0;
    std::map<ValueId, std::string> m_names;
    std::map<ValueId, View> m_views;
    std::set<ValueId> m_stale;              // views of what was written since
    std::set<ValueId> m_written;            // in place
    std::map<ValueId, std::string> m_lost;  // written to in a way that is not understood
    std::vector<UnmappedStep> m_unmapped;
};

}  // namespace espalier::exchange
