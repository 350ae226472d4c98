// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QtTest>

#include "core/prune/layer_rankings.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using prune::kRankParts;
using prune::RankingsCompared;
using test::floats;

class TestLayerRankings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theSameOrderLiesOnTheDiagonal();
    void chanceIsSpreadEvenly();
    void sharesByHand();

private:
    static RankingsCompared compare(const std::string& other) {
        RunControl control;
        const auto snapshot =
            test::toySnapshot({{"a.weight", at::arange(4000).to(at::kFloat).view({40, 100})}});
        const auto compared =
            prune::compareRankings(*snapshot, {0}, prune::emptyPlan(*snapshot), other, {}, control);
        if (!compared) qFatal("%s", compared.error().text().c_str());
        return *compared;
    }
};

/// Within a layer LAMP ranks as magnitude does.
void TestLayerRankings::theSameOrderLiesOnTheDiagonal() {
    const RankingsCompared same = compare("lamp");
    QCOMPARE(*same.correlation, 1.0);
    QCOMPARE(same.weights, 4000);
    for (int row = 0; row < kRankParts; ++row) {
        for (int column = 0; column < kRankParts; ++column)
            QCOMPARE(same.together[std::size_t(row * kRankParts + column)],
                     row == column ? 200 : 0);
    }
    for (const int parts : {1, 12, kRankParts}) QCOMPARE(prune::sharedOfLowest(same, parts), 1.0);
}

void TestLayerRankings::chanceIsSpreadEvenly() {
    const RankingsCompared chance = compare("random");
    QVERIFY(std::abs(*chance.correlation) < 0.05);
    for (int column = 0; column < kRankParts; ++column) {
        std::int64_t sum = 0;
        for (int row = 0; row < kRankParts; ++row)
            sum += chance.together[std::size_t(row * kRankParts + column)];
        QCOMPARE(sum, 200);
    }
    QVERIFY(std::abs(prune::sharedOfLowest(chance, 10) - 0.5) < 0.05);
    QCOMPARE(prune::sharedOfLowest(chance, kRankParts), 1.0);
}

void TestLayerRankings::sharesByHand() {
    RankingsCompared compared;
    compared.together.assign(std::size_t{kRankParts} * kRankParts, 0);
    compared.together[0] = 3;           // among the lowest of both
    compared.together[kRankParts] = 1;  // lowest by the plan's, second by the other
    compared.together[1] = 4;           // the reverse
    QCOMPARE(prune::sharedOfLowest(compared, 1), 0.75);
    QCOMPARE(prune::sharedOfLowest(compared, 2), 1.0);
    QCOMPARE(prune::sharedOfLowest(compared, 0), 1.0);
}

QTEST_GUILESS_MAIN(TestLayerRankings)
#include "tst_layer_rankings.moc"
