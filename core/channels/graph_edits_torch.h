// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to a graph: collected while it is run, made afterwards.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/ir/ir.h>

#include "core/channels/demands_torch.h"

namespace espalier::channels {

/// A value worked out as before, but with other numbers in some places: `changed` maps values on
/// the way to constants. Without a value it is a constant.
struct Expression {
    torch::jit::Value* value = nullptr;
    std::map<torch::jit::Value*, c10::IValue> changed;
    c10::IValue constant;
    /// The only nodes that are worked out anew, when there are any: a constant that is changed for
    /// one of them may be used elsewhere above as well.
    std::set<const torch::jit::Node*> way{};
};

/// Per element of a list argument: what it becomes; none: it stays.
using Elements = std::vector<std::optional<Expression>>;

class GraphEdits {
public:
    using Place = std::pair<torch::jit::Node*, std::size_t>;  // a node and one of its inputs

    void setArgument(Place place, Expression expression);
    /// The list stays as it is but for some elements.
    void setElements(Place place, Elements elements);
    /// All uses of the node's only output see a constant.
    void setOutput(torch::jit::Node* node, c10::IValue constant);
    void setSubstitute(torch::jit::Node* node, Substitute substitute);

    const Expression* argument(Place place) const;
    const Elements* elements(Place place) const;
    const c10::IValue* output(torch::jit::Node* node) const;
    const Substitute* substitute(torch::jit::Node* node) const;

    /// Changes the graph that the nodes belong to. Once only.
    void apply(torch::jit::Graph& graph) const;

private:
    std::map<Place, Expression> m_arguments;
    std::map<Place, Elements> m_elements;
    std::map<torch::jit::Node*, c10::IValue> m_outputs;
    std::map<torch::jit::Node*, Substitute> m_substitutes;
};

}  // namespace espalier::channels
