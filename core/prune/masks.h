// SPDX-License-Identifier: GPL-3.0-or-later
// Weight masks: which weights a plan removes from a snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/prune/channel_choice.h"
#include "core/prune/plan.h"
#include "core/prune/scores.h"

namespace espalier::prune {

struct MaskState;  // the torch side: masks_torch.h

/// The masks of all layers. Immutable; layers whose rule did not change share their mask with
/// earlier ones.
class Masks {
public:
    explicit Masks(std::shared_ptr<const MaskState> state);

    std::int64_t removed(model::LayerId layer) const;  ///< base mask and channels included
    double sparsity(model::LayerId layer) const;       ///< removed / weights of the layer, 0..1
    /// The share that is zero of what channels leave of the weight; the file's sparsity once cut.
    double sparsityOfLeft(model::LayerId layer) const;
    std::int64_t removed() const;              ///< over all layers
    const ChannelChoicePtr& channels() const;  ///< null when no channel was chosen to go
    const MaskState& state() const { return *m_state; }

private:
    std::shared_ptr<const MaskState> m_state;
};

using MasksPtr = std::shared_ptr<const Masks>;

/// The weights that `plan` removes from `snapshot`: base masks ∪ channels ∪ weight rules.
///
/// `channels` is what chooseChannels made of the plan's channel part; it may be null when there is
/// none. A channel takes its producers' rows, biases and affine parameters and its consumers'
/// columns. Weight rules act on what is left, as if the channels had never been there.
///
/// Deterministic: the same arguments give the same masks; ties in score are broken by index, the
/// lower index goes first. What the base mask removed ranks lowest and counts towards a sparsity.
/// `previous` (may be null) lends the masks of layers whose rule, criterion and weights are the
/// same. `scores` are those at hand; a weight that a measured criterion says nothing about
/// (Scores::whyNot) is left alone. Thread-safe. Errors: those of `check`; Infeasible, naming the
/// layer, when a rule leaves no weight at all; BadArgument when the plan has a channel part and
/// `channels` is null, or ranks by scores that are not at hand; Cancelled.
Result<MasksPtr> resolve(const model::Snapshot& snapshot, const Plan& plan,
                         const ChannelChoicePtr& channels, const MasksPtr& previous,
                         RunControl& control, const ScoreCache& scores = {});

/// For plans without a channel part.
Result<MasksPtr> resolve(const model::Snapshot& snapshot, const Plan& plan,
                         const MasksPtr& previous, RunControl& control,
                         const ScoreCache& scores = {});

}  // namespace espalier::prune
