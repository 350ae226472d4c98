// SPDX-License-Identifier: GPL-3.0-or-later
// Pausing a training, and going on with one that ended with the program.
#include <utility>

#include "ui/document/training.h"

namespace espalier::ui {

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

void Workbench::continueRun(const std::filesystem::path& folder) {
    if (isTraining() || m_continuation) return;
    std::shared_ptr<RunFolder> own = RunFolder::take(folder);
    if (!own) {
        return fail({Error::Kind::BadArgument, "Cannot continue the fine-tuning",
                     "another window is at it", "Close that window first"});
    }
    m_continuation = std::make_unique<Continuation>();
    m_continuation->folder = own;
    m_jobs->run<RunToContinue>(
        {Lane::Scan, tr("Reading the checkpoint")}, this,
        [own](const EventSink<>&, RunControl& control) { return readRun(*own, control); },
        [this](const Result<RunToContinue>& read) {
            if (!read) {
                m_continuation.reset();
                return fail(read.error());
            }
            m_continuation->run = *read;
            m_continuation->stage = Continuation::Stage::Model;
            openModel(read->spec.model, read->spec.inputs);
        });
}

void Workbench::giveContinuationUp() {
    m_continuation.reset();
}

void Workbench::goOnContinuing() {
    using Stage = Continuation::Stage;
    if (!m_continuation) return;
    const project::TuneSpec& spec = m_continuation->run.spec;
    switch (m_continuation->stage) {
        case Stage::Reading:
            return;
        case Stage::Model:
            m_continuation->stage = Stage::Data;
            if (spec.choice.ignoreZeros && canChooseZeros()) setZerosKept(false);
            return attachData(spec.data, spec.recipe.metrics);
        case Stage::Data:
            m_continuation->stage = Stage::Plan;
            return openPlan(spec.choice.planFile);
        case Stage::Plan:
            m_continuation->stage = Stage::Masks;
            [[fallthrough]];
        case Stage::Masks:
            break;
    }
    if (!m_document->masks()) return;  // they are being made
    const auto ready = std::exchange(m_continuation, nullptr);
    const train::Recipe& recipe = ready->run.checkpoint->recipe;
    Q_EMIT trainingContinued(recipe);
    startRun(recipe, ready->folder, &ready->run);
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
    connect(this, &Workbench::succeeded, this, [when] { when(Stage::Plan); });
    connect(m_document, &Document::masksChanged, this, [when] { when(Stage::Masks); });
    connect(this, &Workbench::openFailed, this, &Workbench::giveContinuationUp);
    connect(this, &Workbench::failed, this, &Workbench::giveContinuationUp);
    connect(this, &Workbench::cancelled, this, &Workbench::giveContinuationUp);
}

}  // namespace espalier::ui
