// SPDX-License-Identifier: GPL-3.0-or-later
// Pausing a training, and going on with one that ended with the program.
#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/train/precision.h"
#include "ui/document/training.h"

namespace espalier::ui {

namespace {

/// The state with those weights, the one that is shown before others; invalid: there is none.
project::NodeId nodeWith(const Document& document, const std::string& weights) {
    if (!document.hasModel() || weights.empty()) return {};
    if (document.snapshot()->weightsHash() == weights) return document.state().node;
    const auto nodes = document.history().nodes();
    const auto found = std::ranges::find_if(
        nodes, [&](const auto& node) { return node->snapshot->weightsHash() == weights; });
    return found == nodes.end() ? project::NodeId() : (*found)->id;
}

}  // namespace

void Workbench::setTrainingPaused(bool paused) {
    if (!isTraining() || m_training->isPaused == paused) return;
    m_training->isPaused = paused;
    m_jobs->setPaused(trainingJob(), paused);
    Q_EMIT trainingPaused(paused);
}

bool Workbench::isTrainingPaused() const {
    return isTraining() && m_training->isPaused;
}

void Workbench::stopTraining(AfterStop after) {
    if (!isTraining()) return;
    m_training->mayContinue = after == AfterStop::MayContinue;
    m_jobs->cancel(trainingJob());
}

Workbench::~Workbench() = default;

void Workbench::continueRun(const std::filesystem::path& folder, ContinueOn on) {
    if (isTraining() || m_continuation) return;
    std::shared_ptr<RunFolder> own = RunFolder::take(folder);
    if (!own) {
        return fail({Error::Kind::BadArgument, "Cannot continue the fine-tuning",
                     "another window is at it", "Close that window first"});
    }
    m_continuation = std::make_unique<Continuation>();
    m_continuation->folder = own;
    m_continuation->on = on;
    m_jobs->run<RunToContinue>(
        {Lane::Scan, tr("Reading the checkpoint")}, this,
        [own](const EventSink<>&, RunControl& control) { return readRun(*own, control); },
        [this](const Result<RunToContinue>& read) {
            if (!m_continuation) return;  // something else has failed meanwhile
            if (!read) {
                m_continuation.reset();
                return fail(read.error());
            }
            beginContinuing(*read);
        });
}

void Workbench::beginContinuing(const RunToContinue& run) {
    m_continuation->run = run;
    m_continuation->stage = Continuation::Stage::Model;
    const project::NodeId start = nodeWith(*m_document, run.weights);
    if (!start.isValid()) return openModel(run.spec.model, run.spec.inputs);
    if (start != m_document->state().node) {
        m_document->setHistory(m_document->history(), start,
                               tr("return to where the training began"), {},
                               m_continuation->mergeKey);
    }
    goOnContinuing();
}

void Workbench::noteSession(const std::filesystem::path& folder) {
    if (!isTraining() || !m_training->folder) return;
    const auto noted =
        m_training->folder->setOrigin({folder, m_document->snapshot()->weightsHash()});
    if (!noted) log(LogLevel::Warning, noted.error().text());
}

bool Workbench::hasData(const data::DataSpec& spec) const {
    const data::DatasetPtr& dataset = m_document->dataset();
    return dataset && data::spec(*dataset) == spec;
}

void Workbench::restorePlan() {
    readPlan(m_continuation->run.spec.choice.planFile, [this](prune::Plan plan, bool) {
        if (!m_continuation) return;
        m_continuation->stage = Continuation::Stage::Masks;
        if (plan != m_document->plan())
            m_document->setPlan(std::move(plan), tr("go back to the plan of the training"),
                                m_continuation->mergeKey);
        goOnContinuing();
    });
}

void Workbench::giveContinuationUp() {
    m_continuation.reset();
}

void Workbench::goOnContinuing() {
    using Stage = Continuation::Stage;
    if (!m_continuation) return;
    const project::TuneSpec& spec = m_continuation->run.spec;
    const bool releasesZeros = spec.choice.ignoreZeros && areZerosKept();
    switch (m_continuation->stage) {
        case Stage::Reading:
        case Stage::Plan:
            return;
        case Stage::Model:
            m_continuation->stage = Stage::Data;
            if (releasesZeros) setZerosKept(false);
            if (releasesZeros || !hasData(spec.data))
                return attachData(spec.data, spec.recipe.metrics);
            [[fallthrough]];
        case Stage::Data:
            m_continuation->stage = Stage::Plan;
            return restorePlan();
        case Stage::Masks:
            break;
    }
    if (!m_document->masks()) return;  // they are being made
    const auto ready = std::exchange(m_continuation, nullptr);
    const train::Recipe& own = ready->run.checkpoint->recipe;
    const train::Recipe recipe = ready->on == ContinueOn::Cpu ? train::onCpu(own) : own;
    Q_EMIT trainingContinued(recipe);
    startRun(recipe, ready->folder, &ready->run);
    m_training->step = {tr("fine-tuning, continued"), ready->mergeKey};
}

void Workbench::followContinuation() {
    using Stage = Continuation::Stage;
    const auto when = [this](Stage stage) {
        if (m_continuation && m_continuation->stage == stage) goOnContinuing();
    };
    connect(this, &Workbench::opened, this, [when] { when(Stage::Model); });
    connect(m_document, &Document::datasetChanged, this, [this, when] {
        if (m_document->dataset()) when(Stage::Data);
    });
    connect(m_document, &Document::masksChanged, this, [when] { when(Stage::Masks); });
    connect(this, &Workbench::openFailed, this, &Workbench::giveContinuationUp);
    connect(this, &Workbench::openDeclined, this, &Workbench::giveContinuationUp);
    connect(this, &Workbench::failed, this, &Workbench::giveContinuationUp);
    connect(this, &Workbench::cancelled, this, &Workbench::giveContinuationUp);
}

}  // namespace espalier::ui
