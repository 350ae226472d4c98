// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <cmath>

#include "core/prune/rank_correlation.h"

using namespace espalier;

class TestRankCorrelation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void byHand_data() {
        QTest::addColumn<QList<double>>("a");
        QTest::addColumn<QList<double>>("b");
        QTest::addColumn<double>("expected");
        QTest::newRow("the same order")
            << QList<double>{1, 2, 3} << QList<double>{-5, 0, 100} << 1.0;
        QTest::newRow("reversed") << QList<double>{1, 2, 3} << QList<double>{3, 2, 1} << -1.0;
        // 1 − 6·Σd² / (n(n² − 1)) = 1 − 6·4 / 60
        QTest::newRow("four") << QList<double>{1, 2, 3, 4} << QList<double>{2, 1, 4, 3} << 0.6;
        // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4 (scipy.stats.spearmanr)
        QTest::newRow("ties") << QList<double>{1, 2, 2, 3} << QList<double>{1, 2, 3, 4}
                              << 0.9486832980505138;
    }
    void byHand() {
        QFETCH(QList<double>, a);
        QFETCH(QList<double>, b);
        QFETCH(double, expected);
        const auto correlation = prune::rankCorrelation(a, b);
        QVERIFY(correlation);
        QVERIFY(std::abs(*correlation - expected) < 1e-12);
    }

    void isNotDefinedForEverything() {
        const std::vector<double> two{1, 2};
        QVERIFY(!prune::rankCorrelation(two, std::vector<double>{1}));
        QVERIFY(!prune::rankCorrelation(std::vector<double>{1}, std::vector<double>{1}));
        QVERIFY(!prune::rankCorrelation(two, std::vector<double>{3, 3}));
        QVERIFY(!prune::rankCorrelation({}, {}));
    }
};

QTEST_GUILESS_MAIN(TestRankCorrelation)
#include "tst_rank_correlation.moc"
