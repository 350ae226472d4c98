// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/base/format.h"
#include "core/channels/proof_torch.h"

namespace espalier::channels {

namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

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

/// What decides a condition.
enum class Cause {
    Code,     ///< constants and attributes alone: always the same
    Example,  ///< shapes, arguments, the grad mode
    Data      ///< what tensors hold
};

class Causes {
public:
    Cause of(const Value& value) {
        if (const auto known = m_known.find(&value); known != m_known.end()) return known->second;
        const Cause cause = found(value);
        m_known.emplace(&value, cause);
        return cause;
    }

private:
    Cause found(const Value& value) {
        const Node& node = *value.node();
        const auto kind = node.kind();
        if (kind == c10::prim::Constant || kind == c10::prim::GetAttr) return Cause::Code;
        if (kind == c10::prim::Param || node.inputs().empty()) return Cause::Example;
        Cause cause = ofInputs(node);
        for (const Block* inner : node.blocks()) {
            const auto results = inner->outputs();
            if (value.offset() < results.size()) {
                cause = std::max(cause, of(*results[value.offset()]));
            }
        }
        return cause;
    }

    Cause ofInputs(const Node& node) {
        static const std::set<std::string_view> kQueries = {
            "size",   "sym_size",  "len",     "numel",        "sym_numel", "dim",
            "shape",  "dtype",     "device",  "layout",       "stride",    "is_floating_point",
            "__is__", "__isnot__", "is_cuda", "requires_grad"};
        const bool isQuery = kQueries.contains(node.kind().toUnqualString());
        Cause cause = Cause::Code;
        for (const Value* input : node.inputs()) {
            const auto kind = input->node()->kind();
            const bool isRead = kind != c10::prim::Constant &&
                                input->type()->kind() == c10::TypeKind::TensorType &&
                                !(isQuery && kind == c10::prim::GetAttr);
            const Cause here = isRead ? Cause::Data : of(*input);
            cause = std::max(cause, isQuery ? std::min(here, Cause::Example) : here);
        }
        return cause;
    }

    std::unordered_map<const Value*, Cause> m_known;
};

/// "resnet.py:92"; empty where the file does not tell.
std::string lineOf(const Node& node) {
    auto range = node.sourceRange();
    if (const auto original = range.findSourceRangeThatGenerated()) range = *original;
    const auto position = range.file_line_col();
    if (!position) return {};
    const auto& file = std::get<0>(*position);
    return cat(file.substr(file.rfind('/') + 1), ":", std::get<1>(*position));
}

/// What one line of the author's code decides, in one or many modules.
struct Branch {
    std::string line;
    std::string module;  ///< the first
    int others = 0;
    Cause cause = Cause::Example;
    bool isLoop = false;

    std::string where() const {
        std::string text = module.empty() ? "the model" : module;
        if (others > 0) text += cat(" and ", others, " others");
        return line.empty() ? text : cat(text, " (", line, ")");
    }
};

/// Branches of the same line in one, in the order they are met.
class BranchList {
public:
    void add(Branch branch) {
        const auto same = std::ranges::find_if(m_branches, [&](const Branch& other) {
            return other.line == branch.line && other.cause == branch.cause &&
                   other.isLoop == branch.isLoop &&
                   (!branch.line.empty() || other.module == branch.module);
        });
        if (same == m_branches.end()) {
            m_branches.push_back(std::move(branch));
        } else if (m_seen.insert({branch.line, branch.module}).second) {
            same->others += branch.module == same->module ? 0 : 1;
        }
    }

    /// One line of text each; of very many the first.
    template <class ToText>
    std::vector<std::string> texts(std::string_view kind, ToText toText) const {
        std::vector<std::string> lines;
        for (const Branch& branch : m_branches) lines.push_back(toText(branch));
        if (lines.size() > kMostNames) {
            const auto more = lines.size() - kMostNames;
            lines.resize(kMostNames);
            lines.push_back(cat(more, " other ", kind));
        }
        return lines;
    }

private:
    std::vector<Branch> m_branches;
    std::set<std::pair<std::string, std::string>> m_seen;
};

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
                    addUntaken(*node);
                }
            }
            if (causeOf(*node) == Cause::Data && computesInside(*node)) {
                decided.add({lineOf(*node), modulePathOf(*node), 0, Cause::Data,
                             node->kind() == c10::prim::Loop});
            }
        }
    }

    BranchList untaken;
    BranchList decided;  ///< by data

private:
    bool hasRun(const Block& block) const {
        return std::ranges::any_of(block.nodes(),
                                   [this](const Node* node) { return m_ran.contains(node); });
    }

    void addUntaken(const Node& node) {
        const Cause cause = m_causes.of(*node.inputs()[0]);
        if (cause != Cause::Code) untaken.add({lineOf(node), modulePathOf(node), 0, cause, false});
    }

    static bool computesInside(const Node& node) {
        return std::ranges::any_of(node.blocks(),
                                   [](const Block* inner) { return computes(*inner); });
    }

    /// Of the way an If goes, and of how often a Loop runs.
    Cause causeOf(const Node& node) {
        Cause cause = m_causes.of(*node.inputs()[0]);
        if (node.kind() != c10::prim::Loop) return cause;
        cause = std::max(cause, m_causes.of(*node.inputs()[1]));
        return std::max(cause, m_causes.of(*node.blocks()[0]->outputs()[0]));
    }

    std::unordered_set<const Node*> m_ran;
    Causes m_causes;
};

}  // namespace

std::vector<std::string> branchesThatNeverRan(const torch::jit::Graph& graph, const Trace& trace) {
    BranchFinder finder(trace);
    finder.visit(*graph.block());
    return finder.untaken.texts(
        "branches that the example does not take", [](const Branch& branch) {
            return cat("A branch in ", branch.where(),
                       branch.cause == Cause::Data
                           ? ", decided by the example: it depends on the data"
                           : " that the example does not take");
        });
}

std::vector<std::string> decidedByData(const torch::jit::Graph& graph, const Trace& trace) {
    BranchFinder finder(trace);
    finder.visit(*graph.block());
    return finder.decided.texts("places where the data decides", [](const Branch& branch) {
        return cat(branch.isLoop ? "How often a loop in " : "Which way a branch in ",
                   branch.where(), branch.isLoop ? " runs" : " goes",
                   " depends on the data: it was decided by the example");
    });
}

}  // namespace espalier::channels
