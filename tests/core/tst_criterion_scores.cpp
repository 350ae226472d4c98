// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/ops/index_select.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>

#include "core/data/slice.h"
#include "core/measure/criterion_scores.h"
#include "core/prune/scores_torch.h"
#include "tests/support/noise_torch.h"
#include "tests/support/toy_snapshot_torch.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;

namespace {

constexpr std::int64_t kSamples = 150;  // more than two batches of every criterion

test::ToyData dataOf(const at::Tensor& inputs, const at::Tensor& targets, std::int64_t classes) {
    const test::ToyData::Part part{inputs, targets};
    return {part, part, part, classes};
}

test::ToyData manyBlobs() {
    const auto part = test::blobs(kSamples, 6, 3, 1);
    return dataOf(part.inputs, part.targets, 3);
}

measure::ScoreOptions asked(const std::string& criterion,
                            const std::string& data = "train[0:150]") {
    return {{"toy", criterion, data, 7}, "cpu"};
}

prune::ScoresPtr measured(const model::SnapshotPtr& snapshot, const data::Dataset& dataset,
                          const std::string& criterion, const std::string& data = "train[0:150]") {
    RunControl control;
    auto scores = measure::measureScores(snapshot, dataset, asked(criterion, data), {}, control);
    if (!scores) qWarning("%s", scores.error().text().c_str());
    return scores ? *scores : nullptr;
}

at::Tensor valuesOf(const prune::ScoresPtr& scores, const std::string& name) {
    return scores->state().parameters.at(name).weights.values;
}

bool isClose(const at::Tensor& a, const at::Tensor& b) {
    return at::allclose(a.to(at::kDouble), b.to(at::kDouble), 1e-4, 1e-7);
}

/// The inputs of a linear model and ∂Lᵢ/∂output = softmax − one-hot, in the order of the slice.
struct Seen {
    at::Tensor inputs;     // [samples, features]
    at::Tensor gradients;  // [samples, classes]
};

Seen seenBy(const at::Tensor& weight, const at::Tensor& bias, const data::Dataset& dataset) {
    const auto order = *data::indicesOf(dataset, {data::Split::Train, 0, kSamples}, 7);
    const data::Batch batch = dataset.batch(data::Split::Train, order);
    const at::Tensor inputs = batch.inputs.front().flatten(1);
    const at::Tensor scores = at::softmax(at::matmul(inputs, weight.t()) + bias, 1);
    return {inputs, scores - at::one_hot(batch.targets, weight.size(0))};
}

const at::Tensor& someWeight() {
    static const at::Tensor weight = 0.3 * test::noise({3, 6}, 5);
    return weight;
}

const at::Tensor& someBias() {
    static const at::Tensor bias = test::floats({0.1F, -0.2F, 0.3F}, {3});
    return bias;
}

}  // namespace

class TestCriterionScores : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wandaByHand() {
        const at::Tensor weight = test::floats({1, -2, 3, 0.5}, {2, 2});
        const auto snapshot = test::linearModel(weight, at::zeros({2}));
        const auto data = dataOf(test::floats({3, 1, 4, 2}, {2, 1, 1, 2}), at::tensor({0L, 1L}), 2);
        const auto scores = measured(snapshot, data, "wanda", "train[0:2]");
        QVERIFY(scores);
        QCOMPARE(scores->samples(), 2);
        // ‖(3, 4)‖ = 5 and ‖(1, 2)‖ = √5
        const float root = std::sqrt(5.0F);
        QVERIFY(
            isClose(valuesOf(scores, "w"), test::floats({5, 2 * root, 15, 0.5F * root}, {2, 2})));
        const auto& state = scores->state().parameters.at("w");
        QVERIFY(at::equal(state.weights.rows, at::tensor({0L, 0L, 1L, 1L}).reshape({2, 2})));
        QVERIFY(isClose(state.axes.at(0).flatten(),
                        test::floats({5 + 2 * root, 15 + 0.5F * root}, {2})));
        QVERIFY(scores->whyNot("w").empty());
        QVERIFY(!scores->whyNot("b").empty());
    }

    void wandaOfASharedWeightTakesAllItsInputs() {
        const auto module = test::toyModule({{"w", test::floats({0, 2, 1, 0}, {2, 2})}},
                                            "y = torch.linear(torch.flatten(x, 1), self.w)\n"
                                            "    return torch.linear(y, self.w)");
        const auto snapshot = test::snapshotOf(module, {1, 1, 1, 2});
        const auto data = dataOf(test::floats({3, 1}, {1, 1, 1, 2}), at::tensor({0L}), 2);
        // x = (3, 1), then y = (2, 3): ‖(3, 2)‖ = √13 and ‖(1, 3)‖ = √10
        const auto scores = measured(snapshot, data, "wanda", "train[0:1]");
        QVERIFY(scores);
        QVERIFY(isClose(valuesOf(scores, "w"),
                        test::floats({0, 2 * std::sqrt(10.0F), std::sqrt(13.0F), 0}, {2, 2})));
    }

    void activationsByHand() {
        const auto module = test::toyModule({{"w", at::eye(2)}, {"v", at::ones({3, 2})}},
                                            "y = torch.linear(torch.flatten(x, 1), self.w)\n"
                                            "    return torch.linear(torch.relu(y), self.v)");
        const auto snapshot = test::snapshotOf(module, {1, 1, 1, 2});
        const auto data =
            dataOf(test::floats({3, -1, -4, 2, 0, 4}, {3, 1, 1, 2}), at::tensor({0L, 1L, 2L}), 3);
        const auto mean = measured(snapshot, data, "activation", "train[0:3]");
        const auto share = measured(snapshot, data, "apoz", "train[0:3]");
        QVERIFY(mean && share);
        // What v reads: relu of (3, −1), (−4, 2), (0, 4).
        QVERIFY(isClose(mean->state().parameters.at("v").axes.at(1), test::floats({1, 2}, {1, 2})));
        QVERIFY(isClose(share->state().parameters.at("v").axes.at(1),
                        test::floats({1.0F / 3, 2.0F / 3}, {1, 2})));
        QVERIFY(isClose(mean->state().parameters.at("w").axes.at(0),
                        test::floats({7.0F / 3, 7.0F / 3}, {1, 2})));
        QVERIFY(!mean->whyNot("v").empty());  // it ranks no weights
    }

    /// ∂L/∂w of a linear model with cross-entropy is (softmax − one-hot)ᵀ·x / n.
    void taylorAgreesWithTheFormulaOverBatches() {
        const auto data = manyBlobs();
        const Seen seen = seenBy(someWeight(), someBias(), data);
        const auto scores = measured(test::linearModel(someWeight(), someBias()), data, "taylor");
        QVERIFY(scores);
        at::Tensor expected = at::zeros({3, 6});
        at::Tensor perOutput = at::zeros({3});
        for (std::int64_t begin = 0; begin < kSamples; begin += 64) {
            const std::int64_t end = std::min<std::int64_t>(begin + 64, kSamples);
            const double share = static_cast<double>(end - begin) / kSamples;
            const at::Tensor product = someWeight() *
                                       at::matmul(seen.gradients.slice(0, begin, end).t(),
                                                  seen.inputs.slice(0, begin, end)) /
                                       (end - begin);
            expected += share * product.abs();
            perOutput += share * product.sum(1).square();
        }
        QVERIFY(isClose(valuesOf(scores, "w"), expected));
        const at::Tensor rounds = scores->state().parameters.at("w").axes.at(0);
        QCOMPARE(rounds.size(0), 3);
        QVERIFY(isClose(rounds.square().sum(0), perOutput));
    }

    void gradientAgreesWithTheFormula() {
        const auto data = manyBlobs();
        const Seen seen = seenBy(someWeight(), someBias(), data);
        const auto scores = measured(test::linearModel(someWeight(), someBias()), data, "gradient");
        QVERIFY(scores);
        const at::Tensor expected = at::matmul(seen.gradients.t(), seen.inputs) / kSamples;
        QVERIFY(isClose(valuesOf(scores, "w"), expected.abs()));
        QVERIFY(isClose(scores->state().parameters.at("w").axes.at(1).flatten(),
                        expected.square().sum(0)));
    }

    void fisherAgreesWithTheFormula_data() {
        QTest::addColumn<QString>("body");
        QTest::addColumn<double>("factor");  // on the inputs of every sample alone
        QTest::newRow("samples in front")
            << "torch.linear(torch.flatten(x, 1), self.w, self.b)" << 1.0;
        QTest::newRow("samples behind")
            << "torch.linear(torch.flatten(x, 1).unsqueeze(0), self.w, self.b).squeeze(0)" << 1.0;
        QTest::newRow("samples and places in one axis")
            << "torch.linear(torch.flatten(torch.cat([x, x], 1).flatten(0, 1), 1), self.w, "
               "self.b).reshape(-1, 2, 3).mean(1)"
            << 1.0;
        QTest::newRow("samples mixed: one after the other")
            << "torch.linear(torch.flatten(x + x.mean(0), 1), self.w, self.b)" << 2.0;
        QTest::newRow("output written over")
            << "torch.linear(torch.flatten(x, 1), self.w, self.b).mul_(1.0)" << 1.0;
    }
    void fisherAgreesWithTheFormula() {
        QFETCH(QString, body);
        QFETCH(double, factor);
        const auto module = test::toyModule({{"w", someWeight()}, {"b", someBias()}},
                                            "return " + body.toStdString());
        const auto data = manyBlobs();
        const Seen plain = seenBy(factor * someWeight(), someBias(), data);
        const auto scores = measured(test::snapshotOf(module, {1, 1, 1, 6}), data, "fisher");
        QVERIFY(scores);
        const at::Tensor squares =
            at::matmul(plain.gradients.square().t(), (factor * plain.inputs).square()) / kSamples;
        QVERIFY(isClose(valuesOf(scores, "w"), 0.5 * someWeight().square() * squares));
    }

    void whatTheLossDoesNotDependOnIsNamed_data() {
        QTest::addColumn<QString>("criterion");
        for (const char* name : {"taylor", "gradient", "fisher", "wanda"})
            QTest::newRow(name) << name;
    }
    void whatTheLossDoesNotDependOnIsNamed() {
        QFETCH(QString, criterion);
        const auto module = test::toyModule({{"w", someWeight()}, {"unused", at::ones({2, 2})}},
                                            "return torch.linear(torch.flatten(x, 1), self.w)");
        const auto scores =
            measured(test::snapshotOf(module, {1, 1, 1, 6}), manyBlobs(), criterion.toStdString());
        QVERIFY(scores);
        QVERIFY(scores->whyNot("w").empty());
        QVERIFY(!scores->whyNot("unused").empty());
    }

    void equalQuestionsGetEqualAnswers() {
        const auto data = manyBlobs();
        const auto snapshot = test::linearModel(someWeight(), someBias());
        const auto first = measured(snapshot, data, "taylor", "train[0:40]");
        const auto second = measured(snapshot, data, "taylor", "train[0:40]");
        QVERIFY(at::equal(valuesOf(first, "w"), valuesOf(second, "w")));
        RunControl control;
        auto other = asked("taylor", "train[0:40]");
        other.key.seed = 8;
        const auto seeded = measure::measureScores(snapshot, data, other, {}, control);
        QVERIFY(seeded && !at::equal(valuesOf(first, "w"), valuesOf(*seeded, "w")));
    }

    void badQuestionsAreNamed() {
        RunControl control;
        const auto data = manyBlobs();
        const auto snapshot = test::linearModel(someWeight(), someBias());
        const auto why = [&](const measure::ScoreOptions& options, const data::Dataset& dataset) {
            const auto scores = measure::measureScores(snapshot, dataset, options, {}, control);
            return scores ? std::string() : scores.error().text();
        };
        QVERIFY(why(asked("magnitude"), data).find("magnitude") != std::string::npos);
        QVERIFY(why(asked("taylor", "train[200:300]"), data).find("150") != std::string::npos);
        QVERIFY(why(asked("taylor", "train"), data).find("train[0:1024]") != std::string::npos);
        auto other = asked("taylor");
        other.key.weightsHash = "others";
        QVERIFY(why(other, data).find("other weights") != std::string::npos);
        const auto five = test::blobs(20, 5, 3, 1);
        QVERIFY(why(asked("taylor"), dataOf(five.inputs, five.targets, 3)).find("fit") !=
                std::string::npos);
        const auto nan = dataOf(at::full({20, 1, 1, 6}, std::nan("")), five.targets, 3);
        QVERIFY(why(asked("taylor"), nan).find("NaN") != std::string::npos);
        QVERIFY(why(asked("fisher"), nan).find("NaN") != std::string::npos);
        QVERIFY(why(asked("wanda"), nan).find("NaN") != std::string::npos);
    }

    void withoutLabelsOnlySomeCriteriaWork() {
        RunControl control;
        const auto data = manyBlobs().withoutLabels();
        const auto snapshot = test::linearModel(someWeight(), someBias());
        for (const char* criterion : {"taylor", "gradient", "fisher"}) {
            const auto scores =
                measure::measureScores(snapshot, data, asked(criterion), {}, control);
            QVERIFY2(!scores, criterion);
            const std::string text = scores.error().text();
            QVERIFY2(text.find("has no labels") != std::string::npos, text.c_str());
            QVERIFY2(text.find("wanda, activation, apoz, ") != std::string::npos, text.c_str());
        }
        for (const char* criterion : {"wanda", "activation", "apoz"})
            QVERIFY2(measure::measureScores(snapshot, data, asked(criterion), {}, control),
                     criterion);
    }

    void stopsAtOnce() {
        RunControl control;
        control.requestStop();
        const auto scores = measure::measureScores(test::linearModel(someWeight(), someBias()),
                                                   manyBlobs(), asked("fisher"), {}, control);
        QVERIFY(!scores);
        QCOMPARE(scores.error().kind, Error::Kind::Cancelled);
    }

    void progressIsTold() {
        std::vector<std::int64_t> done;
        const EventSink<> events{[&](const Progress& progress) {
                                     QCOMPARE(progress.total, kSamples);
                                     done.push_back(progress.done);
                                 },
                                 {}};
        RunControl control;
        QVERIFY(measure::measureScores(test::linearModel(someWeight(), someBias()), manyBlobs(),
                                       asked("taylor"), events, control));
        QCOMPARE(done, (std::vector<std::int64_t>{64, 128, 150}));
    }
};

QTEST_GUILESS_MAIN(TestCriterionScores)
#include "tst_criterion_scores.moc"
