// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>

#include "core/script/partial_run_torch.h"
#include "tests/support/fixtures_torch.h"

using namespace espalier;
using namespace espalier::script;
using namespace espalier::test;

namespace {

torch::jit::Module moduleFrom(const std::string& body) {
    torch::jit::Module module("m");
    module.register_parameter("weight", at::tensor({1.0f, -2.0f, 3.0f}), false);
    module.register_parameter("other", at::tensor({0.5f, 0.25f, -1.0f}), false);
    module.register_buffer("steps", at::zeros({3}));
    module.register_attribute("count", c10::IntType::get(), 0);
    module.define("def forward(self, x):\n  " + body + "\n");
    return module;
}

std::size_t stepsOf(const Program& program) {
    return program.code->body.steps.size();
}

/// Stops at every step (every `stride`-th), goes on twice from there, and twice gives `expected`.
void checkEveryStop(const Program& program, const std::vector<c10::IValue>& inputs,
                    const std::vector<at::Tensor>& expected, std::size_t stride = 1) {
    RunControl control;
    auto walking = PartialRun::begin(program, inputs);
    QVERIFY2(walking, walking ? "" : walking.error().text().c_str());
    for (std::size_t step = 0; step <= stepsOf(program); step += stride) {
        const auto point = stopPointAt(program, step);
        QVERIFY(walking->advance(point, control));
        QCOMPARE(walking->position(), step);
        for (int time = 0; time < 2; ++time) {
            const auto result = walking->finish(control);
            QVERIFY2(result, result ? "" : result.error().text().c_str());
            QVERIFY2(sameBits(tensorsIn(*result), expected),
                     qPrintable(QString("after step %1, time %2").arg(step).arg(time)));
        }
    }
}

std::size_t stepOf(const Program& program, c10::Symbol kind) {
    std::size_t step = 0;
    for (const auto* node : program.graph->nodes()) {
        if (node->kind() == kind) return step;
        ++step;
    }
    return step;
}

std::size_t firstUseOf(const Program& program, const char* parameter) {
    const at::Tensor tensors[] = {program.module.attr(parameter).toTensor()};
    return firstUse(program, tensors);
}

}  // namespace

class TestPartialRun : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void goesOnFromEveryStep_data();
    void goesOnFromEveryStep();
    void sparesWhatWasCaptured_data();
    void sparesWhatWasCaptured();
    void computesWithTheWeightsOfTheMoment();
    void findsTheFirstUse_data();
    void findsTheFirstUse();
    void findsTheFirstUseOfEveryParameter_data();
    void findsTheFirstUseOfEveryParameter();
    void countsWhatItKeeps();
    void stopsWithinAPart();
    void namesTheFailedOperator();
};

void TestPartialRun::goesOnFromEveryStep_data() {
    QTest::addColumn<QString>("name");
    if (!haveFixtures()) QSKIP("the fixtures are missing");
    for (const char* name :
         {"mlp.script.pt", "mlp.trace.pt", "cnn_bn.script.pt", "cnn_bn.trace.pt",
          "resnet18.script.pt", "resnet18.trace.pt", "transformer.script.pt",
          "transformer.trace.pt", "lstm.script.pt", "shared_weight.script.pt",
          "tied_weight.script.pt", "two_inputs.script.pt", "dict_output.script.pt",
          "tuple_output.script.pt", "frozen.pt", "prune_attached.trace.pt",
          "control_flow.script.pt", "inplace.script.pt", "setattr_counter.script.pt"}) {
        QTest::addRow("%s", name) << name;
    }
}

void TestPartialRun::goesOnFromEveryStep() {
    QFETCH(QString, name);
    const c10::NoGradGuard noGrad;
    auto reference = loadFixture(name);
    const auto expected = tensorsIn(reference.forward(storedInputs(name)));
    const auto module = loadFixture(name);
    const auto before = tensorsOf(module);
    const auto program = makeProgram(module);
    QVERIFY(program);
    checkEveryStop(*program, storedInputs(name), expected, 1 + stepsOf(*program) / 16);
    QVERIFY(sameBits(tensorsOf(module), before));
}

/// What follows a stop writes to what was there before it.
void TestPartialRun::sparesWhatWasCaptured_data() {
    QTest::addColumn<QString>("body");
    QTest::newRow("in-place") << "y = x * 2\n  z = y + 1\n  y.add_(z)\n  y.mul_(y)\n  return y + z";
    QTest::newRow("the input") << "x.mul_(3)\n  x.add_(1)\n  return x";
    QTest::newRow("through a view")
        << "y = x * 2\n  v = y[1:]\n  w = y + 0\n  v.add_(5)\n  y[0] = 7.0\n  return y * w";
    QTest::newRow("activation in place") << "y = x - 1\n  z = torch.relu_(y)\n  return y + z";
    QTest::newRow("residual")
        << "y = x - 1\n  z = torch.relu(y)\n  z += y\n  y += z\n  return z * y";
    QTest::newRow("appended list")
        << "l = [x, x + 1]\n  k = l\n  y = x * 2\n  l.append(y)\n  y.add_(1)\n  n = 0\n"
           "  for t in k:\n    y = y + t\n    n += 1\n  return y + n + len(l)";
    QTest::newRow("tensors of a list")
        << "l = [x * 1, x + 1]\n  y = l[0]\n  for t in l:\n    t.mul_(2)\n  return y + l[0] + l[1]";
    QTest::newRow("dict") << "d = {'a': x * 1}\n  d['b'] = x + 1\n  d['a'].add_(1)\n"
                             "  return d['a'] + d['b'] + len(d)";
    QTest::newRow("buffer") << "self.steps.add_(1)\n  y = x + self.steps\n  self.steps.add_(y)\n"
                               "  return self.steps + y";
    QTest::newRow("attribute set, then written")
        << "y = x * 2\n  self.steps = y\n  z = y + 1\n  self.steps.add_(z)\n"
           "  self.count = self.count + 1\n  return self.steps + y + self.count";
    QTest::newRow("view of a written buffer")
        << "v = self.steps[1:]\n  self.steps.add_(x)\n  v.mul_(2)\n  return self.steps";
    QTest::newRow("written constant")
        << "c = torch.tensor([1.0, 2.0, 3.0])\n  c.add_(x)\n  c.add_(1)\n  return c";
    QTest::newRow("loop with in-place")
        << "y = x * 1\n  for i in range(3):\n    y.add_(x)\n    x.mul_(0.5)\n  y.neg_()\n"
           "  return y + x";
    QTest::newRow("branch with in-place")
        << "y = x * 1\n  if bool(x.sum() > 0):\n    z = y\n  else:\n    z = x\n  z.add_(1)\n"
           "  return y + x";
    QTest::newRow("out=") << "y = x * 1\n  torch.add(x, x, out=y)\n  return y + x";
}

void TestPartialRun::sparesWhatWasCaptured() {
    QFETCH(QString, body);
    const auto x = at::tensor({0.5f, 1.5f, -0.25f});
    auto reference = moduleFrom(body.toStdString());
    const auto expected = tensorsIn(reference.forward({x.clone()}));
    const auto module = moduleFrom(body.toStdString());
    const auto before = tensorsOf(module);
    const auto program = makeProgram(module);
    QVERIFY(program);
    const c10::NoGradGuard noGrad;
    checkEveryStop(*program, {x.clone()}, expected);
    QVERIFY(sameBits(tensorsOf(module), before));
}

void TestPartialRun::computesWithTheWeightsOfTheMoment() {
    const auto body = "y = x + self.other\n  w = [self.weight]\n  z = y * w[0]\n  return z + y";
    const auto program = makeProgram(moduleFrom(body));
    QVERIFY(program);
    const c10::NoGradGuard noGrad;
    RunControl control;
    const auto x = at::tensor({0.5f, 1.5f, -0.25f});
    auto run = PartialRun::begin(*program, {x});
    QVERIFY(run);
    QVERIFY(run->advance(stopPointAt(*program, firstUseOf(*program, "weight")), control));
    for (const float scale : {1.0f, 0.0f, -3.0f}) {
        auto changed = moduleFrom(body);
        changed.attr("weight").toTensor().mul_(scale);
        program->module.attr("weight").toTensor().copy_(changed.attr("weight").toTensor());
        const auto result = run->finish(control);
        QVERIFY(result);
        QVERIFY(sameBits(tensorsIn(*result), tensorsIn(changed.forward({x}))));
    }
}

void TestPartialRun::findsTheFirstUse_data() {
    QTest::addColumn<QString>("body");
    QTest::addColumn<QString>("kind");
    QTest::newRow("read early, used late")
        << "w = self.weight\n  y = torch.relu(x)\n  return torch.mul(y, w)"
        << "aten::mul";
    QTest::newRow("in a list") << "y = torch.relu(x)\n  l = [self.weight]\n  return y * l[0]"
                               << "prim::ListConstruct";
    QTest::newRow("in a branch")
        << "y = torch.relu(x)\n  if bool(y.sum() > 0):\n    y = y * self.weight\n  return y"
        << "prim::If";
    QTest::newRow("given out of a branch")
        << "w = x\n  if bool(x.sum() > 0):\n    w = self.weight\n  return torch.mul(w, x)"
        << "prim::If";
    QTest::newRow("in a loop")
        << "for i in range(2):\n    x = x * self.weight\n  return torch.relu(x)"
        << "prim::Loop";
    QTest::newRow("written to") << "y = torch.relu(x)\n  self.weight.mul_(2)\n  return y"
                                << "prim::GetAttr";
    QTest::newRow("never") << "return torch.relu(x)"
                           << "no such node";
}

void TestPartialRun::findsTheFirstUse() {
    QFETCH(QString, body);
    QFETCH(QString, kind);
    const auto program = makeProgram(moduleFrom(body.toStdString()));
    QVERIFY(program);
    QCOMPARE(firstUseOf(*program, "weight"),
             kind == "no such node"
                 ? stepsOf(*program)
                 : stepOf(*program, c10::Symbol::fromQualString(kind.toStdString())));
}

void TestPartialRun::findsTheFirstUseOfEveryParameter_data() {
    goesOnFromEveryStep_data();
}

/// With other weights from there on, the rest gives what the whole model with those weights gives.
void TestPartialRun::findsTheFirstUseOfEveryParameter() {
    QFETCH(QString, name);
    const c10::NoGradGuard noGrad;
    const auto module = loadFixture(name);
    const auto program = makeProgram(module);
    QVERIFY(program);
    RunControl control;
    const auto all = module.named_parameters();
    std::size_t seen = 0;
    for (const auto& parameter : all) {
        if (seen++ % (1 + all.size() / 12) != 0) continue;  // a dozen of them
        const at::Tensor tensors[] = {parameter.value};
        auto run = PartialRun::begin(*program, storedInputs(name));
        QVERIFY(run);
        const auto step = firstUse(*program, tensors);
        QVERIFY(run->advance(stopPointAt(*program, step), control));
        const auto dense = parameter.value.detach().clone();
        parameter.value.detach().mul_(-0.5);
        const auto result = run->finish(control);
        NoObserver nothing;
        const auto expected = runObserved(*program, storedInputs(name), nothing, control);
        parameter.value.detach().copy_(dense);
        QVERIFY2(result, result ? "" : result.error().text().c_str());
        QVERIFY2(sameBits(tensorsIn(*result), tensorsIn(*expected)), parameter.name.c_str());
    }
}

void TestPartialRun::countsWhatItKeeps() {
    const auto program = makeProgram(moduleFrom("y = x * self.weight\n  return torch.relu(y)"));
    QVERIFY(program);
    const c10::NoGradGuard noGrad;
    RunControl control;
    auto run = PartialRun::begin(*program, {at::ones({100, 3})});
    QVERIFY(run);
    QCOMPARE(run->bytes(), std::int64_t(1200));  // the input; the weight is the module's
    QVERIFY(run->advance(stopPointAt(*program, stepOf(*program, c10::aten::relu)), control));
    QCOMPARE(run->bytes(), std::int64_t(1200));  // y alone
}

void TestPartialRun::stopsWithinAPart() {
    const auto program = makeProgram(moduleFrom("while True:\n    x = x + 1\n  return x"));
    QVERIFY(program);
    RunControl control;
    auto run = PartialRun::begin(*program, {at::ones({3})});
    QVERIFY(run);
    control.requestStop();
    QCOMPARE(run->finish(control).error().kind, Error::Kind::Cancelled);
    QCOMPARE(run->advance(stopPointAt(*program, stepsOf(*program)), control).error().kind,
             Error::Kind::Cancelled);
}

void TestPartialRun::namesTheFailedOperator() {
    const auto program = makeProgram(moduleFrom("return torch.mm(x, self.weight)"));
    QVERIFY(program);
    RunControl control;
    auto run = PartialRun::begin(*program, {at::ones({3})});
    QVERIFY(run);
    const auto result = run->finish(control);
    QVERIFY(!result);
    QVERIFY(QString::fromStdString(result.error().why).contains("aten::mm"));
    QCOMPARE(PartialRun::begin(*program, {}).error().kind, Error::Kind::BadArgument);
}

QTEST_GUILESS_MAIN(TestPartialRun)
#include "tst_partial_run.moc"
