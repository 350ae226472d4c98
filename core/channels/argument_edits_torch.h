// SPDX-License-Identifier: GPL-3.0-or-later
// Puts single arguments right: in the run that goes on, and as edits of the graph.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/channels/demands_torch.h"
#include "core/channels/graph_edits_torch.h"
#include "core/channels/number_flow_torch.h"

namespace espalier::channels {

/// A node is run several times and would need different edits.
struct Conflict : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// All members change `inputs`, what the node is about to be run on. They throw Conflict.
class ArgumentEditor {
public:
    using Node = torch::jit::Node;
    using Inputs = std::vector<c10::IValue>;

    ArgumentEditor(GraphEdits& edits, NumberFlow& numbers) : m_edits(edits), m_numbers(numbers) {}

    /// A size or position that must be `wanted`; elements that are right, or -1, stay.
    void fitShape(Node& node, std::size_t index, const c10::IValue& wanted, Inputs& inputs);
    /// A number that is no shape: it is what it was with all channels.
    void keepNumber(Node& node, std::size_t index, const c10::IValue& then, Inputs& inputs);
    /// A number that is made the constant `wanted` when it is something else.
    void fitNumber(Node& node, std::size_t index, const c10::IValue& wanted, Inputs& inputs);
    /// A comparison of sizes comes out as before: what is stale in it follows the other side.
    std::optional<Inputs> fitComparison(Node& node, const Execution& execution, Inputs& inputs);

    /// Two shapes that were equal are so again, whatever their comparison is worth for other
    /// inputs: what is stale in one follows the other.
    void fitShapes(Node& node, const Execution& execution, Inputs& inputs);

    void setOutput(Node& node, const c10::IValue& constant);
    std::optional<Inputs> substitute(Node& node, const Substitute& substitute,
                                     const Inputs& inputs);

private:
    using Place = GraphEdits::Place;

    void fitList(Place place, const c10::IValue& wanted, Inputs& inputs);
    Expression elementFor(Place place, std::size_t element, std::int64_t wanted, bool canInfer);
    void set(Place place, Expression expression, const c10::IValue& wanted, Inputs& inputs);
    void remember(Place place, const c10::IValue& passed);
    void requireAlways(Place place, const c10::IValue& wanted) const;
    void requireElement(Place place, std::size_t element, std::int64_t wanted) const;

    GraphEdits& m_edits;
    NumberFlow& m_numbers;
    std::map<Place, c10::IValue> m_passed;  ///< what an earlier execution was given unedited
};

}  // namespace espalier::channels
