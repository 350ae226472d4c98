// SPDX-License-Identifier: GPL-3.0-or-later
// Each task from files to files, described completely. The command line fills these; tasks.h runs
// them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/measure/evaluate.h"
#include "core/measure/latency.h"
#include "core/measure/sensitivity.h"
#include "core/prune/channel_choice.h"
#include "core/prune/goal_text.h"
#include "core/prune/plan.h"
#include "core/script/input_spec.h"
#include "core/train/recipe.h"

namespace espalier::project {

struct InspectSpec {
    std::filesystem::path model;
    std::vector<script::InputSpec> inputs;
    channels::HeadUnit heads = channels::HeadUnit::Most;
    bool operator==(const InspectSpec&) const = default;
};

/// What is to be pruned: a plan file, a goal, or shares of all channels and of all prunable weights
/// that are left then. None of them: the base masks alone.
struct PruneChoice {
    std::filesystem::path planFile;
    std::optional<prune::GoalText> goal{};  ///< how much may be left
    /// What goes for the goal; none: weights for non-zeros, else channels.
    std::optional<prune::Structure> structure{};
    std::optional<double> weights;   ///< sparsity over all prunable weights, 0..1
    std::optional<double> channels;  ///< share of the channels of every group that goes, 0..1
    /// Of weights, channels, or both; empty: magnitude and l2.
    std::string criterion;
    std::optional<prune::Scope> scope;  ///< none: global for weights, layer for channels
    std::int64_t multipleOf = 1;        ///< of channels
    channels::HeadUnit heads = channels::HeadUnit::Most;
    bool allowInexact = false;          ///< also where the plan file does not
    bool ignoreZeros = false;           ///< zeros in the file are weights like any other
    std::optional<std::uint64_t> seed;  ///< none: the plan file's, else 0
    /// That criteria with data look at; none: the plan file's, else 1 024.
    std::optional<std::int64_t> samples{};

    prune::Structure structureOfGoal() const;
    bool takesWeights() const;
    bool takesChannels() const;
    bool operator==(const PruneChoice&) const = default;
};

struct PruneSpec {
    std::filesystem::path model;
    std::vector<script::InputSpec> inputs;
    PruneChoice choice;
    data::DataSpec data{};             ///< for criteria that need it; an empty path: none
    measure::MetricOptions metrics{};  ///< whose output and loss those criteria look at
    bool compensateBias = false;       ///< see channels::CutOptions
    std::filesystem::path output;
    std::filesystem::path maskedOutput;  ///< may be empty, as the next two
    std::filesystem::path savePlan;
    std::filesystem::path report;  ///< *.html: for people, else JSON
    bool operator==(const PruneSpec&) const = default;
};

/// The model as `prune` makes it, in another format.
struct ExportSpec {
    std::filesystem::path model;
    std::vector<script::InputSpec> inputs;
    PruneChoice choice;
    data::DataSpec data{};             ///< for criteria that need it; an empty path: none
    measure::MetricOptions metrics{};  ///< whose output and loss those criteria look at
    bool isMasked = false;             ///< original shapes and zeros, where channels go
    std::string format;                ///< a name of exchange::modelFormats()
    std::filesystem::path output;
    bool operator==(const ExportSpec&) const = default;
};

struct EvaluateSpec {
    std::filesystem::path model;
    std::vector<script::InputSpec> inputs;
    data::DataSpec data;
    data::Split split = data::Split::Test;
    std::int64_t batchSize = 256;
    std::string device = "auto";
    measure::MetricOptions metrics{};
    std::filesystem::path reference{};  ///< the model that agreement is with; may be empty
    int threads = 0;                    ///< that torch computes with; 0: one per core
    bool operator==(const EvaluateSpec&) const = default;
};

struct ScanSpec {
    std::filesystem::path model;
    std::vector<script::InputSpec> inputs;
    data::DataSpec data;
    measure::ScanOptions options;
    std::filesystem::path log;     ///< a line per evaluation really made; may be empty
    std::filesystem::path output;  ///< CSV
    bool operator==(const ScanSpec&) const = default;
};

/// What a person says over a recipe on the command line.
struct RecipeEdits {
    std::optional<int> epochs{};  ///< of the whole run: those of all rounds together
    std::optional<double> lr{};
    std::optional<double> validation{};  ///< share of the training split held out
    std::string schedule{};              ///< empty: the recipe's
    std::string device{};                ///< likewise, as all of the next
    measure::MetricOptions metrics{};
    bool operator==(const RecipeEdits&) const = default;
};

struct TuneSpec {
    std::filesystem::path model;
    std::vector<script::InputSpec> inputs;
    data::DataSpec data;
    PruneChoice choice;
    train::Recipe recipe;
    std::filesystem::path recipeFile;  ///< where it was read from; may be empty
    std::string preset{};              ///< put over the recipe (train::withPreset); empty: none
    /// The recipe is the one that suits the model, the data and how much goes: of `recipe` seed,
    /// device and metrics count (train::suggestedRecipe).
    bool suitsRecipe = false;
    RecipeEdits edits{};
    /// That distillation learns from; empty: `model` before it is pruned.
    std::filesystem::path teacher{};
    std::filesystem::path output;   ///< empty: NAME-pruned.pt beside the model
    std::filesystem::path metrics;  ///< CSV, may be empty, as the next
    std::filesystem::path report;
    /// A folder for this run's checkpoint alone, made when missing; empty: none, or that of
    /// `resume`.
    std::filesystem::path checkpoints{};
    std::filesystem::path resume{};  ///< the folder of a run that is to go on; may be empty
    int threads = 0;                 ///< that torch computes with; 0: one per core
    bool operator==(const TuneSpec&) const = default;
};

struct LatencySpec {
    std::vector<std::filesystem::path> models;
    std::vector<script::InputSpec> inputs;
    std::string device = "auto";
    int threads = 0;
    bool operator==(const LatencySpec&) const = default;
};

}  // namespace espalier::project
