// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/command_draft.h"

#include <algorithm>

#include <QDir>
#include <QStringList>

#include "core/base/files.h"
#include "core/exchange/export.h"
#include "core/exchange/model_format.h"
#include "core/exchange/plan_file.h"
#include "core/exchange/recipe_file.h"
#include "core/project/command_line.h"
#include "ui/document/run_life.h"
#include "ui/document/workbench.h"
#include "ui/jobs/torch_threads.h"

namespace espalier::ui {

namespace {

namespace fs = std::filesystem;

fs::path homeFolder() {
    return QDir::homePath().toStdString();
}

/// Where a person would look for what belongs to the model.
fs::path folderFor(const fs::path& model) {
    const fs::path folder = model.parent_path();
    const auto seenFromProgram = folder.lexically_relative(resourcesDir());
    const bool isProgramsOwn = !seenFromProgram.empty() && *seenFromProgram.begin() != "..";
    const bool isWritable = replaceableFile(folder / "espalier-plan.json").ok();
    return isProgramsOwn || !isWritable ? homeFolder() : folder;
}

/// Adds the text to what is to be written, unless the file has it already. Returns its name.
fs::path place(CommandDraft& draft, const fs::path& wanted, const std::string& text) {
    const auto there = readText(wanted);
    if (there && *there == text) return wanted;
    const fs::path name = freeName(wanted);
    draft.texts.emplace_back(name, text);
    return name;
}

/// Builds names of files beside the model.
struct Names {
    fs::path folder;
    std::string stem;
    fs::path operator()(const std::string& ending) const { return folder / (stem + ending); }
};

Names namesFor(const Document& document) {
    const fs::path& model = document.snapshot()->file().path;
    return {folderFor(model), model.stem().string()};
}

/// The file with the weights that are shown; they are written where there is none.
fs::path modelFor(const Document& document, const Names& names, CommandDraft& draft) {
    if (!document.hasOwnWeights()) return document.snapshot()->file().path;
    const fs::path name = freeName(names("-start.pt"));
    draft.models.emplace_back(name, document.snapshot());
    return name;
}

project::PruneChoice choiceFor(const Document& document, const Names& names, CommandDraft& draft) {
    project::PruneChoice choice;
    choice.planFile =
        place(draft, names(".espalier-plan.json"), exchange::planToJson(document.plan()));
    const bool mayHaveZeros = document.hasOwnWeights() || document.zerosInFile() > 0;
    choice.ignoreZeros = mayHaveZeros && !hasBaseMasks(*document.snapshot());
    return choice;
}

std::vector<script::InputSpec> inputsOf(const Document& document) {
    const auto inputs = document.snapshot()->inputs();
    return {inputs.begin(), inputs.end()};
}

/// The history's node that a lottery ticket goes back to, as a file.
void placeRewind(const Document& document, const Names& names, CommandDraft& draft,
                 train::Recipe& recipe) {
    const project::History& history = document.history();
    for (const auto& node : history.nodes()) {
        if (node->name.empty() || node->name != recipe.schedule.rewindTo) continue;
        fs::path file = history.node(history.root()).snapshot->file().path;
        if (node->snapshot != history.node(history.root()).snapshot) {
            file = freeName(names("-rewind.pt"));
            draft.models.emplace_back(file, node->snapshot);
        }
        recipe.schedule.rewindTo = file.string();
        return;
    }
}

QString lineOf(const std::vector<std::string>& arguments) {
    return QString::fromStdString(project::commandLine(arguments));
}

Result<void> write(const CommandDraft& draft, const EventSink<>& events, RunControl& control) {
    for (const auto& [file, text] : draft.texts) {
        if (auto written = writeTextAtomically(file, text); !written) return written;
    }
    for (const auto& [file, snapshot] : draft.models) {
        if (auto written = exchange::exportMasked(*snapshot, nullptr, file, events, control);
            !written) {
            return written;
        }
    }
    return {};
}

}  // namespace

std::vector<fs::path> CommandDraft::files() const {
    std::vector<fs::path> all;
    for (const auto& [file, text] : texts) all.push_back(file);
    for (const auto& [file, snapshot] : models) all.push_back(file);
    return all;
}

std::pair<project::TuneSpec, CommandDraft> tuneDraft(const Document& document,
                                                     const train::Recipe& given) {
    const Names names = namesFor(document);
    CommandDraft draft;
    project::TuneSpec spec;
    spec.model = modelFor(document, names, draft);
    spec.inputs = inputsOf(document);
    spec.data = data::spec(*document.dataset());
    spec.choice = choiceFor(document, names, draft);
    spec.recipe = given;
    fillIn(spec.recipe.metrics, document.metricOptions());
    placeRewind(document, names, draft, spec.recipe);
    const model::SnapshotPtr root = document.history().node(document.history().root()).snapshot;
    if (given.distillation && root != document.snapshot()) spec.teacher = root->file().path;
    spec.recipeFile =
        place(draft, names(".espalier-recipe.json"), exchange::recipeToJson(spec.recipe));
    spec.output = names("-pruned.pt");
    spec.threads = torchThreads();
    draft.command = lineOf(project::argumentsOf(spec));
    return {spec, draft};
}

std::pair<project::ExportSpec, CommandDraft> exportDraft(const Document& document,
                                                         const std::string& format, bool isMasked) {
    const Names names = namesFor(document);
    CommandDraft draft;
    project::ExportSpec spec;
    spec.model = modelFor(document, names, draft);
    spec.inputs = inputsOf(document);
    spec.choice = choiceFor(document, names, draft);
    const bool looksAtData = !document.plan().data.empty();
    if (looksAtData && document.dataset()) {
        spec.data = data::spec(*document.dataset());
        spec.metrics = document.metricOptions();
        spec.metrics.metric.clear();  // ranks nothing
    }
    spec.isMasked = isMasked;
    spec.format = format;
    const auto known = exchange::findModelFormat(format);
    const std::string suffix = known ? std::string(known->suffix) : std::string();
    spec.output = names((isMasked ? "-masked" : "-cut") + suffix);
    draft.command = lineOf(project::argumentsOf(spec));
    return {spec, draft};
}

void writeFiles(Workbench& workbench, const CommandDraft& draft) {
    const std::vector<fs::path> files = draft.files();
    if (files.empty()) {
        Q_EMIT workbench.succeeded(Workbench::tr("Copied the command."), {});
        return;
    }
    QStringList names;
    for (const fs::path& file : files) names << QString::fromStdString(file.filename().string());
    const QString last = QString::fromStdString(files.back().string());
    workbench.jobs()->run<void>(
        {Lane::Scan, Workbench::tr("Saving %1").arg(names.join(QStringLiteral(", ")))}, &workbench,
        [draft](const EventSink<>& events, RunControl& control) {
            return write(draft, events, control);
        },
        [names, last, &workbench](const Result<void>& result) {
            if (!result && result.error().kind == Error::Kind::Cancelled) {
                Q_EMIT workbench.cancelled();
            } else if (!result) {
                Q_EMIT workbench.failed(result.error());
            } else {
                Q_EMIT workbench.succeeded(Workbench::tr("Copied the command and saved %1.")
                                               .arg(names.join(QStringLiteral(", "))),
                                           last);
            }
        });
}

}  // namespace espalier::ui
