// SPDX-License-Identifier: GPL-3.0-or-later
// The report of what the window shows: a page that needs nothing beside it, and its figures.
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/gui_test.h"
#include "tests/support/session.h"
#include "ui/document/channels.h"
#include "ui/document/report_export.h"

using namespace espalier;
using namespace espalier::ui;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";
constexpr int kPatienceMs = 60'000;
constexpr qsizetype kMostBytes = 5'000'000;

QByteArray contentsOf(const QString& file) {
    QFile read(file);
    return read.open(QIODevice::ReadOnly) ? read.readAll() : QByteArray();
}

measure::Evaluation scored(double top1) {
    measure::Evaluation evaluation;
    evaluation.samples = 100;
    evaluation.top1 = evaluation.score = top1;
    evaluation.top5 = 1;
    return evaluation;
}

}  // namespace

class TestReportExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void thePageHasAllAndNeedsNothing() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        Channels& channels = *session.document.channels();
        const auto group = channels.found()->groups->find("conv1");
        QVERIFY(group);
        channels.setRule(*group, prune::ChannelRule::keepBest(channels.group(*group).width / 2));
        QVERIFY(session.settle());

        const QTemporaryDir folder;
        const QString target = folder.filePath("r.html");
        QSignalSpy told(&session.workbench, &Workbench::succeeded);
        exportReport(session.workbench, target.toStdString());
        QTRY_COMPARE_WITH_TIMEOUT(told.size(), 1, kPatienceMs);
        QCOMPARE(told[0][1].toString(), target);

        const QByteArray page = contentsOf(target);
        QVERIFY(page.startsWith("<!DOCTYPE html>") && page.size() < kMostBytes);
        for (const char* there :
             {"<h2>Proof<", "<h2>Channels<", "<h2>Layers<", "<h2>Conditions<", "<summary>Plan<",
              "<figure>", ">Espalier ", "≈ estimate: no file was written"})
            QVERIFY2(page.contains(there), there);
        for (const char* elsewhere : {"http", "src=", "href=", "@import", "<script"})
            QVERIFY2(!page.contains(elsewhere), elsewhere);

        const QJsonObject figures =
            QJsonDocument::fromJson(contentsOf(folder.filePath("r.espalier-report.json"))).object();
        QCOMPARE(figures["format"].toString(), QString("espalier-report"));
        QVERIFY(figures["bytes"].toObject().contains("after_is_estimate"));
        QVERIFY(figures["plan"].toObject()["channels"].toObject().contains("conv1"));
        QVERIFY(figures["environment"].toObject()["program"].toString().startsWith("Espalier "));
        const QJsonObject accuracy = figures["impact"].toObject()["accuracy"].toObject();
        QCOMPARE(accuracy["basis"].toString(), QString("not measured"));
        QVERIFY(page.contains(">not measured<") &&
                !page.mid(page.indexOf("</style>")).contains("(--"));
    }

    void aTrainedStateSaysHowItCameAbout() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        Document& document = session.document;
        train::TrainResult result;
        result.best = document.snapshot();
        result.epochs = 3;
        result.bestEpoch = 2;
        result.samples = {{.step = 1, .epoch = 1, .loss = 0.3, .valLoss = 0.4}};
        result.before = scored(0.25);
        result.after = scored(0.75);
        train::Recipe recipe;
        recipe.seed = 4711;
        document.setEvaluation(scored(0.5), document.denseState());
        document.setRule(session.layer("fc1.weight"), prune::WeightRule::sparsity(0.5));
        const State from = document.state();
        auto tuned = document.history().fineTuned(from.node, from.plan, result, "tuned");
        document.setHistory(tuned.history.withRecipe(tuned.id, recipe), tuned.id, "fine-tuning");
        document.setEvaluation(result.after, document.state());
        QVERIFY(session.settle());

        const QTemporaryDir folder;
        QSignalSpy told(&session.workbench, &Workbench::succeeded);
        exportReport(session.workbench, folder.filePath("r.html").toStdString());
        QTRY_COMPARE_WITH_TIMEOUT(told.size(), 1, kPatienceMs);
        const QByteArray page = contentsOf(folder.filePath("r.html"));
        for (const char* there : {"3 epochs; the best was epoch 2; seed 4711", "<summary>Recipe<",
                                  "50.00\u2009% → 75.00\u2009%", ">as opened<", ">25.00\u2009%<"})
            QVERIFY2(page.contains(there), there);
        const QJsonObject figures =
            QJsonDocument::fromJson(contentsOf(folder.filePath("r.espalier-report.json"))).object();
        QCOMPARE(figures["training"].toObject()["recipe"].toObject()["seed"].toInt(), 4711);
        QCOMPARE(figures["impact"].toObject()["accuracy"].toObject()["after"].toDouble(), 0.75);
        // Test data that is measured later takes nothing away.
        auto test = scored(0.6);
        test.split = data::Split::Test;
        document.setEvaluation(test, document.state());
        exportReport(session.workbench, folder.filePath("t.html").toStdString());
        QTRY_COMPARE_WITH_TIMEOUT(told.size(), 2, kPatienceMs);
        QVERIFY(contentsOf(folder.filePath("t.html")).contains(">as opened<"));
    }
};

QTEST_MAIN(TestReportExport)
#include "tst_report_export.moc"
