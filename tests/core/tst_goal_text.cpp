// SPDX-License-Identifier: GPL-3.0-or-later
// Goals as people write them, against sizes counted by hand.
#include <cmath>

#include <QTest>

#include "core/project/examples.h"
#include "core/prune/goal_text.h"
#include "tests/support/noise_torch.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using namespace espalier::prune;
using namespace espalier::test;

namespace {

QString shown(const Error& error) {
    return QString::fromStdString(error.text());
}

}  // namespace

class TestGoalText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsAmounts_data() {
        QTest::addColumn<QString>("amount");
        QTest::addColumn<Quantity>("quantity");
        QTest::addColumn<double>("share");
        // 10 100 weights in all.
        QTest::newRow("per cent") << "50%" << Quantity::NonZeros << 0.5;
        QTest::newRow("per cent with a space") << "12.5 %" << Quantity::Macs << 0.125;
        QTest::newRow("a share") << "0.25" << Quantity::NonZeros << 0.25;
        QTest::newRow("all") << "1" << Quantity::NonZeros << 1.0;
        QTest::newRow("a count") << "2020" << Quantity::NonZeros << 0.2;
        QTest::newRow("thousands") << "2.02k" << Quantity::NonZeros << 0.2;
        QTest::newRow("with a space") << "2.02 k" << Quantity::NonZeros << 0.2;
        QTest::newRow("thousands in capitals") << "2.02K" << Quantity::NonZeros << 0.2;
        QTest::newRow("millions in small letters") << "0.00202m" << Quantity::NonZeros << 0.2;
        QTest::newRow("more than there is") << "5M" << Quantity::NonZeros << 1.0;
        QTest::newRow("MACs") << "5050" << Quantity::Macs << 0.5;
    }
    void readsAmounts() {
        QFETCH(QString, amount);
        QFETCH(Quantity, quantity);
        QFETCH(double, share);
        const auto snapshot =
            toySnapshot({{"small.weight", noise({10, 10}, 1), {}, "linear", 100},
                         {"large.weight", noise({100, 100}, 2), {}, "linear", 10000}});
        const auto target = targetOf(amount.toStdString(), quantity, Structure::Weights, *snapshot);
        QVERIFY2(target, target ? "" : qPrintable(shown(target.error())));
        QVERIFY2(std::abs(*target - share) < 1e-12, qPrintable(QString::number(*target)));
    }

    void bytesAreThoseOfTheStructure() {
        const auto example = project::lenet5Example();
        if (!std::filesystem::exists(example.model)) QSKIP("the example is missing");
        RunControl control;
        const auto snapshot =
            model::openSnapshot(example.model, {.inputs = {example.input}}, {}, control).value();
        const Footprint dense = denseFootprint(*snapshot);
        const auto of = [&](const char* amount, Structure structure) {
            return *targetOf(amount, Quantity::Bytes, structure, *snapshot);
        };
        QCOMPARE(of("10kB", Structure::Channels), 10000.0 / static_cast<double>(dense.bytesDense));
        QCOMPARE(of("10 KiB", Structure::Channels),
                 10240.0 / static_cast<double>(dense.bytesDense));
        for (const char* unit : {"kb", "KB", "Kb", "k", "K"}) {
            const std::string amount = std::string("10") + unit;
            QCOMPARE(of(amount.c_str(), Structure::Channels),
                     10000.0 / static_cast<double>(dense.bytesDense));
        }
        for (const char* amount : {"0.01mib", "0.01 MIB", "0.01Mib"}) {
            QCOMPARE(of(amount, Structure::Channels),
                     0.01 * 1048576 / static_cast<double>(dense.bytesDense));
        }
        QCOMPARE(of("0.01MB", Structure::Weights),
                 10000.0 / static_cast<double>(dense.bytesCompressed));
    }

    void readsGoals() {
        const auto goal = parseGoal("bytes=5MB");
        QVERIFY(goal);
        QCOMPARE(goal->quantity, Quantity::Bytes);
        QCOMPARE(toString(*goal), std::string("bytes=5MB"));
        QVERIFY(parseGoal("bytes=5kb"));
    }

    void refuses_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        QTest::newRow("no amount") << "macs"
                                   << "how much of what";
        QTest::newRow("no quantity") << "5MB"
                                     << "nonzeros, parameters, macs, bytes";
        QTest::newRow("not counted") << "latency=5"
                                     << "nonzeros, parameters, macs, bytes";
        QTest::newRow("no number") << "macs=half"
                                   << "neither a share nor an amount";
        QTest::newRow("negative") << "macs=-3k"
                                  << "neither a share nor an amount";
        QTest::newRow("another unit") << "bytes=5 apples"
                                      << "neither a share nor an amount";
        QTest::newRow("bytes of weights") << "nonzeros=5MB"
                                          << "neither a share nor an amount";
    }
    void refuses() {
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto goal = parseGoal(text.toStdString());
        QVERIFY(!goal);
        QCOMPARE(goal.error().kind, Error::Kind::BadArgument);
        QVERIFY2(shown(goal.error()).contains(says), qPrintable(shown(goal.error())));
    }
};

QTEST_GUILESS_MAIN(TestGoalText)
#include "tst_goal_text.moc"
