// SPDX-License-Identifier: GPL-3.0-or-later
// What a person sees before a cut model is written.
#include <QLabel>
#include <QPushButton>
#include <QTest>
#include <QTreeWidget>

#include "core/base/format.h"
#include "tests/support/gui_test.h"
#include "tests/support/session.h"
#include "ui/dialogs/cut_dialog.h"
#include "ui/document/channels.h"
#include "ui/style/theme.h"

using namespace espalier;
using namespace espalier::ui;
using prune::ChannelRule;
using test::fixture;
using test::Session;

namespace {

constexpr const char* kModel = "cnn_bn.script.pt";

QStringList row(const QTreeWidget& table, int index) {
    QStringList cells;
    for (int column = 0; column < table.columnCount(); ++column)
        cells << table.topLevelItem(index)->text(column);
    return cells;
}

}  // namespace

class TestCutDialog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { style::applyTheme(*qApp, style::ThemeMode::Light); }
    void init() { test::failOnAnyWarning(); }

    void showsWidthsFiguresAndTheProof() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        Channels& channels = *session.document.channels();
        const auto group = channels.found()->groups->find("conv1");
        QVERIFY(group);
        const auto width = channels.group(*group).width;
        session.document.select(session.layer("conv1.weight"));
        channels.setRule(*group, ChannelRule::keepBest(width / 2));
        QVERIFY(session.settle());

        CutDialog dialog(&session.workbench);
        const auto& accept = *test::find<QPushButton>(dialog, "cutAccept");
        QVERIFY(!accept.isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(accept.isEnabled(), 60'000);
        QVERIFY(dialog.model());
        const auto& groups = *test::find<QTreeWidget>(dialog, "cutGroups");
        QCOMPARE(groups.topLevelItemCount(), 1);
        const QStringList cells = row(groups, 0);
        QVERIFY2(cells[0].endsWith("conv1"), qPrintable(cells.join(' ')));
        QCOMPARE(cells[2], QString::number(width));
        QCOMPARE(cells[3], QString::number(width / 2));
        const auto& figures = *test::find<QTreeWidget>(dialog, "cutFigures");
        dialog.show();
        const auto* last = figures.topLevelItem(figures.topLevelItemCount() - 1);
        QVERIFY(figures.viewport()->rect().contains(figures.visualItemRect(last)));
        QCOMPARE(row(figures, 0)[2],
                 QString::fromStdString(siCount(double(dialog.model()->parameters()))));
        QVERIFY(test::find<QLabel>(dialog, "cutProved")->text().startsWith("Proved: identical"));
    }

    void saysThatAgreementProvesNothing() {
        constexpr const char* kDeaf = "deaf.script.pt";
        NEED_FILE(fixture(kDeaf));
        Session session;
        session.workbench.openModel(fixture(kDeaf), {*script::parseInputSpec("2x6")});
        QVERIFY(session.settle());
        Channels& channels = *session.document.channels();
        channels.setRule(*channels.found()->groups->find("first"), ChannelRule::keepBest(4));
        QVERIFY(session.settle());
        CutDialog dialog(&session.workbench);
        QTRY_VERIFY_WITH_TIMEOUT(dialog.model(), 60'000);
        QVERIFY(dialog.model()->proof().isVacuous);
        const auto& proof = *test::find<QLabel>(dialog, "cutProof");
        QVERIFY(proof.isVisibleTo(&dialog));
        QVERIFY2(proof.text().startsWith("Not proved: compared with the masked model"),
                 qPrintable(proof.text()));
        QVERIFY(test::find<QLabel>(dialog, "cutProved")->text().isEmpty());
        QVERIFY(test::find<QLabel>(dialog, "cutUnproved")
                    ->text()
                    .contains("The output was the same for two different inputs"));
    }

    void saysThatNothingGoes() {
        NEED_FILE(fixture(kModel));
        Session session;
        QVERIFY(session.open(fixture(kModel)));
        CutDialog dialog(&session.workbench);
        QVERIFY(!test::find<QPushButton>(dialog, "cutAccept")->isEnabled());
        QVERIFY(!dialog.model());
    }
};

QTEST_MAIN(TestCutDialog)
#include "tst_cut_dialog.moc"
