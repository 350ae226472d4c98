// SPDX-License-Identifier: GPL-3.0-or-later
// A loaded model with one set of weights. Never changes once made; may be read from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/layer.h"
#include "core/script/input_spec.h"

namespace espalier::model {

struct SnapshotState;  // the torch side: snapshot_torch.h

/// What is known about a model file as a whole.
struct ModelFile {
    std::filesystem::path path;
    std::string sha256;
    std::uint64_t bytes = 0;

    std::string name() const { return path.filename().string(); }
    bool operator==(const ModelFile&) const = default;
};

class Snapshot {
public:
    explicit Snapshot(std::shared_ptr<const SnapshotState> state);

    const ModelFile& file() const;          ///< the file this came from, also after fine-tuning
    std::span<const Layer> layers() const;  ///< in order of execution, unused parameters last
    const Layer& layer(LayerId id) const;
    std::optional<LayerId> find(std::string_view name) const;  ///< by parameter path
    std::span<const script::InputSpec> inputs() const;
    bool inputsAreGuessed() const;
    std::vector<std::int64_t> outputShape() const;  ///< of the first output tensor
    std::int64_t parameters() const;                ///< all parameters of the module
    std::int64_t macs() const;       ///< all layers and parameter-free products, at batch 1
    std::int64_t otherMacs() const;  ///< attention products and the like: macs() minus the layers'
    std::int64_t baseRemoved(LayerId id) const;  ///< weights the base mask has already removed
    std::span<const std::string> notes()
        const;                               ///< what a person should know: "input is a guess" …
    const std::string& weightsHash() const;  ///< SHA-256 over all parameters and base masks

    const SnapshotState& state() const { return *m_state; }

private:
    std::shared_ptr<const SnapshotState> m_state;
    std::vector<std::int64_t> m_baseRemoved;  // per layer, counted once
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// What to do with weights that are exactly zero in a file that is opened.
enum class BaseMasks { FromZeros, Ignore };

struct OpenOptions {
    std::vector<script::InputSpec> inputs;  ///< one per forward argument; empty: guessed
    BaseMasks baseMasks = BaseMasks::FromZeros;
};

/// Opens a TorchScript file: checks, loads, runs it once to find its layers and costs.
///
/// Errors: those of script::loadModule; BadArgument when the given inputs do not fit forward;
/// Unsupported, with the shapes that were tried, when none were given and no guess ran.
Result<SnapshotPtr> openSnapshot(const std::filesystem::path& path, const OpenOptions& options,
                                 const EventSink<>& events, RunControl& control);

}  // namespace espalier::model
