// SPDX-License-Identifier: GPL-3.0-or-later
// Operators in which all along some axes depends on all else there, or on its place: these axes
// must stay, the others pass.
#include <algorithm>
#include <array>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

using Shape = std::vector<std::int64_t>;

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

void freezeAxis(const Call& call, ValueId id, std::int64_t axis) {
    call.tagger.freeze(call.tagger.allAxes(id).axes.at(at(axis)),
                       cat(call.tagger.here(), " mixes them"));
}

void notFollowed(const Call& call) {
    call.freezeAll(cat(call.tagger.here(), " is of a form that is not followed"));
}

/// Matrices [.., n, m] as a whole: triangles, inverses, determinants, decompositions. What comes
/// out has the batch axes in front.
void overMatrix(const Call& call) {
    const auto input = call.tensor(0);
    const auto rank = call.rank(input);
    if (rank < 2 || call.tensors().size() > 1) return notFollowed(call);
    for (const auto axis : {rank - 2, rank - 1}) freezeAxis(call, input, axis);
    const auto axes = call.tagger.tags(input).axes;
    for (const auto output : call.outputs()) {
        auto tags = call.plain(output);
        for (std::size_t i = 0; i + 2 < axes.size() && i < tags.axes.size(); ++i) {
            tags.axes[i] = axes[i];
        }
        call.set(output, std::move(tags));
    }
}

/// What is left of the input's tags when one axis is mixed: it stays in a result with as many axes
/// and is gone from one with an axis less.
void setMixed(const Call& call, ValueId input, std::int64_t axis) {
    freezeAxis(call, input, axis);
    const auto outputs = call.outputs();
    for (const auto output : outputs) {
        auto tags = call.plain(output);
        auto axes = call.tagger.tags(input).axes;
        axes[at(axis)] = nullptr;
        if (call.rank(output) < call.rank(input)) axes.erase(axes.begin() + axis);
        if (axes.size() != tags.axes.size()) return notFollowed(call);
        tags.axes = std::move(axes);
        call.set(output, std::move(tags));
    }
}

/// Differences, integrals, quantiles, running minima: over one axis.
void overAxis(const Call& call) {
    const auto input = call.tensor(0);
    const auto tensors = call.tensors();
    const bool isPlain = std::ranges::all_of(tensors, [&call, input](ValueId id) {
        return id == input || call.rank(id) == 0;  // a quantile may be a number in a tensor
    });
    const bool hasAxis = call.name == "msort" || call.given("dim").isInt();
    if (!isPlain || !hasAxis || call.rank(input) == 0) return notFollowed(call);
    const auto axis = call.name == "msort" ? 0 : call.integer("dim", -1);
    setMixed(call, input, call.wrap(axis, call.rank(input)));
}

/// Positions on one axis are set to a number.
void indexFill(const Call& call) {
    const auto input = call.tensor(0);
    if (call.rank(input) == 0) return notFollowed(call);
    call.tagger.freezeAll(call.tensor("index"), cat(call.tagger.here(), " counts with them"));
    setMixed(call, input, call.wrap(call.integer("dim", 0), call.rank(input)));
}

/// The diagonal of two axes becomes the last one.
void diagonal(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const auto isMatrix = call.name == "linalg_diagonal";
    const auto first = call.wrap(call.integer("dim1", isMatrix ? -2 : 0), call.rank(input));
    const auto second = call.wrap(call.integer("dim2", isMatrix ? -1 : 1), call.rank(input));
    for (const auto axis : {first, second}) freezeAxis(call, input, axis);
    auto axes = call.tagger.tags(input).axes;
    axes.erase(axes.begin() + std::max(first, second));
    axes.erase(axes.begin() + std::min(first, second));
    axes.push_back(nullptr);
    auto tags = call.plain(output);
    tags.axes = std::move(axes);
    call.set(output, std::move(tags));
}

/// The last axis becomes the diagonal of two new ones, which are the last unless said otherwise.
void diagonalEmbedded(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const auto rank = call.rank(output);
    const bool isLast = call.wrap(call.integer("dim1", -2), rank) == rank - 2 &&
                        call.wrap(call.integer("dim2", -1), rank) == rank - 1;
    if (!isLast) return notFollowed(call);
    freezeAxis(call, input, call.rank(input) - 1);
    auto axes = call.tagger.tags(input).axes;
    axes.back() = nullptr;
    axes.push_back(nullptr);
    auto tags = call.plain(output);
    tags.axes = std::move(axes);
    call.set(output, std::move(tags));
}

/// What two tensors of equally many axes broadcast to.
Shape broadcastShape(const Call& call, ValueId a, ValueId b) {
    auto shape = call.shape(a);
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 1) shape[i] = call.shape(b)[i];
    }
    return shape;
}

/// Two tensors side by side, compared or multiplied along one axis: cosine_similarity, cross.
void overAxisOfBoth(const Call& call) {
    const auto a = call.tensor(0);
    const auto b = call.tensor(1);
    const auto output = call.outputs().at(0);
    const bool isLast = call.name == "pairwise_distance";
    const bool hasAxis = isLast || call.given("dim").isInt();
    if (b < 0 || call.rank(a) != call.rank(b) || !hasAxis) return notFollowed(call);
    const auto axis = call.wrap(isLast ? -1 : call.integer("dim", 1), call.rank(a));
    for (const auto id : {a, b}) freezeAxis(call, id, axis);
    const std::array<ValueId, 2> both{a, b};
    auto tags = broadcastTags(call, both, broadcastShape(call, a, b));
    tags.axes[at(axis)] = nullptr;
    tags.freeAxes.clear();
    if (call.rank(output) < call.rank(a)) tags.axes.erase(tags.axes.begin() + axis);
    if (call.rank(output) == static_cast<std::int64_t>(tags.axes.size())) {
        call.set(output, std::move(tags));
    } else {
        notFollowed(call);
    }
}

/// Distances between the rows of a [.., n, k] and of b [.., m, k].
void rowDistances(const Call& call) {
    const auto a = call.tensor(0);
    const auto b = call.tensor(1);
    const auto output = call.outputs().at(0);
    for (const auto id : {a, b}) freezeAxis(call, id, call.rank(id) - 1);
    const std::array<ValueId, 2> both{a, b};
    auto tags = broadcastTags(call, both, call.shape(output), 2);
    const auto rank = call.rank(output);
    tags.axes[at(rank - 2)] = call.tagger.tags(a).axes[at(call.rank(a) - 2)];
    tags.axes[at(rank - 1)] = call.tagger.tags(b).axes[at(call.rank(b) - 2)];
    call.set(output, std::move(tags));
}

constexpr std::array kRules = {
    NamedRule{"tril triu inverse linalg_inv matrix_power linalg_matrix_power matrix_exp "
              "linalg_matrix_exp cholesky linalg_cholesky pinverse linalg_pinv det linalg_det "
              "logdet slogdet linalg_slogdet linalg_svd linalg_svdvals linalg_eigh "
              "linalg_eigvalsh linalg_qr",
              overMatrix},
    NamedRule{"diff trapezoid trapz cumulative_trapezoid quantile nanquantile cummin msort",
              overAxis},
    NamedRule{"index_fill", indexFill},
    NamedRule{"diagonal diagonal_copy linalg_diagonal", diagonal},
    NamedRule{"diag_embed", diagonalEmbedded},
    NamedRule{"cosine_similarity pairwise_distance linalg_vecdot cross linalg_cross",
              overAxisOfBoth},
    NamedRule{"cdist", rowDistances},
};

}  // namespace

std::span<const NamedRule> mixingRules() {
    return kRules;
}

}  // namespace espalier::channels
