// SPDX-License-Identifier: GPL-3.0-or-later
// How a model is fine-tuned. Every field has a sensible default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/measure/metric.h"

namespace espalier::train {

struct OptimizerOptions {
    std::string name = "sgd";  ///< sgd, adam, adamw
    double lr = 0.01;
    double momentum = 0.9;  ///< sgd
    bool nesterov = false;  ///< sgd
    double weightDecay = 5e-4;
    double beta1 = 0.9;  ///< adam, adamw
    double beta2 = 0.999;
    double eps = 1e-8;
    bool operator==(const OptimizerOptions&) const = default;
};

struct SchedulerOptions {
    std::string name = "cosine";  ///< constant, step, multi_step, cosine, one_cycle, plateau
    /// Steps over which the learning rate rises linearly from nearly 0, whatever the schedule; 0:
    /// none.
    std::int64_t warmupSteps = 0;
    int stepEpochs = 3;             ///< step: epochs between drops
    std::vector<int> milestones{};  ///< multi_step: epochs after which it drops, rising
    double gamma = 0.1;             ///< step, multi_step: factor at each drop
    double peak = 0.3;              ///< one_cycle: share of the run at which the rate is highest
    int patience = 2;  ///< plateau: epochs without improvement of the validation loss before a drop
    double factor = 0.1;  ///< plateau: factor at each drop
    bool operator==(const SchedulerOptions&) const = default;
};

/// A term added to the training loss.
struct Regulariser {
    std::string name;     ///< l1, l2, group_lasso, bn_l1
    double strength = 0;  ///< factor on the term
    bool operator==(const Regulariser&) const = default;
};

/// Learning from the outputs of the model as it was before it was pruned (Hinton et al. 2015):
/// (1 - weight) * loss + weight * T^2 * KL(dense || pruned), both softened by the temperature T.
struct Distillation {
    double weight = 0.5;
    double temperature = 2;
    bool operator==(const Distillation&) const = default;
};

/// When the plan's weights and channels are removed.
struct ScheduleOptions {
    /// one_shot: before training. iterative: in rounds, each followed by training. agp: more and
    /// more while training, by a cubic curve (Zhu and Gupta 2017). lottery: in rounds, and after
    /// each the survivors go back to earlier weights (Frankle and Carbin 2019). movement: by the
    /// same cubic curve, those first that training moves towards zero (Sanh et al. 2020).
    std::string name = "one_shot";
    int rounds = 5;          ///< iterative, lottery
    int epochsPerRound = 2;  ///< iterative, lottery; Recipe::epochs counts for the others
    double roundLr = 1;      ///< iterative: factor on the learning rate in all rounds but the last
    bool resetMomentum = true;  ///< iterative: what the optimizer remembers starts anew each round
    std::string rewindTo{};     ///< lottery: a TorchScript file; empty: the weights at the start
    int everySteps = 100;       ///< agp, movement: steps between prunings
    double begin = 0;           ///< agp, movement: share of the run before the first pruning
    double end = 0.7;           ///< agp, movement: share of the run when the plan is reached
    /// one_shot, iterative, lottery: channels are cut before training goes on, not at the end.
    bool cutBetweenRounds = false;
    bool operator==(const ScheduleOptions&) const = default;
};

enum class MaskMode { On, Off };  ///< Off lets removed weights grow back

struct Recipe {
    int epochs = 5;
    std::int64_t batchSize = 128;
    std::uint64_t seed = 0;
    std::string device = "auto";
    std::string precision = "fp32";  ///< fp32; on accelerators also bf16 and fp16 (autocast)
    /// When the device's memory does not suffice, batches are halved and their gradients summed.
    bool halveBatchToFit = true;
    double validation = 0.1;  ///< share of the training split held out
    OptimizerOptions optimizer{};
    double clipNorm = 0;  ///< largest norm of all gradients together; 0: no clipping
    SchedulerOptions scheduler{};
    /// The best epoch is chosen by the metric on the validation split.
    measure::MetricOptions metrics{};
    double labelSmoothing = 0;  ///< of cross_entropy, in training alone
    std::vector<Regulariser> regularisers{};
    std::optional<Distillation> distillation{};
    std::optional<double> dropout{};  ///< probability of every dropout; none: the model's own
    ScheduleOptions schedule{};
    bool fromScratch = false;  ///< all weights drawn anew: tells whether pruning was worth it
    /// Batches on which the statistics of batch norms are taken anew after training; 0: none.
    int batchNormBatches = 0;
    std::optional<int> earlyStopping{};  ///< epochs without a better metric before training ends
    std::string augment{};               ///< one of data::augmentationNames(); empty: none
    MaskMode masks = MaskMode::On;

    bool operator==(const Recipe&) const = default;
};

/// Epochs of the whole run: those of all rounds together where the schedule has rounds.
int totalEpochs(const Recipe& recipe);

/// Whether every value is in range and every name known. Errors: BadArgument, naming the key as in
/// recipe files.
Result<void> check(const Recipe& recipe);

/// Names that the recipe accepts, in the order they are offered.
std::vector<std::string> optimizerNames();
std::vector<std::string> schedulerNames();
std::vector<std::string> regulariserNames();
std::vector<std::string> scheduleNames();
std::vector<std::string> precisionNames();

}  // namespace espalier::train
