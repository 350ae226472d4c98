// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/Functions.h>

#include "core/model/inputs_torch.h"
#include "core/model/size_search_torch.h"

using namespace espalier;
using namespace espalier::model;
using script::InputSpec;

namespace {

/// A module with some weights, and a forward that uses them.
script::Program programOf(const std::string& source) {
    torch::jit::Module module("m");
    const auto add = [&](const char* name, std::vector<std::int64_t> shape) {
        module.register_parameter(name, at::zeros(shape), false);
    };
    add("conv1", {4, 1, 5});
    add("conv2", {6, 3, 3, 3});
    add("grouped", {8, 2, 3, 3});
    add("conv3", {2, 5, 1, 3, 3});
    add("up", {7, 3, 2, 2});
    add("fc", {10, 48});
    add("words", {30, 12});
    module.define(source);
    auto program = script::makeProgram(module);
    return *program;
}

QString firstGuess(const std::string& source) {
    const auto program = programOf(source);
    const auto arguments = requiredArguments(program);
    return QString::fromStdString(describe(guessInputs(program, *arguments).front()));
}

}  // namespace

class TestInputs : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void guessesFromTheFirstLayer_data();
    void guessesFromTheFirstLayer();
    void triesTheCommonSizesInTurn();
    void takesTheModelsType();
    void learnsTheSizeFromAMisfit_data();
    void learnsTheSizeFromAMisfit();
    void learnsNothingWhereNoMapFits();
    void readsTheChannelsOfComputedWeights();
    void offersOneNumberPerSample();
    void leavesArgumentsWithDefaultsOut();
    void refusesWhatIsNoTensor();
    void checksGivenInputs_data();
    void checksGivenInputs();
};

void TestInputs::guessesFromTheFirstLayer_data() {
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("guess");
    QTest::newRow("image")
        << "def forward(self, x):\n  return torch.conv2d(x * 2 - 1, self.conv2)\n"
        << "1x3x224x224";
    QTest::newRow("groups")
        << "def forward(self, x):\n  return torch.conv2d(x, self.grouped, None, 1, 0, 1, 4)\n"
        << "1x8x224x224";
    QTest::newRow("transposed")
        << "def forward(self, x):\n  return torch.conv_transpose2d(x, self.up)\n"
        << "1x7x4x4";
    QTest::newRow("signal") << "def forward(self, x):\n  return torch.conv1d(x, self.conv1)\n"
                            << "1x1x16000";
    QTest::newRow("volume") << "def forward(self, x):\n  return torch.conv3d(x, self.conv3)\n"
                            << "1x5x16x112x112";
    QTest::newRow("features")
        << "def forward(self, x):\n  return torch.linear(torch.flatten(x, 1), self.fc)\n"
        << "1x48";
    QTest::newRow("words") << "def forward(self, x):\n  return torch.embedding(self.words, x)\n"
                           << "1x128:int64:0..30";
    QTest::newRow("in a branch")
        << "def forward(self, x):\n  if x.dim() == 4:\n    y = torch.relu(x)\n  else:\n    y = x\n"
           "  return torch.conv2d(y, self.conv2)\n"
        << "1x3x224x224";
    QTest::newRow("in a loop") << "def forward(self, x):\n  for i in range(2):\n    x = "
                                  "torch.linear(x, self.fc)\n  return x\n"
                               << "1x48";
    QTest::newRow("two arguments, each its own")
        << "def forward(self, a, b):\n  return torch.linear(b, self.fc), torch.conv2d(a, "
           "self.conv2)\n"
        << "1x3x224x224 and 1x48";
    QTest::newRow("words and their mask")
        << "def forward(self, ids, mask):\n  return torch.embedding(self.words, ids) * "
           "mask.unsqueeze(-1)\n"
        << "1x128:int64:0..30 and 1x128:int64:0..2";
    QTest::newRow("list of images") << "def forward(self, x: List[Tensor]):\n  return "
                                       "torch.conv2d(torch.stack(x), self.conv2)\n"
                                    << "list:3x224x224";
    QTest::newRow("nothing known") << "def forward(self, x):\n  return x\n"
                                   << "1x3x224x224";
}

void TestInputs::guessesFromTheFirstLayer() {
    QFETCH(QString, source);
    QFETCH(QString, guess);
    QCOMPARE(firstGuess(source.toStdString()), guess);
}

void TestInputs::triesTheCommonSizesInTurn() {
    const auto program = programOf("def forward(self, x):\n  return torch.conv2d(x, self.conv2)\n");
    const auto guesses = guessInputs(program, *requiredArguments(program));
    QVERIFY(guesses.size() > 4);
    const std::int64_t sizes[] = {224, 64, 32, 28};
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(guesses[i][0].shape, (std::vector<std::int64_t>{1, 3, sizes[i], sizes[i]}));
    }
}

void TestInputs::takesTheModelsType() {
    torch::jit::Module module("m");
    module.register_parameter("fc", at::zeros({4, 3}, at::kDouble), false);
    module.define("def forward(self, x):\n  return torch.linear(x, self.fc)\n");
    const auto program = script::makeProgram(module);
    const auto guesses = guessInputs(*program, *requiredArguments(*program));
    QCOMPARE(guesses[0][0].dtype, script::DType::Float64);
}

void TestInputs::learnsTheSizeFromAMisfit_data() {
    QTest::addColumn<int>("map");
    QTest::addColumn<int>("offered");
    QTest::addColumn<int>("wanted");
    QTest::addColumn<int>("size");
    // All tried at 224. LeNet-5: (((224 - 4) / 2) - 4) / 2 = 53, 50 channels; made for 28.
    QTest::newRow("without padding") << 53 << 50 * 53 * 53 << 800 << 28;
    QTest::newRow("stride 4") << 56 << 4 * 56 * 56 << 4 * 25 * 25 << 100;
    QTest::newRow("stride 32") << 7 << 512 * 49 << 512 * 25 << 160;
    QTest::newRow("one pixel") << 7 << 512 * 49 << 512 << 32;
}

void TestInputs::learnsTheSizeFromAMisfit() {
    QFETCH(int, map);
    QFETCH(int, offered);
    QFETCH(int, wanted);
    QFETCH(int, size);
    QCOMPARE(int(fittingSizes(224, {map, offered, wanted}).front()), size);
}

void TestInputs::readsTheChannelsOfComputedWeights() {
    QCOMPARE(firstGuess("def forward(self, x):\n"
                        "  return torch.conv2d(x, torch.mul(self.conv2, torch.abs(self.conv2)))\n"),
             "1x3x224x224");
}

/// A step or a label beside the image.
void TestInputs::offersOneNumberPerSample() {
    const auto program = programOf(
        "def forward(self, x, t):\n  return torch.conv2d(x, self.conv2) + t.view(-1, 1, 1, 1)\n");
    const auto guesses = guessInputs(program, *requiredArguments(program));
    const auto isStep = [](const std::vector<InputSpec>& guess) {
        return guess[1] == InputSpec{{1}, script::DType::Int64, script::ValueRange{0, 2}, false};
    };
    QVERIFY(std::ranges::any_of(guesses, isStep));
    QVERIFY(!isStep(guesses.front()));
}

void TestInputs::learnsNothingWhereNoMapFits() {
    QVERIFY(fittingSizes(224, {7, 512 * 49, 1000}).empty());  // no square
    QVERIFY(fittingSizes(224, {0, 10, 10}).empty());
    QVERIFY(fittingSizes(224, {7, 0, 10}).empty());
}

void TestInputs::leavesArgumentsWithDefaultsOut() {
    const auto program = programOf(
        "def forward(self, x, scale: float = 2.0, y: Optional[Tensor] = None):\n  return x\n");
    const auto arguments = requiredArguments(program);
    QVERIFY(arguments);
    QCOMPARE(arguments->size(), std::size_t(1));
    QCOMPARE(arguments->front().name, std::string("x"));
}

void TestInputs::refusesWhatIsNoTensor() {
    for (const char* type : {"Dict[str, Tensor]", "Tuple[Tensor, Tensor]", "int", "List[int]"}) {
        const auto program =
            programOf(std::string("def forward(self, x, extra: ") + type + "):\n  return x\n");
        const auto arguments = requiredArguments(program);
        QVERIFY(!arguments);
        QCOMPARE(arguments.error().kind, Error::Kind::Unsupported);
        QVERIFY(QString::fromStdString(arguments.error().why).contains("\"extra\""));
    }
}

void TestInputs::checksGivenInputs_data() {
    QTest::addColumn<QStringList>("inputs");
    QTest::addColumn<QString>("complaint");
    QTest::newRow("right") << QStringList{"1x3", "1x4", "list:2x2"} << "";
    QTest::newRow("with the one that has a default")
        << QStringList{"1x3", "1x4", "list:2x2", "1x1"} << "";
    QTest::newRow("too few") << QStringList{"1x3"}
                             << "forward takes 5 (image, side, parts, mask, scale), 1 was given";
    QTest::newRow("too many") << QStringList{"1", "1", "list:1", "1", "1", "1"} << "6 were given";
    QTest::newRow("list for a tensor")
        << QStringList{"list:1x3", "1x4", "list:2x2"} << "\"image\" is a tensor";
    QTest::newRow("tensor for a list") << QStringList{"1x3", "1x4", "2x2"} << "\"parts\" is a list";
    QTest::newRow("no tensor") << QStringList{"1x3", "1x4", "list:2x2", "1", "1"}
                               << "\"scale\" is of type float";
}

void TestInputs::checksGivenInputs() {
    QFETCH(QStringList, inputs);
    QFETCH(QString, complaint);
    const auto program = programOf(
        "def forward(self, image, side, parts: List[Tensor], mask: Optional[Tensor] = None, scale: "
        "float = 1.0):\n"
        "  return image\n");
    std::vector<InputSpec> specs;
    for (const auto& input : inputs) specs.push_back(*script::parseInputSpec(input.toStdString()));
    const auto checked = checkInputs(program, specs);
    QCOMPARE(checked.ok(), complaint.isEmpty());
    if (checked) return;
    QCOMPARE(checked.error().kind, Error::Kind::BadArgument);
    const auto why = QString::fromStdString(checked.error().why);
    QVERIFY2(why.contains(complaint), qPrintable(why));
}

QTEST_GUILESS_MAIN(TestInputs)
#include "tst_inputs.moc"
