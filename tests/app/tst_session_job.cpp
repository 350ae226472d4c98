// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions in the real window: saved and opened by the menu, asked for when it closes, recovered.
#include <QDir>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTreeWidget>

#include "app/gui/recent_files.h"
#include "tests/support/grab.h"
#include "tests/support/killed_self.h"
#include "tests/support/window_probe.h"
#include "ui/document/autosave_folder.h"
#include "ui/document/session_keeper.h"
#include "ui/plots/curves_view.h"
#include "ui/style/colors.h"

using namespace espalier;
using test::WindowProbe;

namespace {

const char* const kFolder = "ESPALIER_TEST_SESSION_FOLDER";

void cut(const WindowProbe& probe) {
    probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
}

/// The program that will be killed.
int editUntilKilled(const QString& folder) {
    const test::OwnSettings settings;
    qputenv("XDG_STATE_HOME", folder.toUtf8());  // where the other process looks
    WindowProbe probe;
    if (!probe.openModel(WindowProbe::copyModel(folder))) return 1;
    probe.window.keeper()->setAutosaveDelay(50);
    cut(probe);
    ui::Document& document = probe.document();
    const model::LayerId first = document.selection();
    for (const model::Layer& layer : document.snapshot()->layers()) {
        if (layer.id != first && layer.prunable.weights)
            document.select({first, layer.id}, layer.id);
    }
    return QApplication::exec();
}

}  // namespace

class TestSessionJob : public QObject {
    Q_OBJECT

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;

    QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    bool saveAs(WindowProbe& probe, const QString& file) {
        probe.dialogs.nextFile(file);
        probe.trigger("file.save_session_as");
        return QTest::qWaitFor([&] { return probe.messageText().contains("Saved the session"); },
                               test::kPatienceMs);
    }

    static QStringList twoRuns() {
        return {"run 1: fine-tuned 2 epochs", "run 2: fine-tuned 2 epochs"};
    }
    static QStringList namesOfRuns(const WindowProbe& probe) {
        const auto* table = probe.child<QTreeWidget>("trainingRuns");
        QStringList names;
        for (int row = 0; row < table->topLevelItemCount(); ++row)
            names << table->topLevelItem(row)->text(0);
        return names;
    }
    static bool trainOnce(WindowProbe& probe) {
        probe.child<QSpinBox>("recipeEpochs")->setValue(2);
        const QSignalSpy ended(probe.window.workbench(), &ui::Workbench::trainingEnded);
        probe.trigger("train.start");
        return QTest::qWaitFor([&] { return ended.count() > 0; }, test::kPatienceMs) &&
               probe.rest();
    }
    static void tick(WindowProbe& probe, int row) {
        QTreeWidgetItem* item = probe.child<QTreeWidget>("trainingRuns")->topLevelItem(row);
        item->setCheckState(0, item->checkState(0) == Qt::Checked ? Qt::Unchecked : Qt::Checked);
    }
    /// Whether something in that colour of the palette is drawn.
    static bool shows(plots::CurvesView& view, int color) {
        for (int round = 0; round < 3; ++round) QCoreApplication::processEvents();
        const QImage image = view.grab().toImage().convertToFormat(QImage::Format_RGB32);
        const QRgb wanted = style::seriesColor(view.palette(), color).rgb();
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                if (image.pixel(x, y) == wanted) return true;
            }
        }
        return false;
    }

private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", m_folder->path().toUtf8());
    }

    void saveAndOpenByTheMenu() {
        {
            WindowProbe probe;
            QVERIFY(!probe.action("file.save_session")->isEnabled());
            QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
            cut(probe);
            QVERIFY(probe.window.isWindowModified());
            probe.dialogs.nextFile(path("work"));  // the suffix is added
            probe.trigger("file.save_session");
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path("work.espalier")), test::kPatienceMs);
            QTRY_VERIFY(!probe.window.isWindowModified());
            QCOMPARE(probe.window.windowTitle(), QString("work.espalier[*]"));
            probe.document().setNodePinned(probe.document().history().root(), true);
            QVERIFY(probe.window.isWindowModified());
            probe.trigger("file.save_session");  // it has a name: nothing is asked
            QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isWindowModified(), test::kPatienceMs);
            QVERIFY(probe.rest());
            test::grab(probe.window, "session_saved");
            QVERIFY(probe.dialogs.isUsedUp());
        }
        WindowProbe probe;
        QVERIFY(probe.openModel(path("work.espalier")));
        QTRY_COMPARE(probe.window.windowTitle(), QString("work.espalier[*]"));
        QVERIFY(probe.document().rule(probe.document().selection()));
        QVERIFY(probe.document().node().isPinned);
        QVERIFY(!probe.window.isWindowModified());
        QVERIFY2(!probe.isError(), qPrintable(probe.messageText()));
        QCOMPARE(gui::RecentFiles().paths().first(), path("work.espalier"));
    }

    // Each under its own name and colour, over each other; hidden one by one; after the next start
    // too.
    void runsAreOverlaidAndOutliveTheProgram() {
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
            QVERIFY(probe.attachTinyData(m_folder->path()));
            QVERIFY(trainOnce(probe) && trainOnce(probe));
            QCOMPARE(namesOfRuns(probe), twoRuns());
            tick(probe, 0);
            const auto& losses = *probe.child<plots::CurvesView>("lossCurves");
            QCOMPARE(losses.seriesCount(), 3);  // the first under both curves of the second
            QVERIFY(losses.csv().section('\n', 0, 0).contains("run 1"));
            QVERIFY(saveAs(probe, path("runs.espalier")));
        }
        WindowProbe probe;
        QVERIFY(probe.openModel(path("runs.espalier")));
        QTRY_COMPARE(namesOfRuns(probe), twoRuns());
        tick(probe, 0);
        tick(probe, 1);
        auto& losses = *probe.child<plots::CurvesView>("lossCurves");
        QCOMPARE(losses.seriesCount(), 4);
        const QString columns = losses.csv().section('\n', 0, 0);
        QVERIFY2(columns.contains("run 1") && columns.contains("run 2"), qPrintable(columns));
        QVERIFY(losses.points(0).size() > 1 && losses.points(1).size() > 1);
        test::grab(probe.window, "runs_overlaid");
        QVERIFY(shows(losses, 3) && shows(losses, 5));
        losses.setFocus();
        QTest::keyClick(&losses, Qt::Key_1);
        QVERIFY(!losses.isSeriesVisible(0) && losses.isSeriesVisible(1));
        tick(probe, 1);  // not ticked any more
        QCOMPARE(losses.seriesCount(), 3);
        QVERIFY(shows(losses, 3) && !shows(losses, 5));
    }

    void closingSavesFirstWhenAsked() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        cut(probe);
        QVERIFY(probe.rest());
        probe.dialogs.nextAnswer(0);
        probe.dialogs.nextFile(path("work.espalier"));
        probe.window.close();
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
        QVERIFY(QFile::exists(path("work.espalier")));
    }

    void aSaveThatFailsClosesNothing() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        cut(probe);
        QVERIFY(probe.rest());
        probe.dialogs.nextAnswer(0);
        probe.dialogs.nextFile(path("none/work.espalier"));
        probe.window.close();
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QVERIFY(probe.rest());
        QVERIFY(probe.window.isVisible());
        QVERIFY(probe.document().hasUnsavedWork());
    }

    void aSecondWindowHasACopy() {
        WindowProbe first;
        QVERIFY(first.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(saveAs(first, path("work.espalier")));
        WindowProbe second;
        QVERIFY(second.openModel(path("work.espalier")));
        QTRY_VERIFY2(second.messageText().contains("this is a copy"),
                     qPrintable(second.messageText()));
        test::grab(second.window, "session_copy");
        QCOMPARE(second.window.windowTitle(), QString("lenet5.pt[*]"));
        second.dialogs.nextFile(path("work.espalier"));
        second.trigger("file.save_session");
        QTRY_VERIFY2(second.messageText().contains("another window has it open"),
                     qPrintable(second.messageText()));
    }

    void aMissingModelIsLocated() {
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
            QVERIFY(saveAs(probe, path("work.espalier")));
        }
        QVERIFY(QFile::rename(path("lenet5.pt"), path("moved.pt")));
        WindowProbe probe;
        probe.window.openPath(path("work.espalier"));
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QVERIFY2(probe.messageText().contains(path("lenet5.pt")), qPrintable(probe.messageText()));
        QCOMPARE(probe.messages().message().actionText, QString("Locate…"));
        test::grab(probe.window, "session_model_missing");
        probe.dialogs.nextFile(path("moved.pt"));
        probe.messages().message().action();
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().hasModel(), test::kPatienceMs);
        QCOMPARE(probe.document().snapshot()->file().name(), std::string("moved.pt"));
        QVERIFY(probe.rest());
    }

    void aKilledWindowIsRecovered() {
        killAWindow();
        WindowProbe probe;
        const auto* offer = probe.child<QLabel>("startLostSessionText0");
        QVERIFY(offer->isVisible());
        QVERIFY2(offer->text().startsWith("Recover lenet5.pt (today "), qPrintable(offer->text()));
        test::picture(probe.window, "start-recover");
        probe.window.resize(1024, 700);
        QCOMPARE(test::clippedTexts(probe.window).join("; "), QString());
        probe.child<QPushButton>("startRecover0")->click();
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().hasModel() && probe.document().masks(),
                                 test::kPatienceMs);
        const auto layers = probe.document().selectedLayers();
        QCOMPARE(layers.size(), std::size_t(2));
        QCOMPARE(probe.document().selection(), layers[1]);  // where it was
        QVERIFY(probe.document().rule(layers[0]));
        QVERIFY(probe.window.isWindowModified());
        QTRY_VERIFY2(probe.messageText().startsWith("Recovered"), qPrintable(probe.messageText()));
        QVERIFY(probe.rest());
        QCOMPARE(gui::RecentFiles().paths().first(), path("lenet5.pt"));
    }

    void everyLostSessionIsOffered() {
        for (int i = 0; i < 2; ++i) leave(QString("work%1.espalier").arg(i));
        WindowProbe probe({1024, 700});
        const auto text = [&](int i) {
            return probe.child<QLabel>(qPrintable(QString("startLostSessionText%1").arg(i)))
                ->text();
        };
        QVERIFY2(text(0).startsWith("Recover work1.espalier (today "), qPrintable(text(0)));
        QVERIFY2(text(1).startsWith("Recover work0.espalier (today "), qPrintable(text(1)));
        QCOMPARE(test::clippedTexts(probe.window).join("; "), QString());
        QCOMPARE(test::focusableWithoutName(probe.window).join("; "), QString());
        probe.child<QPushButton>("startDiscardSession0")->click();
        QVERIFY2(text(0).startsWith("Recover work0.espalier"), qPrintable(text(0)));
        QVERIFY(!probe.window.findChild<QLabel*>("startLostSessionText1"));
        probe.child<QPushButton>("startRecover0")->click();
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().hasModel() && probe.document().masks(),
                                 test::kPatienceMs);
        QCOMPARE(probe.window.windowTitle(), QString("work0.espalier[*]"));
        QVERIFY(probe.rest());
    }

    void fiveAreOfferedAtMost() {
        gui::RecentFiles recent;
        for (int i = 0; i < 6; ++i) {
            leave(QString("work%1.espalier").arg(i));
            recent.add(path(qPrintable(QString("work%1.espalier").arg(i))));
        }
        WindowProbe probe({1024, 700});
        QVERIFY(probe.child<QWidget>("startLostSession4")->isVisible());
        QVERIFY(!probe.window.findChild<QWidget*>("startLostSession5"));
        QVERIFY(probe.window.findChild<QWidget*>("startRecent2"));
        QVERIFY(!probe.window.findChild<QWidget*>("startRecent3"));  // they take its place
        QCOMPARE(probe.window.size(), QSize(1024, 700));             // all of it has room
        test::picture(probe.window, "start-sessions");
        QCOMPARE(test::clippedTexts(probe.window).join("; "), QString());
        probe.child<QPushButton>("startDiscardSession0")->click();  // the sixth comes up
        QVERIFY(probe.child<QLabel>("startLostSessionText4")->text().contains("work0.espalier"));
    }

    void discardingDeletesIt() {
        killAWindow();
        WindowProbe probe;
        probe.child<QPushButton>("startDiscardSession0")->click();
        QVERIFY(!probe.child<QWidget>("startLostSessions")->isVisible());
        QVERIFY(ui::lostSessions().empty());
        QVERIFY(QFile::exists(path("lenet5.pt")));
    }

private:
    /// As a window that the system ends.
    void leave(const QString& name) {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(saveAs(probe, m_folder->filePath(name)));
        cut(probe);
        QVERIFY(probe.rest());
        probe.window.terminate();
        QTRY_VERIFY_WITH_TIMEOUT(!probe.window.isVisible(), test::kPatienceMs);
    }
    void killAWindow() {
        const auto isTime = [this] {
            const QDir sessions(path("espalier/sessions"));
            const auto folders = sessions.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
            return !folders.isEmpty() &&
                   QFile::exists(sessions.filePath(folders.first() + "/session.espalier"));
        };
        QVERIFY(test::startAndKillSelf(kFolder, m_folder->path(), isTime, test::kPatienceMs));
    }
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QString folder = qEnvironmentVariable(kFolder);
    if (!folder.isEmpty()) return editUntilKilled(folder);
    TestSessionJob test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_session_job.moc"
