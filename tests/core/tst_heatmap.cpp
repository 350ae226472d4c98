// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QtTest>

#include "core/prune/heatmap.h"
#include "tests/support/toy_snapshot_torch.h"

using namespace espalier;
using prune::Heatmap;
using prune::HeatmapOptions;
using prune::HeatmapValue;
using prune::Kernels;
using test::floats;

namespace {

prune::MasksPtr masksOf(const model::Snapshot& snapshot, const std::string& layer,
                        double sparsity) {
    RunControl control;
    prune::Plan plan = prune::emptyPlan(snapshot);
    plan.weights[layer] = prune::WeightRule::sparsity(sparsity);
    const auto masks = prune::resolve(snapshot, plan, nullptr, control);
    if (!masks) qFatal("%s", masks.error().text().c_str());
    return *masks;
}

Heatmap mapOf(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
              const HeatmapOptions& options) {
    RunControl control;
    const auto map = prune::weightHeatmap(snapshot, masks, {0}, options, control);
    if (!map) qFatal("%s", map.error().text().c_str());
    return *map;
}

}  // namespace

class tst_heatmap : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void showsEveryWeightOfASmallLayer() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", floats({1, -2, 3, 4, -5, 6}, {2, 3})}});
        const Heatmap map = mapOf(*snapshot, nullptr, {});
        QCOMPARE(map.rows, 2);
        QCOMPARE(map.columns, 3);
        QCOMPARE(map.rowStep, 1);
        QCOMPARE(map.columnStep, 1);
        QCOMPARE(map.values, (std::vector<float>{1, -2, 3, 4, -5, 6}));
        QVERIFY(map.removed.empty());
    }

    void showsMagnitudesAndMasks() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", floats({1, -2, 3, 4, -5, 6}, {2, 3})}});
        const Heatmap map = mapOf(*snapshot, masksOf(*snapshot, "a.weight", 0.5),
                                  {HeatmapValue::Magnitude, {}, 1024});
        QCOMPARE(map.values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
        QCOMPARE(map.removed, (std::vector<float>{1, 1, 1, 0, 0, 0}));
        QVERIFY(mapOf(*snapshot, masksOf(*snapshot, "a.weight", 0), {}).removed.empty());
    }

    void keepsTheLargestOfEachBlockWithItsSign() {
        // 3 x 5 into at most 2 x 2: blocks of 2 x 3, the last row and columns stand in smaller ones
        const auto snapshot = test::toySnapshot(
            {{"a.weight", floats({1, -7, 3, 4, 5, 2, 6, 1, -9, 8, 10, -11, 11, 12, -13}, {3, 5})}});
        const Heatmap map = mapOf(*snapshot, masksOf(*snapshot, "a.weight", 4.0 / 15),
                                  {HeatmapValue::Weight, {}, 2});
        QCOMPARE(map.rows, 2);
        QCOMPARE(map.columns, 2);
        QCOMPARE(map.rowStep, 2);
        QCOMPARE(map.columnStep, 3);
        QCOMPARE(map.values, (std::vector<float>{-7, -9, -11, -13}));  // of -11 and 11 the first
        // 1, 1, 2, 3 are gone, all of the first block of six
        QCOMPARE(map.removed.size(), std::size_t(4));
        QVERIFY(std::abs(map.removed[0] - 4.0F / 6) < 1e-6F);
        QCOMPARE(map.removed[1], 0.0F);
    }

    void showsAWindow() {
        // 4 x 6: entry (r, c) is 10 r + c
        const at::Tensor weight = (at::arange(4, at::kFloat) * 10).reshape({4, 1}) +
                                  at::arange(6, at::kFloat).reshape({1, 6});
        const auto snapshot = test::toySnapshot({{"a.weight", weight}});
        const auto masks = masksOf(*snapshot, "a.weight", 0.5);  // rows 0 and 1
        HeatmapOptions options;
        options.window = prune::HeatmapWindow{1, 3, 2, 5};
        const Heatmap exact = mapOf(*snapshot, masks, options);
        QCOMPARE(exact.window, *options.window);
        QCOMPARE(exact.values, (std::vector<float>{12, 13, 14, 22, 23, 24}));
        QCOMPARE(exact.removed, (std::vector<float>{1, 1, 1, 0, 0, 0}));
        options.maxCells = 2;  // blocks of 1 x 2, the last column in one of its own
        const Heatmap reduced = mapOf(*snapshot, masks, options);
        QCOMPARE(reduced.rowStep, 1);
        QCOMPARE(reduced.columnStep, 2);
        QCOMPARE(reduced.values, (std::vector<float>{13, 14, 23, 24}));
        QCOMPARE(reduced.removed, (std::vector<float>{1, 1, 0, 0}));
    }

    void reducedWindowsCountTheirOwnBlocks() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", at::arange(1, 26, at::kFloat).reshape({5, 5})}});
        const auto masks = masksOf(*snapshot, "a.weight", 7.0 / 25);  // 1 to 7: (0, *), (1, 0..1)
        const Heatmap map = mapOf(*snapshot, masks,
                                  {HeatmapValue::Weight, {}, 2, prune::HeatmapWindow{1, 4, 1, 5}});
        QCOMPARE(map.rowStep, 2);
        QCOMPARE(map.values, (std::vector<float>{13, 15, 18, 20}));
        QCOMPARE(map.removed, (std::vector<float>{0.25F, 0, 0, 0}));
    }

    void windowsAreCutToTheWeight() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", floats({1, -2, 3, 4, -5, 6}, {2, 3})}});
        HeatmapOptions options;
        options.window = prune::HeatmapWindow{-4, 1, 1, 99};
        const Heatmap map = mapOf(*snapshot, nullptr, options);
        QCOMPARE(map.window, (prune::HeatmapWindow{0, 1, 1, 3}));
        QCOMPARE(map.values, (std::vector<float>{-2, 3}));
        options.window = prune::HeatmapWindow{5, 9, 0, 3};
        QCOMPARE(mapOf(*snapshot, nullptr, options), Heatmap{});
    }

    void windowsOfFoldedKernelsCountKernels() {
        const auto snapshot = test::toySnapshot(
            {{"a.weight", floats({1, -2, 3, 4, -5, 6, 7, -8}, {2, 2, 1, 2}), {}, "conv2d"}});
        HeatmapOptions options{HeatmapValue::Weight, Kernels::Folded, 1024};
        options.window = prune::HeatmapWindow{0, 2, 1, 2};
        const Heatmap map = mapOf(*snapshot, masksOf(*snapshot, "a.weight", 3.0 / 8), options);
        QCOMPARE(map.values, (std::vector<float>{3.5F, 7.5F}));
        QCOMPARE(map.removed, (std::vector<float>{0.5F, 0}));
    }

    void showsMasks() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", floats({1, -2, 3, 4, -5, 6}, {2, 3})}});
        HeatmapOptions options{HeatmapValue::Mask, {}, 1024};
        const auto masks = masksOf(*snapshot, "a.weight", 0.5);
        const Heatmap map = mapOf(*snapshot, masks, options);
        QCOMPARE(map.values, (std::vector<float>{1, 1, 1, 0, 0, 0}));
        QVERIFY(map.removed.empty());
        options.maxCells = 2;  // blocks of 1 x 2 and 1 x 1
        QCOMPARE(mapOf(*snapshot, masks, options).values, (std::vector<float>{1, 1, 0, 0}));
        options.maxCells = 1;
        QCOMPARE(mapOf(*snapshot, masks, options).values, std::vector<float>{0.5F});
        QCOMPARE(mapOf(*snapshot, nullptr, options).values, std::vector<float>{0});
    }

    void seesConvolutionsAsMatrices() {
        const at::Tensor weight = at::arange(24, at::kFloat).reshape({2, 3, 2, 2});
        const auto snapshot = test::toySnapshot({{"a.weight", weight, {}, "conv2d"}});
        const Heatmap map = mapOf(*snapshot, nullptr, {});
        QCOMPARE(map.rows, 2);
        QCOMPARE(map.columns, 12);
        QCOMPARE(map.values[13], 13.0F);
    }

    void foldsKernels() {
        // kernels of 1 x 2: means of |w| are 1.5, 3.5 / 5.5, 7.5
        const auto snapshot = test::toySnapshot(
            {{"a.weight", floats({1, -2, 3, 4, -5, 6, 7, -8}, {2, 2, 1, 2}), {}, "conv2d"}});
        const HeatmapOptions folded{HeatmapValue::Weight, Kernels::Folded, 1024};
        const Heatmap map = mapOf(*snapshot, masksOf(*snapshot, "a.weight", 3.0 / 8), folded);
        QCOMPARE(map.rows, 2);
        QCOMPARE(map.columns, 2);
        QCOMPARE(map.values, (std::vector<float>{1.5F, 3.5F, 5.5F, 7.5F}));
        QCOMPARE(map.removed, (std::vector<float>{1, 0.5F, 0, 0}));
        const Heatmap small = mapOf(*snapshot, nullptr, {HeatmapValue::Weight, Kernels::Folded, 1});
        QCOMPARE(small.values, std::vector<float>{7.5F});
        QCOMPARE(small.rowStep, 2);
        QCOMPARE(small.columnStep, 2);
    }

    void foldingALinearLayerChangesOnlySigns() {
        const auto snapshot = test::toySnapshot({{"a.weight", floats({1, -2}, {1, 2})}});
        QCOMPARE(mapOf(*snapshot, nullptr, {HeatmapValue::Weight, Kernels::Folded, 9}).values,
                 (std::vector<float>{1, 2}));
    }

    void drawsVectorsAndEmptyWeights() {
        const auto vector =
            test::toySnapshot({{"a.weight", floats({1, 2, 3}, {3}), {}, "batch_norm", 0, false}});
        const Heatmap map = mapOf(*vector, nullptr, {});
        QCOMPARE(map.rows, 3);
        QCOMPARE(map.columns, 1);
        const auto empty = test::toySnapshot({{"a.weight", at::ones({0, 4})}});
        QCOMPARE(mapOf(*empty, nullptr, {}), Heatmap{});
        const auto one = test::toySnapshot({{"a.weight", floats({-3}, {1, 1})}});
        QCOMPARE(mapOf(*one, nullptr, {}).values, std::vector<float>{-3});
    }

    void sharesAgreeWithAveragePooling() {
        at::manual_seed(2);
        const auto snapshot = test::toySnapshot({{"a.weight", at::randn({64, 96})}});
        const auto masks = masksOf(*snapshot, "a.weight", 0.4);
        const Heatmap map = mapOf(*snapshot, masks, {HeatmapValue::Magnitude, {}, 16});
        const at::Tensor weight = model::weight(*snapshot, {0}).abs().reshape({1, 64, 96});
        const at::Tensor largest = at::max_pool2d(weight, {4, 6}).contiguous();
        QCOMPARE(map.rows, 16);
        QCOMPARE(map.columns, 16);
        for (std::size_t i = 0; i < 256; ++i) QCOMPARE(map.values[i], largest.data_ptr<float>()[i]);
        double sum = 0;
        for (const float share : map.removed) sum += share;
        QVERIFY(std::abs(sum * 24 - static_cast<double>(masks->removed())) < 1e-2);
    }

    void overviewShowsTheSparsityOfRuns() {
        const auto snapshot =
            test::toySnapshot({{"a.weight", floats({1, 2, 30, 40, 5, 60}, {1, 6})},
                               {"bn.weight", at::ones({4}), {}, "batch_norm", 0, false},
                               {"b.weight", floats({7}, {1, 1})}});
        RunControl control;
        const auto masks = masksOf(*snapshot, "a.weight", 0.5);  // 1, 2, 5
        const auto map = prune::overviewHeatmap(*snapshot, *masks, 3, control);
        QVERIFY(map.ok());
        QCOMPARE(map->rows, 2);
        QCOMPARE(map->columns, 3);
        QCOMPARE(map->values, (std::vector<float>{1, 0, 0.5F, 0, 0, 0}));
        QCOMPARE(prune::overviewLayers(*snapshot), (std::vector<model::LayerId>{{0}, {2}}));
        // 6 weights in 4 bins: runs 0..1, 1..3, 3..4, 4..6
        const auto uneven = prune::overviewHeatmap(*snapshot, *masks, 4, control);
        QCOMPARE(uneven->values, (std::vector<float>{1, 0.5F, 0, 0.5F, 0, 0, 0, 0}));
        QVERIFY(!prune::overviewHeatmap(*snapshot, *masks, 0, control));
    }

    void readsOneWeight() {
        const at::Tensor weight = at::arange(24, at::kFloat).reshape({2, 3, 2, 2});
        const auto snapshot = test::toySnapshot({{"a.weight", weight, {}, "conv2d"}});
        const auto masks = masksOf(*snapshot, "a.weight", 0.5);
        QCOMPARE(prune::weightAt(*snapshot, masks, {0}, 1, 7).value, 19.0);
        QVERIFY(prune::weightAt(*snapshot, masks, {0}, 1, 7).kept);
        QVERIFY(!prune::weightAt(*snapshot, masks, {0}, 0, 11).kept);
        QVERIFY(prune::weightAt(*snapshot, nullptr, {0}, 0, 11).kept);
        const auto transposed =
            test::toySnapshot({{"a.weight", floats({1, 2, 3, 4, 5, 6}, {2, 3}).t()}});
        QCOMPARE(prune::weightAt(*transposed, nullptr, {0}, 2, 1).value, 6.0);
        QCOMPARE(mapOf(*transposed, nullptr, {}).values, (std::vector<float>{1, 4, 2, 5, 3, 6}));
    }

    void stops() {
        const auto snapshot = test::toySnapshot({{"a.weight", at::ones({2, 2})}});
        const auto masks = masksOf(*snapshot, "a.weight", 0.5);
        RunControl control;
        control.requestStop();
        const auto map = prune::weightHeatmap(*snapshot, masks, {0}, {}, control);
        QVERIFY(!map && map.error().kind == Error::Kind::Cancelled);
        const auto overview = prune::overviewHeatmap(*snapshot, *masks, 4, control);
        QVERIFY(!overview && overview.error().kind == Error::Kind::Cancelled);
    }
};

QTEST_GUILESS_MAIN(tst_heatmap)
#include "tst_heatmap.moc"
