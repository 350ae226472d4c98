// SPDX-License-Identifier: GPL-3.0-or-later
// Opening one model after another: what is asked, when, and what becomes of the data; files that
// come before their model.
#include <QDir>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>

#include "core/exchange/recipe_file.h"
#include "tests/support/grab.h"
#include "tests/support/window_probe.h"
#include "ui/panels/training_panel.h"

using namespace espalier;
using test::WindowProbe;

namespace {

QString writeFile(const QString& path, const QByteArray& content) {
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
        qFatal("Cannot write a test file");
    return path;
}

}  // namespace

class TestOpening : public QObject {
    Q_OBJECT

    std::unique_ptr<test::OwnSettings> m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QTemporaryDir> m_data;

private Q_SLOTS:
    void initTestCase() {
        if (!test::hasExample()) QSKIP("SKIPPED ALL: the built-in example is not there");
        m_settings = std::make_unique<test::OwnSettings>();
    }
    void init() {
        test::failOnAnyWarning();
        test::OwnSettings::clear();
        m_folder = std::make_unique<QTemporaryDir>();
        m_data = std::make_unique<QTemporaryDir>();
    }
    void cleanup() { QCOMPARE(QApplication::topLevelWidgets().size(), 0); }

    void aRecipeAndAPlanWaitForTheirModel() {
        const QString model = WindowProbe::copyModel(m_folder->path());
        const QString plan = m_folder->filePath("plans/half.espalier-plan.json");
        const QString recipe = m_folder->filePath("short.espalier-recipe.json");
        QVERIFY(QDir(m_folder->path()).mkpath("plans"));
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
        train::Recipe seven;
        seven.epochs = 7;
        QVERIFY(exchange::writeRecipe(seven, recipe.toStdString()).ok());
        WindowProbe probe;
        const auto* text = probe.child<QLabel>("startWaitingText");
        QVERIFY(!text->isVisible());
        probe.window.openPath(recipe);
        probe.window.openPath(plan);
        QVERIFY(text->isVisible() && !probe.messages().hasMessage());
        QCOMPARE(text->text(),
                 QString("Recipe short.espalier-recipe.json is ready: open a model.\n"
                         "Plan half.espalier-plan.json is ready: open the model it was made for, "
                         "lenet5.pt."));
        test::grab(probe.window, "start_waiting");
        QVERIFY(probe.openModel(model));
        QTRY_COMPARE_WITH_TIMEOUT(probe.document().plan().weights.size(), std::size_t(1),
                                  test::kPatienceMs);
        QCOMPARE(probe.child<ui::TrainingPanel>("trainingPanel")->recipe().epochs, 7);
        probe.dialogs.nextAnswer(2);
        probe.trigger("file.close");
        QVERIFY(!text->isVisible());  // they have come
    }

    void whatWaitsCanBeForgotten() {
        const QString recipe = m_folder->filePath("short.espalier-recipe.json");
        QVERIFY(exchange::writeRecipe({}, recipe.toStdString()).ok());
        WindowProbe probe;
        probe.window.openPath(recipe);
        QVERIFY(probe.child<QWidget>("startWaiting")->isVisible());
        probe.child<QPushButton>("startForgetWaiting")->click();
        QVERIFY(!probe.child<QWidget>("startWaiting")->isVisible());
    }

    void aFileIsReadBeforeWorkIsAskedAbout() {
        WindowProbe probe;
        const QString model = WindowProbe::copyModel(m_folder->path());
        QVERIFY(probe.openModel(model));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        const auto before = probe.document().snapshot();
        for (const char* name : {"broken.pt", "broken.espalier"}) {
            probe.window.openPath(writeFile(m_folder->filePath(name), "{ not whole"));
            QTRY_VERIFY_WITH_TIMEOUT(probe.isError() && probe.messageText().contains(name),
                                     test::kPatienceMs);
        }
        QVERIFY2(probe.messageText().contains("is damaged"), qPrintable(probe.messageText()));
        QVERIFY(probe.dialogs.shown().isEmpty());  // nothing was asked
        QCOMPARE(probe.page(), QString("workspace"));
        QCOMPARE(probe.document().snapshot(), before);
        QVERIFY(probe.rest());
        probe.dialogs.nextAnswer(3);  // Cancel
        probe.trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(probe.dialogs.isUsedUp(), test::kPatienceMs);
        QCOMPARE(probe.document().snapshot(), before);
        QCOMPARE(probe.page(), QString("workspace"));
        QVERIFY(probe.action("prune.goal")->isEnabled());
        QCOMPARE(probe.document().plan().weights.size(), std::size_t(1));
        probe.dialogs.nextAnswer(2);  // Discard
        probe.trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
        QVERIFY(probe.document().snapshot() != before);
        QVERIFY(probe.rest());
    }

    void savingFirstThenOpensWhatWasRead() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        probe.document().setRule(probe.document().selection(), prune::WeightRule::sparsity(0.5));
        probe.dialogs.nextAnswer(0);  // Save session…
        probe.dialogs.nextFile({});   // and no file after all
        probe.trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(probe.dialogs.isUsedUp(), test::kPatienceMs);
        QCOMPARE(probe.page(), QString("workspace"));
        QVERIFY(probe.rest());
        QVERIFY(!probe.document().dataset());
        probe.dialogs.nextAnswer(0);
        probe.dialogs.nextFile(m_folder->filePath("work.espalier"));
        probe.trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
        QVERIFY(QFile::exists(m_folder->filePath("work.espalier")));
        QVERIFY(probe.document().plan().weights.empty());
        QVERIFY(probe.rest());
    }

    void dataThatDoesNotFitTheNextModelIsLetGo() {
        const QString other = qEnvironmentVariable("ESPALIER_FIXTURES") + "/cnn_bn.script.pt";
        if (!QFile::exists(other)) QSKIP("the fixtures are not there");
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.attachTinyData(m_data->path()));
        QVERIFY(probe.rest());
        QVERIFY(probe.openModel(other));
        QVERIFY(!probe.document().dataset());
        QTRY_VERIFY_WITH_TIMEOUT(probe.messageText().contains("does not fit this one"),
                                 test::kPatienceMs);
        QVERIFY2(!probe.isError(), qPrintable(probe.messageText()));
        QVERIFY(!probe.child<QPlainTextEdit>("logText")->toPlainText().contains("error"));
        QVERIFY(probe.rest());
    }

    void theExampleBringsItsOwnData() {
        WindowProbe probe;
        QVERIFY(probe.openModel(WindowProbe::copyModel(m_folder->path())));
        QVERIFY(probe.attachTinyData(m_data->path()));
        const data::DatasetPtr before = probe.document().dataset();
        probe.trigger("file.example");
        QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset() != before && probe.document().dataset(),
                                 test::kPatienceMs);
        QVERIFY2(!probe.isError(), qPrintable(probe.messageText()));
        QVERIFY(!probe.messageText().contains("does not fit"));
        QVERIFY(probe.rest());
    }

    void theLogTellsWhatWasDone() {
        WindowProbe probe;
        const QString model = WindowProbe::copyModel(m_folder->path());
        QVERIFY(probe.openModel(model));
        QVERIFY(probe.attachTinyData(m_data->path()));
        auto* share = probe.child<QDoubleSpinBox>("cutSparsity");
        share->setFocus();
        share->selectAll();
        QTest::keyClicks(share, "50");  // one step, which begins as 5
        probe.trigger("edit.undo");
        probe.trigger("edit.redo");
        probe.trigger("tools.measure_accuracy");
        const QString plan = m_folder->filePath("kept.espalier-plan.json");
        probe.dialogs.nextFile(plan);
        probe.trigger("file.export_plan");
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(plan), test::kPatienceMs);
        QVERIFY(probe.rest());
        const auto* log = probe.child<QPlainTextEdit>("logText");
        for (const QString& line :
             {"Opened " + model, "Attached " + m_data->path(), QString("Edit: cut conv1 at sparsity 50"),
              QString("Undone: cut conv1 at sparsity 50"), QString("Redone: cut conv1 at sparsity 50"), QString("Measured top-1 "), plan}) {
            QTRY_VERIFY2(log->toPlainText().contains(line), qPrintable(log->toPlainText()));
        }
    }
};

QTEST_MAIN(TestOpening)
#include "tst_opening.moc"
