// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes to start from: sound, distinct, and fitted to model and data.
#include <QTest>

#include <set>

#include "core/project/examples.h"
#include "core/train/presets.h"
#include "tests/support/fixtures_torch.h"

using namespace espalier;
using train::Recipe;

namespace {

model::SnapshotPtr opened(const std::filesystem::path& path) {
    RunControl control;
    const auto snapshot = model::openSnapshot(path, {}, {}, control);
    return snapshot ? *snapshot : nullptr;
}

data::DatasetInfo dataOf(std::int64_t train, std::vector<std::int64_t> shape,
                         const char* kind = "image folder") {
    data::DatasetInfo info;
    info.kind = kind;
    info.train = train;
    info.sampleShape = std::move(shape);
    return info;
}

Recipe unusual() {
    Recipe recipe;
    recipe.epochs = 6;
    recipe.batchSize = 48;
    recipe.seed = 9;
    recipe.device = "cpu";
    recipe.optimizer.lr = 0.003;
    recipe.labelSmoothing = 0.1;
    recipe.regularisers = {{"l2", 1e-3}, {"bn_l1", 1e-2}};
    return recipe;
}

}  // namespace

class TestTrainPresets : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachIsSoundAndKeepsHowTheModelTrains_data() {
        QTest::addColumn<int>("index");
        QTest::addColumn<QString>("schedule");
        QTest::addColumn<int>("epochs");
        auto row = [index = 0](const char* name, const char* schedule, int epochs) mutable {
            QTest::newRow(name) << index++ << schedule << epochs;
        };
        row("quick_recover", "one_shot", 3);
        row("iterative", "iterative", 5 * 3);
        row("agp", "agp", 12);
        row("lottery", "lottery", 5 * 6);
        row("slimming", "agp", 12);
        row("movement", "movement", 12);
    }
    void eachIsSoundAndKeepsHowTheModelTrains() {
        QFETCH(int, index);
        QFETCH(QString, schedule);
        QFETCH(int, epochs);
        const train::Preset& preset = train::presets()[static_cast<std::size_t>(index)];
        QCOMPARE(QString::fromUtf8(preset.name.data()), QString(QTest::currentDataTag()));
        const Recipe recipe = *train::withPreset(unusual(), preset.name);
        QVERIFY(train::check(recipe).ok());
        QCOMPARE(recipe.schedule.name, schedule.toStdString());
        QCOMPARE(train::totalEpochs(recipe), epochs);
        QCOMPARE(recipe.optimizer, unusual().optimizer);
        QCOMPARE(recipe.batchSize, 48);
        QCOMPARE(recipe.seed, std::uint64_t{9});
        QCOMPARE(recipe.device, std::string("cpu"));
        QCOMPARE(recipe.labelSmoothing, 0.1);
    }

    void allAreThere() { QCOMPARE(train::presets().size(), std::size_t(6)); }

    void slimmingReplacesItsOwnTermAlone() {
        const Recipe recipe = *train::withPreset(unusual(), "slimming");
        QCOMPARE(recipe.regularisers,
                 (std::vector<train::Regulariser>{{"l2", 1e-3}, {"bn_l1", 1e-4}}));
    }

    void anUnknownNameListsTheKnown() {
        const auto refused = train::withPreset({}, "magic");
        QVERIFY(!refused);
        QCOMPARE(refused.error().what, std::string("There is no preset 'magic'"));
        QCOMPARE(
            refused.error().hint,
            std::string("Use one of: quick_recover, iterative, agp, lottery, slimming, movement"));
    }

    void theSuggestionFollowsTheData_data() {
        QTest::addColumn<qint64>("samples");
        QTest::addColumn<qint64>("batch");
        QTest::addColumn<int>("epochs");
        QTest::addColumn<int>("everySteps");
        QTest::newRow("MNIST") << qint64{54000} << qint64{128} << 5 << 42;  // 422 steps an epoch
        QTest::newRow("5 400") << qint64{5400} << qint64{32} << 12 << 40;   // 169
        QTest::newRow("540") << qint64{540} << qint64{16} << 20 << 13;      // 34
        QTest::newRow("seven") << qint64{7} << qint64{7} << 20 << 1;        // 1
        QTest::newRow("a million") << qint64{1'000'000} << qint64{128} << 2 << 100;
        QTest::newRow("none") << qint64{0} << qint64{16} << 20 << 1;
    }
    void theSuggestionFollowsTheData() {
        if (!std::filesystem::exists(project::lenet5Example().model))
            QSKIP("the built-in example is not there");
        QFETCH(qint64, samples);
        const auto model = opened(project::lenet5Example().model);
        QVERIFY(model);
        const Recipe recipe = train::suggestedRecipe(*model, dataOf(samples, {1, 28, 28}));
        QVERIFY(train::check(recipe).ok());
        QTEST(static_cast<qint64>(recipe.batchSize), "batch");
        QTEST(recipe.epochs, "epochs");
        QTEST(recipe.schedule.everySteps, "everySteps");
        QCOMPARE(recipe.optimizer.name, std::string("sgd"));
        QCOMPARE(recipe.optimizer.lr, 0.01);
        QCOMPARE(recipe.augment, std::string());
    }

    void smallColourImagesAreAugmented() {
        if (!test::haveFixtures()) QSKIP("no fixtures");
        const auto model = opened(test::fixture("cnn_bn.script.pt"));
        QVERIFY(model);
        const auto augment = [&](const data::DatasetInfo& data) {
            return train::suggestedRecipe(*model, data).augment;
        };
        QCOMPARE(augment(dataOf(45000, {3, 32, 32})), std::string("cifar10"));
        QCOMPARE(augment(dataOf(45000, {3, 64, 64})), std::string("cifar10"));
        QCOMPARE(augment(dataOf(45000, {1, 32, 32})), std::string());
        QCOMPARE(augment(dataOf(45000, {3, 224, 224})), std::string());
        QCOMPARE(augment(dataOf(45000, {3, 32, 32}, "tensor file")), std::string());
    }

    void modelsOfTokensGetAdamW() {
        if (!test::haveFixtures()) QSKIP("no fixtures");
        const auto model = opened(test::fixture("transformer.script.pt"));
        QVERIFY(model);
        const Recipe recipe = train::suggestedRecipe(*model, dataOf(10000, {12}, "tensor file"));
        QCOMPARE(recipe.optimizer.name, std::string("adamw"));
        QCOMPARE(recipe.optimizer.lr, 1e-4);
    }
};

QTEST_GUILESS_MAIN(TestTrainPresets)
#include "tst_train_presets.moc"
