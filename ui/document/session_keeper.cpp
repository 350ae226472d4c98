// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/session_keeper.h"

#include <utility>

#include "core/base/log.h"
#include "ui/document/autosave_folder.h"
#include "ui/document/workbench.h"

namespace espalier::ui {

namespace fs = std::filesystem;

namespace {

QString text(const fs::path& path) {
    return QString::fromStdString(path.string());
}

/// Also by another name.
bool isSame(const fs::path& file, const fs::path& other) {
    std::error_code none;
    return file == other || fs::equivalent(file, other, none);
}

Error isOpenElsewhere(const fs::path& file) {
    return {Error::Kind::BadArgument, "Cannot save " + file.filename().string(),
            "another window has it open", "Choose another name"};
}

}  // namespace

/// A session on its way into the window.
struct SessionKeeper::Opening {
    fs::path source;  ///< what is read
    fs::path file{};  ///< what it is saved to; empty: it has no name
    project::LocatedModels located{};
    std::unique_ptr<QLockFile> lock{};         ///< on `file`
    std::unique_ptr<AutosaveFolder> folder{};  ///< of one that is recovered
    QStringList notes{};
    std::function<void()> then{};
};

SessionKeeper::SessionKeeper(Workbench* workbench, std::function<std::string()> layout,
                             QObject* parent)
    : QObject(parent), m_workbench(workbench), m_layout(std::move(layout)) {
    m_autosave.setSingleShot(true);
    m_autosave.setInterval(kAutosaveMs);
    connect(&m_autosave, &QTimer::timeout, this, &SessionKeeper::autosave);
    const Document* document = workbench->document();
    connect(document, &Document::modelChanged, this, &SessionKeeper::forgetModel);
    connect(document, &Document::planChanged, this, &SessionKeeper::noteEdit);
    connect(document, &Document::historyChanged, this, &SessionKeeper::noteEdit);
    connect(document, &Document::datasetChanged, this, &SessionKeeper::noteEdit);
    // No edit, but part of what is kept of one.
    connect(document, &Document::selectionChanged, this, [this] {
        if (isModified() && !m_autosave.isActive()) m_autosave.start();
    });
    connect(workbench, &Workbench::opened, this, [this] { setSaved(m_edits); });
    connect(workbench, &Workbench::trainingStarted, this, &SessionKeeper::keepForTraining);
    connect(workbench, &Workbench::trainingEnded, this, &SessionKeeper::forgetUnlessNeeded);
}

SessionKeeper::~SessionKeeper() {
    forgetAutosave();
}

void SessionKeeper::setAutosaveDelay(int ms) {
    m_autosave.setInterval(ms);
}

bool SessionKeeper::hasUnsavedWork() const {
    const Document& document = *m_workbench->document();
    const bool isKept = !m_file.empty() || m_isRecovered || document.hasStatesOnlyHere();
    return document.hasModel() && (document.hasUnsavedWork() || (isKept && isModified()));
}

project::Session SessionKeeper::session() const {
    project::Session session = m_workbench->session();
    session.layout = m_layout();
    return session;
}

void SessionKeeper::save(const fs::path& given) {
    if (!m_workbench->document()->hasModel()) return;
    const fs::path file = fs::absolute(given);
    auto claimed = std::make_shared<Claim>();
    const bool isOwn = m_lock && isSame(file, m_file);
    if (!isOwn) *claimed = claim(file);
    if (claimed->isTaken) {
        Q_EMIT m_workbench->failed(isOpenElsewhere(file));
        return;
    }
    const State state = m_workbench->document()->state();
    m_workbench->jobs()->run<void>(
        {Lane::Interactive, tr("Saving %1").arg(text(file.filename())), {}}, this,
        [session = session(), file](const EventSink<>&, RunControl& control) {
            return project::saveSession(session, file, control);
        },
        [=, this, edits = m_edits,
         root = m_workbench->document()->history().node({0}).snapshot](const Result<void>& result) {
            if (!result) {
                Q_EMIT m_workbench->failed(result.error());
                return;
            }
            Document* document = m_workbench->document();
            const bool isSameModel =
                document->hasModel() && document->history().node({0}).snapshot == root;
            if (!isSameModel) return;  // the model was closed meanwhile
            if (claimed->lock) m_lock = std::move(claimed->lock);
            m_file = file;
            document->setSaved(state);
            setSaved(edits);
            Q_EMIT saved(text(file));
        });
}

void SessionKeeper::open(const fs::path& given, const project::LocatedModels& located) {
    auto opening = std::make_shared<Opening>();
    opening->source = fs::absolute(given);
    opening->located = located;
    const bool isOwn = m_lock && isSame(opening->source, m_file);
    Claim claimed;
    if (!isOwn) claimed = claim(opening->source);
    if (claimed.isTaken) {
        opening->notes << tr("%1 is open in another window: this is a copy. Save it under another "
                             "name.")
                              .arg(text(opening->source.filename()));
    } else {
        opening->file = opening->source;
        opening->lock = std::move(claimed.lock);
    }
    read(std::move(opening));
}

void SessionKeeper::recover(const fs::path& folder, std::function<void()> then) {
    auto opening = std::make_shared<Opening>();
    opening->folder = AutosaveFolder::take(folder);
    if (!opening->folder) {
        Q_EMIT m_workbench->failed({Error::Kind::BadArgument, "Cannot recover the session",
                                    "another window is at it", "Close that window first"});
        return;
    }
    opening->source = opening->folder->session();
    opening->then = std::move(then);
    opening->file = opening->folder->namedFile();
    Claim claimed = opening->file.empty() ? Claim() : claim(opening->file);
    if (claimed.isTaken) opening->file.clear();
    opening->lock = std::move(claimed.lock);
    opening->notes << tr("Recovered the session as it was last kept. Save it to keep it for good.");
    read(std::move(opening));
}

void SessionKeeper::discard(const fs::path& folder) {
    if (const auto taken = AutosaveFolder::take(folder)) taken->remove();
}

void SessionKeeper::read(std::shared_ptr<Opening> opening) {
    struct Models {
        fs::path first;
        std::optional<fs::path> missing;
    };
    m_workbench->jobs()->run<Models>(
        {Lane::Interactive, tr("Reading %1").arg(text(opening->source.filename())), {}, false},
        this,
        [source = opening->source, located = opening->located](const EventSink<>&,
                                                               RunControl&) -> Result<Models> {
            const auto session = project::readSessionFile(source);
            if (!session) return session.error();
            return Models{session->models.empty() ? fs::path() : session->models.front().path,
                          project::missingModel(*session, located)};
        },
        [this, opening](const Result<Models>& models) {
            if (!models) {
                Q_EMIT m_workbench->failed(models.error());
                return;
            }
            if (models->missing) {
                const fs::path model = *models->missing;
                const auto retry = [this, opening, model](const QString& place) {
                    opening->located[model] = place.toStdString();
                    read(opening);
                };
                Q_EMIT modelMissing(text(opening->source.filename()), text(model), retry);
                return;
            }
            // The program's own file is not what a person opens again.
            const fs::path title = !opening->file.empty() ? opening->file
                                   : opening->folder      ? models->first
                                                          : opening->source;
            m_workbench->openSession(
                opening->source, opening->located, title,
                [this, opening](const project::OpenedSession& opened) { take(*opening, opened); });
        });
}

// The document shows the session already, and the one before is forgotten.
void SessionKeeper::take(Opening& opening, const project::OpenedSession& opened) {
    m_file = opening.file;
    m_lock = std::move(opening.lock);
    if (!m_lock && !m_file.empty()) m_lock = claim(m_file).lock;  // it was this window's before
    QStringList notes = opening.notes;
    for (const std::string& note : opened.notes) notes << QString::fromStdString(note);
    if (opening.folder) {
        m_folder = std::move(opening.folder);
        m_isRecovered = true;
        ++m_edits;
    }
    Q_EMIT stateChanged();
    Q_EMIT this->opened(QString::fromStdString(opened.session.layout), notes);
    if (opening.then) opening.then();
}

void SessionKeeper::noteEdit() {
    if (!m_workbench->document()->hasModel()) return;
    const bool wasModified = isModified();
    ++m_edits;
    m_autosave.start();
    if (!wasModified) Q_EMIT stateChanged();
}

void SessionKeeper::setSaved(qint64 edits) {
    m_savedEdits = edits;
    if (!isModified()) m_isRecovered = false;
    forgetUnlessNeeded();
    Q_EMIT stateChanged();
}

// A training that is interrupted goes on in its session, saved or not.
void SessionKeeper::forgetUnlessNeeded() {
    const bool isForTraining = m_workbench->isTraining() || m_workbench->hasLeftRun();
    if (!isModified() && !isForTraining) forgetAutosave();
}

// Another model, or none: what was kept of the one before was saved or given up.
void SessionKeeper::forgetModel() {
    m_file.clear();
    m_lock.reset();
    m_isRecovered = false;
    forgetAutosave();
    Q_EMIT stateChanged();
}

void SessionKeeper::forgetAutosave() {
    m_autosave.stop();
    m_workbench->jobs()->cancelSlot(QStringLiteral("autosave"));
    if (const auto folder = std::exchange(m_folder, nullptr)) folder->remove();
}

bool SessionKeeper::ensureFolder() {
    if (!m_folder) m_folder = AutosaveFolder::make();
    const std::string& model = m_workbench->document()->history().node({0}).name;
    return m_folder && m_folder->setOrigin(m_file, model).ok();
}

void SessionKeeper::autosave() {
    if (isModified() && m_workbench->document()->hasModel() && ensureFolder()) keep();
}

void SessionKeeper::keepForTraining() {
    if (!ensureFolder()) return;
    m_workbench->noteSession(m_folder->path());
    keep();
}

void SessionKeeper::keep() {
    m_workbench->jobs()->run<void>(
        {Lane::Interactive, tr("Keeping the session"), QStringLiteral("autosave"), false}, this,
        [session = session(), file = m_folder->session()](const EventSink<>&, RunControl& control) {
            return project::saveSession(session, file, control);
        },
        [](const Result<void>& result) {
            if (!result) log(LogLevel::Warning, result.error().text());
        });
}

void SessionKeeper::leaveForRecovery() {
    m_autosave.stop();
    const bool isForTraining = m_workbench->isTraining() || m_workbench->hasLeftRun();
    // An export has the plan; history and trials are in no file.
    const bool hasAnything =
        hasUnsavedWork() || (isModified() && m_workbench->document()->hasModel());
    if ((!hasAnything && !isForTraining) || !ensureFolder()) return;
    RunControl uninterrupted;
    const auto kept = project::saveSession(session(), m_folder->session(), uninterrupted);
    if (!kept) log(LogLevel::Warning, kept.error().text());
    m_folder.reset();  // its lock goes, what it holds stays
}

}  // namespace espalier::ui
