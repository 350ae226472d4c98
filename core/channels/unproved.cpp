// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <unordered_set>

#include "core/base/format.h"
#include "core/channels/proof_torch.h"

namespace espalier::channels {

namespace {

using torch::jit::Block;
using torch::jit::Node;

constexpr std::size_t kMostNames = 8;

/// A block that computes nothing with tensors (a check that raises) proves nothing either way.
bool computes(const Block& block) {
    return std::ranges::any_of(block.nodes(), [](const Node* node) {
        const bool isTensorOperator =
            node->kind().is_aten() && node->kind() != c10::aten::format &&
            std::ranges::any_of(node->outputs(), [](const auto* output) {
                return output->type()->kind() == c10::TypeKind::TensorType;
            });
        return isTensorOperator || std::ranges::any_of(node->blocks(), [](const Block* inner) {
                   return computes(*inner);
               });
    });
}

class BranchFinder {
public:
    explicit BranchFinder(const Trace& trace) {
        for (const TraceStep& step : trace.steps) m_ran.insert(step.node);
    }

    void visit(const Block& block) {
        for (const Node* node : block.nodes()) {
            if (node->blocks().empty() || !m_ran.contains(node)) continue;
            for (const Block* inner : node->blocks()) {
                if (hasRun(*inner)) {
                    visit(*inner);
                } else if (computes(*inner)) {
                    places.push_back(modulePathOf(*node));
                }
            }
        }
    }

    std::vector<std::string> places;

private:
    bool hasRun(const Block& block) const {
        return std::ranges::any_of(block.nodes(),
                                   [this](const Node* node) { return m_ran.contains(node); });
    }

    std::unordered_set<const Node*> m_ran;
};

}  // namespace

std::vector<std::string> branchesThatNeverRan(const torch::jit::Graph& graph, const Trace& trace) {
    BranchFinder finder(trace);
    finder.visit(*graph.block());
    std::vector<std::string> lines;
    std::ranges::sort(finder.places);
    const auto repeated = std::ranges::unique(finder.places);
    finder.places.erase(repeated.begin(), repeated.end());
    for (const auto& place : finder.places) {
        if (lines.size() == kMostNames) {
            lines.push_back(cat("Branches in ", finder.places.size() - kMostNames,
                                " other modules that the example does not take"));
            break;
        }
        const auto where = place.empty() ? std::string("the model") : place;
        lines.push_back(cat("A branch in ", where, " that the example does not take"));
    }
    return lines;
}

}  // namespace espalier::channels
