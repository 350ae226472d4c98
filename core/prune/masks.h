// SPDX-License-Identifier: GPL-3.0-or-later
// Weight masks: which weights a plan removes from a snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/prune/plan.h"

namespace espalier::prune {

struct MaskState;  // the torch side: masks_torch.h

/// The masks of all layers. Immutable; layers whose rule did not change share their mask with
/// earlier ones.
class Masks {
public:
    explicit Masks(std::shared_ptr<const MaskState> state);

    std::int64_t removed(model::LayerId layer) const;  ///< base mask included
    double sparsity(model::LayerId layer) const;       ///< removed / weights of the layer, 0..1
    std::int64_t removed() const;                      ///< over all layers
    const MaskState& state() const { return *m_state; }

private:
    std::shared_ptr<const MaskState> m_state;
};

using MasksPtr = std::shared_ptr<const Masks>;

/// The weights that `plan` removes from `snapshot`: base masks ∪ rules.
///
/// Deterministic: the same arguments give the same masks; ties in score are broken by index, the
/// lower index goes first. What the base mask removed ranks lowest and counts towards a sparsity.
/// `previous` (may be null) lends the masks of layers whose rule, criterion and weights are the
/// same. Thread-safe. Errors: those of `check`; Infeasible, naming the layer, when a rule leaves no
/// weight at all; Cancelled.
Result<MasksPtr> resolve(const model::Snapshot& snapshot, const Plan& plan,
                         const MasksPtr& previous, RunControl& control);

}  // namespace espalier::prune
