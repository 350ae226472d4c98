// SPDX-License-Identifier: GPL-3.0-or-later
// What removed channels hold in the masked model, where that is one number whatever the input.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/channels/tags_torch.h"

namespace espalier::channels {

/// Goes through a trace beside its tags. Behind a layer a removed channel is zero, behind the
/// layer's sigmoid one half, behind a norm without a bias it depends on what the norm has seen.
class MaskedValues {
public:
    /// `buffers`: the paths of those that keep their numbers where channels go; parameters become
    /// zero.
    MaskedValues(const Trace& trace, const TagTable& tags, const std::set<std::string>& buffers);

    /// To be told of every step, in order.
    void follow(const TraceStep& step);

    /// What `value` holds at all positions that may go: a number, NaN when it is not always the
    /// same one, none when nothing is known.
    std::optional<double> of(ValueId value) const;

private:
    using Number = std::optional<double>;

    Number after(const TraceStep& step, ValueId output) const;
    Number ofProduct(ValueId a, ValueId b, ValueId output) const;
    Number ofLayer(const TraceStep& step, ValueId output) const;
    Number ofList(const TraceStep& step) const;
    Number evaluated(const TraceStep& step, ValueId output) const;
    Number evaluatedAt(const TraceStep& step, ValueId output, std::size_t axis) const;
    std::vector<ValueId> tensorsOf(const TraceStep& step) const;
    std::vector<std::size_t> trackedAxes(ValueId value) const;
    void set(const TraceStep& step, ValueId output, Number number);

    const Trace& m_trace;
    const TagTable& m_tags;
    std::vector<Number> m_known;    // by ValueId
    std::vector<ValueId> m_memory;  // by ValueId: the value whose memory it may look into
};

}  // namespace espalier::channels
