// SPDX-License-Identifier: GPL-3.0-or-later
// The window as a person uses it: opening, states of actions, dropping files, closing.
#include <QDialog>
#include <QDropEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QScreen>
#include <QSignalSpy>
#include <QToolButton>
#include <QUndoStack>
#include <QUrl>

#include "app/gui/window_state.h"
#include "app/gui/workspace.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/window_probe.h"
#include "ui/document/highlight.h"
#include "ui/plots/heatmap_view.h"
#include "ui/plots/histogram_view.h"
#include "ui/style/theme.h"

using namespace espalier;
using test::WindowProbe;

namespace {

void drop(QWidget* target, const QStringList& paths) {
    QMimeData mime;
    QList<QUrl> urls;
    for (const QString& path : paths) urls << QUrl::fromLocalFile(path);
    mime.setUrls(urls);
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(target, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent dropped(QPointF(5, 5), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(target, &dropped);
    QVERIFY(dropped.isAccepted());
}

QString writeFile(const QString& path, const QByteArray& content) {
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
        qFatal("Cannot write a test file");
    return path;
}

}  // namespace

class TestMainWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_settings = std::make_unique<test::OwnSettings>(); }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void cleanup() {
        QCOMPARE(QApplication::topLevelWidgets().size(), 0);
        style::applyTheme(*qApp, style::ThemeMode::Light);
    }

    void startsWithTheStartPage() {
        WindowProbe probe;
        QCOMPARE(probe.page(), QString("startPage"));
        QVERIFY(!probe.messages().hasMessage());
        QVERIFY(!probe.action("file.export_masked")->isEnabled());
        QVERIFY(!probe.action("edit.undo")->isEnabled());
        QVERIFY(probe.action("file.open")->isEnabled());
        QCOMPARE(test::focusableWithoutName(probe.window).join("; "), QString());
        QCOMPARE(test::clippedTexts(probe.window).join("; "), QString());
    }

    /// The screen of the tests is smaller than the window would like to be.
    void theFirstWindowFitsTheScreen() {
        const gui::MainWindow window;
        const QSize room = window.screen()->availableSize();
        QVERIFY(room.height() < gui::kDefaultWindowSize.height());
        QVERIFY2(window.height() <= room.height(), qPrintable(QString::number(window.height())));
        QCOMPARE(window.size(), window.size().expandedTo(window.minimumSize()));
    }

    void aMessageMovesNothing() {
        WindowProbe probe;
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.rest());
        auto* bar = probe.child<ui::MessageBar>("messageBar");
        bar->dismiss();
        const auto places = [&probe] {
            QList<QRect> all;
            for (const char* name : {"workspace", "impactBar", "plotTabs", "layerTable"}) {
                const auto* widget = probe.child<QWidget>(name);
                all << QRect(widget->mapTo(&probe.window, QPoint()), widget->size());
            }
            return all;
        };
        QCoreApplication::processEvents();
        const QList<QRect> before = places();
        bar->post({ui::Message::Level::Error, "It failed", {}, {}, {}, {}});
        QTRY_VERIFY(bar->isVisible() && bar->width() == before.first().width());
        QCOMPARE(places(), before);
        QCOMPARE(bar->mapTo(&probe.window, QPoint(0, bar->height())).y(),
                 before.first().bottom() + 1);
        QVERIFY(bar->height() < 2 * test::find<QWidget>(*bar, "messageClose")->height());
        const auto* seen = probe.window.childAt(bar->mapTo(&probe.window, bar->rect().center()));
        QVERIFY(bar->isAncestorOf(seen));  // it is above what it covers
        bar->dismiss();
        QCoreApplication::processEvents();
        QCOMPARE(places(), before);
    }

    void aMessageHidesNothingOfTheLowestPanels() {
        WindowProbe probe;
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.rest());
        auto* bar = probe.child<ui::MessageBar>("messageBar");
        bar->dismiss();
        const auto* panel = probe.child<QWidget>("trainingPanel");
        const auto* charts = probe.child<QWidget>("trainingCharts");
        const auto lowest = [&probe, charts] {
            return charts->mapTo(&probe.window, QPoint(0, charts->height())).y();
        };
        QCoreApplication::processEvents();
        const QRect before(panel->mapTo(&probe.window, QPoint()), panel->size());
        const int end = lowest();
        bar->post({ui::Message::Level::Warning, "Look", {}, {}, {}, {}});
        QTRY_VERIFY(lowest() <= bar->mapTo(&probe.window, QPoint()).y());
        QCOMPARE(QRect(panel->mapTo(&probe.window, QPoint()), panel->size()), before);
        bar->dismiss();
        QTRY_COMPARE(lowest(), end);
    }

    void theSamplesOfAScanAreRemembered() {
        {
            WindowProbe probe;
            probe.child<QSpinBox>("sensitivitySamples")->setValue(1500);
        }
        const WindowProbe probe;
        QCOMPARE(probe.child<QSpinBox>("sensitivitySamples")->value(), 1500);
    }

    void startPageOpensAModel() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        probe.dialogs.nextFile(WindowProbe::copyModel(m_folder->path()));
        probe.child<QPushButton>("startOpen")->click();
        QCOMPARE(probe.page(), QString("loadingPage"));
        QVERIFY(!probe.action("file.close")->isEnabled());
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
        QVERIFY(probe.window.windowTitle().startsWith("lenet5.pt"));
        QVERIFY(!probe.window.isWindowModified());
        QVERIFY(probe.action("file.export_masked")->isEnabled());
        QVERIFY(!probe.action("train.start")->isEnabled());
        QVERIFY(probe.rest());
        QCOMPARE(test::focusableWithoutName(probe.window).join("; "), QString());
        QCOMPARE(test::clippedTexts(probe.window).join("; "), QString());
    }

    void exampleComesWithItsData() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        probe.child<QPushButton>("startExample")->click();
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
        QCOMPARE(probe.child<QToolButton>("toolBarData")->text(), QString("Data: mnist"));
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().evaluation(),
                                 test::kPatienceMs);  // measured by itself
        QVERIFY(probe.document().evaluation()->top1 > 0.97);
        QTRY_VERIFY_WITH_TIMEOUT(probe.messages().hasMessage(), test::kPatienceMs);
        QVERIFY2(!probe.isError() && probe.messageText().contains("3 groups"),
                 qPrintable(probe.messageText()));
    }

    void editsAreUndoneByTheMenu() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(probe.action("edit.undo")->isEnabled());
        QVERIFY(probe.action("edit.undo")->text().startsWith("&Undo: "));
        QVERIFY(probe.window.isWindowModified());
        probe.trigger("edit.undo");
        QVERIFY(probe.document().plan().weights.empty());
        QVERIFY(!probe.window.isWindowModified());
        QVERIFY(!probe.action("edit.undo")->isEnabled());
        probe.trigger("edit.redo");
        QCOMPARE(probe.document().plan().weights.size(), std::size_t(1));
        probe.trigger("edit.reset_layer");
        QVERIFY(probe.document().plan().weights.empty());
        probe.trigger("edit.toggle_lock");
        QCOMPARE(probe.document().plan().locked.size(), std::size_t(1));
        probe.trigger("edit.toggle_lock");
        QVERIFY(probe.document().plan().locked.empty());
    }

    void pruneEverywhereIsOneStep() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.dialogs.nextDialog([](QDialog& dialog) {
            test::find<QDoubleSpinBox>(dialog, "prunePercent")->setValue(90);
            auto* accept = test::find<QPushButton>(dialog, "pruneAccept");
            return QTest::qWaitFor([accept] { return accept->isEnabled(); }, test::kPatienceMs);
        });
        probe.trigger("prune.everywhere");
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().masks(), test::kPatienceMs);
        const prune::Footprint& cost = probe.document().footprint();
        QCOMPARE(cost.weights - cost.weightsKept,
                 std::llround(0.9 * static_cast<double>(cost.weights)));
        QCOMPARE(probe.document().undoStack()->count(), 1);
        probe.trigger("prune.reset_all");
        QVERIFY(probe.document().plan().weights.empty());
    }

    void failingToOpenKeepsTheOldModel() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        const auto before = probe.document().snapshot();
        probe.window.openPath(writeFile(m_folder->filePath("broken.pt"), "not an archive"));
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QVERIFY(probe.messageText().contains("broken.pt"));
        QCOMPARE(probe.page(), QString("workspace"));
        QCOMPARE(probe.document().snapshot(), before);
    }

    void failingToOpenTheFirstGoesBackToTheStartPage() {
        WindowProbe probe;
        probe.window.openPath(writeFile(m_folder->filePath("broken.pt"), "not an archive"));
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QCOMPARE(probe.page(), QString("startPage"));
    }

    void opensWithATypedInputShape() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        probe.dialogs.nextFile(WindowProbe::copyModel(m_folder->path()));
        probe.dialogs.nextDialog([](QDialog& dialog) {
            test::find<QLineEdit>(dialog, "inputSpec")->setText("1x1x28x28");
            return test::find<QPushButton>(dialog, "inputAccept")->isEnabled();
        });
        probe.trigger("file.open_with_input");
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
        QVERIFY(!probe.document().snapshot()->inputsAreGuessed());
    }

    void aWrongInputShapeIsExplainedAndCanBeTypedAgain() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        probe.dialogs.nextFile(WindowProbe::copyModel(m_folder->path()));
        probe.dialogs.nextDialog([](QDialog& dialog) {
            test::find<QLineEdit>(dialog, "inputSpec")->setText("1x3x32x32");
            return true;
        });
        probe.trigger("file.open_with_input");
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QCOMPARE(probe.page(), QString("startPage"));
        probe.dialogs.nextDialog([](QDialog& dialog) {
            test::find<QLineEdit>(dialog, "inputSpec")->setText("1x1x28x28");
            return true;
        });
        probe.child<QToolButton>("messageAction")->click();
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
    }

    void openingCanBeCancelled() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        probe.window.openPath(WindowProbe::copyModel(m_folder->path()));
        QCOMPARE(probe.page(), QString("loadingPage"));
        probe.child<QPushButton>("loadingCancel")->click();
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("startPage"), test::kPatienceMs);
        QVERIFY2(!probe.messages().hasMessage(), qPrintable(probe.messageText()));
        QVERIFY(!probe.document().hasModel());
    }

    void droppingTheWrongFileNamesIt_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("picture") << "cat.png" << QByteArray("\x89PNG\r\n\x1a\n");
        QTest::newRow("text without an ending") << "README" << QByteArray("words");
        QTest::newRow("JSON of another kind") << "package.json" << QByteArray("{}");
        QTest::newRow("plan without a model")
            << "x.espalier-plan.json" << QByteArray(R"({"format": "espalier-plan"})");
        QTest::newRow("damaged recipe")
            << "r.json" << QByteArray(R"({"format": "espalier-recipe", "epochs": "many"})");
        QTest::newRow("damaged session") << "s.espalier" << QByteArray("{\"format\": \"espal");
    }
    void droppingTheWrongFileNamesIt() {
        QFETCH(QString, name);
        QFETCH(QByteArray, content);
        WindowProbe probe;
        drop(probe.child<QWidget>("startPage"), {writeFile(m_folder->filePath(name), content)});
        QTRY_VERIFY_WITH_TIMEOUT(probe.isError(), test::kPatienceMs);
        QVERIFY2(probe.messageText().contains(name), qPrintable(probe.messageText()));
        QCOMPARE(probe.page(), QString("startPage"));
        QVERIFY(probe.child<QWidget>("startWaiting")->isHidden());
    }

    void droppingAModelOfAnyNameOpensIt() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        const QString nameless = m_folder->filePath("a model");
        QVERIFY(QFile::rename(model, nameless));
        WindowProbe probe;
        drop(probe.child<QWidget>("startPage"), {nameless});
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
        QVERIFY(probe.window.windowTitle().startsWith("a model"));
    }

    void droppingWorksOnATextFieldToo() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        const QString model = WindowProbe::copyModel(m_folder->path());
        QVERIFY(probe.openModel(model));
        auto* field = probe.child<QLineEdit>("recipeLr");
        const QString before = field->text();
        drop(field, {m_folder->filePath("gone.pt")});
        QVERIFY(probe.messageText().contains("gone.pt"));
        QCOMPARE(field->text(), before);
    }

    void droppingAModelOpensIt() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        drop(probe.child<QWidget>("startPage"), {WindowProbe::copyModel(m_folder->path())});
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
    }

    void exportsAndOffersTheFolder() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        probe.dialogs.nextDialog([](QDialog&) { return true; });
        probe.dialogs.nextFile(m_folder->filePath("small"));  // gets its ending
        probe.trigger("file.export_masked");
        QTRY_VERIFY_WITH_TIMEOUT(probe.messages().hasMessage(), test::kPatienceMs);
        QCOMPARE(probe.messages().message().level, ui::Message::Level::Success);
        QVERIFY(QFile::exists(m_folder->filePath("small.pt")));
        QVERIFY(!probe.window.isWindowModified());
        probe.child<QToolButton>("messageShowInFolder")->click();
        QCOMPARE(probe.dialogs.shown().last(), m_folder->path());
        // The message also offers to go on from the file.
        auto* goOn = probe.child<QToolButton>("messageAction");
        QVERIFY(goOn->isVisible());
        QCOMPARE(goOn->text(), QString("Go on from it"));
        QTest::mouseClick(goOn, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(probe.window.windowTitle().startsWith("small.pt"),
                                 test::kPatienceMs);
        QVERIFY(!probe.window.isWindowModified());
        QVERIFY(!goOn->isVisible());  // it is what is worked on already
        probe.trigger("edit.undo");
        QVERIFY(probe.window.windowTitle().startsWith("lenet5.pt"));
    }

    void aPlanOpensWithItsModel() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        const QString plan = m_folder->filePath("half.espalier-plan.json");
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
            probe.document().setRule(probe.document().selection(),
                                     prune::WeightRule::sparsity(0.5));
            probe.dialogs.nextFile(plan);
            probe.trigger("file.export_plan");
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(plan), test::kPatienceMs);
            QVERIFY(probe.rest());
        }
        WindowProbe probe;
        probe.window.openPath(plan);
        QTRY_COMPARE_WITH_TIMEOUT(probe.document().plan().weights.size(), std::size_t(1),
                                  test::kPatienceMs);
        QCOMPARE(probe.page(), QString("workspace"));
    }

    void recentModelsAreOfferedOnTheStartPage() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString model = WindowProbe::copyModel(m_folder->path());
        {
            WindowProbe probe;
            QVERIFY(probe.openModel(model));
        }
        WindowProbe probe;
        auto* recent = probe.child<QPushButton>("startRecent0");
        QVERIFY(recent->text().startsWith("lenet5.pt"));
        recent->click();
        QTRY_COMPARE_WITH_TIMEOUT(probe.page(), QString("workspace"), test::kPatienceMs);
    }

    void zerosOfAFileAreKeptOrNot() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        const QString masked = m_folder->filePath("masked.pt");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(!probe.action("prune.keep_zeros")->isEnabled());
        const model::LayerId layer = probe.document().selection();
        probe.document().setRule(layer, prune::WeightRule::sparsity(0.5));
        const auto removed = probe.document().removed(layer);
        probe.window.workbench()->exportMasked(masked.toStdString());
        QVERIFY(probe.rest());
        QVERIFY(probe.openModel(masked));
        QVERIFY(probe.rest());
        QVERIFY2(probe.messageText().contains("are zero in the file"),
                 qPrintable(probe.messageText()));
        QAction* keep = probe.action("prune.keep_zeros");
        QVERIFY(keep->isEnabled() && keep->isChecked());
        QCOMPARE(probe.document().removed(layer), removed);
        const model::LayerId other = probe.document().snapshot()->layers().back().id;
        probe.document().setRule(other, prune::WeightRule::sparsity(0.25));
        keep->trigger();
        QVERIFY(probe.rest());
        QVERIFY(keep->isEnabled() && !keep->isChecked());
        QCOMPARE(probe.document().removed(layer), std::int64_t(0));
        QVERIFY(probe.document().removed(other) > 0);  // the plan went along
        QCOMPARE(probe.document().undoStack()->count(), 2);
        probe.trigger("edit.undo");
        QVERIFY(keep->isChecked());
        QCOMPARE(probe.document().removed(layer), removed);
        probe.trigger("edit.redo");
        keep->trigger();
        QVERIFY(keep->isChecked());
        QCOMPARE(probe.document().removed(layer), removed);
        probe.trigger("edit.undo");
        probe.trigger("edit.undo");
        probe.trigger("edit.undo");
        QVERIFY(!probe.window.isWindowModified());
    }

    void theViewDoesNotMoveWhenAJobBegins() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.rest());
        const QRect before = probe.child<gui::Workspace>("workspace")->geometry();
        probe.trigger("tools.measure_latency");
        QTRY_VERIFY(probe.child<QToolButton>("jobCancel")->isVisible());
        QCoreApplication::processEvents();
        QCOMPARE(probe.child<gui::Workspace>("workspace")->geometry(), before);
        QVERIFY(probe.rest());
    }

    void themesSwitchAndAreRemembered() {
        {
            WindowProbe probe;
            probe.trigger("view.theme_dark");
            QTRY_VERIFY(style::isDark(probe.window.palette()));
            probe.trigger("view.theme_light");
            QTRY_VERIFY(!style::isDark(probe.window.palette()));
            probe.trigger("view.theme_dark");
        }
        const WindowProbe probe;
        QVERIFY(probe.action("view.theme_dark")->isChecked());
    }

    void aHoveredWeightIsMarkedOnTheViewThatComesNext() {
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.trigger("view.heatmap");
        QVERIFY(probe.rest());
        auto* heatmap = probe.child<plots::HeatmapView>("weightHeatmap");
        auto* canvas = test::find<QWidget>(*heatmap, "canvas");
        QTest::mouseMove(canvas, {1, 1});
        QTest::mouseMove(canvas, heatmap->cellRect({0, 3}).center().toPoint());
        const auto magnitude = probe.document().highlight()->hovered().magnitude;
        QVERIFY(magnitude);
        probe.trigger("view.weights");
        QCoreApplication::processEvents();
        QCOMPARE(probe.window.findChild<plots::HistogramView*>()->mark(), magnitude);
        probe.trigger("view.heatmap");
        QVERIFY(!probe.document().highlight()->hovered().layer.isValid());
    }

    void aFullDiskLeavesNothingBehind_data() {
        QTest::addColumn<QByteArray>("action");
        QTest::addColumn<QString>("name");
        QTest::addColumn<qulonglong>("bytes");
        QTest::newRow("model") << QByteArray("file.export_masked") << "out.pt" << 500'000ull;
        QTest::newRow("plan") << QByteArray("file.export_plan") << "out.json" << 100ull;
    }
    void aFullDiskLeavesNothingBehind() {
        QFETCH(QByteArray, action);
        QFETCH(QString, name);
        QFETCH(qulonglong, bytes);
        if (!test::hasExample()) QSKIP("the built-in example is not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        QVERIFY(probe.rest());
        const QTemporaryDir disk;
        const ui::State before = probe.document().state();
        QSignalSpy failed(probe.window.workbench(), &ui::Workbench::failed);
        const auto exportNow = [&] {
            probe.dialogs.nextFile(disk.filePath(name));
            if (action == "file.export_masked")
                probe.dialogs.nextDialog([](QDialog&) { return true; });
            probe.trigger(action.constData());
            return probe.rest();
        };
        {
            const test::FileSizeLimit full(bytes);
            QVERIFY(exportNow());
        }
        QVERIFY(probe.dialogs.isUsedUp());
        QCOMPARE(failed.count(), 1);
        QVERIFY2(probe.isError(), qPrintable(probe.messageText()));
        QVERIFY2(probe.messageText().contains(name), qPrintable(probe.messageText()));
        QCOMPARE(
            QDir(disk.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot | QDir::Hidden),
            QStringList());
        QCOMPARE(probe.document().state().plan, before.plan);
        QVERIFY(probe.document().state().node == before.node);
        QVERIFY(probe.document().hasUnsavedWork() && probe.window.isWindowModified());
        QVERIFY(exportNow());  // with room again
        QCOMPARE(QDir(disk.path()).entryList(QDir::Files), QStringList{name});
        QCOMPARE(failed.count(), 1);
    }

private:
    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
