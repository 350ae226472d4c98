// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/run_folder.h"

#include <algorithm>
#include <utility>

#include <QCoreApplication>
#include <QFileInfo>

#include "core/base/files.h"
#include "core/exchange/checkpoint_file.h"
#include "core/project/tune_source.h"
#include "ui/document/autosave_folder.h"
#include "ui/document/when_text.h"

namespace espalier::ui {

namespace fs = std::filesystem;

namespace {

QString text(const fs::path& path) {
    return QString::fromStdString(path.string());
}

constexpr auto kOrigin = "origin";  // two lines: the session's folder, the weights

fs::path runsDir() {
    return stateDir() / "runs";
}

RunFolder::Origin originIn(const fs::path& folder) {
    const auto text = readText(folder / kOrigin);
    if (!text) return {};
    const std::size_t end = text->find('\n');
    if (end == std::string::npos) return {};
    return {text->substr(0, end), text->substr(end + 1)};
}

std::optional<BrokenRun> readRun(const fs::path& folder) {
    const fs::path file = exchange::checkpointIn(folder);
    const auto about = exchange::readCheckpointAbout(file);
    if (!about) return std::nullopt;
    const auto spec = project::specOf(about->source, about->recipe);
    if (!spec) return std::nullopt;
    BrokenRun run{folder, text(spec->model.filename()), about->epochs,
                  train::totalEpochs(about->recipe), QFileInfo(text(file)).lastModified()};
    const fs::path session = originIn(folder).session;
    if (holdsSession(session)) run.session = session;
    return run;
}

QString tr(const char* source) {
    return QCoreApplication::translate("RunFolder", source);
}

}  // namespace

RunFolder::RunFolder(std::unique_ptr<LockedFolder> folder) : m_folder(std::move(folder)) {}

std::unique_ptr<RunFolder> RunFolder::in(std::unique_ptr<LockedFolder> folder) {
    return folder ? std::unique_ptr<RunFolder>(new RunFolder(std::move(folder))) : nullptr;
}

std::unique_ptr<RunFolder> RunFolder::make() {
    return in(LockedFolder::make(runsDir()));
}

std::unique_ptr<RunFolder> RunFolder::take(const fs::path& path) {
    return in(LockedFolder::take(path));
}

fs::path RunFolder::checkpoint() const {
    return exchange::checkpointIn(path());
}

fs::path RunFolder::plan() const {
    return path() / "plan.espalier-plan.json";
}

fs::path RunFolder::dense() const {
    return path() / "dense-teacher.pt";
}

fs::path RunFolder::rewindTo() const {
    return path() / "rewind-to.pt";
}

Result<void> RunFolder::setOrigin(const Origin& origin) {
    return writeTextAtomically(path() / kOrigin, origin.session.string() + "\n" + origin.weights);
}

RunFolder::Origin RunFolder::origin() const {
    return originIn(path());
}

void RunFolder::remove() {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path(), ignored)) {
        const fs::path& file = entry.path();
        const bool isTrained = file.extension() == ".pt" && file != dense() && file != rewindTo();
        const bool isLock = m_folder->isLock(file);
        if (!isTrained && !isLock) fs::remove(file, ignored);  // also what was written by halves
    }
    m_folder->unlock();
    fs::remove(path(), ignored);  // unless a model is still in it
}

std::optional<BrokenRun> latestBrokenRun() {
    std::optional<BrokenRun> latest;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(runsDir(), failed)) {
        if (!fs::exists(exchange::checkpointIn(entry.path()), failed)) {  // it ended too early
            if (const auto folder = RunFolder::take(entry.path())) folder->remove();
            continue;
        }
        const auto run = readRun(entry.path());
        if (!run || (latest && latest->when >= run->when)) continue;
        if (LockedFolder::take(entry.path())) latest = run;
    }
    return latest;
}

QString describe(const BrokenRun& run) {
    return tr("the fine-tuning of %1 (%2 of %3 epochs done, %4)")
        .arg(run.model)
        .arg(run.epochs)
        .arg(run.totalEpochs)
        .arg(whenText(run.when));
}

}  // namespace espalier::ui
