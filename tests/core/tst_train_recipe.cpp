// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes in and out of range; learning-rate schedules against formulas and PyTorch.
#include <QTest>

#include <cmath>
#include <functional>

#include "core/train/recipe.h"
#include "core/train/scheduler.h"

using namespace espalier;
using train::Position;
using train::Recipe;

using Change = std::function<void(Recipe&)>;
Q_DECLARE_METATYPE(Change)

class TestTrainRecipe : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void defaultsAreSound();
    void everyNamedKindIsSound();
    void refusesValuesOutOfRange_data();
    void refusesValuesOutOfRange();
    void constant();
    void step();
    void cosine();
    void plateauAsInPython();
    void plateauWithoutPatience();
};

void TestTrainRecipe::defaultsAreSound() {
    QVERIFY(train::check({}).ok());
}

void TestTrainRecipe::everyNamedKindIsSound() {
    QCOMPARE(train::optimizerNames(), (std::vector<std::string>{"sgd", "adam", "adamw"}));
    QCOMPARE(train::schedulerNames(),
             (std::vector<std::string>{"constant", "step", "cosine", "plateau"}));
    Recipe recipe;
    for (const std::string& name : train::optimizerNames()) {
        recipe.optimizer.name = name;
        QVERIFY(train::check(recipe).ok());
    }
    for (const std::string& name : train::schedulerNames()) {
        recipe.scheduler.name = name;
        QVERIFY(train::check(recipe).ok());
        QCOMPARE(train::makeScheduler(recipe.scheduler)->factor({0, 0, 10}), 1.0);
    }
}

void TestTrainRecipe::refusesValuesOutOfRange_data() {
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("key");
    const auto row = [](const char* key, const char* value, Change change) {
        QTest::addRow("%s %s", key, value) << change << key;
    };
    row("epochs", "0", [](Recipe& r) { r.epochs = 0; });
    row("batch_size", "0", [](Recipe& r) { r.batchSize = 0; });
    row("validation", "0", [](Recipe& r) { r.validation = 0; });
    row("validation", "1", [](Recipe& r) { r.validation = 1; });
    row("validation", "nan", [](Recipe& r) { r.validation = NAN; });
    row("loss.label_smoothing", "1", [](Recipe& r) { r.labelSmoothing = 1; });
    row("optimizer.name", "lion", [](Recipe& r) { r.optimizer.name = "lion"; });
    row("optimizer.lr", "0", [](Recipe& r) { r.optimizer.lr = 0; });
    row("optimizer.lr", "inf", [](Recipe& r) { r.optimizer.lr = INFINITY; });
    row("optimizer.momentum", "1", [](Recipe& r) { r.optimizer.momentum = 1; });
    row("optimizer.nesterov", "alone", [](Recipe& r) {
        r.optimizer.nesterov = true;
        r.optimizer.momentum = 0;
    });
    row("optimizer.weight_decay", "-1", [](Recipe& r) { r.optimizer.weightDecay = -1; });
    row("optimizer.beta1", "1", [](Recipe& r) { r.optimizer.beta1 = 1; });
    row("optimizer.beta2", "-0.1", [](Recipe& r) { r.optimizer.beta2 = -0.1; });
    row("optimizer.eps", "0", [](Recipe& r) { r.optimizer.eps = 0; });
    row("scheduler.name", "magic", [](Recipe& r) { r.scheduler.name = "magic"; });
    row("scheduler.step_epochs", "0", [](Recipe& r) { r.scheduler.stepEpochs = 0; });
    row("scheduler.gamma", "2", [](Recipe& r) { r.scheduler.gamma = 2; });
    row("scheduler.patience", "-1", [](Recipe& r) { r.scheduler.patience = -1; });
    row("scheduler.factor", "1", [](Recipe& r) { r.scheduler.factor = 1; });
    row("scheduler.warmup_steps", "-1", [](Recipe& r) { r.scheduler.warmupSteps = -1; });
    row("scheduler.milestones", "falling", [](Recipe& r) { r.scheduler.milestones = {3, 2}; });
    row("scheduler.milestones", "none", [](Recipe& r) { r.scheduler.name = "multi_step"; });
    row("scheduler.peak", "1", [](Recipe& r) { r.scheduler.peak = 1; });
    row("regularisers.name", "l0", [](Recipe& r) { r.regularisers = {{"l0", 1}}; });
    row("regularisers.strength", "-1", [](Recipe& r) { r.regularisers = {{"l1", -1}}; });
    row("distillation.weight", "2", [](Recipe& r) { r.distillation = {.weight = 2}; });
    row("distillation.temperature", "0", [](Recipe& r) { r.distillation = {.temperature = 0}; });
    row("clip_norm", "-1", [](Recipe& r) { r.clipNorm = -1; });
    row("dropout", "1", [](Recipe& r) { r.dropout = 1; });
    row("schedule.name", "magic", [](Recipe& r) { r.schedule.name = "magic"; });
    row("schedule.rounds", "0", [](Recipe& r) { r.schedule.rounds = 0; });
    row("schedule.epochs_per_round", "0", [](Recipe& r) { r.schedule.epochsPerRound = 0; });
    row("schedule.round_lr", "0", [](Recipe& r) { r.schedule.roundLr = 0; });
    row("schedule.every_steps", "0", [](Recipe& r) { r.schedule.everySteps = 0; });
    row("schedule.begin", "1", [](Recipe& r) { r.schedule.begin = 1; });
    row("schedule.end", "at the beginning", [](Recipe& r) { r.schedule.end = 0; });
    row("masks", "off while agp removes", [](Recipe& r) {
        r.schedule.name = "agp";
        r.masks = train::MaskMode::Off;
    });
    row("precision", "fp8", [](Recipe& r) { r.precision = "fp8"; });
    row("batch_norm_batches", "-1", [](Recipe& r) { r.batchNormBatches = -1; });
    row("early_stopping.patience", "0", [](Recipe& r) { r.earlyStopping = 0; });
}

void TestTrainRecipe::refusesValuesOutOfRange() {
    QFETCH(Change, change);
    QFETCH(QString, key);
    Recipe recipe;
    change(recipe);
    const auto sound = train::check(recipe);
    QVERIFY(!sound);
    QCOMPARE(sound.error().kind, Error::Kind::BadArgument);
    QVERIFY2(sound.error().what.find(key.toStdString()) != std::string::npos,
             sound.error().text().c_str());
    QVERIFY(!sound.error().hint.empty());
}

void TestTrainRecipe::constant() {
    const auto scheduler = train::makeScheduler({.name = "constant"});
    scheduler->epochEnded(1);
    QCOMPARE(scheduler->factor({7, 70, 100}), 1.0);
}

void TestTrainRecipe::step() {
    const auto scheduler = train::makeScheduler({.name = "step", .stepEpochs = 3, .gamma = 0.1});
    const std::vector<double> expected{1, 1, 1, 0.1, 0.1, 0.1, 0.01};
    for (int epoch = 0; epoch < 7; ++epoch) {
        QVERIFY(std::abs(scheduler->factor({epoch, epoch * 10, 70}) -
                         expected[std::size_t(epoch)]) < 1e-15);
    }
}

void TestTrainRecipe::cosine() {
    const auto scheduler = train::makeScheduler({.name = "cosine"});
    // (1 + cos(pi t)) / 2 at t = 0, 1/6, 1/4, 1/3, 1/2, 2/3, 1
    const std::vector<std::pair<int, double>> expected{
        {0, 1}, {2, 0.9330127018922193}, {3, 0.8535533905932737}, {4, 0.75}, {6, 0.5}, {8, 0.25},
        {12, 0}};
    for (const auto& [at, factor] : expected)
        QVERIFY(std::abs(scheduler->factor({0, at, 12}) - factor) < 1e-12);
}

void TestTrainRecipe::plateauAsInPython() {
    const auto scheduler = train::makeScheduler({.name = "plateau", .patience = 1, .factor = 0.5});
    // torch 2.13: ReduceLROnPlateau(optimizer with lr 1, factor=0.5, patience=1). 0.89995 is too
    // small a gain.
    const std::vector<double> losses{1.0, 0.9,  0.95, 0.9,  0.91, 0.89995,
                                     0.8, 0.85, 0.86, 0.87, 0.88};
    const std::vector<double> rates{1.0,  1.0,  1.0,   0.5,   0.5,   0.25,
                                    0.25, 0.25, 0.125, 0.125, 0.0625};
    for (std::size_t i = 0; i < losses.size(); ++i) {
        scheduler->epochEnded(losses[i]);
        QCOMPARE(scheduler->factor({}), rates[i]);
    }
}

void TestTrainRecipe::plateauWithoutPatience() {
    const auto scheduler = train::makeScheduler({.name = "plateau", .patience = 0, .factor = 0.1});
    scheduler->epochEnded(1);
    QCOMPARE(scheduler->factor({}), 1.0);
    scheduler->epochEnded(1);
    QCOMPARE(scheduler->factor({}), 0.1);
}

QTEST_GUILESS_MAIN(TestTrainRecipe)
#include "tst_train_recipe.moc"
