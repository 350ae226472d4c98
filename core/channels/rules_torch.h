// SPDX-License-Identifier: GPL-3.0-or-later
// One rule per class of operators: how channel tags go through it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/channels/tagger_torch.h"

namespace espalier::channels {

/// One executed operator as a rule sees it.
class Call {
public:
    Call(Tagger& tagger, const TraceStep& step, std::string name)
        : tagger(tagger), step(step), name(std::move(name)) {}

    Tagger& tagger;
    const TraceStep& step;
    std::string name;  ///< without namespace and the underscore of in-place operators

    /// The argument of that name in the operator's schema, or -1.
    int argument(std::string_view argumentName) const;
    /// The tensor given for an argument; -1 when it was None or is no tensor.
    ValueId tensor(int index) const;
    ValueId tensor(std::string_view argumentName) const { return tensor(argument(argumentName)); }
    /// All tensors that go in, in order, also those in lists.
    std::vector<ValueId> tensors() const;
    /// What was given for an argument that is no tensor; None when it is not there.
    c10::IValue given(std::string_view argumentName) const;
    std::int64_t integer(std::string_view argumentName, std::int64_t otherwise) const;
    bool flag(std::string_view argumentName) const;
    /// One int or a list of them; empty for None.
    std::vector<std::int64_t> integers(std::string_view argumentName) const;
    /// The tensor outputs, also those in lists.
    std::vector<ValueId> outputs() const;

    const std::vector<std::int64_t>& shape(ValueId id) const { return tagger.value(id).shape; }
    std::int64_t rank(ValueId id) const { return static_cast<std::int64_t>(shape(id).size()); }
    /// `axis` counted from the front.
    std::int64_t wrap(std::int64_t axis, std::int64_t rank) const;

    /// Tags for `output` without any axis tracked; says where it comes from.
    Tags plain(ValueId output) const;
    void set(ValueId output, Tags tags) const { tagger.setTags(output, std::move(tags)); }
    /// Nothing about the operator is known: all that goes in must stay.
    void freezeAll(const std::string& why) const;
};

using Rule = void (*)(const Call&);

/// None for operators nobody wrote a rule for.
Rule findRule(const torch::jit::Node& node, std::string_view name);

/// Rows of the table: each file of rules gives its own.
struct NamedRule {
    std::string_view names;  ///< separated by blanks
    Rule rule;
};
std::span<const NamedRule> contractionRules();  ///< linear, matmul, einsum, attention, embedding
std::span<const NamedRule> einsumRules();
std::span<const NamedRule> convolutionRules();    ///< convolutions
std::span<const NamedRule> spatialRules();        ///< pooling, interpolation
std::span<const NamedRule> reindexRules();        ///< reshape, permute, expand, pixel shuffle …
std::span<const NamedRule> windowRules();         ///< unfold, fold, Fourier transforms
std::span<const NamedRule> axisRules();           ///< slice, select, cat, split, pad …
std::span<const NamedRule> mixingRules();         ///< triangles, inverses, distances, quantiles …
std::span<const NamedRule> indexRules();          ///< index, gather, scatter, embedding
std::span<const NamedRule> pointwiseRules();      ///< elementwise, factories, copies
std::span<const NamedRule> normalisationRules();  ///< norms, softmax, reductions
std::span<const NamedRule> recurrentRules();      ///< lstm, gru, rnn and their cells

/// Joins the tags of all `operands` as broadcasting aligns them, over the axes of `shape` from
/// `firstAxis` (from the right, so 0 is all of them) …
Tags broadcastTags(const Call& call, std::span<const ValueId> operands,
                   const std::vector<std::int64_t>& shape, std::int64_t droppedFromRight = 0);

/// One operand's axis that lines up with those of others, and is as long.
struct Aligned {
    ValueId id;
    std::int64_t axis;
};

/// What all have along these axes is the same channels. A side without tags freezes the others.
void joinAxes(const Call& call, const std::vector<Aligned>& sides);
void joinAxes(const Call& call, ValueId a, std::int64_t axisOfA, ValueId b, std::int64_t axisOfB);

/// Leaves, origin and parametricness of `ids` together.
void inherit(const Call& call, std::span<const ValueId> ids, Tags& tags);

}  // namespace espalier::channels
