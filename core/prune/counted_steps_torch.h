// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of an observed run that multiply, counted again with the shapes that cut channels
// leave.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/ivalue.h>

#include "core/channels/analysis_torch.h"

namespace espalier::prune {

/// Multiply-accumulates of one run of the example input, its whole batch.
struct CountedMacs {
    std::int64_t total = 0;
    std::vector<std::int64_t> layers;  ///< by LayerId: of weights that the steps take as they are
};

/// Shows steps to the table of operators with tensors that have shapes, but no elements.
class CountedSteps {
public:
    /// `groups` must outlive this.
    explicit CountedSteps(const channels::ChannelGroups& groups);

    /// `shapes` are what parameters and buffers have left, by path; those that are not named keep
    /// theirs.
    CountedMacs count(const channels::KeptChannels& kept,
                      const std::map<std::string, std::vector<std::int64_t>>& shapes) const;

private:
    struct Tensor {
        const channels::TraceValue* value = nullptr;
        std::optional<model::LayerId> layer;  // whose weight it is
        std::vector<int> axes;                // per axis its place in m_axes, -1: it keeps its size
    };
    struct Argument {
        bool isList = false;
        std::vector<Tensor> tensors;  // none: `plain` is the argument
        c10::IValue plain;
    };
    struct Step {
        const torch::jit::Node* node = nullptr;
        std::vector<Argument> inputs;
        std::vector<Argument> outputs;
    };
    class Shapes;

    Argument argument(channels::ValueId id);
    Tensor tensor(channels::ValueId id);
    void addTo(CountedMacs& macs, const Step& step, const Shapes& shapes) const;

    const channels::AnalysisState& m_analysis;
    std::vector<channels::AxisTags> m_axes;  // distinct
    std::map<const void*, int> m_places;     // in m_axes
    std::vector<Step> m_steps;
};

}  // namespace espalier::prune
