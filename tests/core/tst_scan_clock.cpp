// SPDX-License-Identifier: GPL-3.0-or-later
// How long a scan takes, by hand.
#include <QTest>

#include "core/measure/scan_clock.h"

using espalier::measure::KneeSearch;
using espalier::measure::ScanClock;

class TestScanClock : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knowsNothingBeforeSomethingIsMeasured() {
        QVERIFY(ScanClock({1, 0.5}, KneeSearch::Levels::All).secondsLeft() < 0);
    }

    void countsWhatIsLeftOfEachTarget() {
        ScanClock clock({1, 0.5}, KneeSearch::Levels::All);
        clock.measured(1, 2);
        QCOMPARE(clock.secondsLeft(), 2 * (19 + 0.5 * 19));
        clock.levelKnown(0);
        QCOMPARE(clock.levelsLeft(0), 18);
        QCOMPARE(clock.secondsLeft(), 2 * (18 + 0.5 * 19));
        clock.targetDone(0);
        QCOMPARE(clock.secondsLeft(), 2 * 0.5 * 19);
    }

    /// It reads the samples and sets everything up.
    void theFirstMeasurementCountsOnlyUntilThereIsAnother() {
        ScanClock clock({1}, KneeSearch::Levels::All);
        clock.measured(1, 100);
        QCOMPARE(clock.secondsLeft(), 100.0 * 19);
        clock.measured(1, 2);
        QCOMPARE(clock.secondsLeft(), 2.0 * 19);
    }

    /// Half of the cost took 3 s after all of it had taken 2 s: (0.8 · 2 + 3) / (0.8 · 1 + 0.5).
    void whatWasMeasuredLastCountsMost() {
        ScanClock clock({1}, KneeSearch::Levels::All);
        clock.measured(1, 100);
        clock.measured(1, 2);
        clock.measured(0.5, 3);
        QVERIFY(qFuzzyCompare(clock.secondsLeft(), 19 * 4.6 / 1.3));
    }

    void followsAMachineThatHasGrownBusy() {
        ScanClock clock({1}, KneeSearch::Levels::All);
        for (int i = 0; i < 50; ++i) clock.measured(1, 1);
        for (int i = 0; i < 15; ++i) clock.measured(1, 10);
        QVERIFY2(clock.secondsLeft() > 0.9 * 10 * 19,
                 qPrintable(QString::number(clock.secondsLeft())));
    }
};

QTEST_GUILESS_MAIN(TestScanClock)
#include "tst_scan_clock.moc"
