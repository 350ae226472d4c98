// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "core/channels/proof_inputs.h"
#include "core/channels/proof_torch.h"
#include "tests/support/snapshot_of_torch.h"

using namespace espalier;
using namespace espalier::channels;
using namespace espalier::test;

namespace {

/// y = second(relu(first(x))), two linear layers without biases. [hidden, 4] and [3, hidden]
torch::jit::Module twoLayers(const at::Tensor& first, const at::Tensor& second,
                             const std::string& end = "") {
    torch::jit::Module module("two");
    addParameter(module, "first", first.clone());
    addParameter(module, "second", second.clone());
    module.define(
        "def forward(self, x):\n    h = torch.relu(torch.matmul(x, self.first.t()))\n"
        "    y = torch.matmul(h, self.second.t())\n    return y" +
        end + "\n");
    return module;
}

struct Models {
    at::Tensor first = noise({6, 4}, 1);
    at::Tensor second = noise({3, 6}, 2);
    std::vector<std::int64_t> kept{0, 2, 5};

    torch::jit::Module original() const { return twoLayers(first, second); }
    torch::jit::Module masked() const {
        const at::NoGradGuard noGrad;
        auto mask = at::zeros({6});
        mask.index_fill_(0, at::tensor(kept, at::kLong), 1);
        return twoLayers(first * mask.unsqueeze(1), second * mask);
    }
    torch::jit::Module cut(const std::string& end = "") const {
        const auto index = at::tensor(kept, at::kLong);
        return twoLayers(first.index_select(0, index), second.index_select(1, index), end);
    }
};

Result<Proof> proveThem(const torch::jit::Module& original, const torch::jit::Module& twin,
                        const torch::jit::Module& cut, const std::string& input = "1x4") {
    const auto a = *script::makeProgram(original), b = *script::makeProgram(twin),
               c = *script::makeProgram(cut);
    RunControl control;
    return prove({&a, &b, &c, &cut, {*script::parseInputSpec(input)}, false}, control);
}

bool mentions(const std::vector<std::string>& lines, const std::string& part) {
    return std::ranges::any_of(
        lines, [&](const auto& line) { return line.find(part) != std::string::npos; });
}

}  // namespace

class TestProof : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void acceptsTheRightCut();
    void refusesAnotherWeight();
    void refusesAnotherChannel();
    void refusesAPinnedBatch();
    void refusesOutputsThatAreNotFinite();
    void saysWhenNothingWasProved();
    void asksInDoubleToo();
    void saysWhenFloat32OnlyRounds();
    void saysWhatTheOriginalRefuses();
    void refusesATwinThatTakesLess();
    void runsWhatTheUserRuns();
    void stops();
    void triesOtherSizes();
    void namesBranchesThatNeverRan();
    void namesWhatTheDataDecides();
};

void TestProof::acceptsTheRightCut() {
    const Models models;
    const auto proof = proveThem(models.original(), models.masked(), models.cut());
    QVERIFY2(proof.ok(), proof ? "" : proof.error().text().c_str());
    QVERIFY(proof->maxRelativeDifference <= 1e-5);
    QCOMPARE(proof->dtype, std::string("float32"));
    QCOMPARE(proof->inputs.size(), std::size_t{2});
    QCOMPARE(proof->inputs[1], std::string("2x4"));
    QVERIFY(proof->unproved.empty());
    QVERIFY(!proof->isVacuous);
}

void TestProof::refusesAnotherWeight() {
    const Models models;
    auto cut = models.cut();
    const at::NoGradGuard noGrad;
    cut.attr("second").toTensor()[1][2].add_(1e-3);
    const auto proof = proveThem(models.original(), models.masked(), cut);
    QVERIFY(!proof.ok());
    QCOMPARE(proof.error().kind, Error::Kind::Failed);
    QVERIFY(proof.error().why.find("differ") != std::string::npos);
}

void TestProof::refusesAnotherChannel() {
    const Models models;
    Models other = models;
    other.kept = {0, 2, 4};
    QVERIFY(!proveThem(models.original(), models.masked(), other.cut()).ok());
}

void TestProof::refusesAPinnedBatch() {
    const Models models;
    const auto proof =
        proveThem(models.original(), models.masked(), models.cut(".reshape([1, 3])"));
    QVERIFY(!proof.ok());
    QVERIFY(proof.error().why.find("2x4") != std::string::npos);
}

void TestProof::refusesOutputsThatAreNotFinite() {
    Models models;
    models.second.index_put_({at::tensor(0), at::tensor(0)}, at::tensor(INFINITY));
    const auto proof = proveThem(models.original(), models.cut(), models.cut());
    QVERIFY(!proof.ok());
    QVERIFY(proof.error().why.find("finite") != std::string::npos);
}

void TestProof::saysWhenNothingWasProved() {
    Models models;
    models.second.zero_();
    const auto proof = proveThem(models.original(), models.masked(), models.cut());
    QVERIFY(proof.ok());
    QVERIFY(proof->isVacuous);
    QVERIFY(mentions(proof->unproved, "the same for two different inputs"));
    QVERIFY(mentions(proof->unproved, "made no difference"));
}

void TestProof::saysWhatTheOriginalRefuses() {
    const Models models;
    const auto pinned = [&](const torch::jit::Module& module) {
        return twoLayers(module.attr("first").toTensor(), module.attr("second").toTensor(),
                         ".reshape([1, 3])");
    };
    const auto proof =
        proveThem(pinned(models.original()), pinned(models.masked()), pinned(models.cut()));
    QVERIFY(proof.ok());
    QCOMPARE(proof->inputs.size(), std::size_t{1});
    QVERIFY(mentions(proof->unproved, "Batch size 2"));
}

void TestProof::asksInDoubleToo() {
    // In float64 the twin must differ from the original as well.
    Models models;
    models.first = models.first.to(at::kDouble);
    models.second = models.second.to(at::kDouble);
    const auto inDouble =
        proveThem(models.original(), models.masked(), models.cut(), "1x4:float64");
    QVERIFY2(inDouble.ok(), inDouble ? "" : inDouble.error().text().c_str());
    QCOMPARE(inDouble->dtype, std::string("float64"));
    QVERIFY(!inDouble->isVacuous);
    const auto same =
        proveThem(models.original(), models.original(), models.original(), "1x4:float64");
    QVERIFY(same.ok());
    QVERIFY(same->isVacuous);
    QVERIFY(mentions(same->unproved, "made no difference"));
}

void TestProof::saysWhenFloat32OnlyRounds() {
    const Models models;
    const auto proof =
        proveThem(models.original(), models.masked(), models.cut(" + 30000.0 - 30000.0"));
    QVERIFY2(proof.ok(), proof ? "" : proof.error().text().c_str());
    QCOMPARE(proof->dtype, std::string("float64"));
    QVERIFY(proof->maxRelativeDifference <= 1e-9);
    QVERIFY(mentions(proof->unproved, "Agreement in float32 beyond rounding"));
}

void TestProof::refusesATwinThatTakesLess() {
    const Models models;
    const auto pinned = twoLayers(models.masked().attr("first").toTensor(),
                                  models.masked().attr("second").toTensor(), ".reshape([1, 3])");
    const auto proof = proveThem(models.original(), pinned, models.cut());
    QVERIFY(!proof.ok());
    QVERIFY(proof.error().why.find("which the original takes") != std::string::npos);
}

void TestProof::runsWhatTheUserRuns() {
    // With gradients the method does something else than the graph that was compared.
    const Models models;
    auto cut = models.cut();
    const auto a = *script::makeProgram(models.original()),
               b = *script::makeProgram(models.masked()), c = *script::makeProgram(cut);
    torch::jit::Module other("other");
    for (const char* name : {"first", "second"})
        addParameter(other, name, cut.attr(name).toTensor());
    other.define(R"(
def forward(self, x):
    h = torch.relu(torch.matmul(x, self.first.t()))
    y = torch.matmul(h, self.second.t())
    if torch.is_grad_enabled():
        y = y * 2
    return y
)");
    RunControl control;
    const auto proof =
        prove({&a, &b, &c, &other, {*script::parseInputSpec("1x4")}, false}, control);
    QVERIFY(!proof.ok());
    QVERIFY(proof.error().why.find("with gradients") != std::string::npos);
}

void TestProof::stops() {
    const auto module = Models().original();
    const auto program = *script::makeProgram(module);
    RunControl control;
    control.requestStop();
    const auto proof = prove(
        {&program, &program, &program, &module, {*script::parseInputSpec("1x4")}, false}, control);
    QVERIFY(!proof.ok());
    QCOMPARE(proof.error().kind, Error::Kind::Cancelled);
}

void TestProof::triesOtherSizes() {
    const auto shapesOf = [](const std::string& text) {
        std::vector<std::string> shapes;
        for (const auto& trial : proofInputs({{*script::parseInputSpec(text)}})) {
            shapes.push_back(toString(trial.specs[0]));
        }
        return shapes;
    };
    using Shapes = std::vector<std::string>;
    QCOMPARE(shapesOf("1x3x224x224"), (Shapes{"1x3x224x224", "2x3x224x224", "1x3x256x256"}));
    QCOMPARE(shapesOf("4x1x28x28"), (Shapes{"4x1x28x28", "1x1x28x28", "4x1x32x32"}));
    QCOMPARE(shapesOf("1x20"), (Shapes{"1x20", "2x20"}));
    // Channels may come before the length or after it.
    QCOMPARE(shapesOf("1x2x400"), (Shapes{"1x2x400", "2x2x400", "1x5x400", "1x2x404"}));
    QCOMPARE(shapesOf("1x3x8x16x32"), (Shapes{"1x3x8x16x32", "2x3x8x16x32", "1x3x12x20x64"}));
    QCOMPARE(shapesOf("1x8:int64:0..99"),
             (Shapes{"1x8:int64:0..99", "2x8:int64:0..99", "1x11:int64:0..99"}));
}

void TestProof::namesBranchesThatNeverRan() {
    torch::jit::Module module("branches");
    module.register_attribute("deep", c10::BoolType::get(), true);
    module.define(R"(
def forward(self, x, flag: bool = True):
    assert x.dim() == 2, "two dimensions"
    if self.deep and not self.deep == False:
        x = x + 1
    else:
        x = x - 1
    if flag:
        x = x + 1
    else:
        x = x * 2
    if x.size(0) > 5:
        x = x * 3
    if bool(x.sum() < 0):
        x = x * 4
    return x
)");
    const auto program = *script::makeProgram(module);
    RunControl control;
    const auto trace = recordTrace(program, {at::ones({2, 3})}, control);
    QVERIFY(trace.ok());
    const auto lines = branchesThatNeverRan(*program.graph, *trace);
    QCOMPARE(lines.size(), std::size_t{3});
    const auto starts = [](const std::string& line, const char* text) {
        return QString::fromStdString(line).startsWith(text);
    };
    const auto ends = [](const std::string& line, const char* text) {
        return QString::fromStdString(line).endsWith(text);
    };
    for (const auto& line : lines) QVERIFY(starts(line, "A branch in the model"));
    QVERIFY(ends(lines[0], "that the example does not take"));
    QVERIFY(ends(lines[1], "that the example does not take"));
    QVERIFY(ends(lines[2], "decided by the example: it depends on the data"));
}

void TestProof::namesWhatTheDataDecides() {
    torch::jit::Module module("decisions");
    module.define(R"(
def forward(self, x, rounds: int = 2):
    for i in range(rounds):
        x = x + i
    if x.size(0) > 1:
        x = x * 3
    if bool(x.sum() > 0):
        x = x * 4
    if bool(x.sum() < -5):
        print("small")
    while float(x.max()) > 1.0:
        x = x * 0.5
    return x
)");
    const auto program = *script::makeProgram(module);
    RunControl control;
    const auto trace = recordTrace(program, {at::ones({2, 3})}, control);
    QVERIFY(trace.ok());
    const auto lines = decidedByData(*program.graph, *trace);
    QCOMPARE(lines.size(), std::size_t{2});
    const QRegularExpression branch(
        "^Which way a branch in the model.* goes depends on the data: it was decided by the "
        "example$");
    const QRegularExpression loop(
        "^How often a loop in the model.* runs depends on the data: it was decided by the "
        "example$");
    QVERIFY2(branch.match(QString::fromStdString(lines[0])).hasMatch(), lines[0].c_str());
    QVERIFY2(loop.match(QString::fromStdString(lines[1])).hasMatch(), lines[1].c_str());
}

QTEST_GUILESS_MAIN(TestProof)
#include "tst_proof.moc"
