// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that look positions up by tensors of indices.
#include <algorithm>
#include <array>
#include <optional>

#include <ATen/Functions.h>

#include "core/base/format.h"
#include "core/channels/lookups_torch.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

void indexSelect(const Call& call) {
    const auto input = call.tensor(0);
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(input));
    const auto index = call.argument("index");
    const auto picked =
        lookedUp(call, input, axis, {call.tensor(index), call.step.node->input(at(index))});
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    tags.axes[at(axis)] = picked;
    call.set(call.outputs().at(0), std::move(tags));
}

/// Index and result have as many axes as the input; other axes may be shorter, then they are
/// frozen. take_along_dim stretches those of size one.
void gather(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const bool isAlong = call.name == "take_along_dim";
    const auto index = call.tensor(isAlong ? "indices" : "index");
    if (index < 0 || !call.given("dim").isInt() || call.rank(index) != call.rank(input)) {
        return call.freezeAll(cat(call.tagger.here(), " looks them up by number"));
    }
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(input));
    const auto why = cat(call.tagger.here(), " looks them up place by place");
    freezeLookedUp(call, input, axis);
    call.tagger.freeze(call.tagger.axis(index, axis), why);
    auto tags = call.plain(output);
    for (std::int64_t i = 0; i < call.rank(input); ++i) {
        if (i == axis) continue;
        const auto own = call.tagger.axis(input, i);
        const auto theirs = call.tagger.axis(index, i);
        const bool isAlike = call.shape(index)[at(i)] == call.shape(input)[at(i)];
        const bool isShared = isAlike && own != nullptr && theirs != nullptr;
        if (isShared) joinAxes(call, input, i, index, i);
        const bool follows = isShared || (isAlong && call.shape(index)[at(i)] == 1);
        if (!follows) call.tagger.freeze(own, why);
        if (!isShared) call.tagger.freeze(theirs, why);
        tags.axes[at(i)] = follows ? own : nullptr;
    }
    call.set(output, std::move(tags));
}

/// x[a, :, b]: which axes of the input an index tensor stands for, and where the result's begin.
struct Indexing {
    std::vector<bool> isIndexed;  // per axis of the input
    std::int64_t resultAxes = 0;  // that the index tensors broadcast to
    std::int64_t firstAxis = 0;   // where they are put
    std::vector<Index> indices;
};

/// Where the index tensors' axes are in the result: in place of the indexed ones when those are
/// side by side, else in front.
std::int64_t resultPlace(const std::vector<bool>& isIndexed) {
    const auto first = std::ranges::find(isIndexed, true);
    const auto gap = std::find(first, isIndexed.end(), false);
    const bool isOneRun = std::find(gap, isIndexed.end(), true) == isIndexed.end();
    return first == isIndexed.end() || !isOneRun ? 0 : first - isIndexed.begin();
}

std::optional<Indexing> indexingOf(const Call& call, ValueId input) {
    const auto list = call.step.inputs[1];
    if (list < 0) return std::nullopt;
    Indexing indexing;
    indexing.isIndexed.assign(call.shape(input).size(), false);
    // None marks an axis that stays; the trace keeps the tensors only, so the nodes tell.
    const auto* made = call.step.node->input(1)->node();
    if (made->kind() != c10::prim::ListConstruct) return std::nullopt;
    std::int64_t axis = 0;
    std::size_t next = 0;
    const auto& tensors = call.tagger.value(list).elements;
    for (const auto* item : made->inputs()) {
        if (item->type()->kind() == c10::TypeKind::NoneType) {
            ++axis;
            continue;
        }
        if (next >= tensors.size() || axis >= call.rank(input)) return std::nullopt;
        indexing.indices.push_back({tensors[next], item});
        const auto& index = call.tagger.value(tensors[next++]);
        const auto rank = static_cast<std::int64_t>(index.shape.size());
        const bool isMask = index.dtype == at::kBool || index.dtype == at::kByte;
        indexing.resultAxes = std::max(indexing.resultAxes, isMask ? 1 : rank);
        for (std::int64_t i = 0; i < (isMask ? rank : 1) && axis < call.rank(input); ++i) {
            indexing.isIndexed[at(axis++)] = true;
        }
    }
    if (next != tensors.size()) return std::nullopt;
    indexing.firstAxis = resultPlace(indexing.isIndexed);
    return indexing;
}

void index(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const auto indexing = indexingOf(call, input);
    const auto own = call.tagger.allAxes(input);
    if (!indexing) return call.freezeAll(cat(call.tagger.here(), " looks them up by number"));
    const auto tensors = call.tensors();
    const bool isPlain = indexing->indices.size() == 1 && indexing->resultAxes == 1;
    auto tags = call.plain(output);
    std::int64_t next = 0;
    for (std::int64_t i = 0; i < call.rank(input); ++i) {
        if (indexing->isIndexed[at(i)]) {
            const auto picked = lookedUp(call, input, i, isPlain ? indexing->indices[0] : Index{});
            if (picked != nullptr) tags.axes[at(i)] = picked;
            continue;
        }
        if (next == indexing->firstAxis) next += indexing->resultAxes;
        if (next < call.rank(output)) tags.axes[at(next)] = own.axes[at(i)];
        ++next;
    }
    for (const auto id : tensors) {
        const bool isFollowed = isPlain && tags.isTracked(indexing->firstAxis);
        if (id != input && !isFollowed) {
            call.tagger.freezeAll(id, cat(call.tagger.here(), " counts with them"));
        }
    }
    call.set(output, std::move(tags));
}

/// Whether one number is written wherever one mask says so; the mask then lies on the axes that it
/// stands for place by place, as in `where`.
bool fillsByMask(const Call& call, const Indexing& indexing, ValueId values) {
    if (indexing.indices.size() != 1) return false;
    const auto& shape = call.shape(values);
    const auto dtype = call.tagger.value(indexing.indices[0].id).dtype;
    return (dtype == at::kBool || dtype == at::kByte) &&
           std::ranges::all_of(shape, [](std::int64_t size) { return size == 1; });
}

void fillByMask(const Call& call, const Indexing& indexing, ValueId self) {
    const auto mask = indexing.indices[0].id;
    const auto first = std::ranges::find(indexing.isIndexed, true) - indexing.isIndexed.begin();
    for (std::int64_t i = 0; i < call.rank(mask); ++i) {
        if (call.shape(mask)[at(i)] > 1) joinAxes(call, self, first + i, mask, i);
    }
    auto tags = call.tagger.allAxes(self);
    tags.isLazy = false;
    for (const auto output : call.outputs()) call.set(output, tags);
}

/// x[a] = y: like x[a] on the one side and y on the other.
void indexPut(const Call& call) {
    const auto self = call.tensor(0);
    const auto values = call.tensor("values");
    const auto indexing = indexingOf(call, self);
    if (!indexing || values < 0)
        return call.freezeAll(cat(call.tagger.here(), " writes by number"));
    if (fillsByMask(call, *indexing, values)) return fillByMask(call, *indexing, self);
    const auto own = call.tagger.allAxes(self);
    const auto rank = call.rank(self);
    for (std::int64_t i = 0; i < rank; ++i) {
        if (indexing->isIndexed[at(i)]) {
            freezeLookedUp(call, self, i);
            continue;
        }
        // Trailing axes line up from the right; leading ones are not followed.
        bool isTrailing = true;
        for (auto k = i; k < rank; ++k) isTrailing &= !indexing->isIndexed[at(k)];
        const auto theirs = i - rank + call.rank(values);
        const bool isThere = theirs >= 0 && call.shape(values)[at(theirs)] > 1;
        if (isTrailing && isThere) {
            joinAxes(call, self, i, values, theirs);
        } else if (isThere || !isTrailing) {
            call.tagger.freeze(own.axes[at(i)], cat(call.tagger.here(), " writes them by number"));
        }
    }
    auto tags = call.tagger.allAxes(self);
    tags.isLazy = false;
    for (const auto output : call.outputs()) call.set(output, tags);
}

/// The other axes of what is written to, the index and what is written lie side by side.
void scatter(const Call& call) {
    auto& tagger = call.tagger;
    const auto self = call.tensor(0);
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(self));
    const auto why = cat(tagger.here(), " writes them by number");
    std::vector<ValueId> sides;  // what is written first: the others may be anything
    for (const auto id : call.tensors()) {
        const bool isAside = call.rank(id) == call.rank(self);
        if (isAside) sides.insert(sides.begin(), id);
        if (!isAside) tagger.freezeAll(id, why);
    }
    for (std::int64_t i = 0; i < call.rank(self); ++i) {
        std::vector<Aligned> aligned;
        for (const auto id : sides) aligned.push_back({id, i});
        const bool isAlike = std::ranges::all_of(sides, [&](ValueId id) {
            return call.shape(id)[at(i)] == call.shape(self)[at(i)];
        });
        if (i != axis && isAlike) {
            if (sides.size() > 1 && call.shape(self)[at(i)] > 1) joinAxes(call, aligned);
            continue;
        }
        for (const auto id : sides) tagger.freeze(tagger.axis(id, i), why);
    }
    auto tags = tagger.allAxes(self);
    tags.isLazy = false;
    for (const auto output : call.outputs()) call.set(output, tags);
}

void embedding(const Call& call) {
    const auto weight = call.tensor("weight");
    const auto output = call.outputs().at(0);
    for (const auto id : call.tensors()) {
        if (id != weight) call.tagger.freezeAll(id, cat(call.tagger.here(), " counts with them"));
    }
    auto tags = call.plain(output);
    tags.isParametric = false;
    tags.leaves.clear();
    const auto columns = call.tagger.axis(weight, 1);
    call.tagger.freeze(call.tagger.axis(weight, 0), "the model's input picks them by number");
    call.tagger.setRole(weight, columns, Role::Producer);
    if (call.rank(output) > 0) tags.axes.back() = columns;
    call.set(output, std::move(tags));
}

constexpr std::array kRules = {
    NamedRule{"index_select", indexSelect},
    NamedRule{"gather take_along_dim", gather},
    NamedRule{"index", index},
    NamedRule{"index_put _index_put_impl", indexPut},
    NamedRule{"scatter scatter_add scatter_reduce index_add index_copy index_reduce", scatter},
    NamedRule{"embedding embedding_bag embedding_renorm", embedding},
};

}  // namespace

std::span<const NamedRule> indexRules() {
    return kRules;
}

}  // namespace espalier::channels
