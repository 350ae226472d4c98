// SPDX-License-Identifier: GPL-3.0-or-later
// Workbench: measuring on data, fine-tuning, and what is kept of it when the window closes.
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUndoStack>

#include "core/project/examples.h"
#include "tests/support/grab.h"
#include "tests/support/session.h"
#include "tests/support/tiny_data.h"
#include "ui/panels/impact_bar.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;
using test::Session;

class TestWorkbenchTraining : public QObject {
    Q_OBJECT

    Session* m_session = nullptr;
    QTemporaryDir* m_folder = nullptr;

    Document& document() { return m_session->document; }
    Workbench& workbench() { return m_session->workbench; }
    std::filesystem::path in(const char* name) { return test::path(m_folder->path()) / name; }
    data::DataSpec tinyData() {
        data::DataSpec spec;
        spec.path = test::path(m_folder->path());
        spec.preset = "mnist";
        return spec;
    }
    static train::Recipe recipeOf(int epochs) {
        train::Recipe recipe;
        recipe.epochs = epochs;
        recipe.device = "cpu";
        return recipe;
    }
    // Whether samples have arrived: from then on there is something to keep.
    bool waitForEpoch(const QSignalSpy& sampled) {
        return QTest::qWaitFor(
            [&sampled] {
                return std::ranges::any_of(sampled, [](const QList<QVariant>& arguments) {
                    return arguments.first().value<train::TrainSample>().top1 >= 0;
                });
            },
            60000);
    }

private Q_SLOTS:
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        const auto model = project::lenet300100Example().model;
        NEED_FILE(model);
        m_folder = new QTemporaryDir;
        std::filesystem::copy_file(model, in("net.pt"));
        test::writeTinyMnist(test::path(m_folder->path()));
        m_session = new Session;
        QVERIFY(m_session->open(in("net.pt")));
        workbench().attachData(tinyData());
        QVERIFY(m_session->settle());
        QVERIFY(document().dataset());
    }
    void cleanup() {
        delete m_session;
        delete m_folder;
        m_session = nullptr;
        m_folder = nullptr;
    }

    void theRecipeAugments() {
        const auto losses = [this](const train::Recipe& recipe) {
            std::vector<double> seen;
            const auto connection = connect(&workbench(), &Workbench::trainingSampled, this,
                                            [&seen](const train::TrainSample& sample) {
                                                if (sample.step > 0) seen.push_back(sample.loss);
                                            });
            const QSignalSpy ended(&workbench(), &Workbench::trainingEnded);
            workbench().fineTune(recipe);
            const bool isOver = QTest::qWaitFor([&ended] { return ended.count() > 0; }, 60000) &&
                                m_session->settle();
            disconnect(connection);
            document().undoStack()->undo();
            return isOver ? seen : std::vector<double>();
        };
        train::Recipe recipe = recipeOf(1);
        const auto plain = losses(recipe);
        QVERIFY(!plain.empty());
        recipe.augment = "mnist";
        const auto changed = losses(recipe);
        QCOMPARE(changed.size(), plain.size());
        QVERIFY(changed != plain);
        // What was chosen with the data comes first.
        data::DataSpec spec = tinyData();
        spec.augment = "mnist";
        workbench().attachData(spec);
        QVERIFY(m_session->settle());
        recipe.augment = "cifar10";
        QCOMPARE(losses(recipe).front(), changed.front());
    }

    void accuracyIsMeasuredBeforeAndNow() {
        document().setRule(document().selection(), WeightRule::sparsity(0.9));
        workbench().evaluate(data::Split::Test);
        QVERIFY(m_session->settle());
        QCOMPARE(document().evaluation()->samples, std::int64_t{100});
        QCOMPARE(document().evaluation()->split, data::Split::Test);
        QCOMPARE(document().denseEvaluation()->samples, std::int64_t{100});
        QVERIFY(document().evaluation()->loss != document().denseEvaluation()->loss);
    }

    void nothingIsMeasuredWhileItTrains() {
        ImpactBar bar(&workbench());
        document().setRule(document().selection(), WeightRule::sparsity(0.5));
        const auto buttonOf = [&bar](const char* card) {
            return bar.findChild<QWidget*>(card)->findChild<QToolButton*>("action");
        };
        for (const char* card : {"impact.accuracy", "impact.latency"})
            QVERIFY2(buttonOf(card)->isEnabled(), card);
        workbench().fineTune(recipeOf(50));
        for (const char* card : {"impact.accuracy", "impact.latency"}) {
            QVERIFY2(!buttonOf(card)->isEnabled(), card);
            QVERIFY2(buttonOf(card)->toolTip().contains("fine-tuning is under way"), card);
        }
        test::grab(bar, "impact_training");
        workbench().stopTraining();
        QVERIFY(m_session->settle());
        document().undoStack()->setIndex(1);  // back to what was not measured
        for (const char* card : {"impact.accuracy", "impact.latency"}) {
            QVERIFY2(buttonOf(card)->isEnabled(), card);
            QVERIFY2(!buttonOf(card)->toolTip().contains("fine-tuning"), card);
        }
    }

    void otherDataForgetsTheAccuracy() {
        workbench().evaluate(data::Split::Validation);
        QVERIFY(m_session->settle());
        QVERIFY(document().evaluation());
        workbench().attachData(tinyData());
        QVERIFY(m_session->settle());
        QVERIFY(!document().evaluation());
    }

    void dataThatDoesNotSuitTheModelIsRefused() {
        const auto other = test::fixture("cnn_bn.script.pt");
        NEED_FILE(other);
        QSignalSpy failed(&workbench(), &Workbench::failed);
        QSignalSpy letGo(&workbench(), &Workbench::dataLetGo);
        // The data is attached; a model that cannot take it comes: the data goes, with a word.
        QVERIFY(m_session->open(other));
        QCOMPARE(letGo.count(), 1);
        QCOMPARE(letGo.first().first().value<Error>().kind, Error::Kind::Mismatch);
        QCOMPARE(failed.count(), 0);
        QVERIFY(!document().dataset());
        workbench().attachData(tinyData());
        QVERIFY(m_session->settle());
        QCOMPARE(failed.count(), 1);
        QVERIFY(!document().dataset());
    }

    void fineTuningMakesANodeThatKeepsTheCut() {
        const model::LayerId layer = document().selection();
        document().setRule(layer, WeightRule::sparsity(0.9));
        QVERIFY(m_session->settle());
        const std::int64_t removed = document().masks()->removed(layer);
        const auto dense = document().snapshot();
        QSignalSpy sampled(&workbench(), &Workbench::trainingSampled);
        QSignalSpy finished(&workbench(), &Workbench::trainingFinished);
        QSignalSpy ended(&workbench(), &Workbench::trainingEnded);
        workbench().fineTune(recipeOf(2));
        QVERIFY(workbench().isTraining());
        workbench().fineTune(recipeOf(1));  // one at a time
        QVERIFY(m_session->settle());
        QVERIFY(!workbench().isTraining());
        QCOMPARE(finished.count(), 1);
        QCOMPARE(ended.count(), 1);
        const auto result = finished.first().first().value<train::TrainResult>();
        QCOMPARE(sampled.count(), qsizetype(result.samples.size()));

        QVERIFY(document().snapshot() == result.best);
        QCOMPARE(document().node().operation, project::Operation::FineTune);
        QCOMPARE(document().node().training.size(), result.samples.size());
        QCOMPARE(*document().rule(layer), WeightRule::sparsity(0.9));
        QCOMPARE(document().snapshot()->baseRemoved(layer), removed);
        QCOMPARE(document().masks()->removed(layer), removed);
        QVERIFY(document().index(layer));  // statistics of the new weights
        QCOMPARE(document().evaluation()->top1, result.after.top1);
        QVERIFY(document().hasUnsavedWork());

        document().undoStack()->undo();
        QVERIFY(document().snapshot() == dense);
        QVERIFY(document().index(layer));  // at once: it was remembered
        QCOMPARE(document().evaluation()->top1, result.before.top1);
        document().undoStack()->redo();
        QVERIFY(document().snapshot() == result.best);
        QVERIFY(m_session->settle());
        QCOMPARE(document().masks()->removed(layer), removed);
    }

    void whatIsPrunedGraduallyBeginsDense() {
        document().setRule(document().selection(), WeightRule::sparsity(0.9));
        QVERIFY(m_session->settle());
        QSignalSpy finished(&workbench(), &Workbench::trainingFinished);
        train::Recipe recipe = recipeOf(2);
        recipe.schedule.name = "agp";
        recipe.schedule.everySteps = 2;
        workbench().fineTune(recipe);
        QVERIFY(m_session->settle());
        QCOMPARE(finished.count(), 1);
        const auto result = finished.first().first().value<train::TrainResult>();
        QCOMPARE(document().evaluation()->top1, result.after.top1);
        document().undoStack()->undo();
        QVERIFY(!document().evaluation());  // nobody has measured the plan at once
    }

    void anotherValidationSplitIsNoMeasurementOfThisOne() {
        train::Recipe recipe = recipeOf(1);
        recipe.validation = 0.3;
        workbench().fineTune(recipe);
        QVERIFY(m_session->settle());
        QVERIFY(!document().evaluation());
        QVERIFY(document().node().metrics.evaluation);
    }

    void aBadRecipeIsNamed() {
        QSignalSpy failed(&workbench(), &Workbench::failed);
        train::Recipe recipe = recipeOf(1);
        recipe.optimizer.name = "no such optimizer";
        workbench().fineTune(recipe);
        QCOMPARE(failed.count(), 1);
        QVERIFY(!workbench().isTraining());
    }

    void stoppingKeepsTheBestSoFar() {
        QSignalSpy sampled(&workbench(), &Workbench::trainingSampled);
        QSignalSpy finished(&workbench(), &Workbench::trainingFinished);
        workbench().fineTune(recipeOf(100000));
        QVERIFY(waitForEpoch(sampled));
        workbench().stopTraining();
        QVERIFY(m_session->settle());
        QCOMPARE(finished.count(), 1);
        const auto result = finished.first().first().value<train::TrainResult>();
        QVERIFY(result.stopped);
        // Without a better epoch the weights are what they were: there is no other state.
        QCOMPARE(document().history().nodes().size(), std::size_t(result.bestEpoch > 0 ? 2 : 1));
    }

    void noOtherModelWhileOneIsTrained() {
        QSignalSpy sampled(&workbench(), &Workbench::trainingSampled);
        QSignalSpy failed(&workbench(), &Workbench::failed);
        QSignalSpy openFailed(&workbench(), &Workbench::openFailed);
        const auto snapshot = document().snapshot();
        workbench().fineTune(recipeOf(100000));
        workbench().openModel(in("net.pt"));
        QCOMPARE(failed.count(), 1);
        QCOMPARE(openFailed.count(), 1);
        QVERIFY(document().snapshot() == snapshot);
        QVERIFY(waitForEpoch(sampled));
        workbench().stopTraining();
        QVERIFY(m_session->settle());
    }

    void closingWritesTheBestSoFarBesideTheModel() {
        for (const char* name : {"net-best.pt", "net-best-2.pt"}) {
            QSignalSpy sampled(&workbench(), &Workbench::trainingSampled);
            workbench().fineTune(recipeOf(100000));
            QVERIFY(waitForEpoch(sampled));
            const auto saved = workbench().shutDown();
            QVERIFY(saved.ok());
            QCOMPARE(*saved, in(name));
            QVERIFY(std::filesystem::exists(*saved));
            QVERIFY(!workbench().isTraining());
            QVERIFY(m_session->settle());
        }
    }

    void withoutRoomBesideTheModelTheStateFolderTakesIt() {
        QSignalSpy sampled(&workbench(), &Workbench::trainingSampled);
        workbench().fineTune(recipeOf(100000));
        QVERIFY(waitForEpoch(sampled));
        QVERIFY(m_folder->remove());
        const auto saved = workbench().shutDown();
        QVERIFY(saved.ok());
        QVERIFY(std::filesystem::exists(*saved));
        QVERIFY(saved->parent_path() != test::path(m_folder->path()));
        std::filesystem::remove(*saved);
    }

    void closingWithoutTrainingWritesNothing() {
        const auto saved = workbench().shutDown();
        QVERIFY(saved.ok() && saved->empty());
        QVERIFY(!std::filesystem::exists(in("net-best.pt")));
    }
};

QTEST_MAIN(TestWorkbenchTraining)
#include "tst_workbench_training.moc"
