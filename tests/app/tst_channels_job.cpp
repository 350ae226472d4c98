// SPDX-License-Identifier: GPL-3.0-or-later
// The main job of channel pruning by hand: the MACs of a ResNet-20 are halved by dragging, accuracy
// falls, the cut model is written, and the command line sees its widths. Needs the scripted model
// that $ESPALIER_RESNET20 names and the class folders of CIFAR-10 test images in $ESPALIER_CIFAR10.
#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/drag.h"
#include "tests/support/linked_images.h"
#include "tests/support/window_probe.h"
#include "ui/document/channels.h"
#include "ui/plots/bars_view.h"

using namespace espalier;
using test::WindowProbe;

namespace {

constexpr int kImagesPerClass = 100;

QJsonObject inspected(const QString& file) {
    QProcess cli;
    cli.start(qEnvironmentVariable("ESPALIER_BIN") + "/espalier-cli", {"inspect", file, "--json"});
    if (!cli.waitForFinished(test::kPatienceMs) || cli.exitCode() != 0) return {};
    return QJsonDocument::fromJson(cli.readAllStandardOutput()).object();
}

/// The key of each group with its width.
QMap<QString, int> widthsOf(const QJsonObject& model) {
    QMap<QString, int> widths;
    for (const QJsonValue& group : model["groups"].toArray()) {
        widths[group["key"].toString()] = group["width"].toInt();
    }
    return widths;
}

}  // namespace

class TestChannelsJob : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void halvesAResNetByDragging();

private:
    double accuracy() {
        m_probe->trigger("tools.measure_accuracy");
        const bool isMeasured = QTest::qWaitFor(
            [this] { return m_probe->document().evaluation().has_value(); }, test::kPatienceMs);
        return isMeasured && m_probe->rest() ? m_probe->document().evaluation()->top1 : -1;
    }

    /// Drags the cut of the selected group from its end down to `kept` bars.
    void dragTo(int kept) {
        auto* bars = m_probe->child<plots::BarsView>("channelBars");
        QCustomPlot* canvas = bars->canvas();
        const auto pixelOf = [canvas](double place) {
            return QPoint(static_cast<int>(canvas->xAxis->coordToPixel(place)),
                          canvas->axisRect()->top() + 60);
        };
        test::drag(canvas, pixelOf(bars->data().count() - 0.5), pixelOf(kept - 0.5));
    }

    WindowProbe* m_probe = nullptr;
};

void TestChannelsJob::halvesAResNetByDragging() {
    const QString model = qEnvironmentVariable("ESPALIER_RESNET20");
    const QString images = qEnvironmentVariable("ESPALIER_CIFAR10");
    if (!QFile::exists(model)) QSKIP("ESPALIER_RESNET20 names no ResNet-20");
    if (!QDir(images).exists()) QSKIP("ESPALIER_CIFAR10 names no folder of CIFAR-10 images");
    const test::OwnSettings settings;
    WindowProbe probe;
    m_probe = &probe;
    QTemporaryDir folder;
    test::linkSome(images, folder.filePath("images"), kImagesPerClass);

    QVERIFY(probe.openModel(model));
    data::DataSpec spec;
    spec.path = folder.filePath("images").toStdString();
    spec.preset = "cifar10";
    probe.window.workbench()->attachData(spec);
    QTRY_VERIFY_WITH_TIMEOUT(probe.document().dataset(), test::kPatienceMs);
    QVERIFY(probe.rest());
    const double before = accuracy();
    QVERIFY2(before > 0.75, qPrintable(QString::number(before)));

    probe.trigger("view.channels");
    const ui::FoundGroups* found = probe.document().channels()->found();
    QVERIFY(found);
    QMap<QString, int> expected;
    for (const channels::Group& group : found->groups->groups()) {
        expected[QString::fromStdString(group.key)] = int(group.width);
        if (group.locked) continue;
        const auto layer = probe.document().snapshot()->find(group.key + ".weight");
        QVERIFY2(layer, group.key.c_str());
        probe.document().select(*layer);
        QVERIFY(probe.rest());
        const int kept = int(group.width * 7 / 10);
        dragTo(kept);
        QVERIFY(probe.rest());
        QCOMPARE(probe.document().channels()->choice(group.id)->reached(), kept);
        expected[QString::fromStdString(group.key)] = kept;
    }
    const auto dense = probe.document().denseFootprint();
    const auto cost = probe.document().footprint();
    QVERIFY2(cost.macs * 2 < dense.macs, qPrintable(QString::number(cost.macs)));
    const double fallen = accuracy();
    QVERIFY2(fallen < before - 0.2, qPrintable(QString::number(fallen)));

    const QString target = folder.filePath("half.pt");
    probe.dialogs.nextDialog([](QDialog& dialog) {
        auto* accept = test::find<QPushButton>(dialog, "cutAccept");
        return QTest::qWaitFor([accept] { return accept->isEnabled(); }, test::kPatienceMs);
    });
    probe.dialogs.nextFile(target);
    probe.trigger("file.export_cut");
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(target), test::kPatienceMs);
    QVERIFY(probe.rest());
    const QJsonObject written = inspected(target);
    QCOMPARE(widthsOf(written), expected);
    QCOMPARE(written["macs"].toInteger(), cost.macs);
}

QTEST_MAIN(TestChannelsJob)
#include "tst_channels_job.moc"
