// SPDX-License-Identifier: GPL-3.0-or-later
// The fields of how and when: basic values, optimizer, learning rate, pruning schedule.
#include "ui/panels/recipe_table.h"
#include "ui/style/counted.h"

namespace espalier::ui::recipe_table {

namespace {
constexpr int kMostBatch = 65'536;
constexpr int kMostRounds = 1000;
}  // namespace

void addBasic(Section basic) {
    RecipeField& epochs =
        basic.count("epochs", "recipeEpochs", tr("Epochs"), tr("Passes over the training split"),
                    {0, kMostEpochs}, ESPALIER_RECIPE_VALUE(epochs));
    epochs.idle = [](const Recipe& recipe) {
        const auto& schedule = recipe.schedule;
        if (schedule.name != "iterative" && schedule.name != "lottery") return QString();
        const QString rounds =
            style::counted(schedule.rounds, tr("%1 round"), tr("%1 rounds")).arg(schedule.rounds);
        const QString each =
            style::counted(schedule.epochsPerRound, tr("%1 epoch"), tr("%1 epochs"))
                .arg(schedule.epochsPerRound);
        return tr("The rounds count instead: %1 of %2.").arg(rounds, each);
    };
    basic.choice("optimizer.name", "recipeOptimizer", tr("Optimizer"),
                 tr("Stochastic gradient descent with momentum, Adam, or Adam with decoupled "
                    "weight decay"),
                 train::optimizerNames(), ESPALIER_RECIPE_VALUE(optimizer.name));
    basic.count("batch_size", "recipeBatchSize", tr("Batch size"), tr("Samples per optimizer step"),
                {1, kMostBatch}, ESPALIER_RECIPE_VALUE(batchSize));
    basic.add(Kind::Number, "optimizer.lr", "recipeLr", tr("Learning rate"),
              tr("Step size at the start; a tenth of what the model was trained with is a good "
                 "first guess"),
              ESPALIER_RECIPE_VALUE(optimizer.lr));
    basic.choice("schedule.name", "recipeSchedule", tr("Pruning"),
                 tr("When weights are removed. one_shot: before training. iterative: in rounds, "
                    "each followed by training. agp: more and more while training. lottery: in "
                    "rounds, then the survivors go back to earlier weights. movement: while "
                    "training, those first that move towards zero."),
                 train::scheduleNames(), ESPALIER_RECIPE_VALUE(schedule.name));
    basic.choice("scheduler.name", "recipeScheduler", tr("LR schedule"),
                 tr("How the learning rate changes over the run"), train::schedulerNames(),
                 ESPALIER_RECIPE_VALUE(scheduler.name));
    RecipeField& device = basic.add(Kind::Choice, "device", "recipeDevice", tr("Device"),
                                    tr("Where the training runs; auto takes an accelerator when "
                                       "there is one"),
                                    ESPALIER_RECIPE_VALUE(device));
    device.choices = {QStringLiteral("auto"), QStringLiteral("cpu")};
    basic.add(Kind::Seed, "seed", "recipeSeed", tr("Seed"),
              tr("The same seed on the same machine gives the same run"),
              ESPALIER_RECIPE_VALUE(seed));
}

void addOptimizer(Section optimizer) {
    const auto name = ESPALIER_RECIPE_VALUE(optimizer.name);
    onlyWith(optimizer.add(Kind::Number, "optimizer.momentum", "recipeMomentum", tr("Momentum"),
                           tr("Share of the last step that is taken again, 0 to below 1"),
                           ESPALIER_RECIPE_VALUE(optimizer.momentum)),
             {"sgd"}, name);
    onlyWith(optimizer.add(Kind::Flag, "optimizer.nesterov", "recipeNesterov", tr("Nesterov"),
                           tr("Looks ahead along the momentum before taking the gradient"),
                           ESPALIER_RECIPE_VALUE(optimizer.nesterov)),
             {"sgd"}, name);
    optimizer.add(Kind::Number, "optimizer.weight_decay", "recipeWeightDecay", tr("Weight decay"),
                  tr("Strength of the pull of every weight towards zero, per step"),
                  ESPALIER_RECIPE_VALUE(optimizer.weightDecay));
    onlyWith(optimizer.add(Kind::Number, "optimizer.beta1", "recipeBeta1", tr("Beta 1"),
                           tr("Decay of the running mean of the gradients, 0 to below 1"),
                           ESPALIER_RECIPE_VALUE(optimizer.beta1)),
             {"adam", "adamw"}, name);
    onlyWith(optimizer.add(Kind::Number, "optimizer.beta2", "recipeBeta2", tr("Beta 2"),
                           tr("Decay of the running mean of their squares, 0 to below 1"),
                           ESPALIER_RECIPE_VALUE(optimizer.beta2)),
             {"adam", "adamw"}, name);
    onlyWith(optimizer.add(Kind::Number, "optimizer.eps", "recipeEps", tr("Epsilon"),
                           tr("Added to the root of the squares, so that nothing is divided by "
                              "zero"),
                           ESPALIER_RECIPE_VALUE(optimizer.eps)),
             {"adam", "adamw"}, name);
    optimizer.add(Kind::Number, "clip_norm", "recipeClipNorm", tr("Clip norm"),
                  tr("Gradient clipping: largest norm of all gradients together; 0: no clipping"),
                  ESPALIER_RECIPE_VALUE(clipNorm));
}

void addLearningRate(Section rate) {
    const auto name = ESPALIER_RECIPE_VALUE(scheduler.name);
    rate.count("scheduler.warmup_steps", "recipeWarmupSteps", tr("Warm-up"),
               tr("Optimizer steps over which the learning rate rises from nearly 0"),
               {0, kMostCount}, ESPALIER_RECIPE_VALUE(scheduler.warmupSteps))
        .unset = tr("none");
    onlyWith(rate.count("scheduler.step_epochs", "recipeStepEpochs", tr("Drop every"),
                        tr("Epochs between drops of the learning rate"), {1, kMostEpochs},
                        ESPALIER_RECIPE_VALUE(scheduler.stepEpochs)),
             {"step"}, name);
    onlyWith(rate.add(Kind::Text, "scheduler.milestones", "recipeMilestones", tr("Milestones"),
                      tr("Epochs after which the learning rate drops, rising: 3, 5"),
                      ESPALIER_RECIPE_VALUE(scheduler.milestones)),
             {"multi_step"}, name);
    onlyWith(rate.add(Kind::Number, "scheduler.gamma", "recipeGamma", tr("Gamma"),
                      tr("Factor on the learning rate at each drop, above 0, at most 1"),
                      ESPALIER_RECIPE_VALUE(scheduler.gamma)),
             {"step", "multi_step"}, name);
    onlyWith(rate.add(Kind::Number, "scheduler.peak", "recipePeak", tr("Peak at"),
                      tr("Share of the run at which the rate is highest, 0 to 1"),
                      ESPALIER_RECIPE_VALUE(scheduler.peak)),
             {"one_cycle"}, name);
    onlyWith(rate.count("scheduler.patience", "recipePatience", tr("Patience"),
                        tr("Epochs without a lower validation loss before the learning rate drops"),
                        {0, kMostEpochs}, ESPALIER_RECIPE_VALUE(scheduler.patience)),
             {"plateau"}, name);
    onlyWith(rate.add(Kind::Number, "scheduler.factor", "recipeFactor", tr("Factor"),
                      tr("Factor on the learning rate at each drop, 0 to 1"),
                      ESPALIER_RECIPE_VALUE(scheduler.factor)),
             {"plateau"}, name);
}

void addSchedule(Section schedule) {
    const auto name = ESPALIER_RECIPE_VALUE(schedule.name);
    const std::vector<std::string> inRounds{"iterative", "lottery"};
    const std::vector<std::string> gradual{"agp", "movement"};
    onlyWith(schedule.count("schedule.rounds", "recipeRounds", tr("Rounds"),
                            tr("Prunings, each of the same share of what is left"),
                            {1, kMostRounds}, ESPALIER_RECIPE_VALUE(schedule.rounds)),
             inRounds, name);
    onlyWith(schedule.count("schedule.epochs_per_round", "recipeEpochsPerRound", tr("Epochs each"),
                            tr("Epochs of training after every pruning"), {1, kMostEpochs},
                            ESPALIER_RECIPE_VALUE(schedule.epochsPerRound)),
             inRounds, name);
    onlyWith(schedule.add(Kind::Number, "schedule.round_lr", "recipeRoundLr", tr("Round LR"),
                          tr("Factor on the learning rate in all rounds but the last, at most 1"),
                          ESPALIER_RECIPE_VALUE(schedule.roundLr)),
             {"iterative"}, name);
    onlyWith(schedule.add(Kind::Flag, "schedule.reset_momentum", "recipeResetMomentum",
                          tr("Reset momentum"),
                          tr("What the optimizer remembers starts anew in each round"),
                          ESPALIER_RECIPE_VALUE(schedule.resetMomentum)),
             {"iterative"}, name);
    onlyWith(schedule.add(Kind::Flag, "schedule.cut_between_rounds", "recipeCutBetweenRounds",
                          tr("Cut at once"),
                          tr("Removed channels are cut out before training goes on, in rounds "
                             "after each, not at the end: training is faster"),
                          ESPALIER_RECIPE_VALUE(schedule.cutBetweenRounds)),
             {"one_shot", "iterative", "lottery"}, name);
    RecipeField& rewind = schedule.add(
        Kind::ChoiceOrFile, "schedule.rewind_to", "recipeRewindTo", tr("Rewind to"),
        tr("State of the history, or TorchScript file with the same parameters, whose weights the "
           "survivors take after each round; of states with one name it is the newest"),
        ESPALIER_RECIPE_VALUE(schedule.rewindTo));
    rewind.unset = tr("weights at the start");
    onlyWith(rewind, {"lottery"}, name);
    onlyWith(schedule.count("schedule.every_steps", "recipeEverySteps", tr("Prune every"),
                            tr("Optimizer steps between prunings"), {1, kMostCount},
                            ESPALIER_RECIPE_VALUE(schedule.everySteps)),
             gradual, name);
    onlyWith(schedule.add(Kind::Number, "schedule.begin", "recipeBegin", tr("Begin"),
                          tr("Share of the run before the first pruning, 0 to below 1"),
                          ESPALIER_RECIPE_VALUE(schedule.begin)),
             gradual, name);
    onlyWith(schedule.add(Kind::Number, "schedule.end", "recipeEnd", tr("End"),
                          tr("Share of the run when all of the plan is removed, at most 1"),
                          ESPALIER_RECIPE_VALUE(schedule.end)),
             gradual, name);
    const auto isOn = [](const Recipe& recipe) { return recipe.masks == train::MaskMode::On; };
    RecipeField& masks = schedule.add(
        Kind::Flag, QStringLiteral("masks"), QStringLiteral("recipeMasks"), tr("Masks"),
        tr("Removed weights stay zero while training; off lets them grow back, as a baseline"));
    masks.text = [isOn](const Recipe& recipe) { return valueText(isOn(recipe)); };
    masks.take = [](Recipe& recipe, const QString& text) {
        recipe.masks = text == valueText(true) ? train::MaskMode::On : train::MaskMode::Off;
    };
    masks.idle = [isOn](const Recipe& recipe) {
        if (recipe.schedule.name == "one_shot" || !isOn(recipe)) return QString();
        return tr("Always on where weights are removed while training.");
    };
}

}  // namespace espalier::ui::recipe_table
