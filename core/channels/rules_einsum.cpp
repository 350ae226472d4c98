// SPDX-License-Identifier: GPL-3.0-or-later
// einsum: every letter is an axis that all operands with it share.
#include <algorithm>
#include <array>
#include <map>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

/// The letters of each operand and of the result. No operands when it is too involved to follow (a
/// letter twice in one operand, a result that is not spelt out).
struct Equation {
    std::vector<std::string> operands;
    std::string result;
};

/// Writes the axes under an ellipsis as figures, counted from the right: "...ij" → "10ij".
std::string withoutEllipsis(std::string letters, std::int64_t hidden) {
    const auto dots = letters.find("...");
    if (dots == std::string::npos) return letters;
    std::string figures;
    for (auto i = hidden; i-- > 0;) figures += static_cast<char>('0' + i);
    return letters.replace(dots, 3, figures);
}

Equation parse(const Call& call, const std::vector<ValueId>& inputs, std::string text) {
    std::erase(text, ' ');
    const auto arrow = text.find("->");
    if (arrow == std::string::npos) return {};
    Equation equation;
    std::int64_t mostHidden = 0;
    for (std::size_t begin = 0; begin <= arrow;) {
        const auto end = std::min(text.find(',', begin), arrow);
        const auto letters = text.substr(begin, end - begin);
        if (equation.operands.size() == inputs.size()) return {};
        const auto rank = call.rank(inputs[equation.operands.size()]);
        const auto hidden = rank - static_cast<std::int64_t>(letters.size()) + 3;
        mostHidden = std::max(mostHidden, hidden);
        equation.operands.push_back(withoutEllipsis(letters, hidden));
        begin = end + 1;
    }
    equation.result = withoutEllipsis(text.substr(arrow + 2), mostHidden);
    for (std::size_t i = 0; i < equation.operands.size(); ++i) {
        auto letters = equation.operands[i];
        if (static_cast<std::int64_t>(letters.size()) != call.rank(inputs[i])) return {};
        std::ranges::sort(letters);
        if (std::ranges::adjacent_find(letters) != letters.end()) return {};
    }
    return equation.operands.size() == inputs.size() ? equation : Equation{};
}

/// One operand's axis.
struct Place {
    ValueId id = -1;
    std::int64_t axis = 0;
};

AxisTags axisAt(const Call& call, const Place& place) {
    return call.tagger.axis(place.id, place.axis);
}

void setRoles(const Call& call, const std::vector<Place>& places, Role role) {
    auto& tagger = call.tagger;
    for (const auto& place : places) {
        if (!tagger.tags(place.id).isParametric) continue;
        tagger.setRole(place.id, axisAt(call, place), role);
    }
}

/// Joins all axes of one letter; those of size one are stretched.
AxisTags joined(const Call& call, const std::vector<Place>& places, bool isKept) {
    auto& tagger = call.tagger;
    std::vector<Place> wide;
    for (const auto& place : places) {
        if (call.shape(place.id)[static_cast<std::size_t>(place.axis)] > 1) wide.push_back(place);
    }
    if (wide.empty()) return nullptr;
    for (std::size_t i = 1; i < wide.size(); ++i) {
        joinAxes(call, wide[0].id, wide[0].axis, wide[i].id, wide[i].axis);
    }
    if (places.size() == 1 && !isKept) {
        tagger.markInexact(tagger.axis(wide[0].id, wide[0].axis),
                           cat(tagger.here(), " sums over them"));
    }
    return tagger.axis(wide[0].id, wide[0].axis);
}

/// Attention's products, of two computed operands: the letters that both have and the result keeps
/// are heads, but for the first axis, the batch.
void markHeads(const Call& call, const Equation& equation,
               const std::map<char, std::vector<Place>>& places) {
    const auto& operands = equation.operands;
    if (operands.size() != 2) return;
    std::int64_t heads = 1;
    for (std::size_t i = operands[0].size() > 3 ? 1 : 0; i < operands[0].size(); ++i) {
        const char letter = operands[0][i];
        const auto& place = places.at(letter).front();
        if (operands[1].find(letter) != std::string::npos &&
            equation.result.find(letter) != std::string::npos)
            heads *= call.shape(place.id)[static_cast<std::size_t>(place.axis)];
    }
    for (const auto& [letter, own] : places) {
        for (const auto& place : own) call.tagger.setHeads(axisAt(call, place), heads);
    }
}

void einsum(const Call& call) {
    const auto inputs = call.tensors();
    const auto output = call.outputs().at(0);
    const auto text = call.given("equation");
    const auto equation = text.isString() ? parse(call, inputs, text.toStringRef()) : Equation{};
    auto tags = call.plain(output);
    const bool isFollowed =
        !equation.operands.empty() && equation.result.size() == tags.axes.size();
    if (!isFollowed) return call.freezeAll(cat(call.tagger.here(), " is too involved to follow"));
    std::map<char, std::vector<Place>> places;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        std::int64_t axis = 0;
        for (const char letter : equation.operands[i])
            places[letter].push_back({inputs[i], axis++});
    }
    for (const auto& [letter, own] : places) {
        const auto kept = equation.result.find(letter);
        const bool isKept = kept != std::string::npos;
        if (!tags.isParametric) setRoles(call, own, isKept ? Role::Producer : Role::Consumer);
        const auto axis = joined(call, own, isKept);
        if (isKept) tags.axes[kept] = axis;
    }
    const bool hasWeight = std::ranges::any_of(
        inputs, [&call](ValueId id) { return call.tagger.tags(id).isParametric; });
    if (!hasWeight) markHeads(call, equation, places);
    call.set(output, std::move(tags));
}

constexpr std::array kRules = {NamedRule{"einsum", einsum}};

}  // namespace

std::span<const NamedRule> einsumRules() {
    return kRules;
}

}  // namespace espalier::channels
