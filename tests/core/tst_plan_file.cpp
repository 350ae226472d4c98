// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <limits>

#include <QtTest>
#include <nlohmann/json.hpp>

#include "core/exchange/plan_file.h"

using namespace espalier;
using prune::Plan;
using prune::WeightRule;

namespace {

Plan fullPlan() {
    Plan plan;
    plan.modelFile = "lenet5.pt";
    plan.modelSha256 = "ab12";
    plan.inputs = {*script::parseInputSpec("1x1x28x28")};
    plan.weightCriterion = "lamp";
    plan.seed = std::numeric_limits<std::uint64_t>::max();
    plan.weights = {{"fc1.weight", WeightRule::sparsity(0.1 + 0.2)},
                    {"fc2.weight", WeightRule::threshold(std::nextafter(0.031, 1.0))},
                    {"fc3.weight", WeightRule::sigma(1e-310)},
                    {"fc4.weight", WeightRule::pattern(2, 4)}};
    plan.locked = {"fc3.weight", "conv9.weight"};
    plan.data = "train[0:1024]";
    plan.channels = {{"conv1", prune::ChannelRule::keepBest(12)},
                     {"conv2", prune::ChannelRule::ratio(0.1 + 0.2)},
                     {"attn.qkv[0:64]", prune::ChannelRule::threshold(-0.8)}};
    plan.channels["conv1"].multipleOf = 4;
    plan.marks = {{"conv1", {{3}, {5, 6}}}};
    plan.channelDefaults = {"fpgm",
                            prune::Reduction::Max,
                            true,
                            prune::Normalisation::Gaussian,
                            channels::HeadUnit::Heads,
                            0.25,
                            true};
    return plan;
}

/// A plan file with `text` in place of its weights' entries.
std::string withWeights(const std::string& text) {
    return R"({"format": "espalier-plan", "version": 1, "weights": {)" + text + "}}";
}

}  // namespace

class tst_plan_file : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void returnsWhatWasWritten() {
        const auto plan = exchange::planFromJson(exchange::planToJson(fullPlan()));
        QVERIFY2(plan.ok(), plan ? "" : plan.error().text().c_str());
        QCOMPARE(*plan, fullPlan());
        QCOMPARE(*exchange::planFromJson(exchange::planToJson(Plan{})), Plan{});
    }

    void writesTheKeysOfTheFormat() {
        const auto json = nlohmann::json::parse(exchange::planToJson(fullPlan()));
        QCOMPARE(json.at("format"), "espalier-plan");
        QCOMPARE(json.at("version"), 1);
        QCOMPARE(json.at("model").at("file"), "lenet5.pt");
        QCOMPARE(json.at("model").at("sha256"), "ab12");
        QCOMPARE(json.at("inputs").at(0), "1x1x28x28");
        QCOMPARE(json.at("defaults").at("weights").at("criterion"), "lamp");
        QVERIFY(json.at("defaults").contains("channels") && json.at("defaults").contains("data"));
        QCOMPARE(json.at("weights").at("fc4.weight").at("pattern"), "2:4");
        QCOMPARE(json.at("defaults").at("channels").at("criterion"), "fpgm");
        QCOMPARE(json.at("defaults").at("channels").at("reduce"), "max");
        QCOMPARE(json.at("defaults").at("channels").at("consumers"), true);
        QCOMPARE(json.at("defaults").at("channels").at("normalise"), "gaussian");
        QCOMPARE(json.at("defaults").at("channels").at("allow_inexact"), true);
        QCOMPARE(json.at("channels").at("conv1").at("keep"), 12);
        QCOMPARE(json.at("channels").at("conv1").at("multiple_of"), 4);
        QVERIFY(!json.at("channels").at("conv2").contains("multiple_of"));
        QCOMPARE(json.at("marks").at("conv1").at("remove"), nlohmann::json({5, 6}));
        QCOMPARE(json.at("locked").size(), std::size_t(2));
    }

    void readsTheExampleOfTheFormat() {
        const auto plan = exchange::planFromJson(R"({ "format": "espalier-plan", "version": 1,
            "model": {"file": "lenet5.pt", "sha256": "beef"}, "inputs": ["1x1x28x28"],
            "defaults": {"weights": {"criterion": "magnitude"},
                         "channels": {"criterion": "l2", "reduce": "mean", "normalise": "mean", "floor": 0.1},
                         "seed": 3, "data": "train[0:1024]"},
            "weights": {"fc1.weight": {"sparsity": 0.92}, "fc2.weight": {"threshold": 0.031},
                        "fc3.weight": {"sigma": 1.5}, "fc4.weight": {"pattern": "2:4"}},
            "channels": {"conv1": {"keep": 12, "multiple_of": 4}, "conv2": {"ratio": 0.5},
                         "attn.qkv[0:64]": {"threshold": 0.8}},
            "marks": {"conv1": {"keep": [3], "remove": [5, 6]}}, "locked": ["conv9", "fc3.weight"] })");
        prune::ChannelRule conv1 = prune::ChannelRule::keepBest(12);
        conv1.multipleOf = 4;
        QCOMPARE(plan->channels.at("conv1"), conv1);
        QCOMPARE(plan->channels.at("conv2"), prune::ChannelRule::ratio(0.5));
        QCOMPARE(plan->channels.at("attn.qkv[0:64]"), prune::ChannelRule::threshold(0.8));
        QCOMPARE(plan->marks.at("conv1"), (prune::ChannelMarks{{3}, {5, 6}}));
        QCOMPARE(plan->channelDefaults, prune::ChannelDefaults{});
        QCOMPARE(plan->data, std::string("train[0:1024]"));
        QVERIFY2(plan.ok(), plan ? "" : plan.error().text().c_str());
        QCOMPARE(plan->modelSha256, std::string("beef"));
        QCOMPARE(plan->inputs.at(0).shape, (std::vector<std::int64_t>{1, 1, 28, 28}));
        QCOMPARE(plan->seed, std::uint64_t(3));
        QCOMPARE(plan->weights.at("fc1.weight"), WeightRule::sparsity(0.92));
        QCOMPARE(plan->weights.at("fc2.weight"), WeightRule::threshold(0.031));
        QCOMPARE(plan->weights.at("fc3.weight"), WeightRule::sigma(1.5));
        QCOMPARE(plan->weights.at("fc4.weight"), WeightRule::pattern(2, 4));
        QVERIFY(plan->locked.contains("conv9"));
    }

    void refuses_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("named");
        const auto row = [](const char* name, const std::string& text, const char* named) {
            QTest::newRow(name) << QString::fromStdString(text) << QString(named);
        };
        const std::string start = R"({"format": "espalier-plan", "version": 1, )";
        row("empty", "", "no JSON");
        row("no JSON", "{\"format\": ", "no JSON");
        row("a list", "[1]", "not an object");
        row("another format", R"({"format": "espalier-recipe", "version": 1})", "\"format\"");
        row("no format", R"({"version": 1})", "\"format\"");
        row("no version", R"({"format": "espalier-plan"})", "missing");
        row("version 2", R"({"format": "espalier-plan", "version": 2})", "\"version\" is 2");
        row("version as text", R"({"format": "espalier-plan", "version": "1"})", "\"version\"");
        row("unknown key", start + R"("layers": {}})", "\"layers\"");
        row("unknown rule", withWeights(R"("fc1.weight": {"sparsty": 0.5})"),
            "weights.fc1.weight.sparsty");
        row("two rules", withWeights(R"("fc1.weight": {"sparsity": 0.5, "threshold": 1})"),
            "weights.fc1.weight");
        row("no rule", withWeights(R"("fc1.weight": {})"), "weights.fc1.weight");
        row("a number as rule", withWeights(R"("fc1.weight": 0.5)"), "weights.fc1.weight");
        row("one weight twice", withWeights(R"("a": {"sparsity": 0.5}, "a": {"sigma": 1})"),
            "\"a\" is there twice");
        row("one rule twice", withWeights(R"("a": {"sparsity": 0.5, "sparsity": 0.6})"),
            "\"sparsity\" is there twice");
        row("sparsity in percent", withWeights(R"("fc1.weight": {"sparsity": 92})"),
            "weights.fc1.weight.sparsity");
        row("sparsity as text", withWeights(R"("fc1.weight": {"sparsity": "0.9"})"),
            "weights.fc1.weight.sparsity");
        row("sparsity null", withWeights(R"("fc1.weight": {"sparsity": null})"),
            "weights.fc1.weight.sparsity");
        row("negative threshold", withWeights(R"("fc1.weight": {"threshold": -1})"),
            "weights.fc1.weight.threshold");
        row("huge sigma", withWeights(R"("fc1.weight": {"sigma": 1e999})"), "");
        for (const char* pattern :
             {"", "2", "2:", ":4", "2:4 ", "a:b", "5:4", "0:4", "2:4:8", "-2:4", "2:99999999999"}) {
            row(qPrintable(QString("pattern \"%1\"").arg(pattern)),
                withWeights(std::string(R"("fc1.weight": {"pattern": ")") + pattern + "\"}"),
                "weights.fc1.weight.pattern");
        }
        row("weights as a list", start + R"("weights": []})", "\"weights\"");
        row("a permission as text",
            start + R"("defaults": {"channels": {"allow_inexact": "yes"}}})",
            "defaults.channels.allow_inexact");
        row("unknown criterion", start + R"("defaults": {"weights": {"criterion": "l1"}}})",
            "defaults.weights.criterion");
        row("unknown default", start + R"("defaults": {"epochs": 3}})", "defaults.epochs");
        row("unknown channel default", start + R"("defaults": {"channels": {"flor": 0.1}}})",
            "defaults.channels.flor");
        row("floor as text", start + R"("defaults": {"channels": {"floor": "0.1"}}})",
            "defaults.channels.floor");
        row("floor beyond all", start + R"("defaults": {"channels": {"floor": 1.5}}})",
            "defaults.channels.floor");
        row("criterion of weights", start + R"("defaults": {"channels": {"criterion": "lamp"}}})",
            "defaults.channels.criterion");
        row("unknown reduction", start + R"("defaults": {"channels": {"reduce": "median"}}})",
            "defaults.channels.reduce");
        row("two channel rules", start + R"("channels": {"conv1": {"keep": 3, "ratio": 0.5}}})",
            "channels.conv1");
        row("one group twice",
            start + R"("channels": {"conv1": {"keep": 3}, "conv1": {"keep": 4}}})", "conv1");
        row("no channel rule", start + R"("channels": {"conv1": {"multiple_of": 4}}})",
            "channels.conv1");
        row("keep none", start + R"("channels": {"conv1": {"keep": 0}}})", "channels.conv1");
        row("keep a half", start + R"("channels": {"conv1": {"keep": 1.5}}})",
            "channels.conv1.keep");
        row("ratio", start + R"("channels": {"conv1": {"ratio": 2}}})", "channels.conv1");
        row("multiple of none", start + R"("channels": {"conv1": {"keep": 3, "multiple_of": 0}}})",
            "channels.conv1");
        row("mark both ways", start + R"("marks": {"conv1": {"keep": [1], "remove": [1]}}})",
            "marks.conv1");
        row("negative mark", start + R"("marks": {"conv1": {"keep": [-1]}}})",
            "marks.conv1.keep[0]");
        row("negative seed", start + R"("defaults": {"seed": -1}})", "defaults.seed");
        row("broken seed", start + R"("defaults": {"seed": 1.5}})", "defaults.seed");
        row("bad input", start + R"("inputs": ["1xax3"]})", "inputs[0]");
        row("input as number", start + R"("inputs": [3]})", "inputs[0]");
        row("locked as text", start + R"("locked": "fc1"})", "\"locked\"");
        row("lock as number", start + R"("locked": ["a", 1]})", "locked[1]");
        row("unknown model key", start + R"("model": {"name": "x"}})", "model.name");
        row("hash as number", start + R"("model": {"sha256": 1}})", "model.sha256");
    }
    void refuses() {
        QFETCH(QString, text);
        QFETCH(QString, named);
        const auto plan = exchange::planFromJson(text.toStdString());
        QVERIFY(!plan);
        QVERIFY(plan.error().kind == Error::Kind::BadArgument);
        const QString message = QString::fromStdString(plan.error().text());
        QVERIFY2(message.contains(named), qPrintable(message));
    }

    void goesThroughAFile() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("a.espalier-plan.json").toStdString();
        QVERIFY(exchange::writePlan(fullPlan(), path).ok());
        QCOMPARE(*exchange::readPlan(path), fullPlan());
        QVERIFY(!exchange::readPlan(path.string() + ".gone"));
        QVERIFY(!exchange::writePlan(fullPlan(), path / "below-a-file.json"));
        QFile file(folder.filePath("b.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{}");
        file.close();
        const auto wrong = exchange::readPlan(file.fileName().toStdString());
        QVERIFY(!wrong);
        QVERIFY(wrong.error().what.find("b.json") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(tst_plan_file)
#include "tst_plan_file.moc"
