// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>

#include "core/model/snapshot_torch.h"
#include "tests/support/fixtures_torch.h"

using namespace espalier;
using namespace espalier::model;
using namespace espalier::test;

namespace {

using Shape = std::vector<std::int64_t>;

Result<SnapshotPtr> open(const std::filesystem::path& path, const QStringList& inputs = {},
                         BaseMasks baseMasks = BaseMasks::FromZeros) {
    OpenOptions options;
    options.baseMasks = baseMasks;
    for (const auto& input : inputs) {
        options.inputs.push_back(*script::parseInputSpec(input.toStdString()));
    }
    RunControl control;
    return openSnapshot(path, options, {}, control);
}

SnapshotPtr opened(const QString& name, const QStringList& inputs = {},
                   BaseMasks baseMasks = BaseMasks::FromZeros) {
    const auto snapshot = open(fixture(name), inputs, baseMasks);
    if (!snapshot) qFatal("%s", snapshot.error().text().c_str());
    return *snapshot;
}

std::filesystem::path resnet20(const char* form) {
    return std::filesystem::path(ESPALIER_SOURCE_DIR) / "../shared/models" /
           ("resnet20_cifar10." + std::string(form));
}

bool mentions(const std::span<const std::string> notes, const char* text) {
    return std::ranges::any_of(
        notes, [text](const auto& note) { return note.find(text) != std::string::npos; });
}

}  // namespace

class TestSnapshot : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void countsParametersAndMacs_data();
    void countsParametersAndMacs();
    void guessesInputs_data();
    void guessesInputs();
    void findsAnUnusualSize();
    void seesTheSameLayersInBothForms_data();
    void seesTheSameLayersInBothForms();
    void readsARealModel();
    void findsLayersByName();
    void takesZerosForBaseMasks();
    void leavesZerosAloneWhenAsked();
    void takesOffAttachedMasks();
    void liftsFrozenWeights();
    void sharesTiedWeights();
    void opensModelsWithoutParameters();
    void hashesWhatIsInTheWeights();
    void clonesModulesThatCanBeWrittenTo();
    void keepsLayersWithNewWeights();
    void refusesInputsThatDoNotFit_data();
    void refusesInputsThatDoNotFit();
    void stopsWhenAsked();
    void namesMissingFiles();
};

void TestSnapshot::initTestCase() {
    at::set_num_threads(1);
    if (!haveFixtures()) QSKIP("the fixtures are missing");
}

void TestSnapshot::countsParametersAndMacs_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QStringList>("inputs");
    QTest::addColumn<qint64>("parameters");
    QTest::addColumn<qint64>("macs");
    QTest::addColumn<qint64>("otherMacs");
    const auto row = [](const char* name, QStringList inputs, qint64 parameters, qint64 macs,
                        qint64 other = 0) {
        QTest::addRow("%s %s", name, qPrintable(inputs.join(' ')))
            << name << inputs << parameters << macs << other;
    };
    row("mlp.script.pt", {"1x20"}, 605, 320 + 192 + 60);
    row("mlp.trace.pt", {"8x20"}, 605, 572);  // MACs are for one sample, whatever the batch
    row("cnn_bn.script.pt", {"1x3x16x16"}, 5'093, 55'296 + 55'296 + 3'840 + 100);
    row("cnn_bn.trace.pt", {"4x3x16x16"}, 5'093, 114'532);
    const qint64 block =
        115'605'504;  // of ResNet-18: two halves of each further stage, and its projection
    const qint64 stage = 57'802'752 + 3 * block + 6'422'528;
    row("resnet18.script.pt", {"1x3x224x224"}, 11'689'512,
        118'013'952 + 4 * block + 3 * stage + 512'000);
    row("resnet18.trace.pt", {"1x3x224x224"}, 11'689'512, 1'814'073'344);
    row("transformer.script.pt", {"1x12:int64:0..50"}, 19'301, 215'200, 2 * 2 * 4'608);
    row("transformer.trace.pt", {"3x12:int64:0..50"}, 19'301, 215'200, 2 * 2 * 4'608);
    row("lstm.script.pt", {"1x7x6"}, 1'644, 4'480 + 5'600 + 40);
    row("shared_weight.script.pt", {"1x8"}, 303, 96 + 2 * 144 + 36);
    row("two_inputs.script.pt", {"1x3x8x8", "1x6"}, 306, 6 * 27 * 36 + 60 + 64);
    row("dict_output.script.pt", {"1x20"}, 605, 572);
    row("tuple_output.script.pt", {"1x20"}, 605, 572);
    row("control_flow.script.pt", {"1x10"}, 484, 5 * 100 + 40);
    row("inplace.script.pt", {"1x3x8x8"}, 526, 6 * 27 * 64 + 6 * 54 * 64 + 24);
    row("float64.script.pt", {"1x20:float64"}, 605, 572);
}

void TestSnapshot::countsParametersAndMacs() {
    QFETCH(QString, name);
    QFETCH(QStringList, inputs);
    QFETCH(qint64, parameters);
    QFETCH(qint64, macs);
    QFETCH(qint64, otherMacs);
    const auto snapshot = opened(name, inputs);
    QCOMPARE(qint64(snapshot->parameters()), parameters);
    QCOMPARE(qint64(snapshot->macs()), macs);
    QCOMPARE(qint64(snapshot->otherMacs()), otherMacs);
    QVERIFY(!snapshot->inputsAreGuessed());
    qint64 inLayers = 0;
    for (const auto& layer : snapshot->layers()) inLayers += layer.parameters;
    QCOMPARE(inLayers, parameters);
}

void TestSnapshot::guessesInputs_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QStringList>("guess");
    QTest::addColumn<QList<qint64>>("output");
    const auto row = [](const char* name, QStringList guess, QList<qint64> output) {
        QTest::addRow("%s", name) << name << guess << output;
    };
    row("mlp.script.pt", {"1x20"}, {1, 5});
    row("resnet18.trace.pt", {"1x3x224x224"}, {1, 1000});
    row("cnn_bn.script.pt", {"1x3x16x16"}, {1, 5});
    row("transformer.script.pt", {"1x12:int64:0..50"}, {1, 5});
    row("lstm.script.pt", {"1x16x6"}, {1, 4});
    row("two_inputs.script.pt", {"1x3x224x224", "1x6"}, {1, 4});
    row("float64.script.pt", {"1x20:float64"}, {1, 5});
    row("control_flow.script.pt", {"1x10"}, {1, 4});
}

void TestSnapshot::guessesInputs() {
    QFETCH(QString, name);
    QFETCH(QStringList, guess);
    QFETCH(QList<qint64>, output);
    const auto snapshot = opened(name);
    QStringList inputs;
    for (const auto& input : snapshot->inputs()) {
        inputs << QString::fromStdString(script::toString(input));
    }
    QCOMPARE(inputs, guess);
    QVERIFY(snapshot->inputsAreGuessed());
    QVERIFY(mentions(snapshot->notes(), "is a guess"));
    QCOMPARE(snapshot->outputShape(), Shape(output.begin(), output.end()));
}

void TestSnapshot::findsAnUnusualSize() {
    // 105 / 2 = 52 → 50 → 25, as for the Omniglot images; 4 * 25 * 25 = 2500 columns.
    torch::jit::Module module("m");
    module.register_parameter("conv1", at::ones({4, 1, 2, 2}), false);
    module.register_parameter("conv2", at::ones({4, 4, 3, 3}), false);
    module.register_parameter("fc", at::ones({2, 2500}), false);
    module.define(
        "def forward(self, x):\n  x = torch.conv2d(torch.conv2d(x, self.conv1, None, 2), "
        "self.conv2)\n"
        "  return torch.linear(torch.flatten(torch.max_pool2d(x, 2), 1), self.fc)\n");
    QTemporaryDir folder;
    const auto path = std::filesystem::path(folder.filePath("unusual.pt").toStdString());
    module.save(path.string());
    const auto snapshot = open(path);
    QVERIFY2(snapshot, snapshot ? "" : snapshot.error().text().c_str());
    const auto& shape = (*snapshot)->inputs()[0].shape;
    QVERIFY2(shape[2] >= 104 && shape[2] <= 107, qPrintable(QString::number(shape[2])));
}

void TestSnapshot::seesTheSameLayersInBothForms_data() {
    QTest::addColumn<QString>("script");
    QTest::addColumn<QString>("trace");
    QTest::addColumn<QString>("input");
    const std::pair<QString, QString> pairs[] = {{"mlp", "1x20"},
                                                 {"cnn_bn", "1x3x16x16"},
                                                 {"resnet18", "1x3x64x64"},
                                                 {"transformer", "1x12:int64:0..50"}};
    for (const auto& [name, input] : pairs) {
        QTest::addRow("%s", qPrintable(name))
            << QString::fromStdString(fixture(name + ".script.pt").string())
            << QString::fromStdString(fixture(name + ".trace.pt").string()) << input;
    }
    QTest::newRow("resnet20") << QString::fromStdString(resnet20("script.pt").string())
                              << QString::fromStdString(resnet20("trace.pt").string())
                              << "1x3x32x32";
}

void TestSnapshot::seesTheSameLayersInBothForms() {
    QFETCH(QString, script);
    QFETCH(QString, trace);
    QFETCH(QString, input);
    if (!QFile::exists(script)) QSKIP("the shared models are not there");
    const auto a = open(script.toStdString(), {input});
    const auto b = open(trace.toStdString(), {input});
    QVERIFY(a && b);
    QCOMPARE((*a)->layers().size(), (*b)->layers().size());
    for (std::size_t i = 0; i < (*a)->layers().size(); ++i) {
        QVERIFY((*a)->layers()[i] == (*b)->layers()[i]);
    }
    QCOMPARE((*a)->macs(), (*b)->macs());
}

void TestSnapshot::readsARealModel() {
    if (!std::filesystem::exists(resnet20("trace.pt"))) QSKIP("the shared models are not there");
    const auto result = open(resnet20("trace.pt"), {"1x3x32x32"});
    QVERIFY2(result, result ? "" : result.error().text().c_str());
    const auto& snapshot = **result;
    // conv1, six convolutions of 16 channels, then twice one that halves the map, five more and a
    // projection; fc.
    const qint64 macs = 442'368 + 6 * 2'359'296 + 2 * (1'179'648 + 5 * 2'359'296 + 131'072) + 640;
    QCOMPARE(qint64(snapshot.macs()), macs);
    QCOMPARE(snapshot.outputShape(), (Shape{1, 10}));
    int prunable = 0;
    for (const auto& layer : snapshot.layers()) prunable += layer.prunable.weights ? 1 : 0;
    QCOMPARE(prunable, 1 + 18 + 2 + 1);
    QCOMPARE(snapshot.file().bytes, std::filesystem::file_size(resnet20("trace.pt")));
    QCOMPARE(snapshot.file().sha256.size(), std::size_t(64));
}

void TestSnapshot::findsLayersByName() {
    const auto snapshot = opened("cnn_bn.script.pt");
    const auto id = snapshot->find("conv2.weight");
    QVERIFY(id);
    QCOMPARE(snapshot->layer(*id).name, std::string("conv2.weight"));
    QCOMPARE(snapshot->layer(*id).modulePath(), std::string("conv2"));
    QCOMPARE(weight(*snapshot, *id).sizes().vec(), snapshot->layer(*id).shape);
    QVERIFY(!weight(*snapshot, *id).requires_grad());
    QVERIFY(!snapshot->find("conv2"));
    QVERIFY(!snapshot->find(""));
    QCOMPARE(parameterAt(snapshot->state().module, "bn1.running_mean").size(0), 8);
}

void TestSnapshot::takesZerosForBaseMasks() {
    const auto snapshot = opened("half_zero.script.pt");
    for (const auto& layer : snapshot->layers()) {
        const auto& mask = snapshot->state().baseMasks[layer.id.index()];
        QCOMPARE(snapshot->baseRemoved(layer.id),
                 layer.prunable.weights ? layer.weightCount / 2 : 0);
        if (!layer.prunable.weights) continue;
        QCOMPARE(mask.scalar_type(), at::kBool);
        QVERIFY(at::equal(mask, weight(*snapshot, layer.id).ne(0)));
    }
    const auto dense = opened("cnn_bn.script.pt");
    for (const auto& mask : dense->state().baseMasks) QVERIFY(!mask.defined());
    QCOMPARE(dense->state().baseMasks.size(), dense->layers().size());
}

void TestSnapshot::leavesZerosAloneWhenAsked() {
    const auto snapshot = opened("half_zero.script.pt", {}, BaseMasks::Ignore);
    for (const auto& layer : snapshot->layers()) QCOMPARE(snapshot->baseRemoved(layer.id), 0);
}

void TestSnapshot::takesOffAttachedMasks() {
    for (const auto option : {BaseMasks::FromZeros, BaseMasks::Ignore}) {
        const auto snapshot = opened("prune_attached.trace.pt", {"1x3x16x16"}, option);
        QCOMPARE(qint64(snapshot->baseRemoved(*snapshot->find("conv2.weight"))), 432);
        QCOMPARE(qint64(snapshot->baseRemoved(*snapshot->find("fc1.weight"))), 2'880);
        QCOMPARE(qint64(snapshot->baseRemoved(*snapshot->find("conv1.weight"))), 0);
        QVERIFY(snapshot->layer(*snapshot->find("conv2.weight")).prunable.weights);
        QVERIFY(mentions(snapshot->notes(), "torch.nn.utils.prune"));
        QCOMPARE(qint64(snapshot->macs()), 114'532);
    }
}

void TestSnapshot::liftsFrozenWeights() {
    const auto snapshot = opened("frozen.pt", {"1x3x16x16"});
    int prunable = 0;
    for (const auto& layer : snapshot->layers()) prunable += layer.prunable.weights ? 1 : 0;
    QCOMPARE(prunable, 4);  // two convolutions and two linear layers; the norms are folded
    QCOMPARE(qint64(snapshot->macs()), 114'532);
}

void TestSnapshot::sharesTiedWeights() {
    const auto snapshot = opened("tied_weight.script.pt", {"1x6:int64:0..30"});
    QCOMPARE(qint64(snapshot->parameters()), 30 * 16 + 16 * 16 + 16 + 30);
    const auto& tied = snapshot->layer(*snapshot->find("embed.weight"));
    QCOMPARE(tied.uses, 2);
    QCOMPARE(tied.macs, 6 * 480);
    QVERIFY(!snapshot->find("decode.weight"));
}

void TestSnapshot::opensModelsWithoutParameters() {
    const auto snapshot = opened("empty_module.script.pt", {"2x4"});
    QVERIFY(snapshot->layers().empty());
    QCOMPARE(qint64(snapshot->parameters()), 0);
    QVERIFY(mentions(snapshot->notes(), "nothing to prune"));
}

void TestSnapshot::hashesWhatIsInTheWeights() {
    const auto script = opened("cnn_bn.script.pt");
    QCOMPARE(script->weightsHash().size(), std::size_t(64));
    QCOMPARE(opened("cnn_bn.script.pt")->weightsHash(), script->weightsHash());
    QVERIFY(opened("half_zero.script.pt")->weightsHash() != script->weightsHash());
    // Base masks count too.
    const auto ignored = opened("half_zero.script.pt", {}, BaseMasks::Ignore);
    QVERIFY(opened("half_zero.script.pt")->weightsHash() != ignored->weightsHash());
    // One bit of one weight.
    auto changed = cloneModule(script->state().module);
    {
        const c10::NoGradGuard noGrad;
        parameterAt(changed, "conv1.weight").view({-1})[0].neg_();
    }
    QVERIFY(withWeights(*script, changed, {})->weightsHash() != script->weightsHash());
}

void TestSnapshot::clonesModulesThatCanBeWrittenTo() {
    const auto snapshot = opened("cnn_bn.script.pt");
    const auto before = tensorsOf(snapshot->state().module);
    auto clone = cloneModule(snapshot->state().module);
    const c10::NoGradGuard noGrad;
    for (const auto& attribute : clone.named_attributes()) {
        for (const auto& tensor : script::tensorsIn(attribute.value)) tensor.fill_(1);
    }
    QVERIFY(sameBits(tensorsOf(snapshot->state().module), before));
    QVERIFY(!sameBits(tensorsOf(clone), before));
    QVERIFY(parameterAt(clone, "conv1.weight").requires_grad());
}

void TestSnapshot::keepsLayersWithNewWeights() {
    const auto base = opened("cnn_bn.script.pt", {"1x3x16x16"});
    auto module = cloneModule(base->state().module);
    const auto id = *base->find("conv1.weight");
    std::vector<at::Tensor> masks(base->layers().size());
    masks[id.index()] = weight(*base, id).gt(0);
    const auto next = withWeights(*base, module, masks);
    QVERIFY(std::ranges::equal(next->layers(), base->layers()));
    QCOMPARE(next->macs(), base->macs());
    QVERIFY(next->file() == base->file());
    QCOMPARE(next->baseRemoved(id), weight(*base, id).le(0).sum().item<std::int64_t>());
    QCOMPARE(base->baseRemoved(id), 0);
    QVERIFY(next->weightsHash() != base->weightsHash());
}

void TestSnapshot::refusesInputsThatDoNotFit_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QStringList>("inputs");
    QTest::addColumn<QString>("complaint");
    QTest::newRow("too many") << "mlp.script.pt" << QStringList{"1x20", "1x20"}
                              << "forward takes 1 (x), 2 were given";
    QTest::newRow("too few") << "two_inputs.script.pt" << QStringList{"1x3x8x8"}
                             << "forward takes 2 (image, numbers)";
    QTest::newRow("wrong shape") << "mlp.script.pt" << QStringList{"1x21"} << "1x21 and 20x16";
    QTest::newRow("wrong channels")
        << "cnn_bn.trace.pt" << QStringList{"1x1x16x16"} << "to have 3 channels";
    QTest::newRow("wrong type") << "transformer.script.pt" << QStringList{"1x12"} << "indices";
    QTest::newRow("raised by the model")
        << "control_flow.script.pt" << QStringList{"1x2x10"} << "expected 2 dimensions, got 3";
    QTest::newRow("a list") << "mlp.script.pt" << QStringList{"list:1x20"} << "\"x\" is a tensor";
}

void TestSnapshot::refusesInputsThatDoNotFit() {
    QFETCH(QString, name);
    QFETCH(QStringList, inputs);
    QFETCH(QString, complaint);
    const auto result = open(fixture(name), inputs);
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::BadArgument);
    const auto text = QString::fromStdString(result.error().text());
    QVERIFY2(text.contains(complaint), qPrintable(text));
    QVERIFY(!result.error().hint.empty());
}

void TestSnapshot::stopsWhenAsked() {
    // Its forward never ends.
    RunControl control;
    EventSink<> events;
    events.onProgress = [&](const Progress& progress) {
        if (progress.step == "Finding the layers") control.requestStop();
    };
    const auto result = openSnapshot(fixture("loop_forever.script.pt"), {}, events, control);
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Cancelled);
}

void TestSnapshot::namesMissingFiles() {
    const auto result = open("/nowhere/lost.pt");
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::NotFound);
    QVERIFY(QString::fromStdString(result.error().text()).contains("lost.pt"));
}

QTEST_GUILESS_MAIN(TestSnapshot)
#include "tst_snapshot.moc"
