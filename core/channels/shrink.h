// SPDX-License-Identifier: GPL-3.0-or-later
// Cutting channels out for real, and the proof that the cut model computes what the masked one did.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/channels/groups.h"

namespace espalier::channels {

/// How the cut model was compared with the masked twin: the model with its original shapes in which
/// all that is removed is zero. A difference is max |cut - masked| / max |masked|.
struct Proof {
    double maxRelativeDifference = 0;  ///< over all outputs of all inputs
    double tolerance = 0;              ///< 1e-5 in float32, 1e-9 in float64, …
    std::string dtype;                 ///< of the first output: "float32"
    std::vector<std::string> inputs;   ///< what was compared: "1x3x32x32", "2x3x32x32", …
    bool exact = true;         ///< false: the twin's statistics were taken over kept channels alone
    bool alreadyZero = false;  ///< everything removed was zero before
    bool isVacuous = false;    ///< the outputs do not depend on the input, or not on what was
                               ///< removed: that they agree says little
    std::vector<std::string>
        compensated;  ///< biases that took over the constants of removed channels, by path
    std::vector<std::string> unproved;  ///< for people: branches that never ran, other methods, …

    bool operator==(const Proof&) const = default;
};

/// A group that was to be cut and was left as it is, since the model's code stands against it.
struct LeftWhole {
    GroupId group;
    std::string reason;  ///< for people

    bool operator==(const LeftWhole&) const = default;
};

struct CutOptions {
    /// Fold the constants that removed channels give once their weights are zero (their own bias,
    /// act(β) of a batch norm) into the next layer's bias, where that is exact. The masked twin
    /// then keeps these constants.
    bool compensateBias = false;
};

struct CutSeconds {
    double cut = 0;
    double prove = 0;
};

/// Per parameter and buffer that was sliced, per axis: the positions that stay, ascending.
using KeptPositions = std::map<std::string, std::map<int, std::vector<std::int64_t>>>;

struct CutState;  // the torch side: shrink_torch.h

/// A model with channels removed, proved equal to its masked twin. Immutable.
class CutModel {
public:
    explicit CutModel(std::shared_ptr<const CutState> state);

    const Proof& proof() const;
    const KeptPositions& kept() const;
    const KeptChannels& channels() const;             ///< what was really cut
    const std::vector<LeftWhole>& leftWhole() const;  ///< what was asked for and not cut
    std::int64_t parameters() const;                  ///< of the cut model
    CutSeconds seconds() const;

    const CutState& state() const { return *m_state; }

private:
    std::shared_ptr<const CutState> m_state;
};

using CutModelPtr = std::shared_ptr<const CutModel>;

/// Cuts everything but `kept` out of the groups' snapshot and proves the result. Weights that the
/// snapshot's base masks remove are zero in it; for weight masks as well see shrink_torch.h.
///
/// Names of parameters stay, batch and spatial sizes stay free. A group that the model's code does
/// not let go is left whole and named in leftWhole(). The snapshot is not changed. Needs up to
/// twice the memory of the parameters. Errors: BadArgument when `kept` does not fit the groups;
/// Infeasible, naming the constraint; Failed, with the reasons, when none of the groups that were
/// to be cut could be; Cancelled.
Result<CutModelPtr> cut(const ChannelGroupsPtr& groups, const KeptChannels& kept,
                        const CutOptions& options, const EventSink<>& events, RunControl& control);

/// Writes the cut model: saved, loaded again and compared (script::saveChecked). Extra files of the
/// original archive come along. Errors: WriteFailed, Failed.
Result<void> saveCut(const CutModel& model, const std::filesystem::path& target,
                     const EventSink<>& events, RunControl& control);

/// Writes the masked twin: original shapes, zeros in all that was removed. Where statistics run
/// over removed channels its code takes them over the kept ones alone, so that it computes what the
/// cut model does. Errors: WriteFailed, Failed.
Result<void> saveMasked(const CutModel& model, const std::filesystem::path& target,
                        const EventSink<>& events, RunControl& control);

}  // namespace espalier::channels
