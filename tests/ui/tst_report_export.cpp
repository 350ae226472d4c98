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
    }
};

QTEST_MAIN(TestReportExport)
#include "tst_report_export.moc"
