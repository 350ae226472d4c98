// SPDX-License-Identifier: GPL-3.0-or-later
// Work that is saved, kept by itself, recovered after a crash, and guarded against another window.
#include "ui/document/session_keeper.h"

#include <QApplication>
#include <QDir>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QUndoStack>

#include "core/project/session_weights.h"
#include "tests/support/gui_test.h"
#include "tests/support/killed_self.h"
#include "tests/support/open_model.h"
#include "ui/document/autosave_folder.h"

using namespace espalier;
using namespace espalier::ui;

namespace {

const char* const kFolder = "ESPALIER_TEST_SESSION_FOLDER";

/// A window's inside with its sessions.
struct Window : test::OpenModel {
    SessionKeeper keeper{&workbench, [this] { return layout; }};
    std::string layout;
    QStringList notes;
    QSignalSpy saved{&keeper, &SessionKeeper::saved};
    QSignalSpy opened{&keeper, &SessionKeeper::opened};
    QSignalSpy failed{&workbench, &Workbench::failed};

    ~Window() { rest(); }

    bool save(const std::filesystem::path& file) {
        const auto before = saved.count();
        keeper.save(file);
        return rest() && saved.count() == before + 1;
    }
    bool openSession(const std::filesystem::path& file) {
        keeper.open(file);
        return rest() && opened.count() == 1 && document.masks();
    }
    QStringList openedNotes() const { return opened.last().at(1).toStringList(); }
    QString failure() const {
        return failed.isEmpty() ? QString()
                                : QString::fromStdString(failed.last().at(0).value<Error>().text());
    }
    void cut(double sparsity) {
        document.setRule(document.selection(), prune::WeightRule::sparsity(sparsity));
    }
};

/// The program that will be killed: it keeps its session by itself after an edit.
int editUntilKilled(const QString& folder) {
    qputenv("XDG_STATE_HOME", folder.toUtf8());
    Window window;
    if (!window.open((folder + "/model.pt").toStdString())) return 1;
    window.keeper.setAutosaveDelay(50);
    window.workbench.pinCurrent("before the crash");
    window.cut(0.5);
    return QApplication::exec();
}

}  // namespace

class TestSessionKeeper : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    std::filesystem::path file(const char* name) const {
        return m_folder->filePath(QString::fromLatin1(name)).toStdString();
    }
    std::filesystem::path model() const {
        const auto copy = file("model.pt");
        std::filesystem::copy_file(project::lenet5Example().model, copy,
                                   std::filesystem::copy_options::skip_existing);
        return copy;
    }
    bool isKept() const {
        return !QDir(m_folder->path() + "/espalier/sessions")
                    .entryList(QDir::Dirs | QDir::NoDotAndDotDot)
                    .isEmpty();
    }

private Q_SLOTS:
    void initTestCase() {
        if (!test::OpenModel::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
    }
    void init() {
        test::failOnAnyWarning();
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", m_folder->path().toUtf8());
    }

    void whatWasDoneIsThereAgain() {
        Window before;
        QVERIFY(before.open(model()));
        QVERIFY(before.attach(m_folder->path().toStdString()));
        before.cut(0.5);
        before.workbench.pinCurrent("half");
        const auto pin = before.document.state().node;
        QVERIFY(before.rest());
        train::Recipe recipe;
        recipe.epochs = 1;
        before.workbench.fineTune(recipe);
        QVERIFY(before.rest());
        QVERIFY2(before.failed.isEmpty(), qPrintable(before.failure()));
        QVERIFY(before.document.hasOwnWeights());
        before.document.renameNode(before.document.state().node, "tuned");
        before.document.goTo(pin);
        before.cut(0.75);
        before.workbench.pinCurrent("a branch");
        before.document.goTo(before.document.history().nodes()[2]->id);
        before.cut(0.625);
        QVERIFY(before.rest());
        before.workbench.evaluate(data::Split::Validation);
        QVERIFY(before.rest());
        before.layout = "bGF5b3V0";
        QVERIFY(before.keeper.isModified());
        QVERIFY2(before.save(file("work.espalier")), qPrintable(before.failure()));
        QVERIFY(!before.keeper.isModified() && !before.keeper.hasUnsavedWork());
        QVERIFY(!before.document.hasUnsavedWork());

        Window after;
        QVERIFY2(after.openSession(file("work.espalier")), qPrintable(after.failure()));
        QVERIFY(after.openedNotes().first().contains("is open in another window"));
        QCOMPARE(after.opened.first().first().toString(), QString("bGF5b3V0"));
        const auto nodes = before.document.history().nodes();
        const auto back = after.document.history().nodes();
        QCOMPARE(back.size(), nodes.size());
        QCOMPARE(back.size(), std::size_t(4));
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            QCOMPARE(back[i]->name, nodes[i]->name);
            QCOMPARE(back[i]->parent, nodes[i]->parent);
            QCOMPARE(*back[i]->plan, *nodes[i]->plan);
            QCOMPARE(back[i]->metrics, nodes[i]->metrics);
            QCOMPARE(back[i]->isPinned, nodes[i]->isPinned);
            QCOMPARE(back[i]->training.size(), nodes[i]->training.size());
            QCOMPARE(project::fingerprint(*back[i]->snapshot),
                     project::fingerprint(*nodes[i]->snapshot));
        }
        QCOMPARE(after.document.state().node, before.document.state().node);
        QCOMPARE(after.document.plan(), before.document.plan());
        QCOMPARE(after.document.footprint(), before.document.footprint());
        QVERIFY(after.document.dataset());
        QVERIFY(after.document.evaluationOf({pin, nodes[pin.index()]->plan}) ==
                before.document.evaluationOf({pin, nodes[pin.index()]->plan}));
        QVERIFY(!after.document.hasUnsavedWork());
        // Undo begins anew, from what was opened.
        QVERIFY(!after.document.undoStack()->canUndo());
        const prune::Plan plan = after.document.plan();
        after.cut(0.25);
        QVERIFY(after.document.hasUnsavedWork());
        after.document.undoStack()->undo();
        QCOMPARE(after.document.plan(), plan);
        QVERIFY(after.rest());
    }

    void savingAgainFollowsTheEdits() {
        Window window;
        QVERIFY(window.open(model()));
        QVERIFY(!window.keeper.isModified());
        window.cut(0.5);
        QVERIFY(window.keeper.hasUnsavedWork());
        QVERIFY(window.save(file("a.espalier")));
        QVERIFY(window.keeper.file() == file("a.espalier"));
        window.workbench.pinCurrent("a name");
        QVERIFY(window.keeper.hasUnsavedWork());  // a pin alone is something too
        QVERIFY(window.save(file("a.espalier")));
        QVERIFY(!window.keeper.hasUnsavedWork());
        QVERIFY(window.save(file("b.espalier")));
        QVERIFY(window.keeper.file() == file("b.espalier"));
        // Another model has no session yet.
        window.workbench.openModel(project::lenet5Example().model);
        QVERIFY(window.rest());
        QVERIFY(window.keeper.file().empty());
        window.keeper.save(file("none/c.espalier"));
        QVERIFY(window.rest());
        QVERIFY2(window.failure().contains("c.espalier"), qPrintable(window.failure()));
        QVERIFY(window.keeper.file().empty());
    }

    /// On a disk that is not there today: opened and saved without it, the session still names it.
    void dataThatIsMissingStaysInTheSession() {
        const std::filesystem::path data = m_folder->filePath("data").toStdString();
        std::filesystem::create_directory(data);
        {
            Window window;
            QVERIFY(window.open(model()));
            QVERIFY(window.attach(data));
            QVERIFY(window.save(file("a.espalier")));
        }
        const auto saved = project::readSessionFile(file("a.espalier"));
        QVERIFY(saved && saved->data);
        std::filesystem::remove_all(data);
        {
            Window window;
            QVERIFY(window.openSession(file("a.espalier")));
            QVERIFY(!window.document.dataset());
            QVERIFY(window.save(file("b.espalier")));
            const auto again = project::readSessionFile(file("b.espalier"));
            QVERIFY(again && again->data == saved->data);
            const std::filesystem::path other = m_folder->filePath("other").toStdString();
            std::filesystem::create_directory(other);
            QVERIFY(window.attach(other));
            QVERIFY(window.save(file("b.espalier")));
        }
        const auto last = project::readSessionFile(file("b.espalier"));
        QVERIFY(last && last->data && last->data->spec.path.filename() == "other");
        Window window;
        QVERIFY(window.open(model()));  // another model has nothing to do with it
        QVERIFY(window.save(file("c.espalier")));
        QVERIFY(!project::readSessionFile(file("c.espalier"))->data);
    }

    void twoWindowsDoNotOverwriteEachOther() {
        Window first;
        QVERIFY(first.open(model()));
        QVERIFY(first.save(file("a.espalier")));
        Window second;
        QVERIFY(second.openSession(file("a.espalier")));
        QVERIFY(second.openedNotes().join(' ').contains("this is a copy"));
        QVERIFY(second.keeper.file().empty());
        std::filesystem::create_symlink(file("a.espalier"), file("link.espalier"));
        Window third;
        QVERIFY(third.openSession(file("link.espalier")));
        QVERIFY(third.openedNotes().join(' ').contains("this is a copy"));
        second.cut(0.5);
        second.keeper.save(file("a.espalier"));
        QVERIFY(second.rest());
        QVERIFY2(second.failure().contains("another window has it open"),
                 qPrintable(second.failure()));
        QVERIFY(second.save(file("b.espalier")));
        // The first may go on, and once it is gone the name is free.
        QVERIFY(first.save(file("a.espalier")));
        first.document.closeModel();
        QVERIFY(second.save(file("a.espalier")));
    }

    void itIsKeptAfterEditsAndForgottenOnceSaved() {
        Window window;
        QVERIFY(window.open(model()));
        window.keeper.setAutosaveDelay(20);
        QTest::qWait(100);
        QVERIFY(!isKept());  // nothing was done yet
        window.cut(0.5);
        QTRY_VERIFY_WITH_TIMEOUT(isKept(), test::kPatienceMs);
        QVERIFY(window.rest());
        QVERIFY(lostSessions().empty());  // this window has it
        QVERIFY(window.save(file("a.espalier")));
        QVERIFY(!isKept());
        window.cut(0.75);
        QTRY_VERIFY_WITH_TIMEOUT(isKept(), test::kPatienceMs);
        QVERIFY(window.rest());
        window.document.closeModel();
        QVERIFY(!isKept());
    }

    /// Looking at other layers puts nothing off.
    void itIsKeptWhileLayersAreLookedAt() {
        Window window;
        QVERIFY(window.open(model()));
        window.keeper.setAutosaveDelay(300);
        window.cut(0.5);
        const auto layers = window.document.snapshot()->layers();
        for (int i = 0; i < 60 && !isKept(); ++i) {
            window.document.select(layers[i % 2].id);
            QTest::qWait(50);
        }
        QVERIFY(isKept());
    }

    void aClosedWindowLeavesNothing() {
        {
            Window window;
            QVERIFY(window.open(model()));
            window.keeper.setAutosaveDelay(20);
            window.cut(0.5);
            QTRY_VERIFY_WITH_TIMEOUT(isKept(), test::kPatienceMs);
            QVERIFY(window.rest());
        }
        QVERIFY(!isKept());
    }

    void aKilledProgramsSessionIsRecovered() {
        (void)model();
        const QString sessions = m_folder->path() + "/espalier/sessions";
        const auto isTime = [&] {
            const auto folders = QDir(sessions).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
            return !folders.isEmpty() &&
                   QFile::exists(sessions + '/' + folders.first() + "/session.espalier");
        };
        QVERIFY(test::startAndKillSelf(kFolder, m_folder->path(), isTime, test::kPatienceMs));
        const auto all = lostSessions();
        QCOMPARE(all.size(), std::size_t{1});
        const LostSession& lost = all.front();
        QVERIFY2(describe(lost).startsWith("model.pt (today "), qPrintable(describe(lost)));
        {
            Window window;
            window.keeper.recover(lost.folder);
            QVERIFY(window.rest());
            QVERIFY2(window.opened.count() == 1, qPrintable(window.failure()));
            QVERIFY(window.openedNotes().first().contains("Recovered"));
            QVERIFY(window.keeper.hasUnsavedWork());
            QVERIFY(window.keeper.file().empty());
            QCOMPARE(window.document.history().nodes().back()->name,
                     std::string("before the crash"));
            QVERIFY(window.document.rule(window.document.selection()));
            QVERIFY(lostSessions().empty());  // this window has it now
            QVERIFY(window.save(file("saved.espalier")));
            QVERIFY(!isKept());
        }
        QVERIFY(lostSessions().empty());
    }

    void whatIsLeftAtTheEndIsRecovered() {
        {
            Window window;
            QVERIFY(window.open(model()));
            QVERIFY(window.save(file("a.espalier")));
            window.cut(0.5);
            QVERIFY(window.rest());
            window.keeper.leaveForRecovery();
        }
        const auto all = lostSessions();
        QCOMPARE(all.size(), std::size_t{1});
        const LostSession& lost = all.front();
        QCOMPARE(lost.name, QString("a.espalier"));
        Window window;
        window.keeper.recover(lost.folder);
        QVERIFY(window.rest());
        QVERIFY(window.keeper.file() == file("a.espalier"));
        QVERIFY(window.keeper.hasUnsavedWork());
        QVERIFY(window.document.rule(window.document.selection()));
        SessionKeeper::discard(lost.folder);  // not while a window has it
        QVERIFY(isKept());
    }

    void allThatAreLostAreFoundTheLatestFirst() {
        const auto leave = [this](const char* name) {
            Window window;
            QVERIFY(window.open(model()));
            QVERIFY(window.save(file(name)));
            window.cut(0.5);
            QVERIFY(window.rest());
            window.keeper.leaveForRecovery();
        };
        leave("first.espalier");
        QTest::qWait(20);  // files have times to the millisecond
        leave("second.espalier");
        const auto lost = lostSessions();
        QCOMPARE(lost.size(), std::size_t{2});
        QCOMPARE(lost[0].name, QString("second.espalier"));
        QCOMPARE(lost[1].name, QString("first.espalier"));
        QCOMPARE(lostSessions(lost[0].folder).front().name, QString("first.espalier"));
        SessionKeeper::discard(lost[0].folder);
        QCOMPARE(lostSessions().front().name, QString("first.espalier"));
    }

    /// An export has the plan, and no history.
    void whatWasExportedIsLeftForRecoveryToo() {
        {
            Window window;
            QVERIFY(window.open(model()));
            window.cut(0.5);
            window.workbench.pinCurrent("half");
            QVERIFY(window.rest());
            window.workbench.exportMasked(file("masked.pt"));
            QVERIFY(window.rest());
            QVERIFY(!window.document.hasUnsavedWork());
            window.keeper.leaveForRecovery();
        }
        QVERIFY(!lostSessions().empty());
    }

    void aModelThatWasMovedCanBeLocated() {
        {
            Window window;
            QVERIFY(window.open(model()));
            QVERIFY(window.save(file("a.espalier")));
        }
        QVERIFY(QFile::rename(m_folder->filePath("model.pt"), m_folder->filePath("moved.pt")));
        Window window;
        QStringList missing;
        connect(&window.keeper, &SessionKeeper::modelMissing, &window.keeper,
                [&](const QString&, const QString& path, const SessionKeeper::Retry& retry) {
                    missing << path;
                    retry(m_folder->filePath("moved.pt"));
                });
        window.keeper.open(file("a.espalier"));
        QTRY_VERIFY_WITH_TIMEOUT(window.opened.count() == 1, test::kPatienceMs);
        QVERIFY(window.rest());
        QCOMPARE(missing, QStringList{m_folder->filePath("model.pt")});
        QVERIFY(window.document.snapshot()->file().path == file("moved.pt"));
    }

    void aBadSessionChangesNothing() {
        Window window;
        QVERIFY(window.open(model()));
        window.cut(0.5);
        QFile bad(m_folder->filePath("bad.espalier"));
        QVERIFY(bad.open(QIODevice::WriteOnly));
        bad.write("{}");
        bad.close();
        window.keeper.open(file("bad.espalier"));
        QVERIFY(window.rest());
        QVERIFY2(window.failure().contains("it is no session"), qPrintable(window.failure()));
        QVERIFY(window.document.hasUnsavedWork());
        QVERIFY(window.keeper.file().empty());
    }
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QString folder = qEnvironmentVariable(kFolder);
    if (!folder.isEmpty()) return editUntilKilled(folder);
    TestSessionKeeper test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_session_keeper.moc"
