// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/task_support.h"

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/base/log.h"
#include "core/exchange/export.h"
#include "core/exchange/plan_file.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

std::vector<exchange::LayerOutcome> layerOutcomes(const model::Snapshot& snapshot,
                                                  const prune::Plan& plan,
                                                  const prune::Masks& masks) {
    std::vector<exchange::LayerOutcome> outcomes;
    for (const auto& layer : snapshot.layers()) {
        if (!layer.prunable.weights) continue;
        exchange::LayerOutcome outcome{layer.name, std::nullopt, masks.sparsityOfLeft(layer.id)};
        outcome.op = layer.op;
        outcome.shape = layer.shape;
        outcome.macs = layer.macs;
        outcome.weights = layer.weightCount;
        outcome.removed = masks.removed(layer.id);
        const auto rule = plan.weights.find(layer.name);
        if (rule != plan.weights.end()) outcome.requested = rule->second;
        outcomes.push_back(outcome);
    }
    return outcomes;
}

}  // namespace

Result<std::vector<script::InputSpec>> inputsFor(const std::vector<script::InputSpec>& given,
                                                 const fs::path& planFile) {
    if (!given.empty() || planFile.empty()) return given;
    auto plan = exchange::readPlan(planFile);
    if (!plan) return plan.error();
    return plan->inputs;
}

Result<data::DatasetPtr> openData(const data::DataSpec& spec, RunControl& control) {
    auto dataset = data::openDataset(spec, control);
    if (!dataset) return dataset;
    const data::DatasetInfo& info = data::info(**dataset);
    for (const std::string& note : info.notes)
        log(LogLevel::Warning, cat("Data ", info.name, ": ", note));
    return dataset;
}

namespace {

/// One sample, as inputs are written; none where a type has no written form.
std::vector<script::InputSpec> sampleOf(const data::Dataset& dataset) {
    std::vector<script::InputSpec> inputs;
    for (const data::SampleInput& input : data::info(dataset).inputs) {
        std::string text = "1";
        for (const std::int64_t size : input.shape) text += cat("x", size);
        text += cat(":", input.dtype);
        if (input.range) text += cat(":", input.range->first, "..", input.range->second);
        auto spec = script::parseInputSpec(text);
        if (!spec) return {};
        inputs.push_back(std::move(*spec));
    }
    return inputs;
}

}  // namespace

model::BaseMasks baseMasksFor(const PruneChoice& choice) {
    return choice.ignoreZeros ? model::BaseMasks::Ignore : model::BaseMasks::FromZeros;
}

Result<model::SnapshotPtr> openFor(const fs::path& path, const model::OpenOptions& options,
                                   const data::Dataset& dataset, const EventSink<>& events,
                                   RunControl& control) {
    if (!options.inputs.empty()) return model::openSnapshot(path, options, events, control);
    auto opened =
        model::openSnapshot(path, {sampleOf(dataset), options.baseMasks}, events, control);
    if (opened || opened.error().kind != Error::Kind::BadArgument) return opened;
    // The data does not fit. With guessed inputs the model opens, and checkFit can say what it
    // takes instead.
    auto guessed = model::openSnapshot(path, options, events, control);
    return guessed ? guessed : opened;
}

namespace {

Result<prune::ChannelChoicePtr> choose(const channels::ChannelGroupsPtr& groups,
                                       const prune::Plan& plan, const prune::ScoreCache& measured,
                                       RunControl& control) {
    if (!groups) return prune::ChannelChoicePtr();
    // What is asked for amiss is said before anything is computed.
    if (auto fits = prune::check(plan, *groups); !fits) return fits.error();
    // Marks alone need no ranking.
    if (plan.channels.empty()) return prune::chooseChannels(groups, plan, nullptr);
    const auto scores = prune::channelScores(*groups, prune::scoreOptions(plan), control, measured);
    if (!scores) return scores.error();
    return prune::chooseChannels(groups, plan, *scores);
}

std::vector<exchange::GroupOutcome> groupOutcomes(const MaskedModel& masked,
                                                  const prune::ChannelChoice& choice) {
    std::vector<exchange::GroupOutcome> outcomes;
    for (const channels::Group& group : choice.groups->groups()) {
        const prune::GroupChoice& own = choice.of(group.id);
        const bool isAsked =
            masked.plan.channels.contains(group.key) || masked.plan.marks.contains(group.key);
        if (isAsked || !own.isWhole()) outcomes.push_back({group.key, group.exact, own});
    }
    return outcomes;
}

/// A share of all channels passes groups by that may not be cut: that is said.
std::vector<std::string> notesOn(const channels::ChannelGroups& groups, const PruneChoice& choice) {
    if (!choice.takesChannels() || choice.allowInexact) return {};
    const auto passed = std::ranges::count_if(groups.groups(), [](const channels::Group& group) {
        return !group.locked && !group.exact;
    });
    if (passed == 0) return {};
    return {cat(passed, passed == 1 ? " inexact group was" : " inexact groups were",
                " left whole: statistics run over the channels (--allow-inexact cuts them too)")};
}

/// A pattern may find no run that is long enough.
std::vector<std::string> patternNotes(const model::Snapshot& snapshot, const prune::Plan& plan,
                                      const prune::Masks& masks) {
    std::vector<std::string> notes;
    for (const auto& [name, rule] : plan.weights) {
        const auto layer = snapshot.find(name);
        const bool isPattern = rule.kind == prune::WeightRule::Kind::Pattern;
        if (!isPattern || !layer || plan.locked.contains(name)) continue;
        if (masks.removed(*layer) > snapshot.baseRemoved(*layer)) continue;
        notes.push_back(cat("the pattern ", prune::describe(rule), " removes nothing of ", name,
                            ": along its input axis there is no run of weights long enough"));
    }
    return notes;
}

/// Weights that were to be pruned and that the criterion says nothing about.
std::vector<std::string> unrankedNotes(const MaskedModel& masked, const PruneChoice& choice) {
    const prune::Plan& plan = masked.plan;
    const auto scores =
        masked.scores.find(prune::scoreKey(*masked.snapshot, plan, plan.weightCriterion));
    std::vector<std::string> notes;
    if (!scores) return notes;
    for (const model::Layer& layer : masked.snapshot->layers()) {
        const bool isAsked = choice.takesWeights() || plan.weights.contains(layer.name);
        const std::string why = scores->whyNot(layer.name);
        if (!isAsked || !layer.prunable.weights || why.empty()) continue;
        notes.push_back(cat(plan.weightCriterion, " says nothing about ", layer.name,
                            ", which was left alone: ", why));
    }
    return notes;
}

std::string leftWholeNote(const std::vector<channels::LeftWhole>& leftWhole,
                          const channels::ChannelGroups& groups) {
    std::string text = cat(leftWhole.size(), leftWhole.size() == 1 ? " group was" : " groups were",
                           " left whole: ");
    for (const auto& whole : leftWhole) {
        text += cat(&whole == &leftWhole.front() ? "" : "; ", groups.group(whole.group).key, " (",
                    whole.reason, ")");
    }
    return text;
}

}  // namespace

Result<MaskedModel> applyChoice(model::SnapshotPtr snapshot, const PruneChoice& choice,
                                const ScoredOn& data, StageClock& clock, const EventSink<>& events,
                                RunControl& control) {
    const auto unit = headUnitFor(choice);
    if (!unit) return unit.error();
    MaskedModel masked;
    masked.snapshot = std::move(snapshot);
    if (const auto& heads = *unit) {
        clock.start("analyse", "Finding channel groups");
        auto groups = channels::analyse(masked.snapshot, control, *heads);
        if (!groups) return groups.error();
        masked.groups = *groups;
    }
    auto started = startPlan(*masked.snapshot, choice);
    if (!started) return started.error();
    auto start = withData(*masked.snapshot, std::move(*started), choice, data.dataset);
    if (!start) return start.error();
    clock.start("score", "Measuring scores");
    auto scores = scoresFor(masked.snapshot, *start, choice, data, events, control);
    if (!scores) return scores.error();
    masked.scores = std::move(*scores);
    clock.start("plan", "Choosing what goes");
    auto plan = withShares(*masked.snapshot, masked.groups, std::move(*start), choice,
                           masked.scores, control);
    if (!plan) return plan.error();
    masked.plan = std::move(*plan);
    const auto chosen = choose(masked.groups, masked.plan, masked.scores, control);
    if (!chosen) return chosen.error();
    masked.choice = *chosen;
    auto masks =
        prune::resolve(*masked.snapshot, masked.plan, *chosen, nullptr, control, masked.scores);
    if (!masks) return masks.error();
    masked.masks = std::move(*masks);
    masked.notes = patternNotes(*masked.snapshot, masked.plan, *masked.masks);
    std::ranges::move(unrankedNotes(masked, choice), std::back_inserter(masked.notes));
    if (masked.groups)
        std::ranges::move(notesOn(*masked.groups, choice), std::back_inserter(masked.notes));
    return masked;
}

namespace {

/// What the data leaves open, where the criterion looks at its labels or samples.
std::vector<std::string> notesOnFit(const MaskedModel& masked, const data::Dataset* dataset,
                                    const measure::MetricOptions& metrics) {
    if (!dataset || masked.scores == prune::ScoreCache()) return {};
    const auto fit = measure::checkFit(*masked.snapshot, *dataset, metrics);
    return fit ? fit->notes : std::vector<std::string>();
}

}  // namespace

Result<MaskedModel> openAndApply(const PruneSource& source, StageClock& clock,
                                 const EventSink<>& events, RunControl& control) {
    clock.start("load", "Opening " + source.model.filename().string());
    auto inputs = inputsFor(source.inputs, source.choice.planFile);
    if (!inputs) return inputs.error();
    const model::OpenOptions open{.inputs = *inputs, .baseMasks = baseMasksFor(source.choice)};
    data::DatasetPtr dataset;
    if (!source.data.path.empty()) {
        auto opened = openData(source.data, control);
        if (!opened) return opened.error();
        dataset = *opened;
    }
    auto snapshot = dataset ? openFor(source.model, open, *dataset, events, control)
                            : model::openSnapshot(source.model, open, events, control);
    if (!snapshot) {
        return notOpened(snapshot.error(), {source.model, source.inputs, source.choice.planFile},
                         control);
    }
    auto masked = applyChoice(*snapshot, source.choice, {dataset.get(), source.metrics}, clock,
                              events, control);
    if (!masked) return masked;
    std::ranges::copy(notesOnFit(*masked, dataset.get(), source.metrics),
                      std::back_inserter(masked->notes));
    return masked;
}

Result<CutOutcome> cutOut(MaskedModel masked, const channels::CutOptions& options,
                          StageClock& clock, const EventSink<>& events, RunControl& control) {
    if (!masked.masks->channels()) return CutOutcome{nullptr, std::move(masked)};
    clock.start("cut", "Cutting and proving");
    auto cut = exchange::cutChannels(*masked.snapshot, masked.plan, masked.masks, options, events,
                                     control, masked.scores);
    if (!cut) return cut.error();
    if (const auto& leftWhole = cut->model->leftWhole(); !leftWhole.empty())
        masked.notes.push_back(leftWholeNote(leftWhole, *masked.groups));
    masked.masks = cut->masks;
    masked.choice = cut->masks->channels();
    clock.split("prove", cut->model->seconds().prove);
    return CutOutcome{cut->model, std::move(masked)};
}

namespace {

/// What the file cost before this run: what it had lost earlier is not counted again.
prune::Footprint asOpened(const model::Snapshot& snapshot) {
    std::vector<std::int64_t> removed;
    for (const auto& layer : snapshot.layers()) removed.push_back(snapshot.baseRemoved(layer.id));
    return prune::footprint(snapshot, removed);
}

}  // namespace

exchange::PruneReport reportOf(const CutOutcome& outcome, const model::Snapshot& opened) {
    const MaskedModel& masked = outcome.masked;
    const model::Snapshot& snapshot = *masked.snapshot;
    exchange::PruneReport report;
    report.model = snapshot.file().name();
    report.before = asOpened(opened);
    report.after = prune::footprint(snapshot, *masked.masks);
    report.fileBytesBefore = static_cast<std::int64_t>(snapshot.file().bytes);
    for (const auto& input : snapshot.inputs()) report.inputs.push_back(script::toString(input));
    report.inputsAreGuessed = snapshot.inputsAreGuessed();
    report.dtype = exchange::dtypeOf(snapshot);
    for (std::string note : snapshot.notes()) {
        if (note.ends_with('.')) note.pop_back();  // as the others are
        report.notes.push_back(std::move(note));
    }
    report.notes.insert(report.notes.end(), masked.notes.begin(), masked.notes.end());
    report.layers = layerOutcomes(snapshot, masked.plan, *masked.masks);
    if (masked.choice) report.groups = groupOutcomes(masked, *masked.choice);
    report.plan = exchange::planToJson(masked.plan);
    report.environment = exchange::environmentOf({});
    if (!outcome.model) return report;
    report.proof = outcome.model->proof();
    report.kept = outcome.model->kept();
    return report;
}

namespace {

/// Whether `file` is `read`, or there already and somewhere in the folder `read`.
bool isPartOf(const fs::path& file, const fs::path& read) {
    std::error_code none;
    if (read.empty() || !fs::exists(file, none)) return false;
    if (fs::equivalent(file, read, none)) return true;
    if (!fs::is_directory(read, none)) return false;
    // A link in the folder belongs to it wherever it leads.
    const auto folder = fs::weakly_canonical(fs::absolute(file, none).parent_path(), none);
    const auto inside = folder.lexically_relative(fs::weakly_canonical(read, none));
    return !inside.empty() && *inside.begin() != "..";
}

}  // namespace

Result<void> checkTargets(std::initializer_list<fs::path> read,
                          std::initializer_list<fs::path> targets) {
    StagedOutputs outputs;
    for (const fs::path& target : targets) {
        if (target.empty()) continue;
        for (const fs::path& source : read) {
            if (!isPartOf(target, source)) continue;
            return Error{Error::Kind::BadArgument, "Cannot write " + target.string(),
                         cat("it is read, as ", source.filename().string()),
                         "Give the result a name of its own"};
        }
        outputs.stage(target);
    }
    return outputs.check();
}

exchange::DataSummary summaryOf(const data::Dataset& dataset) {
    return {data::info(dataset), data::spec(dataset).path};
}

fs::path reportBeside(const fs::path& report) {
    const bool isHtml = report.extension() == ".html" || report.extension() == ".htm";
    if (!isHtml) return {};
    return report.parent_path() / (report.stem().string() + ".espalier-report.json");
}

Result<void> writeReport(const exchange::PruneReport& report, const fs::path& path,
                         StagedOutputs& outputs) {
    if (path.empty()) return {};
    const fs::path beside = reportBeside(path);
    const std::string json = exchange::reportToJson(report) + "\n";
    if (beside.empty()) return writeTextAtomically(outputs.stage(path), json);
    if (auto written = writeTextAtomically(outputs.stage(path), exchange::reportToHtml(report));
        !written) {
        return written;
    }
    return writeTextAtomically(outputs.stage(beside), json);
}

}  // namespace espalier::project
