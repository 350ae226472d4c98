// SPDX-License-Identifier: GPL-3.0-or-later
// Random numbers and the stratified split; expected values from an independent implementation in
// Python.
#include <QTest>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/data/dataset_torch.h"
#include "core/data/idx_file.h"
#include "core/data/random.h"

using namespace espalier;
using Indices = std::vector<std::int64_t>;

class TestSplit : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void randomNumbersAreThePublishedOnes();
    void shuffleGivesTheSameOrderEverywhere();
    void belowIsEven();
    void splitMatchesAnIndependentImplementation();
    void everyClassGivesItsShare_data();
    void everyClassGivesItsShare();
    void theExamplesWereTrainedOnTheSameSplit();
    void oneSampleStaysInTraining();
    void smallClassesGiveTheirShareTogether_data();
    void smallClassesGiveTheirShareTogether();
    void noLabelsGiveNothing();
    void namesOfSplits();
};

void TestSplit::randomNumbersAreThePublishedOnes() {
    data::SplitMix64 random(0);
    QCOMPARE(random.next(), 0xe220a8397b1dcdafULL);
    QCOMPARE(random.next(), 0x6e789e6aa1b965f4ULL);
    QCOMPARE(random.next(), 0x06c45d188009454fULL);
}

void TestSplit::shuffleGivesTheSameOrderEverywhere() {
    Indices values(10);
    std::iota(values.begin(), values.end(), 0);
    data::SplitMix64 random(42);
    data::shuffle(std::span(values), random);
    QCOMPARE(values, (Indices{0, 9, 5, 8, 6, 4, 7, 2, 1, 3}));
}

void TestSplit::belowIsEven() {
    data::SplitMix64 random(1);
    std::vector<int> counts(7);
    for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
    for (const int count : counts)
        QVERIFY(std::abs(count - 10000) < 500);  // five standard deviations
}

void TestSplit::splitMatchesAnIndependentImplementation() {
    Indices labels;
    for (int i = 0; i < 30; ++i) labels.push_back(i % 3);
    labels.push_back(7);
    const data::TrainValidation split = data::stratifiedSplit(labels, 0.2);
    QCOMPARE(split.validation, (Indices{0, 1, 4, 8, 15, 23}));
    QCOMPARE(split.train, (Indices{2,  3,  5,  6,  7,  9,  10, 11, 12, 13, 14, 16, 17,
                                   18, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30}));
    QCOMPARE(data::stratifiedSplit(labels, 0.99).train, (Indices{18, 20, 22, 30}));
}

void TestSplit::everyClassGivesItsShare_data() {
    QTest::addColumn<double>("share");
    QTest::addColumn<int>("ofTen");
    QTest::addColumn<int>("ofFourteen");
    QTest::newRow("a tenth") << 0.1 << 1 << 1;
    QTest::newRow("rounded up") << 0.25 << 3 << 4;  // 2.5 and 3.5: halves away from zero
    QTest::newRow("none") << 0.0 << 0 << 0;
    QTest::newRow("all but one") << 0.999 << 9 << 13;
}

void TestSplit::everyClassGivesItsShare() {
    QFETCH(double, share);
    QFETCH(int, ofTen);
    QFETCH(int, ofFourteen);
    Indices labels(10, 3);
    labels.insert(labels.begin() + 5, 14, 1);
    const data::TrainValidation split = data::stratifiedSplit(labels, share);
    const auto held = [&](int label) {
        return std::ranges::count_if(split.validation,
                                     [&](auto i) { return labels[std::size_t(i)] == label; });
    };
    QCOMPARE(held(3), ofTen);
    QCOMPARE(held(1), ofFourteen);
    std::set<std::int64_t> all(split.train.begin(), split.train.end());
    all.insert(split.validation.begin(), split.validation.end());
    QCOMPARE(all.size(), std::size_t{24});
    QCOMPARE(split.train.size() + split.validation.size(), std::size_t{24});
    QVERIFY(std::ranges::is_sorted(split.train) && std::ranges::is_sorted(split.validation));
}

// The figures are those of validation_mask() in resources/examples/train.py: what the window calls
// validation must be images that the example models have not seen.
void TestSplit::theExamplesWereTrainedOnTheSameSplit() {
    RunControl control;
    const auto labels = data::readIdx(
        ESPALIER_SOURCE_DIR "/resources/examples/mnist/train-labels-idx1-ubyte.gz", 1, control);
    QVERIFY(labels.ok());
    const Indices classes(labels->values.begin(), labels->values.end());
    const Indices held = data::stratifiedSplit(classes, 0.1).validation;
    QCOMPARE(held.size(), std::size_t{6000});
    QCOMPARE(Indices(held.begin(), held.begin() + 6), (Indices{4, 33, 34, 35, 43, 46}));
    QCOMPARE(std::accumulate(held.begin(), held.end(), std::int64_t{0}), 178'809'610);
}

void TestSplit::oneSampleStaysInTraining() {
    const data::TrainValidation split = data::stratifiedSplit(Indices{4, 2, 2, 2, 9}, 0.9);
    QVERIFY(std::ranges::binary_search(split.train, 0) &&
            std::ranges::binary_search(split.train, 4));
    QCOMPARE(split.validation.size(), std::size_t{2});
}

void TestSplit::smallClassesGiveTheirShareTogether_data() {
    QTest::addColumn<int>("classes");
    QTest::addColumn<int>("ofEach");
    QTest::addColumn<int>("ofOneMore");  // the samples of a last class
    QTest::addColumn<double>("share");
    QTest::addColumn<int>("held");
    QTest::newRow("thousands of classes") << 5000 << 4 << 0 << 0.1 << 2000;
    QTest::newRow("beside a large one") << 100 << 3 << 50 << 0.1 << 35;
    QTest::newRow("two of each") << 10 << 2 << 0 << 0.1 << 2;
    QTest::newRow("one of each") << 40 << 1 << 0 << 0.1 << 4;
    QTest::newRow("one of each, nearly all") << 3 << 1 << 0 << 0.9 << 2;
    QTest::newRow("nothing is asked for") << 40 << 1 << 0 << 0.0 << 0;
    QTest::newRow("one of each beside a large one") << 40 << 1 << 20 << 0.1 << 2;
}

void TestSplit::smallClassesGiveTheirShareTogether() {
    QFETCH(int, classes);
    QFETCH(int, ofEach);
    QFETCH(int, ofOneMore);
    QFETCH(double, share);
    QFETCH(int, held);
    Indices labels;
    for (int i = 0; i < classes * ofEach; ++i) labels.push_back(i % classes);
    labels.insert(labels.end(), static_cast<std::size_t>(ofOneMore), classes);
    const data::TrainValidation split = data::stratifiedSplit(labels, share);
    QCOMPARE(std::ssize(split.validation), std::ptrdiff_t{held});
    QCOMPARE(split.train.size() + split.validation.size(), labels.size());
    QVERIFY(std::ranges::is_sorted(split.validation));
    // One of a small class at most: the rest is there to learn from.
    std::set<std::int64_t> seen;
    for (const std::int64_t place : split.validation) {
        const std::int64_t label = labels[static_cast<std::size_t>(place)];
        QVERIFY(label == classes || seen.insert(label).second);
    }
    // The same at every opening.
    QCOMPARE(data::stratifiedSplit(labels, share).validation, split.validation);
}

void TestSplit::noLabelsGiveNothing() {
    const data::TrainValidation split = data::stratifiedSplit({}, 0.1);
    QVERIFY(split.train.empty() && split.validation.empty());
}

void TestSplit::namesOfSplits() {
    for (const auto split : {data::Split::Train, data::Split::Validation, data::Split::Test}) {
        QCOMPARE(*data::parseSplit(data::name(split)), split);
    }
    QCOMPARE(*data::parseSplit("val"), data::Split::Validation);
    const auto wrong = data::parseSplit("Test");
    QVERIFY(!wrong);
    QCOMPARE(wrong.error().kind, Error::Kind::BadArgument);
    QVERIFY(wrong.error().text().find("'Test'") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestSplit)
#include "tst_split.moc"
