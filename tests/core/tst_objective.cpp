// SPDX-License-Identifier: GPL-3.0-or-later
// Losses, agreement and TorchScript modules against hand computation; what is said when they do not
// fit.
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <limits>

#include "core/measure/evaluate.h"
#include "core/measure/runtime.h"
#include "core/measure/scores_torch.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using data::Split;
using data::Targets;

namespace {

/// The first `samples` rows of a table, to be given back by a model that returns its input.
class Table final : public data::Dataset {
public:
    Table(at::Tensor inputs, at::Tensor targets, Targets kind)
        : m_inputs(std::move(inputs)), m_targets(std::move(targets)) {
        m_info.name = "table";
        m_info.targets = kind;
        m_info.areTargetsWhole =
            !m_targets.defined() || c10::isIntegralType(m_targets.scalar_type(), false);
        m_info.sampleShape = m_inputs.sizes().slice(1).vec();
        m_info.validation = m_inputs.size(0);
        if (kind == Targets::Classes) m_info.classes = {"a", "b"};
    }
    const data::DatasetInfo& info() const override { return m_info; }
    const data::DataSpec& spec() const override { return m_spec; }
    data::Batch batch(Split, std::span<const std::int64_t> indices) const override {
        const at::Tensor at =
            at::tensor(at::ArrayRef<std::int64_t>(indices.data(), indices.size()));
        return {{m_inputs.index_select(0, at)},
                m_targets.defined() ? m_targets.index_select(0, at) : at::Tensor()};
    }
    data::DatasetPtr withValidation(double) const override { return nullptr; }

private:
    at::Tensor m_inputs;
    at::Tensor m_targets;
    data::DatasetInfo m_info;
    data::DataSpec m_spec;
};

model::SnapshotPtr gives(const std::string& body) {
    return snapshotOf(toyModule({{"w", at::ones({2, 2})}}, body), {1, 2});
}

}  // namespace

class TestObjective : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void meanSquaredErrorByHand();
    void binaryCrossEntropyByHand();
    void tokensHaveClassesOnAxisOne();
    void agreementByHand();
    void agreementOfTokens();
    void agreementOfOtherShapesIsRefused();
    void modulesJudge();
    void modulesThatCannotJudge_data();
    void modulesThatCannotJudge();
    void targetsThatDoNotFitTheLoss_data();
    void targetsThatDoNotFitTheLoss();

private:
    Result<measure::Evaluation> run(const model::SnapshotPtr& snapshot,
                                    const data::Dataset& dataset,
                                    measure::EvaluateOptions options = {}) {
        RunControl control;
        return measure::evaluate(*snapshot, nullptr, dataset, options, {}, control);
    }
    /// A file with a module of this forward.
    std::string moduleFile(const std::string& definition) {
        torch::jit::Module module("judge");
        module.register_attribute("training", c10::BoolType::get(), true);
        module.define(definition);
        const std::string path = m_folder.filePath("judge.pt").toStdString();
        module.save(path);
        return path;
    }
    QTemporaryDir m_folder;
};

void TestObjective::meanSquaredErrorByHand() {
    // Squares 1, 4; 0, 9; 16, 0.
    const at::Tensor inputs = at::tensor({1.f, 2.f, 0.f, 3.f, 4.f, 0.f}).reshape({3, 2});
    const Table table(inputs, at::zeros({3, 2}), Targets::Numbers);
    const auto result = run(gives("return x"), table, {.batchSize = 2});
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(std::abs(result->loss - 30.0 / 6) < 1e-12);  // batches of two and one
    QCOMPARE(result->score, result->loss);
    QCOMPARE(result->metric.name, std::string("loss"));
    QCOMPARE(result->metric.loss, std::string("mse"));
    QVERIFY(std::isnan(result->top1));
    QVERIFY(result->classes.empty());
    // [samples] and [samples, 1] are the same numbers.
    const Table column(inputs, at::zeros({3}), Targets::Numbers);
    const auto one = run(gives("return x[:, :1]"), column);
    QVERIFY2(one.ok(), one.ok() ? "" : one.error().text().c_str());
    QVERIFY(std::abs(one->loss - 17.0 / 3) < 1e-12);
}

void TestObjective::binaryCrossEntropyByHand() {
    // σ(ln 3) = 3/4.
    const at::Tensor inputs = at::full({2, 2}, std::log(3.0f));
    const Table table(inputs, at::tensor({1.f, 0.f, 0.f, 1.f}).reshape({2, 2}), Targets::Numbers);
    const auto result = run(gives("return x"), table, {.metrics = {.loss = "bce"}});
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(std::abs(result->loss - (std::log(4.0 / 3) + std::log(4.0)) / 2) < 1e-6);
}

void TestObjective::tokensHaveClassesOnAxisOne() {
    // Scores [2, 2, 2]: both classes tie everywhere.
    const Table table(at::zeros({2, 2, 2}), at::zeros({2, 2}, at::kLong), Targets::Numbers);
    const auto result = run(gives("return x"), table);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(std::abs(result->loss - std::log(2.0)) < 1e-12);
    QVERIFY(std::isnan(result->top1));
}

void TestObjective::agreementByHand() {
    // Dense probabilities 3/4, 1/4 and 1/4, 3/4; the other model says 1/2, 1/2 (class 0) to both.
    const at::Tensor inputs = at::tensor({3.f, 1.f, 1.f, 3.f}).reshape({2, 2}).log();
    const Table table(inputs, {}, Targets::None);
    measure::EvaluateOptions options;
    options.reference = gives("return x");
    const auto other = run(gives("return x * 0"), table, options);
    QVERIFY2(other.ok(), other.ok() ? "" : other.error().text().c_str());
    QCOMPARE(other->metric.kind, measure::Metric::Kind::Agreement);
    QCOMPARE(other->score, 0.5);
    QCOMPARE(other->top1, 0.5);
    const double divergence = 0.75 * std::log(0.75 / 0.5) + 0.25 * std::log(0.25 / 0.5);
    QVERIFY(std::abs(other->loss - divergence) < 1e-7);
    const auto same = run(gives("return x + 1"), table, options);
    QCOMPARE(same->score, 1.0);
    QVERIFY(std::abs(same->loss) < 1e-7);
}

void TestObjective::agreementOfTokens() {
    // [samples, tokens, classes]: of three places the second differs.
    const at::Tensor inputs =
        at::tensor({1.f, 0.f, 0.f, 1.f, 1.f, 0.f}).reshape({1, 3, 2}).repeat({2, 1, 1});
    const Table table(inputs, {}, Targets::None);
    measure::EvaluateOptions options;
    options.reference = gives("return x");
    const auto result = run(gives("return x * 0"), table, options);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QVERIFY(std::abs(result->score - 2.0 / 3) < 1e-12);
}

void TestObjective::agreementOfOtherShapesIsRefused() {
    const Table table(at::ones({2, 3}), {}, Targets::None);
    measure::EvaluateOptions options;
    options.reference = gives("return x[:, :2]");
    const auto result = run(gives("return x"), table, options);
    QVERIFY(!result);
    QVERIFY2(
        result.error().text().find("it gives 2x3 float32, the reference 2x2") != std::string::npos,
        result.error().text().c_str());
    const auto one = run(gives("return x[:, :1]"), table);
    QVERIFY(!one);
    QVERIFY2(one.error().text().find("agreement compares the best of several scores, and the "
                                     "output is 2x1 float32") != std::string::npos,
             one.error().text().c_str());
}

void TestObjective::modulesJudge() {
    const at::Tensor inputs = at::tensor({1.f, 2.f, 0.f, 3.f, 4.f, 0.f}).reshape({3, 2});
    const Table table(inputs, at::zeros({3, 2}), Targets::Numbers);
    const std::string file = moduleFile(
        "def forward(self, output, target):\n    return (output - target).abs().mean()\n");
    const auto metric =
        run(gives("return x"), table, {.batchSize = 2, .metrics = {.metric = file}});
    QVERIFY2(metric.ok(), metric.ok() ? "" : metric.error().text().c_str());
    QVERIFY(std::abs(metric->score - 10.0 / 6) < 1e-6);
    QVERIFY(std::abs(metric->loss - 5) < 1e-12);
    QCOMPARE(metric->metric.name, std::string("judge.pt"));
    const auto loss = run(gives("return x"), table, {.metrics = {.loss = file}});
    QVERIFY(std::abs(loss->loss - 10.0 / 6) < 1e-6);
    QCOMPARE(loss->score, loss->loss);
    QCOMPARE(loss->metric.title(), std::string("loss (judge.pt)"));
    // A plain number will do.
    const auto number = run(gives("return x"), table,
                            {.metrics = {.metric = moduleFile("def forward(self, output, target):\n"
                                                              "    return output.size(1)\n")}});
    QVERIFY2(number.ok(), number.ok() ? "" : number.error().text().c_str());
    QCOMPARE(number->score, 2.0);
}

void TestObjective::modulesThatCannotJudge_data() {
    QTest::addColumn<QString>("definition");
    QTest::addColumn<QString>("says");
    const QString two = "def forward(self, output, target):\n    ";
    QTest::newRow("vector") << two + "return (output - target).abs().mean(1)\n"
                            << "judge.pt returns 2 float32, not one number";
    QTest::newRow("NaN") << two + "return output.sum() * float('nan')\n"
                         << "judge.pt gives nan for two samples";
    QTest::newRow("one argument") << "def forward(self, output):\n    return output.sum()\n"
                                  << "its forward does not take two arguments";
    QTest::newRow("three arguments")
        << "def forward(self, output, target, weight):\n    return output.sum()\n"
        << "its forward does not take two arguments";
    QTest::newRow("other shapes") << two + "return (output - target).sum()\n"
                                  << "does not run on an output of 2x2 float32 and targets of "
                                     "2x3 float32";
    QTest::newRow("a text") << two + "return 'good'\n"
                            << "not one number";
}

void TestObjective::modulesThatCannotJudge() {
    QFETCH(QString, definition);
    QFETCH(QString, says);
    const int width = definition.contains("target).sum()") ? 3 : 2;
    const Table table(at::ones({3, 2}), at::zeros({3, width}), Targets::Numbers);
    const std::string file = moduleFile(definition.toStdString());
    // As a metric it is asked only where the loss fits.
    const auto result = run(gives("return x"), table, {.metrics = {.loss = file}});
    QVERIFY(!result);
    QVERIFY2(result.error().text().find(says.toStdString()) != std::string::npos,
             result.error().text().c_str());
    QVERIFY(!result.error().hint.empty());
}

void TestObjective::targetsThatDoNotFitTheLoss_data() {
    QTest::addColumn<QString>("loss");
    QTest::addColumn<QString>("says");
    QTest::newRow("cross_entropy") << "cross_entropy"
                                   << "needs whole class numbers, and the "
                                      "targets are 2x3 float32";
    QTest::newRow("mse") << "mse"
                         << "the output is 2x2 float32, the targets 2x3 float32";
    QTest::newRow("bce") << "bce"
                         << "the output is 2x2 float32, the targets 2x3 float32";
}

void TestObjective::targetsThatDoNotFitTheLoss() {
    QFETCH(QString, loss);
    QFETCH(QString, says);
    const Table table(at::ones({3, 2}), at::zeros({3, 3}), Targets::Numbers);
    const auto result = run(gives("return x"), table, {.metrics = {.loss = loss.toStdString()}});
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Mismatch);
    QVERIFY2(result.error().text().find(says.toStdString()) != std::string::npos,
             result.error().text().c_str());
    const Table tooLarge(at::ones({3, 2}), at::full({3, 2}, 2), Targets::Numbers);
    const auto outside = run(gives("return x"), tooLarge, {.metrics = {.loss = "bce"}});
    QVERIFY(!outside);
    QVERIFY(outside.error().text().find("from 0 to 1") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestObjective)
#include "tst_objective.moc"
