// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <map>
#include <set>
#include <stdexcept>

#include "core/data/subset_torch.h"
#include "core/measure/evaluate.h"
#include "core/measure/live_probe.h"
#include "core/measure/masked_copy_torch.h"
#include "core/measure/runtime.h"
#include "core/project/examples.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using measure::LiveProbe;
using measure::ProbeOptions;
using measure::ProbeSubject;

namespace {

/// Three classes, one of them rare: 60, 30 and 10 of a hundred.
std::vector<std::int64_t> unevenLabels(std::int64_t count) {
    std::vector<std::int64_t> labels;
    for (std::int64_t i = 0; i < count; ++i) labels.push_back(i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2);
    return labels;
}

/// A dataset that counts the batches that are read, and can go away.
class CountedData final : public data::Dataset {
public:
    explicit CountedData(data::DatasetPtr data) : m_data(std::move(data)) {}
    const data::DatasetInfo& info() const override { return m_data->info(); }
    const data::DataSpec& spec() const override { return m_data->spec(); }
    std::vector<std::int64_t> labels(data::Split split) const override {
        return m_data->labels(split);
    }
    data::Batch batch(data::Split split, std::span<const std::int64_t> indices) const override {
        if (isGone) throw std::runtime_error("cannot open cats/7.jpg");
        if (indices.size() > 2) ++read;  // checkFit tries two
        return m_data->batch(split, indices);
    }
    data::DatasetPtr withValidation(double) const override { return nullptr; }

    mutable int read = 0;
    bool isGone = false;

private:
    data::DatasetPtr m_data;
};

prune::MasksPtr masksOf(const model::SnapshotPtr& snapshot, const prune::Plan& plan,
                        const channels::ChannelGroupsPtr& groups = nullptr) {
    RunControl control;
    prune::ChannelChoicePtr choice;
    if (plan.hasChannels()) {
        const auto scores = prune::channelScores(*groups, prune::scoreOptions(plan), control);
        choice = *prune::chooseChannels(groups, plan, *scores);
    }
    const auto masks = prune::resolve(*snapshot, plan, choice, nullptr, control);
    if (!masks) qFatal("%s", masks.error().text().c_str());
    return *masks;
}

}  // namespace

class TestLiveProbe : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void samplesHaveEachClassByItsShare();
    void samplesAreTheSameEveryTime();
    void labelsAreThoseOfTheBatches();
    void equalsEvaluate_data();
    void equalsEvaluate();
    void followsChangesInAnyOrder();
    void agreesWithTheDenseModel();
    void countsEveryMaskOfSharedMemory();
    void runsWhatIsBeforeOnce();
    void keepsWithinItsMemory();
    void stopsInBetweenAndGoesOn();
    void runsAModelThatCannotBeDividedAsAWhole();
    void refuses();
    void saysWhenTheDataIsGone();
    void leavesTheSnapshotAlone();

private:
    Result<measure::ProbeFigures> probe(const ProbeSubject& subject) {
        return m_probe.measure(subject, m_options, m_control);
    }
    /// What a plain evaluation of the same samples says.
    measure::Evaluation plain(const ProbeSubject& subject) {
        const auto samples = *measure::probeSamples(subject.dataset, m_options.samples);
        return *measure::evaluate(*subject.snapshot, subject.masks, *samples,
                                  {.batchSize = m_options.batchSize, .metrics = m_options.metrics},
                                  {}, m_control);
    }
    void compare(const ProbeSubject& subject);
    static model::SnapshotPtr open(const std::filesystem::path& file,
                                   const std::vector<script::InputSpec>& inputs = {});
    /// Random samples that suit the model.
    static data::DatasetPtr noiseFor(const model::Snapshot& snapshot, std::int64_t classes);

    LiveProbe m_probe;
    ProbeOptions m_options{.samples = 200, .batchSize = 64};
    model::SnapshotPtr m_lenet;
    data::DatasetPtr m_mnist;
    RunControl m_control;
};

model::SnapshotPtr TestLiveProbe::open(const std::filesystem::path& file,
                                       const std::vector<script::InputSpec>& inputs) {
    RunControl control;
    auto opened = model::openSnapshot(file, {.inputs = inputs}, {}, control);
    if (!opened) qWarning("%s", opened.error().text().c_str());
    return opened ? *opened : nullptr;
}

data::DatasetPtr TestLiveProbe::noiseFor(const model::Snapshot& snapshot, std::int64_t classes) {
    auto shape = snapshot.inputs()[0].shape;
    shape[0] = 256;
    at::manual_seed(3);
    const bool isInteger = snapshot.inputs()[0].dtype == script::DType::Int64;
    const auto inputs = isInteger ? at::randint(0, 16, shape, at::kLong) : at::randn(shape);
    const ToyData::Part part{inputs, at::arange(256).remainder(classes)};
    return std::make_shared<ToyData>(part, part, part, classes);
}

void TestLiveProbe::initTestCase() {
    measure::setUpTorchThread(1);
    const auto example = project::lenet5Example();
    m_lenet = open(example.model, {example.input});
    QVERIFY(m_lenet);
    data::DataSpec spec;
    spec.path = example.data;
    m_mnist = *data::openDataset(spec, m_control);
}

/// Quotas by hand: 7 of 100 are 4.2, 2.1 and 0.7: 4, 2 and 0 whole ones, the last goes to the
/// largest remainder.
void TestLiveProbe::samplesHaveEachClassByItsShare() {
    const auto labels = unevenLabels(100);
    const auto counts = [&](std::int64_t wanted) {
        std::map<std::int64_t, int> found;
        for (const auto index : data::stratifiedSample(labels, wanted))
            ++found[labels[static_cast<std::size_t>(index)]];
        return found;
    };
    using Counts = std::map<std::int64_t, int>;
    QVERIFY(counts(10) == (Counts{{0, 6}, {1, 3}, {2, 1}}));
    QVERIFY(counts(7) == (Counts{{0, 4}, {1, 2}, {2, 1}}));
    QVERIFY(counts(1) == (Counts{{0, 1}}));
    QVERIFY(counts(100) == (Counts{{0, 60}, {1, 30}, {2, 10}}));
    QVERIFY(counts(5000) == (Counts{{0, 60}, {1, 30}, {2, 10}}));
    QVERIFY(data::stratifiedSample(labels, 0).empty());
    QVERIFY(data::stratifiedSample({}, 5).empty());
    // Two classes with one remainder: the lower one.
    const std::vector<std::int64_t> even{1, 1, 0, 0};
    QCOMPARE(even[static_cast<std::size_t>(data::stratifiedSample(even, 1)[0])], std::int64_t(0));
}

void TestLiveProbe::samplesAreTheSameEveryTime() {
    const auto labels = unevenLabels(1000);
    const auto first = data::stratifiedSample(labels, 256);
    QCOMPARE(data::stratifiedSample(labels, 256), first);
    QVERIFY(std::ranges::is_sorted(first));
    QCOMPARE(std::set(first.begin(), first.end()).size(), std::size_t(256));
    // Drawn, not the first ones of each class.
    QVERIFY(first.back() > 500);
    const auto one = *measure::probeSamples(m_mnist, 50);
    const auto other = *measure::probeSamples(m_mnist, 50);
    const auto classes = one->labels(data::Split::Validation);
    QCOMPARE(classes, other->labels(data::Split::Validation));
    QCOMPARE(std::set(classes.begin(), classes.end()).size(), std::size_t(10));
    QCOMPARE(one->info().validation, std::int64_t(50));
    QCOMPARE(one->info().train, std::int64_t(0));
}

void TestLiveProbe::labelsAreThoseOfTheBatches() {
    for (const auto split : {data::Split::Train, data::Split::Validation, data::Split::Test}) {
        const auto labels = m_mnist->labels(split);
        QCOMPARE(std::ssize(labels), data::sampleCount(*m_mnist, split));
        const std::vector<std::int64_t> some{0, 7, 31, 200};
        const auto targets = m_mnist->batch(split, some).targets;
        for (std::size_t i = 0; i < some.size(); ++i) {
            QCOMPARE(labels[static_cast<std::size_t>(some[i])],
                     targets[static_cast<std::int64_t>(i)].item<std::int64_t>());
        }
    }
}

void TestLiveProbe::compare(const ProbeSubject& subject) {
    const auto found = probe(subject);
    QVERIFY2(found, found ? "" : found.error().text().c_str());
    const auto expected = plain(subject);
    QCOMPARE(found->samples, expected.samples);
    QCOMPARE(found->top1, expected.top1);
    QCOMPARE(found->score, expected.score);
    QVERIFY2(std::abs(found->loss - expected.loss) <= 1e-12 * std::abs(expected.loss),
             qPrintable(QString("%1 and %2").arg(found->loss, 0, 'g', 17).arg(expected.loss)));
}

void TestLiveProbe::equalsEvaluate_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<int>("samples");
    QTest::newRow("LeNet-5") << "lenet5" << 200;
    QTest::newRow("convolutions, traced") << "cnn_bn.trace.pt" << 200;
    QTest::newRow("ResNet-18") << "resnet18.script.pt" << 6;
    QTest::newRow("transformer, scripted") << "transformer.script.pt" << 200;
    QTest::newRow("transformer, traced") << "transformer.trace.pt" << 200;
    QTest::newRow("in-place operators") << "inplace.script.pt" << 200;
}

/// First layer, a middle one, the last and a channel group, each dragged over a plan that has
/// other cuts, first one way and then back.
void TestLiveProbe::equalsEvaluate() {
    QFETCH(QString, model);
    QFETCH(int, samples);
    m_options.samples = samples;
    m_options.batchSize = samples / 3;  // the last one is smaller
    const bool isLenet = model == "lenet5";
    const auto file =
        std::filesystem::path(qEnvironmentVariable("ESPALIER_FIXTURES").toStdString()) /
        model.toStdString();
    if (!isLenet && !std::filesystem::exists(file)) QSKIP("the fixture is not there");
    const auto snapshot = isLenet ? m_lenet : open(file);
    QVERIFY(snapshot);
    const auto output = snapshot->outputShape();
    if (output.size() != 2) QSKIP("no classifier");
    const auto dataset = isLenet ? m_mnist : noiseFor(*snapshot, output[1]);
    const auto groups = *channels::analyse(snapshot, m_control);

    std::vector<std::string> layers;
    for (const auto& layer : snapshot->layers()) {
        if (layer.prunable.weights) layers.push_back(layer.name);
    }
    QVERIFY(!layers.empty());
    prune::Plan plan = prune::emptyPlan(*snapshot);
    plan.weights.emplace(layers.back(), prune::WeightRule::sparsity(0.3));
    for (const auto& name : {layers.front(), layers[layers.size() / 2], layers.back()}) {
        for (const double sparsity : {0.9, 0.5}) {
            plan.weights.insert_or_assign(name, prune::WeightRule::sparsity(sparsity));
            compare({snapshot, dataset, masksOf(snapshot, plan), {name}});
        }
    }
    int groupsTried = 0;
    for (const auto& group : groups->groups()) {
        if (group.locked || group.width < 4 || ++groupsTried > 1) continue;
        std::vector<std::string> moving;
        for (const auto& member : group.members) moving.push_back(member.parameter);
        plan.channelDefaults.allowInexact = true;
        for (const double ratio : {0.25, 0.75}) {
            plan.channels.insert_or_assign(group.key, prune::ChannelRule::ratio(ratio));
            compare({snapshot, dataset, masksOf(snapshot, plan, groups), moving});
        }
        plan.channels.clear();
        compare({snapshot, dataset, masksOf(snapshot, plan), {layers.front()}});
    }
    m_options = {.samples = 200, .batchSize = 64};
}

/// What moves and what was said to move are two things: other masks may change as well.
void TestLiveProbe::followsChangesInAnyOrder() {
    prune::Plan plan = prune::emptyPlan(*m_lenet);
    const std::vector<std::string> late{"fc1.weight"};
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), late});
    plan.weights.emplace("conv1.weight", prune::WeightRule::sparsity(0.6));
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), late});
    plan.weights.emplace("fc2.weight", prune::WeightRule::sparsity(0.9));
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), late});
    plan.weights.erase("conv1.weight");
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), {"fc2.weight"}});
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), {}});
    m_options.samples = 70;
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), late});
    m_options.samples = 200;
}

/// Without labels: the dense model's scores are taken before anything is masked.
void TestLiveProbe::agreesWithTheDenseModel() {
    m_options.metrics.metric = "agreement";
    prune::Plan plan = prune::emptyPlan(*m_lenet);
    plan.weights.emplace("fc1.weight", prune::WeightRule::sparsity(0.97));
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), {"fc1.weight"}});
    const auto far = probe({m_lenet, m_mnist, masksOf(m_lenet, plan), {"fc1.weight"}});
    QVERIFY(far->score < 1);
    plan.weights.emplace("conv1.weight", prune::WeightRule::sparsity(0.5));
    compare({m_lenet, m_mnist, masksOf(m_lenet, plan), {"conv1.weight"}});
    const auto whole = probe({m_lenet, m_mnist, test::masksOf(*m_lenet, {}), {"conv1.weight"}});
    QCOMPARE(whole->score, 1.0);
    m_options.metrics = {};
}

/// Two paths to one tensor: the masks of both count, whichever changed.
void TestLiveProbe::countsEveryMaskOfSharedMemory() {
    torch::jit::Module module("tied");
    const at::Tensor weight = at::arange(1, 10, at::kFloat).reshape({3, 3});
    module.register_parameter("a", weight, false);
    module.register_parameter("b", weight, false);
    module.register_attribute("training", c10::BoolType::get(), true);
    module.define("def forward(self, x):\n    return x\n");
    const auto snapshot = snapshotOf(module, {1, 3});
    const auto keeps = [](std::int64_t row) {
        at::Tensor kept = at::ones({3, 3}, at::kBool);
        kept[row].fill_(false);
        return kept;
    };
    if (snapshot->layers().size() != 2) QSKIP("one of the two names is all that is known");
    measure::MaskedCopy weights(snapshot);
    for (const auto& masks : {test::masksOf(*snapshot, {{"a", keeps(0)}, {"b", keeps(1)}}),
                              test::masksOf(*snapshot, {{"a", keeps(2)}, {"b", keeps(1)}}),
                              test::masksOf(*snapshot, {{"b", keeps(0)}})}) {
        weights.apply(*masks);
        auto expected = prune::maskedModule(*snapshot, *masks);
        QVERIFY(at::equal(weights.module().attr("a").toTensor(), expected.attr("a").toTensor()));
        QVERIFY(at::equal(weights.module().attr("b").toTensor(), expected.attr("b").toTensor()));
    }
}

void TestLiveProbe::runsWhatIsBeforeOnce() {
    const auto data = std::make_shared<CountedData>(m_mnist);
    prune::Plan plan = prune::emptyPlan(*m_lenet);
    const auto probeAt = [&](const char* layer, double sparsity) {
        plan.weights.insert_or_assign(layer, prune::WeightRule::sparsity(sparsity));
        const ProbeSubject subject{m_lenet, data, masksOf(m_lenet, plan), {layer}};
        QVERIFY(probe(subject));
    };
    probeAt("fc1.weight", 0.5);
    QCOMPARE(data->read, 4);  // batches of 64 of 200
    QVERIFY(m_probe.keptBytes() > 0);
    probeAt("fc1.weight", 0.9);
    probeAt("fc1.weight", 0.99);
    QCOMPARE(data->read, 4);
    probeAt("fc2.weight", 0.5);  // further on: from where it stopped
    QCOMPARE(data->read, 4);
    probeAt("conv1.weight", 0.5);  // back: from the start
    QCOMPARE(data->read, 8);
    probeAt("fc2.weight", 0.7);
    QCOMPARE(data->read, 8);
    plan.weights.clear();  // conv1 changes as well: what was computed from it is of no use
    probeAt("fc2.weight", 0.6);
    QCOMPARE(data->read, 12);
    m_probe.forget();
    QCOMPARE(m_probe.keptBytes(), std::int64_t(0));
}

void TestLiveProbe::keepsWithinItsMemory() {
    prune::Plan plan = prune::emptyPlan(*m_lenet);
    plan.weights.emplace("fc1.weight", prune::WeightRule::sparsity(0.8));
    const ProbeSubject subject{m_lenet, m_mnist, masksOf(m_lenet, plan), {"fc1.weight"}};
    const auto expected = probe(subject);
    const std::int64_t all = m_probe.keptBytes();
    for (const std::int64_t bytes : {std::int64_t{0}, all / 2, all}) {
        ProbeOptions scarce = m_options;
        scarce.prefixBytes = bytes;
        for (int again = 0; again < 2; ++again) {
            const auto found = m_probe.measure(subject, scarce, m_control);
            QVERIFY(found);
            QCOMPARE(*found, *expected);
            QVERIFY(m_probe.keptBytes() <= bytes);
        }
        if (bytes == all / 2) QVERIFY(m_probe.keptBytes() > 0);
    }
}

void TestLiveProbe::stopsInBetweenAndGoesOn() {
    prune::Plan plan = prune::emptyPlan(*m_lenet);
    plan.weights.emplace("conv2.weight", prune::WeightRule::sparsity(0.8));
    const ProbeSubject subject{m_lenet, m_mnist, masksOf(m_lenet, plan), {"conv2.weight"}};
    RunControl stopped;
    stopped.requestStop();
    const auto nothing = m_probe.measure(subject, m_options, stopped);
    QVERIFY(!nothing);
    QCOMPARE(nothing.error().kind, Error::Kind::Cancelled);
    compare(subject);
    const auto again = m_probe.measure(subject, m_options, stopped);
    QVERIFY(!again);
    QCOMPARE(again.error().kind, Error::Kind::Cancelled);
    compare(subject);
}

void TestLiveProbe::runsAModelThatCannotBeDividedAsAWhole() {
    // All of it is one node, a loop: there is nothing in front of it.
    const auto looped =
        snapshotOf(toyModule({{"a", at::randn({4, 6})}},
                             "y = torch.flatten(x, 1)\n    for i in range(2):\n        y = "
                             "torch.relu(torch.linear(y, self.a)) if i == 0 else y\n    return y"),
                   {1, 1, 1, 6});
    const auto data = std::make_shared<ToyData>(blobData(6, 3));
    const auto masks = test::masksOf(*looped, {{"a", at::rand({4, 6}).gt(0.5)}});
    compare({looped, data, masks, {"a"}});
    compare({looped, data, test::masksOf(*looped, {}), {"a"}});
}

void TestLiveProbe::refuses() {
    const auto masks = test::masksOf(*m_lenet, {});
    const auto part = blobs(30, 6, 3, 1);
    const ToyData::Part none{part.inputs.slice(0, 0, 0), part.targets.slice(0, 0, 0)};
    const auto empty = std::make_shared<ToyData>(part, none, part, 3);
    const auto other = std::make_shared<ToyData>(part, part, part, 3);
    const auto kindOf = [&](const data::DatasetPtr& data, std::int64_t samples) {
        const auto result =
            m_probe.measure({m_lenet, data, masks, {}}, {.samples = samples}, m_control);
        return result ? std::optional<Error::Kind>() : result.error().kind;
    };
    QCOMPARE(kindOf(empty, 10), Error::Kind::BadArgument);
    QCOMPARE(kindOf(m_mnist, 0), Error::Kind::BadArgument);
    QCOMPARE(kindOf(other, 10), Error::Kind::Mismatch);
    QVERIFY(!kindOf(m_mnist, 10));
}

void TestLiveProbe::saysWhenTheDataIsGone() {
    const auto data = std::make_shared<CountedData>(m_mnist);
    prune::Plan plan = prune::emptyPlan(*m_lenet);
    const ProbeSubject late{m_lenet, data, masksOf(m_lenet, plan), {"fc1.weight"}};
    QVERIFY(probe(late));
    data->isGone = true;
    QVERIFY(probe(late));  // what it needs is kept
    const auto early = probe({m_lenet, data, late.masks, {"conv1.weight"}});
    QVERIFY(!early);
    QCOMPARE(early.error().kind, Error::Kind::Unreadable);
    const auto text = QString::fromStdString(early.error().text());
    QVERIFY2(text.contains("cats/7.jpg") && text.contains("probe"), qPrintable(text));
    data->isGone = false;
    compare({m_lenet, data, late.masks, {"conv1.weight"}});
}

void TestLiveProbe::leavesTheSnapshotAlone() {
    std::vector<at::Tensor> before;
    for (const auto& p : m_lenet->state().module.parameters()) before.push_back(p.clone());
    prune::Plan plan = prune::emptyPlan(*m_lenet);
    plan.weights.emplace("conv1.weight", prune::WeightRule::sparsity(0.8));
    QVERIFY(probe({m_lenet, m_mnist, masksOf(m_lenet, plan), {"conv1.weight"}}));
    std::size_t i = 0;
    for (const auto& p : m_lenet->state().module.parameters()) QVERIFY(at::equal(p, before[i++]));
}

QTEST_GUILESS_MAIN(TestLiveProbe)
#include "tst_live_probe.moc"
