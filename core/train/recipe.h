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
    std::string name = "cosine";  ///< constant, step, cosine, plateau
    int stepEpochs = 3;           ///< step: epochs between drops
    double gamma = 0.1;           ///< step: factor at each drop
    int patience = 2;  ///< plateau: epochs without improvement of the validation loss before a drop
    double factor = 0.1;  ///< plateau: factor at each drop
    bool operator==(const SchedulerOptions&) const = default;
};

enum class MaskMode { On, Off };  ///< Off lets removed weights grow back

struct Recipe {
    int epochs = 5;
    std::int64_t batchSize = 128;
    std::uint64_t seed = 0;
    std::string device = "auto";
    double validation = 0.1;  ///< share of the training split held out
    OptimizerOptions optimizer{};
    SchedulerOptions scheduler{};
    /// The best epoch is chosen by the metric on the validation split.
    measure::MetricOptions metrics{};
    double labelSmoothing = 0;  ///< of cross_entropy, in training alone
    std::string augment{};      ///< one of data::augmentationNames(); empty: none
    MaskMode masks = MaskMode::On;

    bool operator==(const Recipe&) const = default;
};

/// Whether every value is in range and every name known. Errors: BadArgument, naming the key as in
/// recipe files.
Result<void> check(const Recipe& recipe);

/// Names that `optimizer.name` and `scheduler.name` accept, in the order they are offered.
std::vector<std::string> optimizerNames();
std::vector<std::string> schedulerNames();

}  // namespace espalier::train
