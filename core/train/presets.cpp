// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/presets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/base/format.h"
#include "core/train/pruning_schedule.h"

namespace espalier::train {
namespace {

constexpr std::int64_t kLeastBatch = 16;
constexpr std::int64_t kMostBatch = 128;
constexpr std::int64_t kBatchesPerEpoch = 100;  // at least, where the samples allow it
constexpr std::int64_t kSteps = 2000;
constexpr std::int64_t kLeastEpochs = 2;
constexpr std::int64_t kMostEpochs = 20;
constexpr std::int64_t kPrunings = 50;  // of a gradual schedule
/// Above this share gradual pruning was better than one shot with as many epochs.
constexpr double kMuch = 0.95;

Recipe quickRecover(Recipe recipe) {
    recipe.epochs = std::max(2, recipe.epochs / 2);
    recipe.schedule.name = "one_shot";
    recipe.scheduler.name = "cosine";
    return recipe;
}

Recipe iterativeMagnitude(Recipe recipe) {
    recipe.schedule.name = "iterative";
    recipe.schedule.rounds = 5;
    recipe.schedule.epochsPerRound = std::max(1, recipe.epochs / 2);
    recipe.schedule.roundLr = 1;
    recipe.schedule.resetMomentum = true;
    recipe.scheduler.name = "cosine";
    return recipe;
}

// Weights are removed over the first 70 % of twice as many epochs; the rest heals the last cut.
Recipe gradual(Recipe recipe, const char* schedule) {
    recipe.epochs *= 2;
    recipe.schedule.name = schedule;
    recipe.schedule.begin = 0;
    recipe.schedule.end = 0.7;
    recipe.scheduler.name = "cosine";
    return recipe;
}

Recipe automatedGradual(Recipe recipe) {
    return gradual(std::move(recipe), "agp");
}

// Each round trains from the start again, so it needs the epochs of a whole training.
Recipe lotteryTicket(Recipe recipe) {
    recipe.schedule.name = "lottery";
    recipe.schedule.rounds = 5;
    recipe.schedule.epochsPerRound = recipe.epochs;
    recipe.scheduler.name = "cosine";
    return recipe;
}

// 1e-4 is the paper's strength for most of its networks (Liu et al. 2017).
Recipe networkSlimming(Recipe recipe) {
    recipe = gradual(std::move(recipe), "agp");
    recipe.schedule.begin = 0.5;  // first the scales shrink, then the channels with the least go
    recipe.schedule.end = 0.6;
    std::erase_if(recipe.regularisers, [](const Regulariser& r) { return r.name == "bn_l1"; });
    recipe.regularisers.push_back({"bn_l1", 1e-4});
    return recipe;
}

Recipe movement(Recipe recipe) {
    return gradual(std::move(recipe), "movement");
}

constexpr std::array kPresets{
    Preset{"quick_recover", "Quick recover", "Prunes at once and trains for a few epochs",
           quickRecover},
    Preset{"iterative", "Iterative magnitude",
           "Prunes in rounds, the same share of what is left in each, and trains after every one",
           iterativeMagnitude},
    Preset{"agp", "Gradual (AGP)",
           "Removes more and more while training, by a cubic curve (Zhu and Gupta 2017)",
           automatedGradual},
    Preset{"lottery", "Lottery ticket",
           "Prunes in rounds, and after each the survivors go back to earlier weights (Frankle and "
           "Carbin 2019)",
           lotteryTicket},
    Preset{"slimming", "Network slimming",
           "Pulls the scales of batch norms to zero, then removes: for channels ranked by bn_scale "
           "(Liu et al. 2017)",
           networkSlimming},
    Preset{"movement", "Movement",
           "Removes while training what moves towards zero (Sanh et al. 2020)", movement},
};

std::int64_t batchSizeFor(std::int64_t samples) {
    if (samples == 0) return kLeastBatch;
    const std::int64_t wanted = std::clamp(samples / kBatchesPerEpoch, kLeastBatch, kMostBatch);
    const auto power =
        static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(wanted)));
    return std::clamp<std::int64_t>(power, 1, std::max<std::int64_t>(1, samples));
}

bool isTransformerLike(const model::Snapshot& model) {
    return std::ranges::any_of(model.layers(), [](const model::Layer& layer) {
        return layer.op == "embedding" || layer.op == "layer_norm";
    });
}

bool isSmallColourImage(const data::DatasetInfo& data) {
    const auto& shape = data.sampleShape;
    const bool isImage = data.kind != "tensor file" && shape.size() == 3 && shape[0] == 3;
    return isImage && shape[1] == shape[2] && shape[1] >= 32 && shape[1] <= 64;
}

}  // namespace

std::span<const Preset> presets() {
    return kPresets;
}

Result<Recipe> withPreset(const Recipe& recipe, std::string_view name) {
    std::string names;
    for (const Preset& preset : kPresets) {
        if (preset.name == name) return preset.from(recipe);
        names += cat(names.empty() ? "" : ", ", preset.name);
    }
    return Error{Error::Kind::BadArgument,
                 cat("There is no preset '", name, "'"),
                 {},
                 cat("Use one of: ", names)};
}

Recipe suggestedRecipe(const model::Snapshot& model, const data::DatasetInfo& data,
                       double removed) {
    Recipe recipe;
    recipe.batchSize = batchSizeFor(data.train);
    const std::int64_t perEpoch =
        std::max<std::int64_t>(1, (data.train + recipe.batchSize - 1) / recipe.batchSize);
    recipe.epochs =
        static_cast<int>(std::clamp((kSteps + perEpoch - 1) / perEpoch, kLeastEpochs, kMostEpochs));
    recipe.schedule.everySteps =
        static_cast<int>(std::clamp<std::int64_t>(perEpoch * recipe.epochs / kPrunings, 1, 100));
    if (isTransformerLike(model)) {
        recipe.optimizer.name = "adamw";
        recipe.optimizer.lr = 1e-4;
        recipe.optimizer.weightDecay = 0.01;  // as torch.optim.AdamW has it
    }
    if (isSmallColourImage(data)) recipe.augment = "cifar10";
    if (removed > kMuch) {
        recipe = gradual(std::move(recipe), "agp");
        recipe.optimizer.lr *= 5;
    }
    return recipe;
}

Recipe withEpochs(Recipe recipe, int epochs) {
    recipe.epochs = epochs;
    const double rounds = recipe.schedule.rounds;
    recipe.schedule.epochsPerRound = std::max(1, static_cast<int>(std::lround(epochs / rounds)));
    return recipe;
}

std::string describe(const Recipe& recipe) {
    const ScheduleOptions& schedule = recipe.schedule;
    const bool hasRounds = findSchedule(schedule.name).pace == ScheduleKind::Pace::Rounds;
    return cat(schedule.name, hasRounds ? cat(" (", schedule.rounds, " rounds)") : "", ", ",
               totalEpochs(recipe), totalEpochs(recipe) == 1 ? " epoch of " : " epochs of ",
               recipe.optimizer.name, " at ", significant(recipe.optimizer.lr), ", batches of ",
               recipe.batchSize);
}

}  // namespace espalier::train
