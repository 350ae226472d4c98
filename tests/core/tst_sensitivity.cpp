// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>

#include "core/base/format.h"
#include "core/data/streamed_images_torch.h"
#include "core/data/subset_torch.h"
#include "core/exchange/scan_cache.h"
#include "core/measure/prefix_runner_torch.h"
#include "core/measure/runtime.h"
#include "core/measure/sensitivity.h"
#include "core/project/examples.h"
#include "tests/support/image_files.h"
#include "tests/support/toy_training_torch.h"

using namespace espalier;
using namespace espalier::test;
using measure::KneeSearch;
using measure::ScanFigures;
using measure::ScanOptions;
using measure::ScanPoint;
using measure::Structure;

namespace {

struct MapMemory final : measure::ScanMemory {
    std::optional<ScanFigures> find(const std::string& key) const override {
        const auto found = figures.find(key);
        return found == figures.end() ? std::nullopt : std::optional(found->second);
    }
    void keep(const std::string& key, const ScanFigures& value) override { figures[key] = value; }
    std::map<std::string, ScanFigures> figures;
};

/// Two layers in a row, on samples that they half tell apart.
model::SnapshotPtr twoLayers() {
    at::manual_seed(5);
    return snapshotOf(toyModule({{"a", at::randn({8, 6})}, {"b", at::randn({3, 8})}},
                                "return torch.linear(torch.relu(torch.linear(torch.flatten(x, 1), "
                                "self.a)), self.b)"),
                      {1, 1, 1, 6});
}

/// Data that is gone after `left` batches.
class VanishingData final : public data::Dataset {
public:
    VanishingData(ToyData data, int left) : m_data(std::move(data)), m_left(left) {}
    const data::DatasetInfo& info() const override { return m_data.info(); }
    const data::DataSpec& spec() const override { return m_data.spec(); }
    data::Batch batch(data::Split split, std::span<const std::int64_t> indices) const override {
        if (m_left-- <= 0) throw std::runtime_error("cannot open cats/7.jpg");
        return m_data.batch(split, indices);
    }
    data::DatasetPtr withValidation(double) const override { return nullptr; }

private:
    ToyData m_data;
    mutable int m_left;
};

/// A folder of photos that is read anew for every evaluation.
Result<data::DatasetPtr> streamedPhotos(const std::filesystem::path& root) {
    RunControl control;
    data::StreamedCollection photos;
    photos.spec.path = photos.root = root;
    photos.spec.resize = {4};
    photos.spec.validation = 0.5;
    photos.info.name = root.filename().string();
    photos.info.sampleShape = {1, 4, 4};
    photos.normalisation = {{0.5F}, {0.5F}};
    photos.geometry = *data::Geometry::from(photos.spec);
    photos.files = *data::readImageFolderLayout(root, control);
    photos.info.classes = photos.files.classes;
    return data::makeStreamedImages(std::move(photos));
}

/// Of two classes, by which half is white.
void writePhotos(const std::filesystem::path& root) {
    for (int i = 0; i < 60; ++i) {
        Bytes pixels(64, static_cast<std::uint8_t>(i * 4));
        for (int p = 0; p < 32; ++p) pixels[static_cast<std::size_t>(32 * (i % 2) + p)] = 255;
        const std::string name = (i % 2 ? "low/" : "high/") + std::to_string(100 + i) + ".jpg";
        writeFile(root / "train" / name, jpegBytes(8, 8, TJPF_GRAY, pixels));
    }
}

}  // namespace

class TestSensitivity : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void pointsAreThoseOfTheMaskedModel_data();
    void pointsAreThoseOfTheMaskedModel();
    void fewSamplesAreOfAllClasses();
    void findsWhatAllLevelsFind();
    void doesNotDependOnWhatIsKept();
    void remembersAndGoesOn();
    void keysTellScansApart();
    void beginsWithWhatIsAskedFor();
    void goesOnWithWhatIsWishedFor();
    void scansOnlyWhatIsAskedFor();
    void leavesTheSnapshotAlone();
    void tinyTensorsStopBeforeTheirLastWeight();
    void saysWhenTheMetricIsConstant();
    void refuses_data();
    void refuses();
    void stopsWhenTheDataIsGone();
    void goesOnWhenAFolderOfPhotosIsBack();
    void tellsHowLongItTakes();
    void removedMagnitudeByHand();
    void comparesWithTheDenseModelWhenAMetricAsksForIt();
    void agreementNeedsNoLabels();
    void otherMetricsHaveDropsOfTheirOwn();

private:
    Result<measure::Sensitivity> scan(const model::Snapshot& snapshot, const data::Dataset& dataset,
                                      const ScanOptions& options,
                                      const channels::ChannelGroupsPtr& groups = nullptr) {
        m_points.clear();
        std::size_t told = 0;
        RunControl control;
        const EventSink<ScanPoint> events{
            [&](const Progress& progress) { m_progress.push_back(progress); },
            [&](const ScanPoint& point) {
                m_points.push_back(point);
                told += point.isRemembered ? 0 : 1;
                if (m_memory.figures.size() < told) m_toldTooEarly = point.name + " is not kept";
                if (point.name == m_wishDuring) m_wish.prefer("fc2.weight");
                if (std::ssize(m_points) == m_stopAfter) control.requestStop();
            }};
        return measure::scanSensitivity(snapshot, groups, dataset, options, m_memory, events,
                                        control, &m_wish);
    }

    MapMemory m_memory;
    std::vector<ScanPoint> m_points;
    std::vector<Progress> m_progress;
    std::int64_t m_stopAfter = -1;
    std::string m_toldTooEarly;  // a point that a kill at that moment would lose
    measure::ScanWish m_wish;
    std::string m_wishDuring = "none";  // of this curve's points: then fc2 is wished for
    model::SnapshotPtr m_lenet;
    data::DatasetPtr m_mnist;
    RunControl m_control;
};

void TestSensitivity::initTestCase() {
    measure::setUpTorchThread(1);
    const auto example = project::lenet5Example();
    data::DataSpec spec;
    spec.path = example.data;
    auto opened = model::openSnapshot(example.model, {.inputs = {example.input}}, {}, m_control);
    QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
    auto data = data::openDataset(spec, m_control);
    QVERIFY2(data, data ? "" : data.error().text().c_str());
    m_lenet = *opened;
    m_mnist = *data;
}

void TestSensitivity::pointsAreThoseOfTheMaskedModel_data() {
    QTest::addColumn<bool>("isOfChannels");
    QTest::addColumn<QString>("criterion");
    QTest::newRow("weights, magnitude") << false << "magnitude";
    QTest::newRow("weights, random") << false << "random";
    QTest::newRow("channels, l2") << true << "l2";
    QTest::newRow("channels, random") << true << "random";
}

void TestSensitivity::pointsAreThoseOfTheMaskedModel() {
    QFETCH(bool, isOfChannels);
    QFETCH(QString, criterion);
    m_memory = {};
    ScanOptions options{.structure = isOfChannels ? Structure::Channels : Structure::Weights,
                        .criterion = criterion.toStdString(),
                        .seed = 3,
                        .samples = 300,
                        .batchSize = 128};
    const auto groups = *channels::analyse(m_lenet, m_control);
    const auto result = scan(*m_lenet, *m_mnist, options, groups);
    QVERIFY2(result, result ? "" : result.error().text().c_str());
    QCOMPARE(result->samples, 300);
    const auto sample = data::stratifiedSubset(m_mnist, data::Split::Validation, 300);
    for (const auto& curve : result->curves) {
        QVERIFY(curve.points.size() >= 3);
        for (const auto& point : curve.points) {
            prune::Plan plan = prune::emptyPlan(*m_lenet);
            plan.seed = 3;
            prune::ChannelChoicePtr choice;
            if (isOfChannels) {
                plan.channelDefaults.criterion = options.criterion;
                plan.channelDefaults.floor = 0;
                plan.channels.emplace(curve.name, prune::ChannelRule::ratio(point.sparsity));
                const auto scores =
                    prune::channelScores(*groups, prune::scoreOptions(plan), m_control);
                choice = *prune::chooseChannels(groups, plan, *scores);
            } else {
                plan.weightCriterion = options.criterion;
                plan.weights.emplace(curve.name, prune::WeightRule::sparsity(point.sparsity));
            }
            const auto masks = prune::resolve(*m_lenet, plan, choice, nullptr, m_control);
            QVERIFY(masks);
            const auto plain =
                measure::evaluate(*m_lenet, *masks, *sample, {.batchSize = 128}, {}, m_control);
            QVERIFY(plain);
            QCOMPARE(point.figures.top1, plain->top1);
            QCOMPARE(point.figures.top5, plain->top5);
            QVERIFY(std::abs(point.figures.loss - plain->loss) <= 1e-12 * plain->loss);
        }
    }
}

void TestSensitivity::fewSamplesAreOfAllClasses() {
    // As an image folder has them: class after class.
    const auto labels = m_mnist->labels(data::Split::Validation);
    std::vector<std::int64_t> indices(labels.size());
    std::iota(indices.begin(), indices.end(), 0);
    std::ranges::stable_sort(indices, {}, [&labels](std::int64_t index) {
        return labels[static_cast<std::size_t>(index)];
    });
    const auto sorted = data::subset(m_mnist, data::Split::Validation, indices);
    const auto few = data::stratifiedSubset(sorted, data::Split::Validation, 50);
    const auto fewLabels = few->labels(data::Split::Validation);
    for (std::int64_t label = 0; label < 10; ++label)
        QVERIFY(std::ranges::count(fewLabels, label) >= 4);
    m_memory = {};
    const auto result = scan(*m_lenet, *sorted, {.samples = 50, .only = {"fc2.weight"}});
    QVERIFY(result);
    const auto plain = measure::evaluate(*m_lenet, nullptr, *few, {}, {}, m_control);
    QVERIFY(std::abs(result->dense.loss - plain->loss) <= 1e-12 * plain->loss);
    const auto first =
        measure::evaluate(*m_lenet, nullptr, *sorted, {.maxSamples = 50}, {}, m_control);
    QVERIFY(std::abs(result->dense.loss - first->loss) > 1e-6);
}

void TestSensitivity::findsWhatAllLevelsFind() {
    m_memory = {};
    ScanOptions options{.samples = 1000};
    const auto found = scan(*m_lenet, *m_mnist, options);
    QVERIFY(found);
    const auto searched = m_points.size();
    m_memory = {};
    options.levels = KneeSearch::Levels::All;
    const auto all = scan(*m_lenet, *m_mnist, options);
    QVERIFY(all);
    QCOMPARE(all->evaluations, std::int64_t(1 + 4 * 19));
    QVERIFY(searched <= 1 + 0.4 * 4 * 19);
    for (std::size_t i = 0; i < found->curves.size(); ++i) {
        QCOMPARE(found->curves[i].largest, all->curves[i].largest);
        QCOMPARE(all->curves[i].points.size(), std::size_t(19));
    }
}

void TestSensitivity::doesNotDependOnWhatIsKept() {
    const ScanOptions plenty{.samples = 300, .batchSize = 64};
    m_memory = {};
    const auto expected = scan(*m_lenet, *m_mnist, plenty);
    QVERIFY(expected);
    for (const std::int64_t bytes : {0, 200'000}) {
        ScanOptions scarce = plenty;
        scarce.prefixBytes = bytes;
        m_memory = {};
        const auto actual = scan(*m_lenet, *m_mnist, scarce);
        QVERIFY(actual);
        QCOMPARE(actual->curves, expected->curves);
    }
}

void TestSensitivity::remembersAndGoesOn() {
    const ScanOptions options{.samples = 200};
    m_memory = {};
    const auto whole = scan(*m_lenet, *m_mnist, options);
    QVERIFY(whole);
    QCOMPARE(m_toldTooEarly, std::string());
    m_memory = {};
    m_stopAfter = 6;
    const auto stopped = scan(*m_lenet, *m_mnist, options);
    m_stopAfter = -1;
    QVERIFY(!stopped);
    QCOMPARE(stopped.error().kind, Error::Kind::Cancelled);
    QCOMPARE(m_memory.figures.size(), std::size_t(6));
    const auto resumed = scan(*m_lenet, *m_mnist, options);
    QVERIFY(resumed);
    QCOMPARE(resumed->evaluations, whole->evaluations - 6);
    QCOMPARE(resumed->curves, whole->curves);
    const auto again = scan(*m_lenet, *m_mnist, options);
    QCOMPARE(again->evaluations, std::int64_t(0));
    QCOMPARE(again->curves, whole->curves);
    QCOMPARE(again->dense, whole->dense);
    for (const auto& point : m_points) QVERIFY(point.isRemembered);
}

void TestSensitivity::keysTellScansApart() {
    const ScanOptions plain{.samples = 50, .only = {"fc2.weight"}};
    QVERIFY(m_lenet->find("fc2.weight"));
    m_memory = {};
    QVERIFY(scan(*m_lenet, *m_mnist, plain));
    const auto isNew = [&](auto change) {
        ScanOptions other = plain;
        change(other);
        const auto result = scan(*m_lenet, *m_mnist, other);
        return result && result->evaluations > 0;
    };
    QVERIFY(isNew([](ScanOptions& o) { o.samples = 60; }));
    QVERIFY(isNew([](ScanOptions& o) { o.split = data::Split::Test; }));
    QVERIFY(isNew([](ScanOptions& o) { o.criterion = "random"; }));
    QVERIFY(isNew([](ScanOptions& o) { o.criterion = "random", o.seed = 1; }));
    QVERIFY(!isNew([](ScanOptions& o) { o.criterion = "magnitude", o.seed = 1; }));
    QVERIFY(!isNew([](ScanOptions& o) { o.prefixBytes = 0; }));
    QVERIFY(isNew([](ScanOptions& o) { o.metrics.metric = "loss"; }));
    QVERIFY(isNew([](ScanOptions& o) { o.metrics.metric = "agreement"; }));
    QVERIFY(!isNew([](ScanOptions& o) { o.metrics.loss = "cross_entropy"; }));
}

void TestSensitivity::beginsWithWhatIsAskedFor() {
    m_memory = {};
    const auto result = scan(*m_lenet, *m_mnist, {.samples = 50, .first = "fc1.weight"});
    QVERIFY(result);
    QCOMPARE(m_points[0].name, std::string());
    QCOMPARE(m_points[1].name, std::string("fc1.weight"));
    QCOMPARE(result->curves[0].name, std::string("conv1.weight"));
}

/// The curve under way is finished, the wish comes next, and nothing is measured twice.
void TestSensitivity::goesOnWithWhatIsWishedFor() {
    m_memory = {};
    const auto expected = scan(*m_lenet, *m_mnist, {.samples = 50});
    QVERIFY(expected);
    m_memory = {};
    m_wishDuring = "conv1.weight";
    const auto result = scan(*m_lenet, *m_mnist, {.samples = 50});
    m_wishDuring = "none";
    m_wish.prefer({});
    QVERIFY(result);
    std::vector<std::string> curves;
    for (const auto& point : m_points) {
        if (curves.empty() || curves.back() != point.name) curves.push_back(point.name);
    }
    QCOMPARE(curves, (std::vector<std::string>{"", "conv1.weight", "fc2.weight", "conv2.weight",
                                               "fc1.weight"}));
    QCOMPARE(result->curves, expected->curves);
    QCOMPARE(result->evaluations, expected->evaluations);
}

void TestSensitivity::scansOnlyWhatIsAskedFor() {
    m_memory = {};
    const auto result =
        scan(*m_lenet, *m_mnist, {.samples = 50, .only = {"fc2.weight", "conv2.weight"}});
    QVERIFY(result);
    QCOMPARE(result->curves.size(), std::size_t(2));
    QCOMPARE(result->curves[0].name, std::string("conv2.weight"));
}

void TestSensitivity::leavesTheSnapshotAlone() {
    std::vector<at::Tensor> before;
    for (const auto& p : m_lenet->state().module.parameters()) before.push_back(p.clone());
    m_memory = {};
    QVERIFY(scan(*m_lenet, *m_mnist, {.samples = 50}));
    std::size_t i = 0;
    for (const auto& p : m_lenet->state().module.parameters()) QVERIFY(at::equal(p, before[i++]));
}

/// Of two weights one may go, at 25 % to 70 %; what that costs is measured once.
void TestSensitivity::tinyTensorsStopBeforeTheirLastWeight() {
    m_memory = {};
    const auto snapshot = linearModel(at::tensor({1.0f, 2.0f}).reshape({2, 1}), at::zeros({2}));
    const auto result =
        scan(*snapshot, blobData(1, 2), {.maxDrop = 1, .levels = KneeSearch::Levels::All});
    QVERIFY2(result, result ? "" : result.error().text().c_str());
    QCOMPARE(result->evaluations, std::int64_t(3));  // dense, none gone, one gone
    QCOMPARE(result->curves[0].points.back().sparsity, 0.7);
    QCOMPARE(result->curves[0].largest, 0.7);
}

void TestSensitivity::saysWhenTheMetricIsConstant() {
    m_memory = {};
    const auto one = blobData(6, 1);
    const auto snapshot = linearModel(at::ones({3, 6}), at::tensor({100.0f, 0.0f, 0.0f}));
    const auto result = scan(*snapshot, one, {});
    QVERIFY(result);
    QCOMPARE(result->notes.size(), std::size_t(2));  // the first: fewer classes than outputs
    QVERIFY(QString::fromStdString(result->notes[1]).contains("did not change at any level"));
    QVERIFY(QString::fromStdString(result->notes[1]).contains("top-1 is 100.00"));
    m_memory = {};
    QVERIFY(scan(*twoLayers(), blobData(), {})->notes.empty());
}

void TestSensitivity::refuses_data() {
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("why");
    for (const auto& [what, why] :
         {std::pair("empty split", "split is empty"), std::pair("criterion", "fancy"),
          std::pair("measured criterion", "needs data"), std::pair("name", "nothing.weight"),
          std::pair("groups", "not known"), std::pair("shape", "do not fit"),
          std::pair("drop", "out of range")}) {
        QTest::newRow(what) << what << why;
    }
}

void TestSensitivity::refuses() {
    QFETCH(QString, what);
    QFETCH(QString, why);
    ScanOptions options;
    if (what == "criterion") options.criterion = "fancy";
    if (what == "measured criterion") options.criterion = "taylor";
    if (what == "name") options.only = {"nothing.weight"};
    if (what == "groups") options.structure = Structure::Channels;
    if (what == "drop") options.maxDrop = -0.1;
    const auto part = blobs(30, 6, 3, 1);
    const ToyData::Part none{part.inputs.slice(0, 0, 0), part.targets.slice(0, 0, 0)};
    const ToyData data(part, what == "empty split" ? none : part, part, 3);
    const auto result = what == "shape" ? scan(*twoLayers(), blobData(5), options)
                                        : scan(*twoLayers(), data, options);
    QVERIFY(!result);
    const auto text = QString::fromStdString(result.error().text());
    QVERIFY2(text.contains(why), qPrintable(text));
    QVERIFY(!result.error().hint.empty());
}

void TestSensitivity::stopsWhenTheDataIsGone() {
    m_memory = {};
    const ScanOptions options{.batchSize = 16, .prefixBytes = 0};
    const auto result = scan(*twoLayers(), VanishingData(blobData(), 11), options);
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Unreadable);
    const auto text = QString::fromStdString(result.error().text());
    QVERIFY2(text.contains("cats/7.jpg") && text.contains("is kept"), qPrintable(text));
    QVERIFY(!m_memory.figures.empty());
}

void TestSensitivity::goesOnWhenAFolderOfPhotosIsBack() {
    const QTemporaryDir folder;
    const std::filesystem::path root = folder.filePath("photos").toStdString();
    const std::filesystem::path away = folder.filePath("away").toStdString();
    const std::filesystem::path kept = folder.filePath("kept.json").toStdString();
    writePhotos(root);
    const auto snapshot =
        snapshotOf(toyModule({{"a", at::randn({8, 16})}, {"b", at::randn({2, 8})}},
                             "return torch.linear(torch.relu(torch.linear(torch.flatten(x, 1), "
                             "self.a)), self.b)"),
                   {1, 1, 4, 4});
    // What was measured, and really so.
    using Names = std::vector<std::string>;
    const auto scanned = [&](const std::filesystem::path& memory, std::ptrdiff_t goneAfter,
                             Names& measured) {
        const auto dataset = streamedPhotos(root).value();
        exchange::ScanCache cache(memory);
        const EventSink<ScanPoint> events{
            {}, [&](const ScanPoint& point) {
                if (point.isRemembered) return;
                measured.push_back(cat(point.name, " ", point.sparsity));
                if (std::ssize(measured) == goneAfter) std::filesystem::rename(root, away);
            }};
        return measure::scanSensitivity(
            *snapshot, nullptr, *dataset,
            {.levels = KneeSearch::Levels::All, .batchSize = 8, .prefixBytes = 0}, cache, events,
            m_control);
    };
    Names whole;
    const auto undisturbed = scanned(folder.filePath("other.json").toStdString(), -1, whole);
    QVERIFY2(undisturbed, undisturbed ? "" : undisturbed.error().text().c_str());
    QVERIFY(whole.size() > 20);
    Names before;
    const auto stopped = scanned(kept, 8, before);
    QVERIFY(!stopped);
    QCOMPARE(stopped.error().kind, Error::Kind::Unreadable);
    QVERIFY2(stopped.error().text().find("train/") != std::string::npos,
             stopped.error().text().c_str());
    QCOMPARE(before.size(), std::size_t{8});
    std::filesystem::rename(away, root);
    Names after;
    const auto resumed = scanned(kept, -1, after);
    QVERIFY2(resumed, resumed ? "" : resumed.error().text().c_str());
    before.insert(before.end(), after.begin(), after.end());
    QCOMPARE(before, whole);  // nothing twice, nothing left out
    QVERIFY(resumed->curves == undisturbed->curves);
}

void TestSensitivity::tellsHowLongItTakes() {
    m_memory = {};
    m_progress.clear();
    QVERIFY(scan(*m_lenet, *m_mnist, {.samples = 200}));
    const auto first = std::ranges::find_if(
        m_progress, [](const Progress& p) { return p.step == "Sensitivity of conv1.weight"; });
    QVERIFY(first != m_progress.end());
    QVERIFY(first->secondsLeft > 0);
    QCOMPARE(first->done, std::int64_t(0));
    QVERIFY(first->total >= 20);
    QCOMPARE(m_progress.back().done, m_progress.back().total);
}

void TestSensitivity::removedMagnitudeByHand() {
    // |w| = 1 … 20: 5 % is one weight; the sum is 210.
    const auto weight = at::arange(1, 21, at::kFloat).mul(at::tensor({1.0f, -1.0f}).repeat(10));
    const auto snapshot = linearModel(weight.reshape({4, 5}), at::zeros({4}));
    const auto shares = measure::removedMagnitude(*snapshot, model::LayerId{0}, m_control);
    QVERIFY(shares);
    QCOMPARE(shares->size(), std::size_t(19));
    QCOMPARE(shares->at(0), 1 / 210.0);
    QCOMPARE(shares->at(9), 55 / 210.0);
    QCOMPARE(shares->at(18), 190 / 210.0);
    const auto broken = linearModel(at::full({2, 2}, NAN), at::zeros({2}));
    QCOMPARE(measure::removedMagnitude(*broken, model::LayerId{0}, m_control).error().kind,
             Error::Kind::Damaged);
}

/// The first evaluation is the dense model's; all others are compared with it.
void TestSensitivity::comparesWithTheDenseModelWhenAMetricAsksForIt() {
    const c10::NoGradGuard noGrad;
    const measure::ScanMetric agreement{
        "agreement", measure::ScanMetric::Reference::DenseScores,
        [](const at::Tensor& scores, const at::Tensor& dense) {
            const auto same = scores.argmax(1).eq(dense.argmax(1)).sum().item<std::int64_t>();
            return ScanFigures{.top1 = static_cast<double>(same)};
        }};
    const auto program = script::makeProgram(model::cloneModule(twoLayers()->state().module));
    QVERIFY(program);
    const ToyData data = blobData();
    measure::PrefixRunner runner(*program, {}, data, {data::Split::Validation, 60, 16, 1 << 20});
    const auto ignore = [](std::int64_t) {};
    QCOMPARE(runner.evaluate(agreement, ignore, m_control)->top1, 1.0);
    const auto weight = program->module.attr("b").toTensor();
    const at::Tensor tensors[] = {weight};
    runner.stopAt(script::firstUse(*program, tensors));
    weight.detach().neg_();
    QVERIFY(runner.evaluate(agreement, ignore, m_control)->top1 < 1);
    weight.detach().neg_();
    QCOMPARE(runner.evaluate(agreement, ignore, m_control)->top1, 1.0);
}

void TestSensitivity::agreementNeedsNoLabels() {
    m_memory = {};
    const ScanOptions options{.levels = KneeSearch::Levels::All,
                              .metrics = {.metric = "agreement"}};
    const auto snapshot = twoLayers();
    const auto data = blobData();
    const auto result = scan(*snapshot, data, options);
    QVERIFY2(result, result ? "" : result.error().text().c_str());
    QCOMPARE(result->dense.score, 1.0);
    QVERIFY(std::abs(result->dense.loss) < 1e-12);
    // The same, one masked model at a time.
    for (const auto& point : result->curves[1].points) {
        auto plan = prune::emptyPlan(*snapshot);
        plan.weights.emplace("b", prune::WeightRule::sparsity(point.sparsity));
        const auto masks = prune::resolve(*snapshot, plan, nullptr, m_control);
        QVERIFY(masks);
        const auto plain =
            measure::evaluate(*snapshot, *masks, data, {.metrics = options.metrics}, {}, m_control);
        QVERIFY(plain);
        QCOMPARE(point.figures.top1, plain->top1);
        QVERIFY(std::abs(point.figures.loss - plain->loss) < 1e-12);
    }
    // What is remembered is no less right the second time.
    const auto again = scan(*snapshot, data, options);
    QVERIFY(again && again->curves == result->curves);
    QCOMPARE(again->evaluations, std::int64_t(1));  // the dense scores
}

void TestSensitivity::otherMetricsHaveDropsOfTheirOwn() {
    m_memory = {};
    const auto result =
        scan(*twoLayers(), blobData(),
             {.maxDrop = 0.2, .levels = KneeSearch::Levels::All, .metrics = {.metric = "loss"}});
    QVERIFY(result);
    for (const auto& curve : result->curves) {
        std::optional<double> largest;
        for (const auto& point : curve.points) {
            if (point.figures.loss > 1.2 * result->dense.loss) break;
            largest = point.sparsity;
        }
        QCOMPARE(curve.largest, largest);
    }
}

QTEST_GUILESS_MAIN(TestSensitivity)
#include "tst_sensitivity.moc"
