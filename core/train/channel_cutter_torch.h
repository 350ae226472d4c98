// SPDX-License-Identifier: GPL-3.0-or-later
// Training with channels cut out for real, round by round.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/channels/shrink.h"
#include "core/model/snapshot.h"
#include "core/prune/channel_members_torch.h"
#include "core/prune/masks_torch.h"
#include "core/train/training_step_torch.h"

namespace espalier::train {

/// Makes the module of a training step smaller and, when it must be pruned further, whole again.
/// Parameters stay the same tensors with other contents, so that the optimizer goes on with them;
/// what it remembers of them is cut along, at the same places.
///
/// Masked and cut training give the same numbers but for rounding, where groups are exact.
class ChannelCutter {
public:
    /// `whole` has the original shapes; its parameters train. Both must outlive this.
    ChannelCutter(const model::Snapshot& snapshot, torch::jit::Module whole, TrainingStep& step);

    /// Cuts the channels that `masks` take, all that they remove being zero; the weights that they
    /// remove of what is left stay masked. Gives the module that trains from now on. Errors: those
    /// of channels::analyse and channels::cut; Failed when the groups are other ones by now.
    Result<torch::jit::Module> cut(const prune::Masks& masks, RunControl& control);
    /// Gives the whole module, with what has been trained, zeros in what was cut, and there buffers
    /// as they were.
    torch::jit::Module restore();
    bool isCut() const { return m_isCut; }

private:
    /// Puts the whole module's parameters, with these contents, in place of those of `module`.
    void adopt(torch::jit::Module& module);
    void resizeState(std::size_t parameter, const prune::AxisPositions& positions,
                     const std::vector<std::int64_t>& wholeShape, bool isCut);
    std::unique_ptr<MaskEnforcer> enforcerOf(const prune::Masks& masks) const;

    const model::Snapshot& m_snapshot;
    torch::jit::Module m_whole;
    TrainingStep& m_step;
    torch::jit::Module m_cut;
    bool m_isCut = false;
    channels::KeptPositions m_positions;
    std::map<std::string, std::vector<std::int64_t>> m_shapes;  // whole, by path
};

}  // namespace espalier::train
