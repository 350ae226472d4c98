// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/exact_sums_torch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>

#include "core/base/format.h"
#include "core/channels/execution_torch.h"
#include "core/channels/masked_values_torch.h"

namespace espalier::channels {

namespace {

constexpr std::array<std::string_view, 5> kProducts = {"matmul", "bmm", "mm", "dot",
                                                       "scaled_dot_product_attention"};

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// An axis that is summed over.
struct Summed {
    ValueId id = -1;
    std::int64_t axis = 0;
};

class Judge {
public:
    Judge(const Trace& trace, const std::set<std::string>& buffers, TagTable& tags)
        : m_trace(trace), m_tags(tags), m_masked(trace, tags, buffers) {}

    void run() {
        for (const auto& step : m_trace.steps) {
            if (step.node->kind().is_aten() && !step.inputs.empty()) judge(step);
            m_masked.follow(step);
        }
    }

private:
    void judge(const TraceStep& step) {
        const auto op = plainOperator(*step.node);
        if (isSum(op)) judgeSum(step, op);
        if (std::ranges::find(kProducts, op) != kProducts.end()) {
            judgeProduct(step, op, operandsOf(step, op));
        }
        if (op == "einsum") judgeEinsum(step, op);
    }

    void judgeSum(const TraceStep& step, const std::string& op) {
        const auto input = step.inputs[0];
        if (!isTensor(input) || isNeutral(op, m_masked.of(input))) return;
        if (m_tags.values[at(input)].isParametric) return;
        const auto rank = m_trace.values[at(input)].shape.size();
        for (const auto axis : axesOf(step, rank)) {
            markInexact({input, axis}, cat(op, here(step), " is taken over them"));
        }
    }

    /// Whether a number makes no difference to what is summed.
    static bool isNeutral(const std::string& op, std::optional<double> number) {
        return op == "all" ? number && !std::isnan(*number) && *number != 0 : number == 0.0;
    }

    /// The axes that argument "dim" names; all when it names none.
    std::vector<std::int64_t> axesOf(const TraceStep& step, std::size_t rank) const {
        std::vector<std::int64_t> axes;
        const auto* schema = step.node->maybeSchema();
        const auto argument = schema ? schema->argumentIndexWithName("dim") : std::nullopt;
        const bool isGiven = argument && step.inputs[at(*argument)] >= 0;
        const auto value =
            isGiven ? m_trace.values[at(step.inputs[at(*argument)])].value : c10::IValue();
        if (value.isInt()) axes = {value.toInt()};
        if (value.isIntList()) axes = value.toIntVector();
        if (axes.empty()) {
            axes.resize(rank);
            std::iota(axes.begin(), axes.end(), 0);
        }
        for (auto& axis : axes) axis = Execution::wrapped(axis, rank);
        return axes;
    }

    std::array<Summed, 2> operandsOf(const TraceStep& step, const std::string& op) const {
        const auto a = step.inputs[0];
        const auto b = step.inputs[1];
        if (!isTensor(a) || !isTensor(b)) return {};
        const auto rankOf = [this](ValueId id) {
            return static_cast<std::int64_t>(m_trace.values[at(id)].shape.size());
        };
        const bool isTransposed = op.starts_with("scaled") || rankOf(b) == 1;
        return {Summed{a, rankOf(a) - 1}, Summed{b, rankOf(b) - (isTransposed ? 1 : 2)}};
    }

    void judgeProduct(const TraceStep& step, const std::string& op,
                      const std::array<Summed, 2>& operands) {
        for (const auto& operand : operands) {
            if (!isTensor(operand.id) || m_tags.values[at(operand.id)].isParametric) return;
            if (m_masked.of(operand.id).value_or(0) == 0)
                return;  // or unknown: the proof will tell
        }
        markInexact(operands[0],
                    cat(op, here(step), " sums over them, and they are no zeros when masked"));
    }

    /// Every letter of two operands that the result does not have.
    void judgeEinsum(const TraceStep& step, const std::string& op) {
        if (step.inputs.size() < 2) return;
        const auto& text = m_trace.values[at(step.inputs[0])].value;
        const auto& operands = m_trace.values[at(step.inputs[1])].elements;
        if (!text.isString() || operands.size() != 2) return;
        auto equation = text.toStringRef();
        std::erase(equation, ' ');
        const auto comma = equation.find(','), arrow = equation.find("->");
        if (comma == std::string::npos || arrow == std::string::npos) return;
        if (equation.find('.') != std::string::npos) return;
        const auto first = equation.substr(0, comma);
        const auto second = equation.substr(comma + 1, arrow - comma - 1);
        for (std::size_t i = 0; i < first.size(); ++i) {
            const auto there = second.find(first[i]);
            const bool isKept = equation.find(first[i], arrow) != std::string::npos;
            if (there == std::string::npos || isKept) continue;
            judgeProduct(step, op,
                         {Summed{operands[0], static_cast<std::int64_t>(i)},
                          Summed{operands[1], static_cast<std::int64_t>(there)}});
        }
    }

    bool isTensor(ValueId id) const { return id >= 0 && m_trace.values[at(id)].isTensor; }

    static std::string here(const TraceStep& step) {
        const auto path = modulePathOf(*step.node);
        return path.empty() ? "" : cat(" in ", path);
    }

    void markInexact(const Summed& summed, const std::string& why) {
        const auto& axes = m_tags.values[at(summed.id)].axes;
        const auto& axis = axes.at(at(summed.axis));
        if (axis == nullptr) return;
        const int reason = m_tags.atoms.reason(why);
        for (const auto atom : *axis) {
            if (atom != kNoAtom) m_tags.atoms.markInexact(atom, reason);
        }
    }

    const Trace& m_trace;
    TagTable& m_tags;
    MaskedValues m_masked;
};

}  // namespace

bool isSum(std::string_view op) {
    static constexpr std::array<std::string_view, 8> kSums = {
        "sum",         "nansum", "norm", "linalg_vector_norm", "frobenius_norm",
        "linalg_norm", "any",    "all"};
    return std::ranges::find(kSums, op) != kSums.end();
}

void judgeSums(const Trace& trace, const std::set<std::string>& buffers, TagTable& tags) {
    Judge(trace, buffers, tags).run();
}

}  // namespace espalier::channels
