// SPDX-License-Identifier: GPL-3.0-or-later
// Typed letters against names: what fits, and what fits better.
#include <QTest>

#include "ui/models/fuzzy_match.h"

using namespace espalier::ui;

class TestFuzzyMatch : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsLettersInTheirOrder_data() {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QList<int>>("positions");
        const auto row = [](const char* pattern, const char* text, const QList<int>& positions) {
            QTest::newRow(pattern)
                << QString::fromUtf8(pattern) << QString::fromUtf8(text) << positions;
        };
        row("undo", "Undo", {0, 1, 2, 3});
        row("em", "Export masked", {0, 7});               // words before what comes first
        row("mask", "Measure a mask", {10, 11, 12, 13});  // in a row before the first "m"
        row("ft", "Start fine-tuning", {6, 11});
        row("l1c2", "layer1.0.conv2", {0, 5, 9, 13});
        row("ä", "Überprüfen, Änderung", {12});
    }
    void findsLettersInTheirOrder() {
        QFETCH(QString, pattern);
        QFETCH(QString, text);
        QFETCH(QList<int>, positions);
        const auto match = fuzzyMatch(pattern, text);
        QVERIFY(match);
        QCOMPARE(QList<int>(match->positions.begin(), match->positions.end()), positions);
    }

    void refusesWhatIsNotThere() {
        QVERIFY(!fuzzyMatch("odnu", "Undo"));
        QVERIFY(!fuzzyMatch("undone", "Undo"));
        QVERIFY(!fuzzyMatch("uu", "Undo"));
        QVERIFY(!fuzzyMatch("x", ""));
        QVERIFY(fuzzyMatch("", "Undo") == FuzzyMatch{});
        QVERIFY(fuzzyMatch("", "") == FuzzyMatch{});
    }

    void ranksBetterFitsHigher_data() {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("better");
        QTest::addColumn<QString>("worse");
        QTest::newRow("start") << "log"
                               << "Log"
                               << "Open log file";
        QTest::newRow("a row of letters") << "red"
                                          << "Redo"
                                          << "Remember this pruned model";
        QTest::newRow("words") << "pg"
                               << "Prune to a goal"
                               << "Stop and keep going";
        QTest::newRow("shorter") << "open"
                                 << "Open plan"
                                 << "Open model with input shape";
        QTest::newRow("digits") << "conv2"
                                << "layer1.conv2"
                                << "conv1.bn2";
    }
    void ranksBetterFitsHigher() {
        QFETCH(QString, pattern);
        QFETCH(QString, better);
        QFETCH(QString, worse);
        QVERIFY(fuzzyMatch(pattern, better) && fuzzyMatch(pattern, worse));
        QVERIFY(fuzzyMatch(pattern, better)->score > fuzzyMatch(pattern, worse)->score);
    }
};

QTEST_GUILESS_MAIN(TestFuzzyMatch)
#include "tst_fuzzy_match.moc"
