// SPDX-License-Identifier: GPL-3.0-or-later
// Recipe files: round trip, defaults, what is refused and how it is named.
#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "core/exchange/recipe_file.h"

using namespace espalier;
using train::Recipe;

class TestRecipeFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nothingGivesTheDefaults();
    void readsTheDocumentedForm();
    void roundTrip();
    void writesEveryDefault();
    void defaultsAreDocumented();
    void neutralOptionsAreAccepted();
    void refusesWhatIsWrong_data();
    void refusesWhatIsWrong();
    void files();
};

void TestRecipeFile::nothingGivesTheDefaults() {
    const auto recipe = exchange::recipeFromJson("{}");
    QVERIFY(recipe.ok());
    QVERIFY(*recipe == Recipe{});
}

void TestRecipeFile::readsTheDocumentedForm() {
    const auto recipe = exchange::recipeFromJson(R"({ "format": "espalier-recipe", "version": 1,
      "epochs": 10, "batch_size": 64, "seed": 18446744073709551615, "device": "cpu", "validation": 0.2,
      "optimizer": {"name": "adamw", "lr": 1, "beta1": 0.8, "beta2": 0.99, "eps": 1e-7, "weight_decay": 0.25},
      "scheduler": {"name": "plateau", "patience": 4, "factor": 0.3},
      "loss": {"name": "cross_entropy", "label_smoothing": 0.1},
      "schedule": {"name": "one_shot", "rounds": 5},
      "masks": "off" })");
    QVERIFY2(recipe.ok(), recipe.ok() ? "" : recipe.error().text().c_str());
    Recipe expected{.epochs = 10,
                    .batchSize = 64,
                    .seed = 18446744073709551615u,
                    .device = "cpu",
                    .validation = 0.2};
    expected.optimizer = {
        .name = "adamw", .lr = 1, .weightDecay = 0.25, .beta1 = 0.8, .beta2 = 0.99, .eps = 1e-7};
    expected.scheduler = {.name = "plateau", .patience = 4, .factor = 0.3};
    expected.labelSmoothing = 0.1;
    expected.metrics.loss = "cross_entropy";
    expected.masks = train::MaskMode::Off;
    QVERIFY(*recipe == expected);
}

void TestRecipeFile::roundTrip() {
    Recipe recipe{
        .epochs = 3, .batchSize = 7, .seed = 9, .device = "cuda:1", .validation = 1.0 / 3};
    recipe.optimizer = {
        .name = "sgd", .lr = 0.1, .momentum = 0.5, .nesterov = true, .weightDecay = 0};
    recipe.scheduler = {.name = "step", .stepEpochs = 2, .gamma = 0.7};
    recipe.metrics = {.output = "0.logits", .loss = "mse", .metric = "/data/ssim.pt"};
    recipe.augment = "cifar10";
    recipe.precision = "bf16";
    recipe.halveBatchToFit = false;
    recipe.clipNorm = 1.5;
    recipe.scheduler.warmupSteps = 20;
    recipe.scheduler.milestones = {2, 5};
    recipe.scheduler.peak = 0.2;
    recipe.regularisers = {{"l1", 1e-5}, {"bn_l1", 1e-4}};
    recipe.distillation = train::Distillation{.weight = 0.3, .temperature = 4};
    recipe.dropout = 0.25;
    recipe.schedule = {.name = "lottery",
                       .rounds = 3,
                       .epochsPerRound = 4,
                       .roundLr = 0.5,
                       .resetMomentum = false,
                       .rewindTo = "/data/start.pt",
                       .everySteps = 10,
                       .begin = 0.1,
                       .end = 0.9,
                       .cutBetweenRounds = true};
    recipe.fromScratch = true;
    recipe.batchNormBatches = 8;
    recipe.earlyStopping = 3;
    const auto again = exchange::recipeFromJson(exchange::recipeToJson(recipe));
    QVERIFY(again.ok());
    QVERIFY(*again == recipe);
}

void TestRecipeFile::writesEveryDefault() {
    const std::string text = exchange::recipeToJson({});
    for (const char* key : {"format",
                            "version",
                            "epochs",
                            "batch_size",
                            "seed",
                            "device",
                            "validation",
                            "optimizer",
                            "name",
                            "lr",
                            "momentum",
                            "nesterov",
                            "weight_decay",
                            "beta1",
                            "beta2",
                            "eps",
                            "scheduler",
                            "warmup_steps",
                            "step_epochs",
                            "gamma",
                            "patience",
                            "factor",
                            "loss",
                            "label_smoothing",
                            "regularisers",
                            "distillation",
                            "schedule",
                            "masks",
                            "early_stopping",
                            "augment",
                            "metric",
                            "output",
                            "precision",
                            "halve_batch_to_fit",
                            "clip_norm",
                            "dropout",
                            "from_scratch",
                            "batch_norm_batches",
                            "milestones",
                            "peak",
                            "rounds",
                            "epochs_per_round",
                            "round_lr",
                            "reset_momentum",
                            "rewind_to",
                            "every_steps",
                            "begin",
                            "end",
                            "cut_between_rounds"}) {
        QVERIFY2(text.find("\"" + std::string(key) + "\":") != std::string::npos, key);
    }
    QVERIFY(text.find("\"weight_decay\": 0.0005") != std::string::npos);
    QVERIFY(*exchange::recipeFromJson(text) == Recipe{});
}

/// The block of JSON under the heading of recipes in docs/file-formats.md.
void TestRecipeFile::defaultsAreDocumented() {
    std::ifstream page(ESPALIER_SOURCE_DIR "/docs/file-formats.md");
    const std::string text(std::istreambuf_iterator<char>(page), {});
    const std::string opening = "```json\n";
    const auto begin = text.find(opening, text.find("## Recipe:"));
    QVERIFY(begin != std::string::npos);
    const std::string block = text.substr(begin + opening.size());
    const auto documented = nlohmann::json::parse(block.substr(0, block.find("```")));
    const auto written = nlohmann::json::parse(exchange::recipeToJson({}));
    QCOMPARE(QString::fromStdString(documented.dump(1)), QString::fromStdString(written.dump(1)));
}

void TestRecipeFile::neutralOptionsAreAccepted() {
    QVERIFY(exchange::recipeFromJson(
                R"({"regularisers": [], "distillation": null, "early_stopping": null,
        "augment": null, "scheduler": {"warmup_steps": 0}, "loss": {}, "schedule": {}})")
                .ok());
}

void TestRecipeFile::refusesWhatIsWrong_data() {
    QTest::addColumn<QString>("json");
    QTest::addColumn<QString>("says");
    QTest::newRow("unknown loss") << R"({"loss": {"name": "hinge"}})"
                                  << R"(loss is {"name":"hinge"}. Give one of the names auto, )"
                                     "cross_entropy, mse, bce, or";
    QTest::newRow("module without file") << R"({"metric": {"name": "module"}})"
                                         << R"(metric is {"name":"module"})";
    QTest::newRow("file without module") << R"({"loss": {"name": "mse", "file": "a.pt"}})"
                                         << R"(loss is {"name":"mse","file":"a.pt"})";
    QTest::newRow("smoothed mse") << R"({"loss": {"name": "mse", "label_smoothing": 0.1}})"
                                  << "mse has no label smoothing";
    QTest::newRow("regularisers") << R"({"regularisers": {"name": "l1"}})"
                                  << "regularisers is no list";
    QTest::newRow("unknown regulariser") << R"({"regularisers": [{"name": "l0"}]})"
                                         << "regularisers.name cannot be 'l0'";
    QTest::newRow("milestones") << R"({"scheduler": {"milestones": [2, "4"]}})"
                                << R"(scheduler.milestones is [2,"4"])";
    QTest::newRow("distillation") << R"({"distillation": 0.5})"
                                  << "distillation is no JSON object";
    QTest::newRow("early stopping") << R"({"early_stopping": {"patience": 0}})"
                                    << "early_stopping.patience cannot be 0";
    QTest::newRow("schedule") << R"({"schedule": {"name": "magic"}})"
                              << "schedule.name cannot be 'magic'";
    QTest::newRow("schedule without masks") << R"({"masks": "off", "schedule": {"name": "agp"}})"
                                            << "masks cannot be off";
    QTest::newRow("unknown augmentation") << R"({"augment": "mixup"})"
                                          << "augment cannot be 'mixup'";
    QTest::newRow("no JSON") << "epochs = 3"
                             << "parse error at line 1, column 1";
    QTest::newRow("empty") << ""
                           << "parse error";
    QTest::newRow("a list") << "[]"
                            << "the file is no JSON object";
    QTest::newRow("another format") << R"({"format": "espalier-plan"})"
                                    << "format is 'espalier-plan'";
    QTest::newRow("a later version") << R"({"version": 2})"
                                     << "version is 2";
    QTest::newRow("unknown key") << R"({"epoch": 3})"
                                 << "there is no key epoch";
    QTest::newRow("unknown inner key") << R"({"optimizer": {"lrr": 3}})"
                                       << "there is no key optimizer.lrr";
    QTest::newRow("no object") << R"({"optimizer": "sgd"})"
                               << "optimizer is no JSON object";
    QTest::newRow("text for number") << R"({"optimizer": {"lr": "0.1"}})"
                                     << R"(optimizer.lr is "0.1")";
    QTest::newRow("half an epoch") << R"({"epochs": 1.5})"
                                   << "epochs is 1.5";
    QTest::newRow("too many epochs") << R"({"epochs": 3000000000})"
                                     << "epochs is 3000000000";
    QTest::newRow("huge batch") << R"({"batch_size": 18446744073709551615})"
                                << "batch_size is 18446744073709551615";
    QTest::newRow("negative seed") << R"({"seed": -1})"
                                   << "seed is -1";
    QTest::newRow("masks") << R"({"masks": "maybe"})"
                           << "masks is 'maybe'";
    QTest::newRow("masks true") << R"({"masks": true})"
                                << "masks is true";
    QTest::newRow("out of range") << R"({"optimizer": {"lr": -1}})"
                                  << "optimizer.lr cannot be -1";
    QTest::newRow("unknown optimizer") << R"({"optimizer": {"name": "lion"}})"
                                       << "optimizer.name cannot be 'lion'";
}

void TestRecipeFile::refusesWhatIsWrong() {
    QFETCH(QString, json);
    QFETCH(QString, says);
    const auto recipe = exchange::recipeFromJson(json.toStdString());
    QVERIFY(!recipe);
    QCOMPARE(recipe.error().kind, Error::Kind::BadArgument);
    QVERIFY2(recipe.error().text().find(says.toStdString()) != std::string::npos,
             recipe.error().text().c_str());
    QVERIFY(!recipe.error().hint.empty());
}

void TestRecipeFile::files() {
    const QTemporaryDir folder;
    const std::string path = folder.filePath("a.espalier-recipe.json").toStdString();
    QVERIFY(exchange::writeRecipe({.epochs = 4}, path).ok());
    QCOMPARE(exchange::readRecipe(path)->epochs, 4);
    QCOMPARE(exchange::readRecipe(path + "x").error().kind, Error::Kind::NotFound);
    std::ofstream(path) << R"({"epochs": 0})";
    QVERIFY(exchange::readRecipe(path).error().text().find("a.espalier-recipe.json") !=
            std::string::npos);
    QCOMPARE(exchange::writeRecipe({}, folder.filePath("no/such/folder.json").toStdString())
                 .error()
                 .kind,
             Error::Kind::WriteFailed);
}

QTEST_GUILESS_MAIN(TestRecipeFile)
#include "tst_recipe_file.moc"
