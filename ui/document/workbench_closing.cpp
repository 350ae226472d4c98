// SPDX-License-Identifier: GPL-3.0-or-later
// What is kept of a training when the window closes.
#include <filesystem>
#include <utility>

#include "core/base/files.h"
#include "core/exchange/export.h"
#include "core/project/examples.h"
#include "ui/document/training.h"

namespace espalier::ui {

namespace {

// NAME-best.pt, or a name that is free: an older best is somebody's work too.
std::filesystem::path bestName(const std::filesystem::path& folder,
                               const std::filesystem::path& model) {
    return freeName(folder / (model.stem().string() + "-best.pt"));
}

Result<std::filesystem::path> saveBest(const model::Snapshot& best) {
    const std::filesystem::path model = best.file().path;
    RunControl uninterrupted;
    // The examples' own folder belongs to the program.
    const bool isExample = model.parent_path() == project::lenet5Example().model.parent_path();
    std::filesystem::path target = bestName(model.parent_path(), model);
    if (!isExample && exchange::exportMasked(best, nullptr, target, {}, uninterrupted))
        return target;
    target = bestName(stateDir(), model);
    if (const auto saved = exchange::exportMasked(best, nullptr, target, {}, uninterrupted); !saved)
        return saved.error();
    return target;
}

}  // namespace

void Workbench::keepBest(QObject* context,
                         std::function<void(Result<std::filesystem::path>)> done) {
    if (!m_document->hasModel()) return;
    const State state = m_document->state();
    m_jobs->run<std::filesystem::path>(
        {Lane::Scan, tr("Saving the best weights")}, context,
        [best = m_document->snapshot()](const EventSink<>&, RunControl&) {
            return saveBest(*best);
        },
        [this, state, done = std::move(done)](const Result<std::filesystem::path>& result) {
            if (result) m_document->setSaved(state);
            done(result);
        });
}

Result<std::filesystem::path> Workbench::shutDown(Unsaved unsaved) {
    if (!isTraining()) {
        m_jobs->cancelAll();
        const bool isLost = m_document->hasOwnWeights() && m_document->hasUnsavedWork();
        if (unsaved == Unsaved::Drop || !isLost) return std::filesystem::path();
        return saveBest(*m_document->snapshot());
    }
    const auto best = m_training->best;
    m_jobs->cancelAll();
    if (!isTraining()) return std::filesystem::path();  // it had not begun
    const Result<model::SnapshotPtr>& result = best.get();
    m_training.reset();
    if (!result) {
        if (result.error().kind == Error::Kind::Cancelled) return std::filesystem::path();
        return result.error();
    }
    return saveBest(**result);
}

}  // namespace espalier::ui
