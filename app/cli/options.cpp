// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/options.h"

#include <charconv>

#include "core/base/format.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"
#include "core/prune/scope_name.h"

namespace espalier::cli {

namespace {

std::string listOf(std::span<const prune::CriterionInfo> criteria) {
    std::string list;
    for (const auto& criterion : criteria)
        list += cat(list.empty() ? "" : ", ", criterion.name, " (", criterion.formula,
                    criterion.isMeasured() ? ", needs --data)" : ")");
    return list;
}

std::string criterionHelp() {
    return cat("How weights are ranked: ", listOf(prune::weightCriteria()),
               "; how channels are: ", listOf(prune::channelCriteria()));
}

/// One name may be known for weights, for channels, or for both.
Result<std::string> knownCriterion(const std::string& name) {
    const auto ofWeights = prune::findWeightCriterion(name);
    const auto ofChannels = prune::findChannelCriterion(name);
    if (ofWeights || ofChannels) return name;
    Error error = ofWeights.error();
    error.hint += " for weights; for channels: " + ofChannels.error().hint;
    return error;
}

/// "256" or "224x320".
Result<std::vector<std::int64_t>> parsedSides(const std::string& text) {
    std::vector<std::int64_t> sides;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        std::int64_t side = 0;
        const auto [next, failed] = std::from_chars(at, end, side);
        const bool isLast = next == end;
        if (failed != std::errc() || side < 1 || sides.size() == 2 || (!isLast && *next != 'x')) {
            return Error{Error::Kind::BadArgument, cat("Cannot read the size '", text, "'"),
                         "it is neither a number of pixels nor two",
                         "Write one such as 224, or HEIGHTxWIDTH such as 224x320"};
        }
        sides.push_back(side);
        if (isLast) return sides;
        at = next + 1;
    }
}

void addSides(CLI::App& app, const std::string& name, std::vector<std::int64_t>& sides,
              const std::string& help) {
    addParsed(app, name, sides, parsedSides, help)->type_name("SIZE");
}

}  // namespace

CLI::Option* addModel(CLI::App& app, std::filesystem::path& model) {
    return app.add_option("MODEL", model, "A TorchScript file (torch.jit.save)")->required();
}

void addInputs(CLI::App& app, std::vector<script::InputSpec>& inputs) {
    app.add_option_function<std::vector<std::string>>(
           "--input",
           [&inputs](const std::vector<std::string>& texts) {
               for (const auto& text : texts) {
                   auto spec = script::parseInputSpec(text);
                   if (!spec) throw CLI::ValidationError("--input", spec.error().text());
                   inputs.push_back(*spec);
               }
           },
           "Shape of a forward argument, e.g. 1x3x224x224 or 1x128:int64:0..30522; once per "
           "argument")
        ->type_name("SPEC")
        ->take_all();
}

CLI::Option* addData(CLI::App& app, data::DataSpec& data) {
    auto* path = app.add_option(
        "--data", data.path,
        "Dataset: a folder with the four IDX files of MNIST or a relative, plain or .gz; with "
        "the binary files of CIFAR-10 or CIFAR-100; with JPEG or PNG images by class "
        "(train/CLASS/…, test/CLASS/…), or without labels all in one folder; or a .pt or .npz file "
        "of inputs and targets");
    app.add_option("--preset", data.preset, "Normalisation (default: by the data)")
        ->check(CLI::IsMember(data::presetNames()));
    app.add_option("--mean", data.mean, "Mean per channel, on values scaled to 0..1")
        ->delimiter(',');
    app.add_option("--std", data.deviation, "Standard deviation per channel")->delimiter(',');
    addSides(app, "--resize", data.resize,
             "Scale images before anything else: the shorter side, or HEIGHTxWIDTH");
    addSides(app, "--crop", data.crop,
             "Then cut this out of the middle: one side, or HEIGHTxWIDTH");
    app.add_option("--augment", data.augment,
                   "Change images at random while training (default: not): mnist shifts them a "
                   "little, cifar10 crops after padding and mirrors, imagenet takes parts of any "
                   "size and mirrors")
        ->check(CLI::IsMember(data::augmentationNames()));
    app.add_option("--workers", data.workers,
                   "Threads that decode images (default: one per core); changes no number")
        ->check(CLI::Range(1, 64));
    return path->required();
}

namespace {

constexpr const char* kShareHelp =
    "Share of the training split that is held out: choices are made on it, and the test split "
    "stays unseen; of no use where the data has a validation split";

}  // namespace

void addValidationShare(CLI::App& app, double& share) {
    app.add_option("--validation-share", share, kShareHelp)
        ->check(isShare())
        ->capture_default_str();
}

void addValidationShare(CLI::App& app, std::optional<double>& share) {
    app.add_option("--validation-share", share, cat(kShareHelp, " (default: the recipe's)"))
        ->check(isShare());
}

void addLoss(CLI::App& app, measure::MetricOptions& metrics) {
    app.add_option("--model-output", metrics.output,
                   "Which of the tensors that the model returns is meant, where it returns "
                   "several: a place such as 0, a key such as logits, or both as in 0.logits")
        ->type_name("KEY");
    app.add_option("--loss", metrics.loss,
                   "cross_entropy, mse, bce (of logits), or a TorchScript file whose "
                   "forward(output, target) returns one number (default: cross_entropy for whole "
                   "targets, mse for others)")
        ->type_name("NAME|FILE");
}

void addMetrics(CLI::App& app, measure::MetricOptions& metrics) {
    addLoss(app, metrics);
    app.add_option("--metric", metrics.metric,
                   "top1, top5, loss, agreement (with the dense model), or a TorchScript file of "
                   "which higher is better (default: top1 for classes, agreement without labels, "
                   "else loss)")
        ->type_name("NAME|FILE");
}

void addChoice(CLI::App& app, project::PruneChoice& choice) {
    auto* plan = app.add_option("--plan", choice.planFile,
                                "A plan (*.espalier-plan.json): one rule per layer or group");
    auto* goal =
        addParsed(app, "--goal", choice.goal, prune::parseGoal,
                  "How much may be left of nonzeros, parameters, macs or bytes, as a share or an "
                  "amount: macs=50%, bytes=5MB. What goes are channels; of nonzeros, weights")
            ->type_name("QUANTITY=AMOUNT")
            ->excludes(plan);
    addParsed(app, "--structure", choice.structure, measure::parseStructure,
              "What goes for the goal: weights (bytes are those after gzip, MACs those of a sparse "
              "runtime) or channels")
        ->type_name("NAME")
        ->needs(goal);
    app.add_option("--weights", choice.weights, "Share of all prunable weights to remove, 0..1")
        ->check(isShare())
        ->excludes(plan)
        ->excludes(goal);
    app.add_option("--channels", choice.channels,
                   "Share of the channels of every group to cut out, 0..1; with --weights, those "
                   "are pruned in what is left")
        ->check(isShare())
        ->excludes(plan)
        ->excludes(goal);
    addParsed(app, "--criterion", choice.criterion, knownCriterion, criterionHelp())
        ->type_name("NAME")
        ->excludes(plan);
    addParsed(app, "--scope", choice.scope, prune::parseScope,
              "layer: the same share of each layer or group; global: one ranking for all; "
              "same-kind: one for groups built alike (channels alone)")
        ->type_name("NAME")
        ->excludes(plan)
        ->default_str("global for weights, layer for channels");
    app.add_option("--multiple-of", choice.multipleOf,
                   "Round the channels that stay up to a multiple of this: 4, 8, 16, 32")
        ->check(atLeast(1))
        ->excludes(plan);
    addHeads(app, choice.heads)->excludes(plan);
    app.add_flag(
        "--allow-inexact", choice.allowInexact,
        "Also cut groups whose statistics (layer norm, group norm …) then run over fewer channels");
    app.add_flag(
        "--ignore-zeros", choice.ignoreZeros,
        "Weights that are zero in the file are weights like any other (default: they count "
        "as removed and stay zero)");
    app.add_option("--seed", choice.seed,
                   "Seed of the random criterion, of the samples that criteria look at, and of "
                   "training (default: the plan's, else 0)");
    app.add_option("--samples", choice.samples,
                   "How many samples criteria with data look at (default: the plan's, else 1024)")
        ->check(atLeast(1));
}

CLI::Option* addHeads(CLI::App& app, channels::HeadUnit& heads) {
    return addParsed(app, "--heads", heads, channels::parseHeadUnit,
                     "Where attention lays channels out as heads x width, remove whole heads, the "
                     "same positions in every head, or what leaves most to choose from: heads, "
                     "positions, most")
        ->type_name("UNIT")
        ->default_str("most");
}

CLI::Validator isShare() {
    return CLI::Validator(
        [](std::string& text) {
            double number = 0;
            if (!CLI::detail::lexical_cast(text, number)) return cat(text, " is no number");
            if (number >= 0 && number <= 1) return std::string();
            const bool isPercent = number > 1 && number <= 100;
            return cat(text, " is no share: give one between 0 and 1",
                       isPercent ? cat(" (", significant(number / 100, 6), ")") : "");
        },
        "0..1");
}

CLI::Validator atLeast(double least) {
    return CLI::Validator(
        [least](std::string& text) {
            double number = 0;
            if (!CLI::detail::lexical_cast(text, number)) return cat(text, " is no number");
            return number < least ? cat(text, " is less than ", significant(least)) : std::string();
        },
        cat(">= ", significant(least)));
}

void addDevice(CLI::App& app, std::string& device) {
    app.add_option("--device", device, "auto, cpu, cuda, cuda:1 …")->capture_default_str();
}

void addThreads(CLI::App& app, int& threads) {
    app.add_option("--threads", threads, "CPU threads (default: all cores)")->check(atLeast(1));
}

void addJson(CLI::App& app, bool& json) {
    app.add_flag("--json", json, "Write the result as JSON");
}

}  // namespace espalier::cli
