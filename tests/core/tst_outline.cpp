// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <QTemporaryDir>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "core/script/rewriter_torch.h"
#include "core/script/save_torch.h"
#include "tests/support/fixtures_torch.h"
#include "tests/support/noise_torch.h"

using namespace espalier;
using namespace espalier::script;
using namespace espalier::test;

namespace {

constexpr int kRounds = 60;

/// `start`, then `round` again and again ("#" is its number), then `end`.
std::string codeOf(const std::string& start, const std::string& round, const std::string& end,
                   int rounds = kRounds) {
    std::string code = "def forward(self, x):\n" + start;
    for (int i = 0; i < rounds; ++i) {
        code += QString::fromStdString(round).replace("#", QString::number(i)).toStdString();
    }
    return code + end;
}

torch::jit::Module moduleOf(const std::string& code) {
    torch::jit::Module child("child");
    child.register_parameter("weight", noise({4, 4}, 3), false);
    child.register_attribute("times", c10::IntType::get(), 2);
    torch::jit::Module module("long");
    module.register_module("child", child);
    module.register_attribute("seen", c10::IntType::get(), 0);
    module.define(code);
    return module;
}

torch::jit::Module rewrittenOrDie(const torch::jit::Module& module) {
    const auto program = makeProgram(module);
    if (!program) qFatal("%s", program.error().text().c_str());
    auto result = rewritten(*program);
    if (!result) qFatal("%s", result.error().text().c_str());
    return *result;
}

std::shared_ptr<torch::jit::Graph> graphOf(const torch::jit::Module& module) {
    return module.get_method("forward").graph();
}

/// Lines of source code: branches and what stands in them included.
qsizetype lengthOf(const torch::jit::Graph& graph) {
    return QString::fromStdString(graph.toString(false)).count('\n');
}

bool hasCalls(const torch::jit::Graph& graph) {
    return graph.toString(false).find("prim::CallFunction") != std::string::npos;
}

/// The optimiser hides what the interpreter alone would trip over.
at::Tensor withoutOptimiser(const torch::jit::Module& module, const at::Tensor& x) {
    const torch::jit::GraphOptimizerEnabledGuard off(false);
    return module.deepcopy().forward({x.clone()}).toTensor();
}

}  // namespace

class TestOutline : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void givesTheSame_data();
    void givesTheSame();
    void leavesAlone_data();
    void leavesAlone();
};

void TestOutline::givesTheSame_data() {
    QTest::addColumn<QString>("code");
    const auto row = [](const char* name, const std::string& start, const std::string& round,
                        const std::string& end) {
        QTest::newRow(name) << QString::fromStdString(codeOf(start, round, end));
    };
    row("one value passes on", "  y = x\n",
        "  y = torch.tanh(torch.matmul(y, self.child.weight) + # * 0.01).reshape([-1, 4])\n",
        "  return y\n");
    row("branches with reads and checks", "  y = x\n",
        "  assert y.dim() == 2, \"rank #\"\n"
        "  if self.child.times > 1:\n    y = torch.relu(torch.matmul(y, self.child.weight)) + #\n"
        "  else:\n    y = y - #\n"
        "  y = y / y.abs().max()\n",
        "  return y\n");
    row("values that live long", "  kept = [x]\n  a = x * 2\n  n = x.size(0)\n",
        "  b# = torch.sigmoid(a + #).view([n, -1])\n  a = b# * 0.5\n  kept.append(b#)\n",
        "  return torch.cat(kept, 1) + b0.sum() + b59.mean()\n");
    row("writing in place", "  y = x.clone()\n  z = y.t()\n",
        "  y.add_(#)\n  y[0, 1] = z.mean()\n  z.mul_(0.9)\n", "  return y + z.sum()\n");
    row("a long loop", "  y = x\n  for i in range(3):\n",
        "    y = torch.tanh(torch.matmul(y, self.child.weight) * 0.5 + float(i) * 0.1 + #)\n",
        "  return y\n");
    row("lists that loops read", "  y = x\n",
        "  l# = list(y.size()) + [2]\n  p# = l#[0]\n"
        "  for i in range(len(l#) - 1):\n    p# *= l#[i + 1]\n"
        "  assert p# != 0, \"{}\".format(l#)\n"
        "  y = torch.tanh(y + p# * 0.01)\n",
        "  return y\n");
    row("types of all kinds",
        "  y = x\n  d: Dict[str, Tensor] = {}\n  o: Optional[Tensor] = None\n"
        "  t = (x, 1, 2.5)\n",
        "  d[\"k#\"] = y + t[2] + t[1]\n  o = d[\"k#\"]\n"
        "  if o is not None:\n    y = torch.relu(o) * 0.5\n  t = (y, # % 3, 0.5)\n",
        "  return y + t[0]\n");
}

void TestOutline::givesTheSame() {
    QFETCH(QString, code);
    auto original = moduleOf(code.toStdString());
    auto made = rewrittenOrDie(original);
    const auto graph = graphOf(made);
    QVERIFY(hasCalls(*graph));
    auto inlined = graph->copy();
    torch::jit::Inline(*inlined);
    QVERIFY(!hasCalls(*inlined));
    QVERIFY(lengthOf(*graph) * 3 < lengthOf(*inlined));
    QTemporaryDir folder;
    const auto target = std::filesystem::path(folder.path().toStdString()) / "made.pt";
    RunControl control;
    const auto saved = saveChecked(made, {}, target, {}, control);
    QVERIFY2(saved.ok(), saved ? "" : saved.error().text().c_str());
    auto loaded = torch::jit::load(target.string());
    const at::NoGradGuard noGrad;
    for (const std::int64_t batch : {1, 3}) {
        const auto x = noise({batch, 4}, 7);
        const auto expected = original.forward({x.clone()}).toTensor();
        QVERIFY(at::equal(made.forward({x.clone()}).toTensor(), expected));
        QVERIFY(at::equal(withoutOptimiser(made, x), expected));
        QVERIFY(at::equal(withoutOptimiser(loaded, x), expected));
        QVERIFY(at::equal(loaded.forward({x.clone()}).toTensor(), expected));
    }
    // Once more, from the file.
    auto again = rewrittenOrDie(loaded);
    const auto x = noise({2, 4}, 8);
    QVERIFY(
        at::equal(again.forward({x.clone()}).toTensor(), original.forward({x.clone()}).toTensor()));
}

void TestOutline::leavesAlone_data() {
    QTest::addColumn<QString>("code");
    QTest::newRow("what is short") << QString::fromStdString(
        codeOf("  y = x\n", "  y = torch.tanh(y + #)\n", "  return y\n", 10));
    QTest::newRow("what sets attributes") << QString::fromStdString(
        codeOf("  y = x\n", "  self.seen = self.seen + #\n  y = torch.tanh(y + self.seen)\n",
               "  return y\n"));
}

void TestOutline::leavesAlone() {
    QFETCH(QString, code);
    auto original = moduleOf(code.toStdString());
    auto made = rewrittenOrDie(original);
    QVERIFY(!hasCalls(*graphOf(made)));
    const auto x = noise({2, 4}, 7);
    QVERIFY(at::equal(made.forward({x}).toTensor(), original.forward({x}).toTensor()));
}

QTEST_GUILESS_MAIN(TestOutline)
#include "tst_outline.moc"
