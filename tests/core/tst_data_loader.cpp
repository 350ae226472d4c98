// SPDX-License-Identifier: GPL-3.0-or-later
// Order and size of training batches.
#include <QTest>

#include <algorithm>
#include <numeric>

#include "core/data/loader_torch.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using data::Split;

namespace {

/// Sample i holds the value i.
ToyData numbered(std::int64_t samples) {
    const ToyData::Part part{at::arange(samples, at::kFloat).reshape({samples, 1, 1, 1}),
                             at::zeros({samples}, at::kLong)};
    return {part, part, part, 1};
}

struct Epoch {
    std::vector<std::int64_t> sizes;
    std::vector<float> order;
    bool operator==(const Epoch&) const = default;
};

Epoch deal(data::Loader& loader, int epoch) {
    Epoch dealt;
    RunControl control;
    loader.startEpoch(epoch);
    while (loader.hasNext()) {
        const data::Batch batch = loader.next(control).value();
        dealt.sizes.push_back(batch.targets.numel());
        const float* values = batch.inputs[0].const_data_ptr<float>();
        dealt.order.insert(dealt.order.end(), values, values + batch.targets.numel());
    }
    return dealt;
}

}  // namespace

class TestDataLoader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void batchSizes_data();
    void batchSizes();
    void everySampleOnceInAnotherOrder();
    void orderDependsOnSeedAndEpochAlone();
};

void TestDataLoader::batchSizes_data() {
    QTest::addColumn<int>("samples");
    QTest::addColumn<int>("batchSize");
    QTest::addColumn<QList<int>>("sizes");
    QTest::newRow("even") << 6 << 3 << QList<int>{3, 3};
    QTest::newRow("rest") << 8 << 3 << QList<int>{3, 3, 2};
    QTest::newRow("one left over") << 7 << 3 << QList<int>{3, 4};
    QTest::newRow("all in one") << 3 << 100 << QList<int>{3};
    QTest::newRow("one more than a batch") << 4 << 3 << QList<int>{4};
    QTest::newRow("batches of one") << 3 << 1 << QList<int>{1, 1, 1};
    QTest::newRow("a single sample") << 1 << 3 << QList<int>{1};
}

void TestDataLoader::batchSizes() {
    QFETCH(int, samples);
    QFETCH(int, batchSize);
    QFETCH(QList<int>, sizes);
    const ToyData dataset = numbered(samples);
    data::Loader loader(dataset, Split::Train, batchSize, 0);
    QCOMPARE(loader.batchesPerEpoch(), std::int64_t{sizes.size()});
    const Epoch epoch = deal(loader, 1);
    QCOMPARE(QList<int>(epoch.sizes.begin(), epoch.sizes.end()), sizes);
}

void TestDataLoader::everySampleOnceInAnotherOrder() {
    const ToyData dataset = numbered(50);
    data::Loader loader(dataset, Split::Train, 8, 3);
    std::vector<float> sorted(50);
    std::iota(sorted.begin(), sorted.end(), 0.f);
    const Epoch first = deal(loader, 1);
    const Epoch second = deal(loader, 2);
    QVERIFY(first.order != sorted);
    QVERIFY(first.order != second.order);
    for (Epoch epoch : {first, second}) {
        std::ranges::sort(epoch.order);
        QVERIFY(epoch.order == sorted);
    }
}

void TestDataLoader::orderDependsOnSeedAndEpochAlone() {
    const ToyData dataset = numbered(20);
    data::Loader loader(dataset, Split::Train, 7, 3);
    data::Loader same(dataset, Split::Train, 7, 3);
    data::Loader other(dataset, Split::Train, 7, 4);
    RunControl control;
    deal(same, 1);
    same.startEpoch(4);
    QVERIFY(same.next(control));
    QVERIFY(deal(loader, 5) == deal(same, 5));
    QVERIFY(deal(loader, 5) != deal(other, 5));
}

QTEST_GUILESS_MAIN(TestDataLoader)
#include "tst_data_loader.moc"
