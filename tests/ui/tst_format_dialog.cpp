// SPDX-License-Identifier: GPL-3.0-or-later
// What a person sees before a model is written as ONNX or safetensors.
#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>

#include "tests/support/gui_test.h"
#include "tests/support/session.h"
#include "ui/dialogs/format_dialog.h"
#include "ui/document/channels.h"
#include "ui/document/format_export.h"

using namespace espalier;
using namespace espalier::ui;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";
constexpr int kPatienceMs = 60'000;

QString valueOf(const QTreeWidget& list, const QString& name) {
    for (int row = 0; row < list.topLevelItemCount(); ++row) {
        if (list.topLevelItem(row)->text(0) == name) return list.topLevelItem(row)->text(1);
    }
    return {};
}

}  // namespace

class TestFormatDialog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnAnyWarning(); }

    void showsWhatOnnxHoldsAndWritesIt() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        Channels& channels = *session.document.channels();
        const auto group = channels.found()->groups->find("conv1");
        QVERIFY(group);
        channels.setRule(*group, prune::ChannelRule::keepBest(channels.group(*group).width / 2));
        QVERIFY(session.settle());

        FormatDialog dialog(&session.workbench, "onnx");
        const auto& accept = *test::find<QPushButton>(dialog, "formatAccept");
        QVERIFY(!accept.isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(accept.isEnabled(), kPatienceMs);
        QVERIFY(dialog.preview() && dialog.preview()->subject.cut);
        const auto& list = *test::find<QTreeWidget>(dialog, "formatList");
        QCOMPARE(valueOf(list, "Batch size"), QString("any"));
        QVERIFY(valueOf(list, "Conv").toInt() >= 1);
        QVERIFY(test::find<QLabel>(dialog, "formatMessage")->text().contains("identical"));

        const QTemporaryDir folder;
        const QString target = folder.filePath("m.onnx");
        QSignalSpy told(&session.workbench, &Workbench::succeeded);
        exportFormat(session.workbench, *dialog.preview(), target.toStdString());
        QTRY_COMPARE_WITH_TIMEOUT(told.size(), 1, kPatienceMs);
        QCOMPARE(told[0][1].toString(), target);
        QVERIFY(QFile(target).size() > 1000);
    }

    void namesWhatStandsAgainstOnnx() {
        constexpr const char* kUnmapped = "fourier.script.pt";
        NEED_FILE(fixture(kUnmapped));
        Session session;
        QVERIFY(session.open(fixture(kUnmapped)));
        FormatDialog dialog(&session.workbench, "onnx");
        const auto& message = *test::find<QLabel>(dialog, "formatMessage");
        QTRY_VERIFY_WITH_TIMEOUT(message.text().contains("cannot be written"), kPatienceMs);
        QVERIFY(!test::find<QPushButton>(dialog, "formatAccept")->isEnabled());
        QVERIFY(!dialog.preview());
        const auto& list = *test::find<QTreeWidget>(dialog, "formatList");
        QCOMPARE(list.topLevelItem(0)->text(0), QString("aten::fft_rfft"));
    }

    void listsTheWeightsOfSafetensors() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        FormatDialog dialog(&session.workbench, "safetensors");
        QTRY_VERIFY_WITH_TIMEOUT(dialog.preview(), kPatienceMs);
        QVERIFY(!dialog.preview()->subject.cut);
        const auto& list = *test::find<QTreeWidget>(dialog, "formatList");
        QCOMPARE(list.topLevelItemCount(),
                 static_cast<int>(session.document.snapshot()->layers().size()));
    }
};

QTEST_MAIN(TestFormatDialog)
#include "tst_format_dialog.moc"
