// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that multiply two tensors and sum over an axis of both.
#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// The axes that one operand has in a product; -1 where it has none.
struct Operand {
    ValueId id = -1;
    std::int64_t summed = -1;  ///< summed over together with the other's
    std::int64_t own = -1;     ///< goes on into the result
};

bool isWeight(const Call& call, const Operand& operand) {
    return call.tagger.tags(operand.id).isParametric;
}

/// The axis that is summed over: a weight's columns follow what they read; two computed sides share
/// channels.
void sumOver(const Call& call, const Operand& a, const Operand& b) {
    auto& tagger = call.tagger;
    for (const auto& [weight, other] : {std::pair(a, b), std::pair(b, a)}) {
        if (!isWeight(call, weight)) continue;
        const auto columns = tagger.axis(weight.id, weight.summed);
        if (!isWeight(call, other)) tagger.setRole(weight.id, columns, Role::Consumer);
    }
    joinAxes(call, a.id, a.summed, b.id, b.summed);
}

AxisTags ownAxis(const Call& call, const Operand& operand, const Operand& other) {
    if (operand.own < 0) return nullptr;
    auto& tagger = call.tagger;
    if (!isWeight(call, operand)) return tagger.axis(operand.id, operand.own);
    const auto rows = tagger.axis(operand.id, operand.own);
    if (!isWeight(call, other)) tagger.setRole(operand.id, rows, Role::Producer);
    return rows;
}

/// Attention's products: how many heads lie beside each other.
void markHeads(const Call& call, const Operand& a, const Operand& b, const AxisTags& out) {
    if (isWeight(call, a) || isWeight(call, b)) return;
    const auto rank = call.rank(a.id);
    if (rank < 3) return;
    const auto& shape = call.shape(a.id);
    const auto firstHeads = rank == 3 ? 0 : 1;
    const auto heads = std::accumulate(shape.begin() + firstHeads, shape.end() - 2, std::int64_t{1},
                                       std::multiplies<>());
    const auto& axes = call.tagger.tags(a.id).axes;
    call.tagger.setHeads(axes[at(a.summed)], heads);
    for (auto axis = firstHeads; axis + 2 < rank; ++axis)  // where whole heads go
        call.tagger.setHeads(axes[at(axis)], heads);
    call.tagger.setHeads(out, heads);
}

/// a [.., n, k] times b [.., k, m], with vectors as in torch.matmul.
void matmulOf(const Call& call, ValueId left, ValueId right, ValueId output) {
    const auto rankA = call.rank(left);
    const auto rankB = call.rank(right);
    if (rankA == 0 || rankB == 0) return call.freezeAll(cat("of ", call.tagger.here()));
    const Operand a{left, rankA - 1, rankA > 1 ? rankA - 2 : -1};
    const Operand b{right, rankB > 1 ? rankB - 2 : 0, rankB > 1 ? rankB - 1 : -1};
    sumOver(call, a, b);
    const auto rows = ownAxis(call, a, b);
    const auto columns = ownAxis(call, b, a);
    const auto dropped = (a.own >= 0 ? 1 : 0) + (b.own >= 0 ? 1 : 0);
    auto tags = call.plain(output);
    if (rankA > 2 && rankB > 2) {
        const std::array<ValueId, 2> both{left, right};
        tags = broadcastTags(call, both, call.shape(output), 2);
    } else if (rankA > 2 || rankB > 2) {
        // The batch axes of the one that has them.
        const auto& deep = call.tagger.allAxes(rankA > 2 ? left : right);
        for (std::size_t i = 0; i + 2 < deep.axes.size(); ++i) tags.axes[i] = deep.axes[i];
    }
    const auto rank = call.rank(output);
    if (a.own >= 0) tags.axes[at(rank - dropped)] = rows;
    if (b.own >= 0) tags.axes[at(rank - 1)] = columns;
    markHeads(call, a, b, columns);
    call.set(output, std::move(tags));
}

void matmul(const Call& call) {
    matmulOf(call, call.tensor(0), call.tensor(1), call.outputs().at(0));
}

/// Sums over pairs of axes; what else a has goes on, then what else b has.
void contract(const Call& call, const std::vector<std::int64_t>& ofA,
              const std::vector<std::int64_t>& ofB) {
    const auto a = call.tensor(0);
    const auto b = call.tensor(1);
    const auto output = call.outputs().at(0);
    for (std::size_t i = 0; i < ofA.size(); ++i) {
        sumOver(call, {a, call.wrap(ofA[i], call.rank(a)), -1},
                {b, call.wrap(ofB.at(i), call.rank(b)), -1});
    }
    auto tags = call.plain(output);
    tags.axes.clear();
    const auto handOn = [&](ValueId id, const std::vector<std::int64_t>& summed, ValueId other) {
        for (std::int64_t axis = 0; axis < call.rank(id); ++axis) {
            const bool isSummed = std::ranges::any_of(
                summed, [&](std::int64_t dim) { return call.wrap(dim, call.rank(id)) == axis; });
            if (!isSummed) tags.axes.push_back(ownAxis(call, {id, -1, axis}, {other, -1, -1}));
        }
    };
    handOn(a, ofA, b);
    handOn(b, ofB, a);
    call.set(output, std::move(tags));
}

void tensordot(const Call& call) {
    contract(call, call.integers("dims_self"), call.integers("dims_other"));
}

void inner(const Call& call) {
    const bool isScaled = call.rank(call.tensor(0)) == 0 || call.rank(call.tensor(1)) == 0;
    if (isScaled) return call.freezeAll(cat("of ", call.tagger.here()));
    contract(call, {-1}, {-1});
}

void outer(const Call& call) {
    contract(call, {}, {});
}

/// beta · input + a b: what is added has the channels of the product.
void addmm(const Call& call) {
    const auto output = call.outputs().at(0);
    const bool isVector = call.name == "addmv";
    matmulOf(call, call.tensor(1), call.tensor(2), output);
    const auto product = call.tagger.tags(output);
    const auto added = call.tensor(0);
    for (std::int64_t i = 0; i < call.rank(added); ++i) {
        const auto axis = i - call.rank(added) + call.rank(output);
        if (axis < 0 || call.shape(added)[at(i)] == 1 || isVector) continue;
        joinAxes(call, output, axis, added, i);
    }
    call.set(output, product);
}

/// x [.., in] times weight [out, in], plus bias [out].
void linear(const Call& call) {
    const auto input = call.tensor("input");
    const auto weight = call.tensor("weight");
    const auto bias = call.tensor("bias");
    const auto output = call.outputs().at(0);
    const bool hasRows = call.rank(weight) > 1;
    const Operand a{input, call.rank(input) - 1, -1};
    const Operand b{weight, hasRows ? 1 : 0, hasRows ? 0 : -1};
    sumOver(call, a, b);
    auto tags = call.plain(output);
    const auto& own = call.tagger.allAxes(input).axes;
    for (std::size_t i = 0; i + 1 < own.size(); ++i) tags.axes[i] = own[i];
    const auto rows = ownAxis(call, b, a);
    if (hasRows) tags.axes.back() = rows;
    if (hasRows && bias >= 0) joinAxes(call, weight, 0, bias, 0);
    call.set(output, std::move(tags));
}

/// query, key [.., width]; value [.., out]: summed over the width, then over the tokens.
void attention(const Call& call) {
    const auto query = call.tensor(0);
    const auto key = call.tensor(1);
    const auto values = call.tensor(2);
    const auto output = call.outputs().at(0);
    const auto rank = call.rank(query);
    const Operand a{query, rank - 1, rank - 2};
    const Operand b{key, rank - 1, rank - 2};
    sumOver(call, a, b);
    const auto reason = cat(call.tagger.here(), " weighs them against each other");
    for (const auto id : {key, values}) {
        call.tagger.freeze(call.tagger.allAxes(id).axes[at(rank - 2)], reason);
    }
    const std::array<ValueId, 3> all{query, key, values};
    auto tags = call.plain(output);
    if (call.shape(query).at(at(rank - 3 < 0 ? 0 : rank - 3)) ==
        call.shape(key).at(at(rank - 3 < 0 ? 0 : rank - 3))) {
        tags = broadcastTags(call, all, call.shape(output), 2);
    } else {
        for (const auto id : all) {
            const auto axes = call.tagger.allAxes(id).axes;
            for (std::size_t i = 0; i + 2 < axes.size(); ++i) call.tagger.freeze(axes[i], reason);
        }
    }
    tags.axes[at(rank - 2)] = call.tagger.axis(query, rank - 2);
    const auto width = call.tagger.axis(values, rank - 1);
    tags.axes[at(rank - 1)] = width;
    markHeads(call, a, b, width);
    call.set(output, std::move(tags));
}

/// x [.., in] and y [.., in2] times weight [out, in, in2], plus bias [out].
void bilinear(const Call& call) {
    auto& tagger = call.tagger;
    const auto weight = call.tensor("weight");
    const auto output = call.outputs().at(0);
    for (int side = 0; side < 2; ++side) {
        const auto input = call.tensor(side);
        tagger.setRole(weight, tagger.axis(weight, side + 1), Role::Consumer);
        joinAxes(call, input, call.rank(input) - 1, weight, side + 1);
    }
    const auto rows = tagger.axis(weight, 0);
    tagger.setRole(weight, rows, Role::Producer);
    if (call.tensor("bias") >= 0) joinAxes(call, weight, 0, call.tensor("bias"), 0);
    const std::array<ValueId, 2> both{call.tensor(0), call.tensor(1)};
    auto tags = broadcastTags(call, both, call.shape(output), 1);
    tags.axes.back() = rows;
    call.set(output, std::move(tags));
}

/// A whole encoder layer: attention takes its widths from numbers, but what lies between the two
/// last linear layers is in their weights alone.
void fusedEncoderLayer(const Call& call) {
    auto& tagger = call.tagger;
    const auto first = call.tensor("ffn_weight_1");
    const auto second = call.tensor("ffn_weight_2");
    const auto why = cat(tagger.here(), " is fused: it takes all other widths from one number");
    for (const auto id : call.tensors()) {
        if (id != first && id != second && id != call.tensor("ffn_bias_1")) {
            tagger.freezeAll(id, why);
        }
    }
    tagger.freeze(tagger.axis(first, 1), why);
    tagger.freeze(tagger.axis(second, 0), why);
    tagger.setRole(first, tagger.axis(first, 0), Role::Producer);
    tagger.setRole(second, tagger.axis(second, 1), Role::Consumer);
    joinAxes(call, first, 0, second, 1);
    joinAxes(call, first, 0, call.tensor("ffn_bias_1"), 0);
    for (const auto output : call.outputs()) call.set(output, call.plain(output));
}

/// Fused attention reads the width of its heads off the stream: nothing in it can go alone.
void fusedAttention(const Call& call) {
    call.freezeAll(cat(call.tagger.here(), " is fused: it takes all widths from one number"));
}

constexpr std::array kRules = {
    NamedRule{"matmul bmm mm mv dot vdot linalg_matmul", matmul},
    NamedRule{"addmm baddbmm addmv", addmm},
    NamedRule{"tensordot", tensordot},
    NamedRule{"inner", inner},
    NamedRule{"outer ger", outer},
    NamedRule{"linear", linear},
    NamedRule{"scaled_dot_product_attention", attention},
    NamedRule{"bilinear", bilinear},
    NamedRule{"_transformer_encoder_layer_fwd", fusedEncoderLayer},
    NamedRule{"_native_multi_head_attention", fusedAttention},
};

}  // namespace

std::span<const NamedRule> contractionRules() {
    return kRules;
}

}  // namespace espalier::channels
