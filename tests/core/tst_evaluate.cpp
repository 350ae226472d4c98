// SPDX-License-Identifier: GPL-3.0-or-later
// Accuracy and loss against hand computation; what is said when data and model do not fit.
#include <QTest>

#include <cmath>

#include "core/measure/device_torch.h"
#include "core/measure/evaluate.h"
#include "core/measure/runtime.h"
#include "core/measure/shape_hint.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using data::Split;

namespace {

/// Returns its input, flattened: the samples are the scores.
model::SnapshotPtr identity(std::int64_t classes,
                            const std::string& body = "return torch.flatten(x, 1)") {
    return snapshotOf(toyModule({{"w", at::zeros({1, 1})}}, body), {1, 1, 1, classes});
}

ToyData scored(const at::Tensor& scores, const std::vector<std::int64_t>& targets,
               std::int64_t classes) {
    const ToyData::Part part{scores.reshape({scores.size(0), 1, 1, scores.size(1)}),
                             at::tensor(targets)};
    const ToyData::Part none{part.inputs.slice(0, 0, 0), part.targets.slice(0, 0, 0)};
    return {none, part, part, classes};
}

}  // namespace

class TestEvaluate : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { measure::setUpTorchThread(1); }
    void matchesAHandComputation();
    void topFiveOfSix();
    void batchesDoNotMatter();
    void largeSumsAreExact();
    void firstSamplesOnly();
    void masksAreApplied();
    void oneOfSeveralOutputs_data();
    void oneOfSeveralOutputs();
    void refusesToGuessAnOutput_data();
    void refusesToGuessAnOutput();
    void doublePrecisionModels();
    void notANumberIsNoRightAnswer();
    void tellsProgressAndStops();
    void leavesTheSnapshotAlone();
    void refusesEmptySplitsAndUnknownDevices();
    void saysWhatDoesNotFit_data();
    void saysWhatDoesNotFit();
    void fewerClassesThanOutputsAreNoted();
    void aClassWithoutAScoreIsNamedWithItsSample();
    void aLabelOutOfRangeIsNamedWithItsSample();
    void outputsThatAreNoNumbersAreNoted_data();
    void outputsThatAreNoNumbersAreNoted();
    void aReferenceThatDoesNotFitIsNamed_data();
    void aReferenceThatDoesNotFitIsNamed();
    void saysHowToReadImagesOfOtherChannels_data();
    void saysHowToReadImagesOfOtherChannels();
    void devices();

private:
    Result<measure::Evaluation> run(const model::SnapshotPtr& snapshot,
                                    const data::Dataset& dataset,
                                    measure::EvaluateOptions options = {},
                                    const prune::MasksPtr& masks = nullptr) {
        return measure::evaluate(*snapshot, masks, dataset, options, {}, m_control);
    }
    RunControl m_control;
};

void TestEvaluate::matchesAHandComputation() {
    // Probabilities 1/2, 1/4, 1/4; 1/4, 1/2, 1/4 and 1/8, 5/8, 2/8: losses ln 2, ln 4, ln 4.
    const at::Tensor scores =
        at::tensor({2., 1., 1., 1., 2., 1., 1., 5., 2.}).reshape({3, 3}).log().to(at::kFloat);
    const auto result = run(identity(3), scored(scores, {0, 2, 2}, 3));
    QVERIFY(result.ok());
    QCOMPARE(result->split, Split::Validation);
    QCOMPARE(result->samples, 3);
    QVERIFY(std::abs(result->loss - (std::log(2.) + 2 * std::log(4.)) / 3) < 1e-7);
    QCOMPARE(result->top1, 1.0 / 3);
    QCOMPARE(result->top5, 1.0);
    const std::vector<measure::ClassAccuracy> classes{{"0", 1, 1}, {"1", 0, 0}, {"2", 2, 0}};
    QVERIFY(result->classes == classes);
    QVERIFY(result->seconds > 0);
}

void TestEvaluate::topFiveOfSix() {
    const at::Tensor scores =
        at::arange(6, at::kFloat).reshape({1, 6}).repeat({6, 1});  // class 0 is the worst
    const auto result = run(identity(6), scored(scores, {0, 1, 2, 3, 4, 5}, 6));
    QVERIFY(result.ok());
    QCOMPARE(result->top5, 5.0 / 6);
    QCOMPARE(result->top1, 1.0 / 6);
}

void TestEvaluate::batchesDoNotMatter() {
    const ToyData dataset = blobData();
    const auto snapshot = linearModel(at::randn({3, 6}), at::randn({3}));
    const auto whole = run(snapshot, dataset, {.batchSize = 1000});
    for (const std::int64_t size : {1, 7, 59, 60}) {
        const auto parts = run(snapshot, dataset, {.batchSize = size});
        QVERIFY(parts.ok());
        QCOMPARE(parts->samples, 60);
        QCOMPARE(parts->top1, whole->top1);
        QVERIFY(std::abs(parts->loss - whole->loss) < 1e-7);
        QVERIFY(parts->classes == whole->classes);
    }
}

void TestEvaluate::largeSumsAreExact() {
    // A loss of 1e8 hides a loss of 1 in single precision.
    const at::Tensor scores = at::tensor({1e8f, 0.f, 0.f, 1.f, 0.f, 0.f}).reshape({3, 2});
    const auto result = run(identity(2), scored(scores, {1, 0, 0}, 2));
    QVERIFY(result.ok());
    const double expected = 1e8 + std::log1p(std::exp(1.)) + std::log(2.);
    QVERIFY(std::abs(result->loss * 3 - expected) < 1e-6);
}

void TestEvaluate::firstSamplesOnly() {
    const at::Tensor scores = at::eye(4, at::kFloat);
    const auto dataset = scored(scores, {0, 1, 0, 0}, 4);
    const auto result =
        run(identity(4), dataset, {.split = Split::Test, .batchSize = 2, .maxSamples = 3});
    QVERIFY(result.ok());
    QCOMPARE(result->samples, 3);
    QCOMPARE(result->top1, 2.0 / 3);
    QCOMPARE(run(identity(4), dataset, {.maxSamples = 100})->samples, 4);
}

void TestEvaluate::masksAreApplied() {
    const auto snapshot = linearModel(at::eye(2, at::kFloat), at::zeros({2}));
    const auto dataset = scored(at::eye(2, at::kFloat), {0, 1}, 2);
    QCOMPARE(run(snapshot, dataset)->top1, 1.0);
    const at::Tensor kept = at::tensor({1, 1, 1, 0}).to(at::kBool).reshape({2, 2});
    const auto masked = run(snapshot, dataset, {}, masksOf(*snapshot, {{"w", kept}}));
    QVERIFY(masked.ok());
    QCOMPARE(masked->top1, 0.5);  // the second class ties and loses to the first
    QVERIFY(std::abs(masked->loss - (std::log1p(std::exp(-1.)) + std::log(2.)) / 2) < 1e-7);
}

void TestEvaluate::oneOfSeveralOutputs_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<QString>("output");
    QTest::newRow("one among others") << "return (torch.flatten(x, 1), 3, x.long())"
                                      << "";
    QTest::newRow("tuple") << "return (x, torch.flatten(x, 1))"
                           << "1";
    QTest::newRow("nested") << "return ((torch.flatten(x, 1), 3), x)"
                            << "0.0";
    QTest::newRow("list") << "return [torch.flatten(x, 1), x]"
                          << "0";
    QTest::newRow("dict") << "return {'out': torch.flatten(x, 1), 'aux': x}"
                          << "out";
    QTest::newRow("list in a dict") << "return {'out': [x, torch.flatten(x, 1)]}"
                                    << "out.1";
}

void TestEvaluate::oneOfSeveralOutputs() {
    QFETCH(QString, body);
    QFETCH(QString, output);
    const auto dataset = scored(at::eye(3, at::kFloat), {0, 1, 0}, 3);
    const auto snapshot = identity(3, body.toStdString());
    const auto result = run(snapshot, dataset, {.metrics = {.output = output.toStdString()}});
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QCOMPARE(result->top1, 2.0 / 3);
}

void TestEvaluate::refusesToGuessAnOutput_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<QString>("output");
    QTest::addColumn<QString>("says");
    const QString listed = "out: 2x3 float32; aux: 2x1x1x3 float32";
    const QString body = "return {'out': torch.flatten(x, 1), 'aux': x}";
    QTest::newRow("two") << body << ""
                         << "returns several tensors; it returns " + listed;
    QTest::newRow("unknown") << body << "logits"
                             << "no output \"logits\"; it returns " + listed;
    QTest::newRow("how to choose") << body << ""
                                   << "Choose one, such as out (--model-output";
    QTest::newRow("none of numbers") << "return (x.long(), x.long())"
                                     << ""
                                     << "0: 2x1x1x3 int64; 1: 2x1x1x3 int64";
    QTest::newRow("a key of one tensor") << "return torch.flatten(x, 1)"
                                         << "0"
                                         << "it returns a tensor: 2x3 float32";
}

void TestEvaluate::refusesToGuessAnOutput() {
    QFETCH(QString, body);
    QFETCH(QString, output);
    QFETCH(QString, says);
    const auto dataset = scored(at::eye(3, at::kFloat), {0, 1, 0}, 3);
    const auto result = run(identity(3, body.toStdString()), dataset,
                            {.metrics = {.output = output.toStdString()}});
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Mismatch);
    QVERIFY2(result.error().text().find(says.toStdString()) != std::string::npos,
             result.error().text().c_str());
}

void TestEvaluate::doublePrecisionModels() {
    auto state = linearModel(at::eye(3, at::kDouble), at::zeros({3}, at::kDouble))->state();
    state.inputs[0].dtype = script::DType::Float64;
    const auto snapshot =
        std::make_shared<const model::Snapshot>(std::make_shared<model::SnapshotState>(state));
    const auto result = run(snapshot, scored(at::eye(3, at::kFloat), {0, 1, 0}, 3));
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QCOMPARE(result->top1, 2.0 / 3);
}

void TestEvaluate::notANumberIsNoRightAnswer() {
    const at::Tensor scores = at::tensor({1.f, 0.f, 0.f, NAN}).reshape({2, 2});
    const auto result = run(identity(2), scored(scores, {0, 0}, 2));
    QVERIFY(result.ok());
    QVERIFY(std::isnan(result->loss));
    QCOMPARE(result->top1, 0.5);
}

void TestEvaluate::tellsProgressAndStops() {
    const ToyData dataset = blobData();
    const auto snapshot = linearModel(at::randn({3, 6}), at::randn({3}));
    std::vector<Progress> seen;
    EventSink<> events;
    RunControl control;
    events.onProgress = [&](const Progress& progress) {
        seen.push_back(progress);
        if (seen.size() == 2) control.requestStop();
    };
    const auto stopped =
        measure::evaluate(*snapshot, nullptr, dataset, {.batchSize = 25}, events, control);
    QVERIFY(!stopped);
    QCOMPARE(stopped.error().kind, Error::Kind::Cancelled);
    QCOMPARE(seen.size(), std::size_t{2});
    QCOMPARE(seen[1].done, 50);
    QCOMPARE(seen[1].total, 60);
}

void TestEvaluate::leavesTheSnapshotAlone() {
    // The forward of this one counts its calls in a buffer.
    const auto snapshot = snapshotOf(
        toyModule({{"w", at::zeros({1, 1})}}, "self.calls.add_(1)\n    return torch.flatten(x, 1)",
                  {{"calls", at::zeros({1})}}),
        {1, 1, 1, 2});
    QVERIFY(run(snapshot, scored(at::eye(2, at::kFloat), {0, 1}, 2)).ok());
    QCOMPARE(snapshot->state().module.attr("calls").toTensor().item<float>(), 0.f);
}

void TestEvaluate::refusesEmptySplitsAndUnknownDevices() {
    const ToyData dataset = scored(at::eye(2, at::kFloat), {0, 1}, 2);
    const auto empty = run(identity(2), dataset, {.split = Split::Train});
    QVERIFY(!empty);
    QCOMPARE(empty.error().kind, Error::Kind::Mismatch);
    QVERIFY(empty.error().text().find("train split is empty") != std::string::npos);
    const auto device = run(identity(2), dataset, {.device = "abacus"});
    QVERIFY(!device);
    QCOMPARE(device.error().kind, Error::Kind::BadArgument);
    QVERIFY(device.error().text().find("'abacus'") != std::string::npos);
    QCOMPARE(run(identity(2), dataset, {.batchSize = 0}).error().kind, Error::Kind::BadArgument);
}

void TestEvaluate::saysWhatDoesNotFit_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<QList<int>>("shape");
    QTest::addColumn<QString>("says");
    const QList<int> three{1, 1, 1, 3};
    QTest::newRow("another shape")
        << "return torch.flatten(x, 1) @ torch.ones([12, 3])" << QList<int>{1, 3, 2, 2}
        << "the model takes 1x3x2x2, the images of toys are 1x1x1x3";
    QTest::newRow("fewer classes") << "return torch.flatten(x, 1)[:, :2]" << three
                                   << "the model tells 2 classes apart, toys has 3";
    QTest::newRow("no scores") << "return x" << three << "the model gives 2x1x1x3";
    QTest::newRow("one number") << "return x.sum()" << three
                                << "for two samples, not one score per class";
    QTest::newRow("no tensor") << "return 3" << three << "returns no tensor";
    QTest::newRow("labels") << "return torch.flatten(x, 1).long()" << three
                            << "the model gives 2x3";
    QTest::newRow("fixed batch") << "return x.view([1, 3])" << three
                                 << "runs on one sample but not on a batch of two";
    QTest::newRow("another error") << "return torch.flatten(x, 1) @ torch.ones([7, 3])" << three
                                   << "does not run on images of 1x1x1x3";
}

void TestEvaluate::saysWhatDoesNotFit() {
    QFETCH(QString, body);
    QFETCH(QList<int>, shape);
    QFETCH(QString, says);
    const auto snapshot = snapshotOf(toyModule({{"w", at::zeros({1, 1})}}, body.toStdString()),
                                     {shape.begin(), shape.end()});
    const ToyData dataset = scored(at::eye(3, at::kFloat), {0, 1, 2}, 3);
    const auto fits = measure::checkFit(*snapshot, dataset);
    QVERIFY(!fits);
    QCOMPARE(fits.error().kind, Error::Kind::Mismatch);
    QVERIFY2(fits.error().text().find(says.toStdString()) != std::string::npos,
             fits.error().text().c_str());
    QVERIFY(!fits.error().hint.empty());
    const auto evaluation = run(snapshot, dataset);
    QVERIFY(!evaluation);
    QVERIFY(evaluation.error() == fits.error());
}

void TestEvaluate::fewerClassesThanOutputsAreNoted() {
    const at::Tensor scores = at::eye(10, at::kFloat).slice(0, 0, 4);
    const ToyData four = scored(scores, {0, 1, 2, 3}, 4);
    const auto fit = measure::checkFit(*identity(10), four);
    QVERIFY(fit.ok());
    QCOMPARE(fit->notes.size(), std::size_t{1});
    const QString note = QString::fromStdString(fit->notes[0]);
    QVERIFY2(
        note.contains("10 outputs and toys 4 classes: 0, 1, 2, 3 are taken for its outputs 0 to 3"),
        qPrintable(note));
    QVERIFY(run(identity(10), four)->notes == fit->notes);
    QVERIFY(measure::checkFit(*identity(10), four, {.metric = "agreement"})->notes.empty());
    QVERIFY(measure::checkFit(*identity(10), scored(scores, {0, 1, 2, 3}, 10))->notes.empty());
}

void TestEvaluate::aClassWithoutAScoreIsNamedWithItsSample() {
    const ToyData dataset = scored(at::eye(3, at::kFloat), {0, 1, 2}, 3);
    const auto fit = measure::checkFit(*identity(3, "return torch.flatten(x, 1)[:, :2]"), dataset);
    QVERIFY(!fit);
    QVERIFY2(fit.error().text().find("sample 2 (from 0) of the validation split is of class 2") !=
                 std::string::npos,
             fit.error().text().c_str());
}

void TestEvaluate::aLabelOutOfRangeIsNamedWithItsSample() {
    // One label for each place of a sample: [samples, classes, places] and [samples, places].
    const ToyData::Part part{at::zeros({5, 1, 1, 6}),
                             at::tensor({0, 1, 2, -100, 1, 1, 0, 0, 3, 2}).reshape({5, 2})};
    const ToyData dataset = ToyData(part, part, part, 0).ofNumbers();
    const auto snapshot = identity(6, "return x.reshape([-1, 3, 2])");
    const auto result = run(snapshot, dataset, {.batchSize = 2});
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Mismatch);
    QVERIFY2(
        result.error().text().find(
            "sample 4 (from 0) of the validation split has the label 3, and the model tells 3") !=
            std::string::npos,
        result.error().text().c_str());
}

void TestEvaluate::outputsThatAreNoNumbersAreNoted_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<bool>("areInputsBroken");
    QTest::addColumn<QString>("says");
    const QString where = "3 samples, the first is sample 1 (from 0) of the validation split";
    QTest::newRow("the model") << "return torch.flatten(x, 1) / (torch.flatten(x, 1)[:, 1:2] - 1)"
                               << false << "the model's outputs hold NaN for 1 of " + where;
    QTest::newRow("the inputs")
        << "return torch.flatten(x, 1)" << true
        << "inputs hold NaN or infinity, and the model's outputs NaN for 1 of " + where;
    QTest::newRow("a masked class")
        << "return torch.flatten(x, 1) - torch.tensor([0., 0., float('inf')])" << false << "";
}

void TestEvaluate::outputsThatAreNoNumbersAreNoted() {
    QFETCH(QString, body);
    QFETCH(bool, areInputsBroken);
    QFETCH(QString, says);
    at::Tensor scores = at::eye(3, at::kFloat);
    if (areInputsBroken) scores[1][0] = NAN;
    const auto result =
        run(identity(3, body.toStdString()), scored(scores, {0, 1, 1}, 3), {.batchSize = 1});
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().text().c_str());
    QCOMPARE(result->notes.size(), std::size_t(says.isEmpty() ? 0 : 1));
    if (!says.isEmpty())
        QVERIFY2(result->notes[0].starts_with(says.toStdString()), result->notes[0].c_str());
}

void TestEvaluate::aReferenceThatDoesNotFitIsNamed_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<QString>("says");
    QTest::newRow("does not run") << "return torch.flatten(x, 1) @ torch.ones([7, 3])"
                                  << "The reference dense.pt and data toys do not fit";
    QTest::newRow("another shape") << "return torch.flatten(x, 1)[:, :2]"
                                   << "with the reference dense.pt: for two samples it gives 2x3 "
                                      "float32, the reference 2x2 float32";
}

void TestEvaluate::aReferenceThatDoesNotFitIsNamed() {
    QFETCH(QString, body);
    QFETCH(QString, says);
    const ToyData dataset = scored(at::eye(3, at::kFloat), {0, 1, 2}, 3);
    auto state = identity(3, body.toStdString())->state();
    state.file = {"dense.pt", "89", 0};
    const auto dense =
        std::make_shared<const model::Snapshot>(std::make_shared<model::SnapshotState>(state));
    const auto result =
        run(identity(3), dataset, {.metrics = {.metric = "agreement"}, .reference = dense});
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Mismatch);
    const QString text = QString::fromStdString(result.error().text());
    QVERIFY2(text.contains(says), qPrintable(text));
}

void TestEvaluate::saysHowToReadImagesOfOtherChannels_data() {
    QTest::addColumn<int>("taken");
    QTest::addColumn<int>("given");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("preset");
    QTest::addColumn<QString>("says");
    QTest::newRow("grey preset") << 3 << 1 << "image folder"
                                 << "mnist"
                                 << "Preset mnist reads images as grey: choose the preset cifar10";
    QTest::newRow("colour preset")
        << 1 << 3 << "image folder"
        << "imagenet"
        << "Preset imagenet reads images as colour: choose the preset mnist";
    QTest::newRow("grey images") << 3 << 1 << "image folder"
                                 << ""
                                 << "To read grey images as colour";
    QTest::newRow("colour images") << 1 << 3 << "image folder"
                                   << ""
                                   << "To read colour images as grey, choose the preset mnist";
    QTest::newRow("fixed grey") << 3 << 1 << "IDX files"
                                << ""
                                << "Attach colour images";
}

void TestEvaluate::saysHowToReadImagesOfOtherChannels() {
    QFETCH(int, taken);
    QFETCH(int, given);
    QFETCH(QString, kind);
    QFETCH(QString, preset);
    QFETCH(QString, says);
    const auto snapshot =
        snapshotOf(toyModule({{"w", at::zeros({1, 1})}}, "return x"), {1, taken, 28, 28});
    data::DatasetInfo info;
    info.kind = kind.toStdString();
    info.sampleShape = {given, 32, 32};
    data::DataSpec spec;
    spec.preset = preset.toStdString();
    const QString hint = QString::fromStdString(measure::shapeHint(*snapshot, info, spec));
    QVERIFY2(hint.startsWith(says), qPrintable(hint));
    const bool isScaled =
        hint.endsWith("Scale the images to 28 and cut out 28 (--resize 28 --crop 28)");
    QVERIFY2(isScaled == (kind == "image folder"), qPrintable(hint));
}

void TestEvaluate::devices() {
    QVERIFY(measure::findDevice("cpu")->is_cpu());
    QVERIFY(measure::findDevice("auto").ok());
    const auto names = measure::deviceNames();
    QVERIFY(names.size() >= 2 && names[0] == "auto" && names[1] == "cpu");
    for (const std::string& name : names) QVERIFY(measure::findDevice(name).ok());
    QCOMPARE(measure::describe(c10::kCPU), std::string("CPU"));
}

QTEST_GUILESS_MAIN(TestEvaluate)
#include "tst_evaluate.moc"
