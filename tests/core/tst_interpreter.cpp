// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <thread>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>

#include "core/script/deep_copy_torch.h"
#include "core/script/interpreter_torch.h"
#include "tests/support/fixtures_torch.h"

using namespace espalier;
using namespace espalier::script;
using namespace espalier::test;

namespace {

struct Recorder final : Observer {
    void onNode(const NodeEvent& event) override {
        ++count[event.node->kind().toQualString()];
        inputsMatch &= event.inputs.size() == event.node->inputs().size();
        outputsMatch &= event.outputs.size() == event.node->outputs().size();
    }
    std::map<std::string, int> count;
    bool inputsMatch = true;
    bool outputsMatch = true;
};

/// A module made of TorchScript source, without a file.
torch::jit::Module moduleFrom(const std::string& source) {
    torch::jit::Module module("m");
    module.register_parameter("weight", at::tensor({1.0f, -2.0f, 3.0f}), false);
    module.register_buffer("steps", at::zeros({1}));
    module.register_attribute("count", c10::IntType::get(), 0);
    module.define(source);
    return module;
}

Result<c10::IValue> run(const torch::jit::Module& module, std::vector<c10::IValue> inputs) {
    NoObserver nothing;
    RunControl control;
    auto program = makeProgram(module);
    if (!program) return program.error();
    return runObserved(*program, std::move(inputs), nothing, control);
}

}  // namespace

class TestInterpreter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void givesTheBitsOfForward_data();
    void givesTheBitsOfForward();
    void keepsTheModuleAsItWas_data();
    void keepsTheModuleAsItWas();
    void runsScripts_data();
    void runsScripts();
    void writesToItsParametersWithGradientsOn();
    void takesConstantsInArithmeticForNumbers();
    void refusesTooFewFeaturesForALstm();
    void writesToSharedMemoryOnce();
    void showsUnrolledLoopsAndDecidedBranches();
    void freesValuesAfterTheirLastUse();
    void namesTheFailedOperatorAndItsLine();
    void passesOnTheModelsOwnException();
    void refusesWrongNumbersOfInputs();
    void stopsInEndlessLoops();
    void restoresTheGradMode();
    void runsOneProgramInTwoThreads();
    void drawsSeededExamples();
    void copiesModulesWithTheirSharing();
};

void TestInterpreter::givesTheBitsOfForward_data() {
    QTest::addColumn<QString>("name");
    if (!haveFixtures()) QSKIP("the fixtures are missing");
    for (const char* name : {"mlp.script.pt",
                             "mlp.trace.pt",
                             "cnn_bn.script.pt",
                             "cnn_bn.trace.pt",
                             "resnet18.script.pt",
                             "resnet18.trace.pt",
                             "transformer.script.pt",
                             "transformer.trace.pt",
                             "lstm.script.pt",
                             "shared_weight.script.pt",
                             "tied_weight.script.pt",
                             "two_inputs.script.pt",
                             "dict_output.script.pt",
                             "tuple_output.script.pt",
                             "frozen.pt",
                             "prune_attached.trace.pt",
                             "control_flow.script.pt",
                             "inplace.script.pt",
                             "float64.script.pt",
                             "half_zero.script.pt",
                             "empty_module.script.pt",
                             "setattr_counter.script.pt"}) {
        QTest::addRow("%s", name) << name;
    }
}

void TestInterpreter::givesTheBitsOfForward() {
    QFETCH(QString, name);
    const c10::NoGradGuard noGrad;
    auto reference = loadFixture(name);
    const auto expected = tensorsIn(reference.forward(storedInputs(name)));
    const auto actual = run(loadFixture(name), storedInputs(name));
    QVERIFY2(actual, actual ? "" : actual.error().text().c_str());
    QVERIFY(!expected.empty());
    QVERIFY(sameBits(tensorsIn(*actual), expected));
}

void TestInterpreter::keepsTheModuleAsItWas_data() {
    givesTheBitsOfForward_data();
}

void TestInterpreter::keepsTheModuleAsItWas() {
    QFETCH(QString, name);
    const auto module = loadFixture(name);
    const auto before = tensorsOf(module);
    const auto first = run(module, storedInputs(name));
    QVERIFY2(first, first ? "" : first.error().text().c_str());
    QVERIFY(sameBits(tensorsOf(module), before));
    // Nothing of the first run is left over for the second.
    QVERIFY(sameBits(tensorsIn(*run(module, storedInputs(name))), tensorsIn(*first)));
}

void TestInterpreter::runsScripts_data() {
    QTest::addColumn<QString>("body");
    QTest::newRow("in-place on a parameter") << "self.weight.mul_(2)\n  return self.weight + x";
    QTest::newRow("in-place through a view")
        << "self.weight[1:].add_(x[0])\n  return self.weight * x";
    QTest::newRow("in-place through a list")
        << "a = [self.weight, x]\n  for t in a:\n    t.add_(1)\n  return self.weight + a[0] + a[1]";
    QTest::newRow("in-place in a branch")
        << "y = x\n  if bool(x.sum() > 0):\n    y = self.weight\n  else:\n    y = self.steps\n  "
           "y.add_(1)\n"
           "  return self.weight + self.steps + y";
    QTest::newRow("attribute and buffer") << "self.count = self.count + 1\n  self.steps.add_(1)\n  "
                                             "return x + self.count + self.steps";
    QTest::newRow("attribute set to a tensor")
        << "self.steps = x * 2\n  self.steps.add_(1)\n  return self.steps + x";
    QTest::newRow("while") << "n = 0\n  while n < 3:\n    x = x * 0.5\n    n += 1\n  return x + n";
    QTest::newRow("break and continue") << "for i in range(9):\n    if i == 2:\n      continue\n   "
                                           " if i == 5:\n      break\n    x = x + i\n  return x";
    QTest::newRow("dict and tuple") << "d = {'a': x, 'b': x * 2}\n  t = (d['a'], d['b'], 3)\n  a, "
                                       "b, c = t\n  return a * b + c + t[0:2][1]";
    QTest::newRow("list of lists")
        << "l = [[1, 2], [3]]\n  n = 0\n  for i in l:\n    n += sum(i)\n  return x + n";
    QTest::newRow("tolist") << "l : List[float] = x.tolist()\n  return x + l[0] + len(l)";
    QTest::newRow("item and format") << "s = 'value {}'.format(x[0].item())\n  return x + len(s)";
    QTest::newRow("isinstance and optional")
        << "y : Optional[Tensor] = None\n  if bool(x.sum() > -1000):\n    y = x\n"
           "  assert y is not None, 'no'\n  return y + 1";
    QTest::newRow("einsum and stack")
        << "return torch.einsum('i,j->ij', x, self.weight) + torch.stack([x, x, x])";
    QTest::newRow("unpacked list") << "a, b, c = torch.unbind(x)\n  return a + 2 * b + 3 * c";
    QTest::newRow("warning and print") << "print(x)\n  return x.neg()";
    QTest::newRow("none") << "y : Optional[Tensor] = None\n  return y";
    QTest::newRow("list output") << "return [x, x + 1]";
    QTest::newRow("dict output") << "return {'a': x, 'b': [x, x * 3]}";
    QTest::newRow("empty list output") << "y : List[Tensor] = []\n  return y";
}

void TestInterpreter::runsScripts() {
    QFETCH(QString, body);
    const auto source = "def forward(self, x):\n  " + body.toStdString() + "\n";
    const auto x = at::tensor({0.5f, 1.5f, -0.25f});
    auto reference = moduleFrom(source);
    const auto module = moduleFrom(source);
    const auto before = tensorsOf(module);
    const auto actual = run(module, {x.clone()});
    QVERIFY2(actual, actual ? "" : actual.error().text().c_str());
    QVERIFY(sameBits(tensorsOf(module), before));
    QCOMPARE(module.attr("count").toInt(), 0);
    const auto expected = reference.forward({x.clone()});
    QCOMPARE(actual->tagKind(), expected.tagKind());
    QVERIFY(sameBits(tensorsIn(*actual), tensorsIn(expected)));
}

void TestInterpreter::writesToItsParametersWithGradientsOn() {
    const auto module =
        moduleFrom("def forward(self, x):\n  self.weight.mul_(2)\n  return self.weight + x\n");
    const c10::AutoGradMode gradients(true);
    const auto sum = run(module, {at::zeros({3})});
    QVERIFY2(sum, sum ? "" : sum.error().text().c_str());
    QVERIFY(sameBits(tensorsIn(*sum), {at::tensor({2.0f, -4.0f, 6.0f})}));
}

/// A trace holds the numbers of arithmetic as tensors; PyTorch's executor makes them numbers again.
void TestInterpreter::takesConstantsInArithmeticForNumbers() {
    const auto module = moduleFrom("def forward(self, x, y):\n  return torch.add(x, y)\n");
    const auto graph = module.get_method("forward").graph();
    for (auto* node : graph->nodes()) {
        if (node->kind() != c10::aten::add) continue;
        const torch::jit::WithInsertPoint before(node);
        node->replaceInput(1, graph->insertConstant(at::scalar_tensor(0.5, at::kDouble)));
    }
    const auto sum = run(module, {at::arange(3), at::zeros({})});
    QVERIFY2(sum, sum ? "" : sum.error().text().c_str());
    QVERIFY(sameBits(tensorsIn(*sum), {at::tensor({0.5f, 1.5f, 2.5f})}));
}

void TestInterpreter::refusesTooFewFeaturesForALstm() {
    torch::jit::Module module("m");
    module.register_attribute("state", c10::ListType::ofTensors(),
                              c10::List<at::Tensor>({at::zeros({1, 1, 2}), at::zeros({1, 1, 2})}));
    module.register_attribute("weights", c10::ListType::ofTensors(),
                              c10::List<at::Tensor>({at::zeros({8, 5}), at::zeros({8, 2})}));
    module.define(
        "def forward(self, x):\n  return torch.lstm(x, self.state, self.weights, False, 1, 0.0, "
        "False, False, False)[0]\n");
    QVERIFY(run(module, {at::zeros({3, 1, 5})}));
    const auto refused = run(module, {at::zeros({3, 1, 4})});
    QVERIFY(!refused);
    QVERIFY(QString::fromStdString(refused.error().why).contains("Expected 5 features"));
}

void TestInterpreter::writesToSharedMemoryOnce() {
    // Two attributes are views of one storage: a write through one is seen through the other, in
    // the run only.
    torch::jit::Module module("m");
    const auto all = at::zeros({4});
    module.register_buffer("left", all.slice(0, 0, 2));
    module.register_buffer("everything", all);
    module.define("def forward(self, x):\n  self.left.add_(x)\n  return self.everything + 0\n");
    const auto result = run(module, {at::ones({2})});
    QVERIFY(result);
    QVERIFY(at::equal(result->toTensor(), at::tensor({1.0f, 1.0f, 0.0f, 0.0f})));
    QVERIFY(at::equal(all, at::zeros({4})));
}

void TestInterpreter::showsUnrolledLoopsAndDecidedBranches() {
    const auto module = moduleFrom(
        "def forward(self, x):\n  for i in range(3):\n    if i == 1:\n      x = torch.relu(x)\n    "
        "else:\n"
        "      x = torch.tanh(x)\n  return x\n");
    Recorder recorder;
    RunControl control;
    const auto program = makeProgram(module);
    QVERIFY(program);
    QVERIFY(runObserved(*program, {at::ones({3})}, recorder, control));
    QCOMPARE(recorder.count["aten::tanh"], 2);
    QCOMPARE(recorder.count["aten::relu"], 1);
    QCOMPARE(recorder.count["prim::If"], 3);
    QCOMPARE(recorder.count["prim::Loop"], 1);
    QVERIFY(recorder.inputsMatch);
    QVERIFY(recorder.outputsMatch);
}

void TestInterpreter::freesValuesAfterTheirLastUse() {
    // A chain of additions: while a node runs, all but its own input and output must be gone.
    struct Watcher final : Observer {
        void onNode(const NodeEvent& event) override {
            if (event.node->kind() != c10::aten::add) return;
            std::erase_if(alive, [](const auto& weak) { return weak.expired(); });
            most = std::max(most, alive.size());
            alive.emplace_back(event.outputs[0].toTensor().getIntrusivePtr());
        }
        std::vector<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> alive;
        std::size_t most = 0;
    };
    std::string source = "def forward(self, x):\n  for i in range(2):\n    x = x + 1\n";
    for (int i = 0; i < 10; ++i) source += "  x = x + 1\n";
    const auto program = makeProgram(moduleFrom(source + "  return x\n"));
    QVERIFY(program);
    Watcher watcher;
    RunControl control;
    QVERIFY(runObserved(*program, {at::ones({3})}, watcher, control));
    QCOMPARE(watcher.most, std::size_t(1));
}

void TestInterpreter::namesTheFailedOperatorAndItsLine() {
    const auto result =
        run(moduleFrom("def forward(self, x):\n  y = x + 1\n  return torch.mm(y, self.weight)\n"),
            {at::ones({3})});
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Failed);
    const auto why = QString::fromStdString(result.error().why);
    QVERIFY2(why.contains("aten::mm"), qPrintable(why));
    QVERIFY2(why.contains("torch.mm(y, self.weight)"), qPrintable(why));
    QVERIFY2(!why.contains('\n'), qPrintable(why));
}

void TestInterpreter::passesOnTheModelsOwnException() {
    const auto result = run(
        moduleFrom(
            "def forward(self, x):\n  assert x.dim() == 4, 'expected 4 dimensions'\n  return x\n"),
        {at::ones({3})});
    QVERIFY(!result);
    const auto why = QString::fromStdString(result.error().why);
    QVERIFY2(why.contains("raised an exception"), qPrintable(why));
    QVERIFY2(why.contains("expected 4 dimensions"), qPrintable(why));
}

void TestInterpreter::refusesWrongNumbersOfInputs() {
    const auto source = "def forward(self, x, y, scale : float = 2.0):\n  return x * y * scale\n";
    const auto x = at::ones({2});
    QVERIFY(at::equal(run(moduleFrom(source), {x, x})->toTensor(), x * 2));
    QCOMPARE(run(moduleFrom(source), {x}).error().kind, Error::Kind::BadArgument);
    QVERIFY(QString::fromStdString(run(moduleFrom(source), {x}).error().why).contains("\"y\""));
    QCOMPARE(run(moduleFrom(source), {x, x, 1.0, 1.0}).error().kind, Error::Kind::BadArgument);
    torch::jit::Module empty("m");
    QCOMPARE(makeProgram(empty).error().kind, Error::Kind::Unsupported);
}

void TestInterpreter::stopsInEndlessLoops() {
    struct Stopper final : Observer {
        explicit Stopper(RunControl& c) : control(c) {}
        void onNode(const NodeEvent&) override {
            if (++seen == 100) control.requestStop();
        }
        RunControl& control;
        int seen = 0;
    };
    RunControl control;
    Stopper stopper(control);
    const auto program = makeProgram(
        moduleFrom("def forward(self, x):\n  while True:\n    x = x + 1\n  return x\n"));
    QVERIFY(program);
    const auto result = runObserved(*program, {at::ones({3})}, stopper, control);
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Cancelled);
    QCOMPARE(stopper.seen, 100);
}

void TestInterpreter::restoresTheGradMode() {
    const auto module = moduleFrom(
        "def forward(self, x):\n  torch.set_grad_enabled(not torch.is_grad_enabled())\n  assert "
        "x.dim() == 4, 'no'\n"
        "  return x\n");
    QVERIFY(c10::GradMode::is_enabled());
    QVERIFY(!run(module, {at::ones({3})}));
    QVERIFY(c10::GradMode::is_enabled());
    const c10::NoGradGuard noGrad;
    QVERIFY(!run(module, {at::ones({3})}));
    QVERIFY(!c10::GradMode::is_enabled());
}

void TestInterpreter::runsOneProgramInTwoThreads() {
    const auto program =
        makeProgram(moduleFrom("def forward(self, x):\n  for i in range(50):\n    "
                               "self.steps.add_(1)\n    x = x + self.steps\n  return x\n"));
    QVERIFY(program);
    std::array<at::Tensor, 2> results;
    const auto work = [&](at::Tensor& result) {
        NoObserver nothing;
        RunControl control;
        result = runObserved(*program, {at::zeros({3})}, nothing, control)->toTensor();
    };
    std::thread other(work, std::ref(results[0]));
    work(results[1]);
    other.join();
    QVERIFY(at::equal(results[0], at::full({3}, 1275.0)));  // 1 + 2 + … + 50
    QVERIFY(at::equal(results[1], results[0]));
}

void TestInterpreter::drawsSeededExamples() {
    const std::vector<InputSpec> specs = {{{2, 3}, DType::Float32, {}, false},
                                          {{4}, DType::Int64, ValueRange{5, 7}, false},
                                          {{2, 2}, DType::Float64, ValueRange{-1, 1}, false},
                                          {{3, 8, 8}, DType::Float16, {}, true},
                                          {{64}, DType::Bool, {}, false}};
    const auto a = exampleInputs(specs, 1);
    const auto b = exampleInputs(specs, 1);
    const auto c = exampleInputs(specs, 2);
    QCOMPARE(a.size(), specs.size());
    for (std::size_t i = 0; i < a.size(); ++i) QVERIFY(sameBits(tensorsIn(a[i]), tensorsIn(b[i])));
    QVERIFY(!sameBits(tensorsIn(a[0]), tensorsIn(c[0])));
    QCOMPARE(a[1].toTensor().scalar_type(), at::kLong);
    QVERIFY(a[1].toTensor().min().item<int>() >= 5 && a[1].toTensor().max().item<int>() < 7);
    QCOMPARE(a[2].toTensor().scalar_type(), at::kDouble);
    QVERIFY(a[2].toTensor().abs().max().item<double>() <= 1);
    QVERIFY(a[3].isTensorList());
    QCOMPARE(a[3].toTensorVector()[0].scalar_type(), at::kHalf);
    QCOMPARE(a[4].toTensor().scalar_type(), at::kBool);
    QVERIFY(a[4].toTensor().any().item<bool>() && !a[4].toTensor().all().item<bool>());
}

void TestInterpreter::copiesModulesWithTheirSharing() {
    torch::jit::Module module("m");
    const auto all = at::arange(6, at::kFloat);
    module.register_parameter("left", all.slice(0, 0, 2), false);
    module.register_parameter("right", all.slice(0, 2, 6).view({2, 2}), false);
    module.register_parameter("free", at::ones({2}).set_requires_grad(true), false);
    module.register_attribute("name", c10::StringType::get(), "x");
    const auto copy = copyModule(module);
    QVERIFY(at::equal(copy.attr("right").toTensor(), module.attr("right").toTensor()));
    QVERIFY(copy.attr("left").toTensor().is_alias_of(copy.attr("right").toTensor()));
    QVERIFY(!copy.attr("left").toTensor().is_alias_of(all));
    QVERIFY(copy.attr("free").toTensor().requires_grad() && copy.attr("free").toTensor().is_leaf());
    copy.attr("right").toTensor().fill_(9);
    QVERIFY(at::equal(all, at::arange(6, at::kFloat)));
    QCOMPARE(copy.attr("name").toStringRef(), std::string("x"));
}

QTEST_GUILESS_MAIN(TestInterpreter)
#include "tst_interpreter.moc"
