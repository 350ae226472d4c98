// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <QtTest>

#include "core/model/weight_index.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using model::Histogram;
using model::WeightIndex;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

model::SnapshotPtr snapshotOf(const at::Tensor& weight, const at::Tensor& baseMask = {}) {
    return test::toySnapshot({{"fc1.weight", weight, baseMask}});
}

WeightIndex indexOf(const at::Tensor& weight, const at::Tensor& baseMask = {}) {
    RunControl control;
    auto index = model::indexWeights(*snapshotOf(weight, baseMask), {0}, control);
    if (!index) qFatal("%s", index.error().text().c_str());
    return std::move(index).value();
}

/// The same answers from a plain list of values.
struct Naive {
    std::vector<double> values;

    explicit Naive(const at::Tensor& weight, const at::Tensor& baseMask = {}) {
        const at::Tensor flat = weight.to(at::kDouble).flatten().contiguous();
        const at::Tensor mask = baseMask.defined() ? baseMask.flatten().contiguous() : baseMask;
        for (std::int64_t i = 0; i < flat.numel(); ++i) {
            if (mask.defined() && !mask.data_ptr<bool>()[i]) continue;
            values.push_back(flat.data_ptr<double>()[i]);
        }
    }
    std::int64_t countBelow(double threshold) const {
        return std::count_if(values.begin(), values.end(),
                             [&](double value) { return std::abs(value) < threshold; });
    }
    double kthMagnitude(std::int64_t k) const {
        std::vector<double> magnitudes;
        for (const double value : values) magnitudes.push_back(std::abs(value));
        std::sort(magnitudes.begin(), magnitudes.end());
        return magnitudes[static_cast<std::size_t>(k)];
    }
    Histogram histogram(double low, double high, int bins, bool isSigned) const {
        Histogram result{low, high, std::vector<std::int64_t>(static_cast<std::size_t>(bins)), 0,
                         0};
        for (const double value : values) {
            if (value == 0) continue;
            const double x = isSigned ? value : std::abs(value);
            if (x < low)
                ++result.below;
            else if (x > high)
                ++result.above;
            else {
                int bin = bins - 1;
                while (bin > 0 && x < low + bin * (high - low) / bins) --bin;
                ++result.counts[static_cast<std::size_t>(bin)];
            }
        }
        return result;
    }
};

at::Tensor normal(std::int64_t count, double sigma, unsigned seed, at::ScalarType type) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> distribution(0.01, sigma);
    at::Tensor values = at::empty({count}, at::kDouble);
    for (std::int64_t i = 0; i < count; ++i) values.data_ptr<double>()[i] = distribution(generator);
    return values.to(type);
}

}  // namespace

class tst_weight_index : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knowsTheStatisticsOfAHandfulOfWeights() {
        // mean of {-3, 0, 1, 2} is 0; the squares sum to 14; sigma = sqrt(3.5). 100 is masked out.
        const auto index =
            indexOf(test::floats({-3, 0, 1, 2, 100}, {1, 5}), test::bools({1, 1, 1, 1, 0}, {1, 5}));
        const model::WeightStatistics& statistics = index.statistics();
        QCOMPARE(statistics.count, 5);
        QCOMPARE(statistics.baseRemoved, 1);
        QCOMPARE(statistics.zeros, 1);
        QCOMPARE(statistics.min, -3.0);
        QCOMPARE(statistics.max, 2.0);
        QCOMPARE(statistics.mean, 0.0);
        QCOMPARE(statistics.sigma, std::sqrt(3.5));
        QCOMPARE(statistics.maxMagnitude, 3.0);
    }

    void countsStrictlyBelow() {
        const auto index = indexOf(test::floats({-3, 0, 1, 2, -0.0F}, {5, 1}));
        QCOMPARE(index.countBelow(-1), 0);
        QCOMPARE(index.countBelow(0), 0);
        QCOMPARE(index.countBelow(std::nan("")), 0);
        QCOMPARE(index.countBelow(1e-300), 2);
        QCOMPARE(index.countBelow(1), 2);
        QCOMPARE(index.countBelow(std::nextafter(1.0, 2.0)), 3);  // between two floats
        QCOMPARE(index.countBelow(3), 4);
        QCOMPARE(index.countBelow(3.0001), 5);
        QCOMPARE(index.countBelow(1e300), 5);
        QCOMPARE(index.countBelow(kInfinity), 5);
    }

    void keepsTheEndsOfTheFloatRange() {
        const float smallest = std::numeric_limits<float>::denorm_min();
        const float largest = std::numeric_limits<float>::max();
        const auto index = indexOf(test::floats({smallest, -largest, largest}, {3, 1}));
        QCOMPARE(index.countBelow(smallest), 0);
        QCOMPARE(index.countBelow(2.0 * smallest), 1);
        QCOMPARE(index.countBelow(largest), 1);
        QCOMPARE(index.countBelow(2.0 * largest), 3);
        QCOMPARE(index.kthMagnitude(0), static_cast<double>(smallest));
        QCOMPARE(index.kthMagnitude(2), static_cast<double>(largest));
    }

    void findsTheKthMagnitude() {
        const auto index = indexOf(test::floats({-3, 0, 1, 2, 2}, {5, 1}));
        QCOMPARE(index.kthMagnitude(0), 0.0);
        QCOMPARE(index.kthMagnitude(1), 1.0);
        QCOMPARE(index.kthMagnitude(3), 2.0);
        QCOMPARE(index.kthMagnitude(4), 3.0);
        QCOMPARE(index.kthMagnitude(5), kInfinity);
        QCOMPARE(index.magnitudeQuantile(0), 0.0);
        QCOMPARE(index.magnitudeQuantile(0.5), 2.0);
        QCOMPARE(index.magnitudeQuantile(1), 3.0);
    }

    void fillsBinsAtTheirEdges() {
        // Edges 0, 1, 2: an edge belongs to the bin on its right, the last edge to the last bin. No
        // zeros.
        const auto index = indexOf(test::floats({-1, 0, 0.5F, 1, 2, 2.5F, -0.5F}, {7, 1}));
        const Histogram magnitudes = index.magnitudeHistogram(0, 2, 2);
        QCOMPARE(magnitudes.counts, (std::vector<std::int64_t>{2, 3}));
        QCOMPARE(magnitudes.below, 0);
        QCOMPARE(magnitudes.above, 1);
        const Histogram values = index.signedHistogram(-0.5, 1, 3);  // edges -0.5, 0, 0.5, 1
        QCOMPARE(values.counts, (std::vector<std::int64_t>{1, 0, 2}));
        QCOMPARE(values.below, 1);
        QCOMPARE(values.above, 2);
    }

    void survivesOddHistograms() {
        const auto index = indexOf(test::floats({1, 2}, {2, 1}));
        QVERIFY(index.magnitudeHistogram(0, 1, 0).counts.empty());
        QVERIFY(index.magnitudeHistogram(1, 0, 4).counts.empty());
        QCOMPARE(index.magnitudeHistogram(1, 1, 2).counts, (std::vector<std::int64_t>{0, 1}));
        QCOMPARE(index.signedHistogram(-kInfinity, kInfinity, 0).counts.size(), std::size_t(0));
    }

    void agreesWithAPlainCount_data() {
        QTest::addColumn<int>("type");
        QTest::addColumn<int>("count");
        QTest::addColumn<bool>("isMasked");
        for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16}) {
            for (const int count : {1, 3, 2047, 2048, 2049, 60000}) {
                for (const bool isMasked : {false, true}) {
                    QTest::addRow("%s %d %s", c10::toString(type), count, isMasked ? "masked" : "")
                        << static_cast<int>(type) << count << isMasked;
                }
            }
        }
    }
    void agreesWithAPlainCount() {
        QFETCH(int, type);
        QFETCH(int, count);
        QFETCH(bool, isMasked);
        at::Tensor weight = normal(count, 0.01, 7, static_cast<at::ScalarType>(type));
        weight =
            at::where(at::arange(count) % 11 == 5, at::zeros_like(weight), weight).unsqueeze(0);
        const at::Tensor mask = isMasked ? (at::arange(count) % 3 != 1).unsqueeze(0) : at::Tensor();
        const auto index = indexOf(weight, mask);
        const Naive naive(weight, mask);

        for (const double threshold : {0.0, 1e-9, 0.001, 0.0123, 0.05, 10.0}) {
            QCOMPARE(index.countBelow(threshold), naive.countBelow(threshold));
        }
        const auto kept = static_cast<std::int64_t>(naive.values.size());
        for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0}) {
            const auto k =
                std::min(static_cast<std::int64_t>(share * static_cast<double>(kept)), kept - 1);
            const double magnitude = naive.kthMagnitude(k);
            QCOMPARE(index.kthMagnitude(k), magnitude);
            QCOMPARE(index.countBelow(magnitude), naive.countBelow(magnitude));
        }
        QCOMPARE(index.magnitudeHistogram(0.001, 0.03, 17),
                 naive.histogram(0.001, 0.03, 17, false));
        QCOMPARE(index.signedHistogram(-0.02, 0.03, 23), naive.histogram(-0.02, 0.03, 23, true));
        const double low = index.statistics().min;
        const double high = index.statistics().max;
        QCOMPARE(index.signedHistogram(low, high, 8), naive.histogram(low, high, 8, true));
        QCOMPARE(index.statistics().zeros, kept - index.signedHistogram(low, high, 1).counts[0]);
    }

    void agreesWithTorchOnMeanAndSigma() {
        const at::Tensor weight = normal(100000, 0.01, 3, at::kFloat);
        const auto statistics = indexOf(weight.reshape({100, 1000})).statistics();
        const at::Tensor wide = weight.to(at::kDouble);
        QVERIFY(std::abs(statistics.mean - wide.mean().item<double>()) < 1e-15);
        QVERIFY(std::abs(statistics.sigma - wide.std(false).item<double>()) < 1e-13);
    }

    void sortsLargeBuckets() {
        // 30 000 floats of one upper half: sorted by counting, not by comparing.
        const at::Tensor weight =
            at::arange(30000, at::kFloat).flip(0).mul(1.0 / (1 << 23)).add(1.0);
        const auto index = indexOf(weight.unsqueeze(0));
        QCOMPARE(index.kthMagnitude(12345), 1.0 + 12345.0 / (1 << 23));
        QCOMPARE(index.countBelow(1.0 + 12345.0 / (1 << 23)), 12345);
    }

    void readsTransposedWeightsInRowMajorOrder() {
        const at::Tensor weight = test::floats({1, 2, 3, 4, 5, 6}, {2, 3}).t();
        const auto index =
            indexOf(weight, test::bools({1, 0, 1, 1, 1, 1}, {3, 2}));  // removes the 4
        QCOMPARE(index.countBelow(4.5), 3);
        QCOMPARE(index.kthMagnitude(3), 5.0);
    }

    void hasNothingToSayOfALayerThatIsGone() {
        const auto index = indexOf(test::floats({1, 2}, {2, 1}), test::bools({0, 0}, {2, 1}));
        QCOMPARE(index.statistics().baseRemoved, 2);
        QCOMPARE(index.statistics().sigma, 0.0);
        QCOMPARE(index.statistics().min, 0.0);
        QCOMPARE(index.countBelow(10), 0);
        QCOMPARE(index.kthMagnitude(0), kInfinity);
        QCOMPARE(index.magnitudeQuantile(0.5), 0.0);
    }

    void namesALayerThatIsNotFinite() {
        RunControl control;
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const float infinity = std::numeric_limits<float>::infinity();
        const auto index = model::indexWeights(
            *snapshotOf(test::floats({1, nan, -infinity}, {3, 1})), {0}, control);
        QVERIFY(!index);
        QVERIFY(index.error().text().find("fc1.weight") != std::string::npos);
        QVERIFY(index.error().why.find("2 of them") != std::string::npos);
    }

    void refusesWeightsThatAreNoFloats() {
        RunControl control;
        at::Tensor weight = at::ones({2, 2}, at::kComplexFloat);
        const auto index = model::indexWeights(*snapshotOf(weight), {0}, control);
        QVERIFY(!index);
        QVERIFY(index.error().kind == Error::Kind::Unsupported);
    }

    void stops() {
        RunControl control;
        control.requestStop();
        const auto index = model::indexWeights(*snapshotOf(at::ones({2, 2})), {0}, control);
        QVERIFY(!index);
        QVERIFY(index.error().kind == Error::Kind::Cancelled);
    }
};

QTEST_GUILESS_MAIN(tst_weight_index)
#include "tst_weight_index.moc"
