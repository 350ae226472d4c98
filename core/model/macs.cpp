// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/macs_torch.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace espalier::model {

namespace {

/// Elements of all dimensions but the last.
std::int64_t rows(const at::Tensor& tensor) {
    if (tensor.dim() == 0 || tensor.size(-1) == 0) return 1;
    return tensor.numel() / tensor.size(-1);
}

// An index of an einsum: a letter, or a dimension under the ellipsis, counted from the right.
using Index = int;
using Sizes = std::map<Index, std::int64_t>;
constexpr Index kEllipsis = 1000;

/// The sizes of one operand's indices, or none when they do not fit its shape.
std::optional<Sizes> sizesOf(const std::string& indices, const at::Tensor& operand) {
    const auto dots = indices.find("...");
    const auto named =
        static_cast<std::int64_t>(indices.size()) - (dots == std::string::npos ? 0 : 3);
    const auto hidden = operand.dim() - named;
    if (hidden < 0 || (hidden > 0 && dots == std::string::npos)) return std::nullopt;
    Sizes sizes;
    std::int64_t dimension = 0;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (i == dots) {
            for (std::int64_t k = hidden; k-- > 0;) {
                sizes[kEllipsis + static_cast<int>(k)] = operand.size(dimension++);
            }
            i += 2;
        } else {
            sizes[indices[i]] = operand.size(dimension++);
        }
    }
    return sizes;
}

struct Equation {
    std::vector<std::string> operands;
    std::optional<std::string> output;  // none: every index that occurs once
};

Equation parse(std::string_view text) {
    Equation equation;
    std::string plain;
    for (const char c : text) {
        if (c != ' ') plain += c;
    }
    const auto arrow = plain.find("->");
    if (arrow != std::string::npos) equation.output = plain.substr(arrow + 2);
    plain = plain.substr(0, arrow) + ",";
    for (std::size_t at = 0; at < plain.size();) {
        const auto comma = plain.find(',', at);
        equation.operands.push_back(plain.substr(at, comma - at));
        at = comma + 1;
    }
    return equation;
}

/// The indices that a later operand or the output still needs.
std::set<Index> neededAfter(const Equation& equation, const std::vector<Sizes>& sizes,
                            std::size_t step) {
    std::set<Index> needed;
    std::map<Index, int> occurrences;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        for (const auto& [index, size] : sizes[i]) {
            ++occurrences[index];
            if (i > step || index >= kEllipsis) needed.insert(index);
        }
    }
    if (equation.output) {
        for (const char c : *equation.output) needed.insert(c);
    } else {
        for (const auto& [index, count] : occurrences) {
            if (count == 1) needed.insert(index);
        }
    }
    return needed;
}

}  // namespace

std::int64_t convolutionMacs(const at::Tensor& weight, const at::Tensor& output) {
    return weight.size(0) == 0 ? 0 : output.numel() * (weight.numel() / weight.size(0));
}

std::int64_t transposedConvolutionMacs(const at::Tensor& weight, const at::Tensor& input) {
    return weight.size(0) == 0 ? 0 : input.numel() * (weight.numel() / weight.size(0));
}

std::int64_t linearMacs(const at::Tensor& weight, const at::Tensor& input) {
    return rows(input) * weight.numel();
}

std::int64_t productMacs(const at::Tensor& left, const at::Tensor& output) {
    return output.numel() * (left.dim() == 0 ? 1 : left.size(-1));
}

std::int64_t einsumMacs(std::string_view equation, std::span<const at::Tensor> operands) {
    const auto parsed = parse(equation);
    if (parsed.operands.size() != operands.size()) return 0;
    std::vector<Sizes> sizes;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        auto one = sizesOf(parsed.operands[i], operands[i]);
        if (!one) return 0;
        sizes.push_back(std::move(*one));
    }
    std::int64_t macs = 0;
    Sizes result = sizes[0];
    for (std::size_t i = 1; i < sizes.size(); ++i) {
        std::int64_t product = 1;
        for (const auto& [index, size] : sizes[i]) result[index] = std::max(result[index], size);
        for (const auto& [index, size] : result) product *= size;
        macs += product;
        const auto needed = neededAfter(parsed, sizes, i);
        std::erase_if(result, [&](const auto& item) { return !needed.contains(item.first); });
    }
    return macs;
}

std::int64_t attentionMacs(const at::Tensor& query, const at::Tensor& key,
                           const at::Tensor& value) {
    const auto scores = rows(query) * key.size(-2);
    return scores * (query.size(-1) + value.size(-1));
}

}  // namespace espalier::model
