// SPDX-License-Identifier: GPL-3.0-or-later
// Workbench: every task of the window, with real files, and what becomes of the state when one
// fails.
#include <algorithm>
#include <fstream>

#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>

#include "core/exchange/plan_file.h"
#include "tests/support/heartbeat.h"
#include "tests/support/job_probe.h"
#include "tests/support/session.h"
#include "tests/support/tiny_data.h"
#include "ui/document/channels.h"

using namespace espalier;
using namespace espalier::ui;
using prune::WeightRule;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";

std::filesystem::path in(const QTemporaryDir& folder, const char* name) {
    return test::path(folder.path()) / name;
}

Error firstError(const QSignalSpy& failed) {
    return failed.isEmpty() ? Error{} : failed.first().first().value<Error>();
}

}  // namespace

class TestWorkbench : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qRegisterMetaType<Error>(); }
    void init() {
        QTest::failOnWarning(
            QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
        NEED_FILE(fixture(kModel));
    }

    void attachedDataSaysWhatTheInputIs() {
        Session session;
        QTemporaryDir folder;
        test::writeTinyMnist(test::path(folder.path()));
        session.workbench.attachData({test::path(folder.path()), "mnist", {}, {}, 0.1});
        QVERIFY(session.settle());
        QVERIFY(session.document.dataset());
        QVERIFY(session.open(ESPALIER_SOURCE_DIR "/resources/examples/lenet5.script.pt"));
        QVERIFY(!session.document.snapshot()->inputsAreGuessed());
        const std::vector<std::int64_t> shape{1, 1, 28, 28};
        QCOMPARE(session.document.snapshot()->inputs().front().shape, shape);
        // A model that takes something else opens all the same, without the data.
        QVERIFY(session.open(fixture("mlp.script.pt")));
        QVERIFY(!session.document.dataset());
    }

    void openingBringsModelStatisticsAndMasks() {
        Session session;
        QSignalSpy started(&session.workbench, &Workbench::openStarted);
        QSignalSpy opened(&session.workbench, &Workbench::opened);
        QSignalSpy indexed(&session.document, &Document::indexChanged);
        session.workbench.openModel(fixture(kModel));
        QCOMPARE(started.count(), 1);
        QVERIFY(session.settle());
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened.first().first().toString(),
                 QString::fromStdString(fixture(kModel).string()));
        const auto layers = session.document.snapshot()->layers();
        QCOMPARE(indexed.count(), qsizetype(layers.size()));
        for (const model::Layer& layer : layers) {
            QVERIFY(session.document.index(layer.id));
            QCOMPARE(session.document.index(layer.id)->statistics().count, layer.weightCount);
        }
        QCOMPARE(indexed.first().first().value<model::LayerId>(), session.document.selection());
        QVERIFY(session.document.masks());
    }

    void theLayerThatIsLookedAtIsReadNext() {
        const auto resnet = fixture("resnet18.script.pt");
        NEED_FILE(resnet);
        Session session;
        QSignalSpy opened(&session.workbench, &Workbench::opened);
        QSignalSpy indexed(&session.document, &Document::indexChanged);
        session.workbench.openModel(resnet, {*script::parseInputSpec("1x3x64x64")});
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 60000);
        model::LayerId last;
        for (const model::Layer& layer : session.document.snapshot()->layers()) {
            if (layer.prunable.weights) last = layer.id;
        }
        session.document.select(last);
        QTRY_VERIFY_WITH_TIMEOUT(session.document.index(last), 60000);
        // Those already read when it was selected, what the job was reading then, and it.
        const auto layers = qsizetype(session.document.snapshot()->layers().size());
        QVERIFY2(indexed.count() < layers, qPrintable(QString::number(indexed.count())));
        session.jobs.cancelAll();
        QVERIFY(session.settle());
    }

    void aFailingOpenLeavesTheOldModel_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("missing") << QByteArray();
        QTest::newRow("no model") << QByteArray("this is no model");
    }
    void aFailingOpenLeavesTheOldModel() {
        QFETCH(QByteArray, content);
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        session.document.setRule(session.document.selection(), WeightRule::sparsity(0.5));
        QVERIFY(session.settle());
        const auto snapshot = session.document.snapshot();
        const auto masks = session.document.masks();

        QTemporaryDir folder;
        const auto bad = in(folder, "bad.pt");
        if (!content.isEmpty()) std::ofstream(bad, std::ios::binary) << content.toStdString();
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        QSignalSpy openFailed(&session.workbench, &Workbench::openFailed);
        session.workbench.openModel(bad);
        QVERIFY(session.settle());
        QCOMPARE(failed.count(), 1);
        QCOMPARE(openFailed.count(), 1);
        QVERIFY(QString::fromStdString(firstError(failed).text()).contains("bad.pt"));
        QCOMPARE(session.document.snapshot(), snapshot);
        QCOMPARE(session.document.masks(), masks);
        QCOMPARE(session.document.undoStack()->count(), 1);
        QVERIFY(session.document.index(session.document.selection()));
    }

    void whatIsNoFileOrCannotBeReadIsRefused_data() {
        QTest::addColumn<bool>("isFolder");
        QTest::newRow("a folder") << true;
        QTest::newRow("no permission") << false;
    }
    void whatIsNoFileOrCannotBeReadIsRefused() {
        QFETCH(bool, isFolder);
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        const auto snapshot = session.document.snapshot();
        QTemporaryDir folder;
        const auto bad = in(folder, "bad.pt");
        if (isFolder) {
            std::filesystem::create_directory(bad);
        } else {
            std::filesystem::copy_file(fixture(kModel), bad);
            std::filesystem::permissions(bad, std::filesystem::perms::none);
            if (std::ifstream(bad)) QSKIP("permissions do not bind the superuser");
        }
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        session.workbench.openModel(bad);
        QVERIFY(session.settle());
        QCOMPARE(failed.count(), 1);
        const Error error = firstError(failed);
        const std::string reason = isFolder ? "folder" : "permission";
        QVERIFY2(error.what.find("bad.pt") != std::string::npos, error.text().c_str());
        QVERIFY2(error.text().find(reason) != std::string::npos, error.text().c_str());
        QVERIFY(!error.hint.empty());
        QCOMPARE(session.document.snapshot(), snapshot);
    }

    void openingDoesNotWaitForMeasuring_data() {
        QTest::addColumn<Lane>("lane");
        QTest::addColumn<QString>("slot");
        QTest::newRow("accuracy") << Lane::Scan << QStringLiteral("evaluate");
        QTest::newRow("latency") << Lane::Exclusive << QStringLiteral("latency");
        QTest::newRow("statistics") << Lane::Scan << QStringLiteral("index");
        QTest::newRow("groups") << Lane::Scan << QStringLiteral("groups");
        QTest::newRow("proof") << Lane::Scan << QStringLiteral("proveGroup");
    }
    void openingDoesNotWaitForMeasuring() {
        QFETCH(Lane, lane);
        QFETCH(QString, slot);
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        // Would go on for ever.
        const test::JobProbe measuring(session.jobs, {lane, "Measuring", slot}, 0, this);
        QVERIFY(measuring.waitUntilBegun());
        QSignalSpy opened(&session.workbench, &Workbench::opened);
        session.workbench.openModel(fixture("mlp.script.pt"));
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 60000);
        QVERIFY(session.settle());
    }

    void openingWaitsForAFileThatIsBeingWritten() {
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        test::JobProbe writing(session.jobs, {Lane::Scan, "Writing", {}}, 7, this);
        QVERIFY(writing.waitUntilBegun());
        session.workbench.openModel(fixture("mlp.script.pt"));
        writing.release();
        QVERIFY(session.settle());
        QVERIFY(writing.result && writing.result->ok());
        QCOMPARE(**writing.result, 7);
    }

    void afterAFailedOpenTheOldModelIsReadOn() {
        const auto resnet = fixture("resnet18.script.pt");
        NEED_FILE(resnet);
        Session session;
        QSignalSpy opened(&session.workbench, &Workbench::opened);
        session.workbench.openModel(resnet, {*script::parseInputSpec("1x3x64x64")});
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 60000);
        session.workbench.openModel("/no/such/model.pt");
        QVERIFY(session.settle());
        for (const model::Layer& layer : session.document.snapshot()->layers())
            QVERIFY2(session.document.index(layer.id), layer.name.c_str());
        QVERIFY(session.document.channels()->found());
    }

    void theNewestOpenWins() {
        NEED_FILE(fixture("mlp.script.pt"));
        Session session;
        QSignalSpy opened(&session.workbench, &Workbench::opened);
        session.workbench.openModel(fixture(kModel));
        session.workbench.openModel(fixture("mlp.script.pt"));
        QVERIFY(session.settle());
        QCOMPARE(opened.count(), 1);
        QCOMPARE(QString::fromStdString(session.document.snapshot()->file().name()),
                 "mlp.script.pt");
    }

    void cancellingAnOpenIsSilent() {
        Session session;
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        QSignalSpy openFailed(&session.workbench, &Workbench::openFailed);
        session.workbench.openModel(fixture(kModel));
        session.jobs.cancelAll();
        QVERIFY(session.settle());
        QCOMPARE(failed.count(), 0);
        QVERIFY(openFailed.count() == 1 || session.document.hasModel());
    }

    void masksFollowTheNewestPlan() {
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        const model::LayerId layer = session.document.selection();
        for (const double sparsity : {0.1, 0.2, 0.3, 0.4, 0.5}) {
            session.document.setRule(layer, WeightRule::sparsity(sparsity));
            QVERIFY(!session.document.masks());
        }
        QVERIFY(session.settle());
        QCOMPARE(session.document.masks()->sparsity(layer), 0.5);
    }

    void aPlanThatCannotBeMetIsNamed() {
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        session.document.setRule(session.document.selection(), WeightRule::sparsity(1));
        QVERIFY(session.settle());
        QCOMPARE(failed.count(), 1);
        QCOMPARE(firstError(failed).kind, Error::Kind::Infeasible);
        QVERIFY(!session.document.masks());
        session.document.undoStack()->undo();
        QVERIFY(session.settle());
        QVERIFY(session.document.masks());
    }

    void plansAreSavedAndOpened() {
        QTemporaryDir folder;
        const auto file = in(folder, "half.espalier-plan.json");
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        session.document.setRule(session.document.selection(), WeightRule::sparsity(0.5));
        const prune::Plan saved = session.document.plan();
        QSignalSpy succeeded(&session.workbench, &Workbench::succeeded);
        QVERIFY(session.document.hasUnsavedWork());
        session.workbench.exportPlan(file);
        QVERIFY(session.settle());
        QCOMPARE(succeeded.count(), 1);
        QVERIFY(!session.document.hasUnsavedWork());

        session.document.undoStack()->undo();
        session.workbench.openPlan(file);
        QVERIFY(session.settle());
        QVERIFY(session.document.plan() == saved);
        QCOMPARE(session.document.undoStack()->count(), 1);
        QCOMPARE(succeeded.count(), 2);
    }

    void aPlanForAnotherModelIsRefused() {
        QTemporaryDir folder;
        const auto file = in(folder, "other.espalier-plan.json");
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        prune::Plan plan = prune::emptyPlan(*session.document.snapshot());
        plan.weights["encoder.weight"] = WeightRule::sparsity(0.5);
        QVERIFY(exchange::writePlan(plan, file));
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        session.workbench.openPlan(file);
        QVERIFY(session.settle());
        QCOMPARE(failed.count(), 1);
        const auto error = failed.at(0).at(0).value<Error>();
        QCOMPARE(error.kind, Error::Kind::Mismatch);
        QVERIFY2(error.text().find("encoder.weight") != std::string::npos, error.text().c_str());
        QVERIFY(session.document.plan().weights.empty());
        QCOMPARE(session.document.undoStack()->count(), 0);
    }

    void anExportedModelComesBackPruned() {
        QTemporaryDir folder;
        const auto file = in(folder, "pruned.pt");
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        const model::LayerId layer = session.document.selection();
        session.document.setRule(layer, WeightRule::sparsity(0.5));
        QSignalSpy succeeded(&session.workbench, &Workbench::succeeded);
        session.workbench.exportMasked(file);  // before the masks are there
        QVERIFY(session.settle());
        QCOMPARE(succeeded.count(), 1);
        QCOMPARE(succeeded.first().at(1).toString(), QString::fromStdString(file.string()));
        QVERIFY(succeeded.first().at(0).toString().contains("Loaded again"));
        QVERIFY(!session.document.hasUnsavedWork());
        const std::int64_t removed = session.document.removed(layer);

        Session again;
        QVERIFY(again.open(file));
        QCOMPARE(again.document.snapshot()->baseRemoved(layer), removed);
        QCOMPARE(again.document.removed(layer), removed);
    }

    void aFailingExportLeavesAllAsItWas() {
        QTemporaryDir folder;
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        session.document.setRule(session.document.selection(), WeightRule::sparsity(0.5));
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        QSignalSpy succeeded(&session.workbench, &Workbench::succeeded);
        session.workbench.exportMasked(in(folder, "no/such/folder/model.pt"));
        QVERIFY(session.settle());
        QCOMPARE(failed.count(), 1);
        QCOMPARE(succeeded.count(), 0);
        QVERIFY(session.document.hasUnsavedWork());
        QVERIFY(session.document.masks());
    }

    void withoutDataNothingIsMeasuredOrTrained() {
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        QSignalSpy failed(&session.workbench, &Workbench::failed);
        session.workbench.evaluate(data::Split::Validation);
        session.workbench.fineTune({});
        QCOMPARE(failed.count(), 2);
        QVERIFY(!session.workbench.isTraining());
        session.workbench.attachData({test::path("/no/such/data"), "", {}, {}, 0.1});
        QVERIFY(session.settle());
        QCOMPARE(failed.count(), 3);
        QVERIFY(!session.document.dataset());
    }

    void latencyIsOfTheStateItWasAskedFor() {
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        session.document.setRule(session.document.selection(), WeightRule::sparsity(0.5));
        session.workbench.measureLatency();
        session.document.setRule(session.document.selection(), WeightRule::sparsity(0.6));
        QVERIFY(session.settle());
        QVERIFY(session.document.denseLatency() && session.document.denseLatency()->median > 0);
        QVERIFY(!session.document.latency());
        session.document.undoStack()->undo();
        QVERIFY(session.document.latency() && session.document.latency()->median > 0);
    }

    void picturesAreDrawn() {
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        const model::LayerId layer = session.document.selection();
        std::optional<Result<prune::Heatmap>> weights;
        std::optional<Result<prune::Heatmap>> overview;
        session.workbench.requestHeatmap(layer, {}, this,
                                         [&weights](auto result) { weights = std::move(result); });
        session.workbench.requestOverview(
            10, this, [&overview](auto result) { overview = std::move(result); });
        QVERIFY(session.settle());
        QVERIFY(weights && weights->ok() && overview && overview->ok());
        QCOMPARE(weights->value().rows,
                 int(session.document.snapshot()->layer(layer).shape.front()));
        QCOMPARE(overview->value().columns, 10);
    }

    void theWindowStaysAlive() {
        const auto resnet = fixture("resnet18.script.pt");
        NEED_FILE(resnet);
        Session session;
        test::Heartbeat heartbeat;
        session.workbench.openModel(resnet, {*script::parseInputSpec("1x3x64x64")});
        QVERIFY(session.settle());
        QVERIFY(session.document.hasModel());
        for (const double sparsity : {0.1, 0.3, 0.5, 0.7, 0.9}) {
            std::vector<model::LayerId> layers;
            for (const model::Layer& layer : session.document.snapshot()->layers())
                layers.push_back(layer.id);
            session.document.setRules(layers, WeightRule::sparsity(sparsity));
            QVERIFY(session.settle());
        }
        QCOMPARE(heartbeat.problem(), QString());
    }
};

QTEST_GUILESS_MAIN(TestWorkbench)
#include "tst_workbench.moc"
