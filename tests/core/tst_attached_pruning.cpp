// SPDX-License-Identifier: GPL-3.0-or-later
#include <sstream>

#include <QtTest>

#include "core/script/attached_pruning_torch.h"
#include "tests/support/fixtures_torch.h"

using namespace espalier;
using namespace espalier::script;
using namespace espalier::test;
using torch::jit::Module;

namespace {

const auto kFile = QStringLiteral("prune_attached.trace.pt");

QStringList stateNames(const Module& module) {
    QStringList names;
    for (const auto& item : module.named_parameters()) names << QString::fromStdString(item.name);
    for (const auto& item : module.named_buffers()) names << QString::fromStdString(item.name);
    names.sort();
    return names;
}

/// A linear layer with its mask attached; every object made here is of one class.
class PrunedLayers {
public:
    explicit PrunedLayers(const std::string& forward) : m_first("__torch__.Pruned", m_unit) {
        fill(m_first, 0);
        m_first.define(forward);
    }

    Module make(float value) {
        Module other(m_unit, m_first.type());
        other.setattr("weight_orig", weight(value));
        other.setattr("weight_mask", mask());
        return other;
    }
    const Module& first() const { return m_first; }
    static at::Tensor mask() { return at::tensor({1.0f, 0.0f, 0.0f, 1.0f}).view({2, 2}); }
    static at::Tensor weight(float value) {
        return at::arange(4, at::kFloat).view({2, 2}).add(value);
    }
    const std::shared_ptr<torch::jit::CompilationUnit>& unit() const { return m_unit; }

private:
    static void fill(Module& module, float value) {
        module.register_parameter("weight_orig", weight(value), false);
        module.register_buffer("weight_mask", mask());
    }

    std::shared_ptr<torch::jit::CompilationUnit> m_unit =
        std::make_shared<torch::jit::CompilationUnit>();
    Module m_first;
};

}  // namespace

class TestAttachedPruning : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void findsMasks();
    void leavesWhatPruneRemoveLeaves();
    void keepsTheOutputs();
    void survivesSaving();
    void leavesTheArgumentAlone();
    void handlesTwoObjectsOfOneClass();
    void rewritesBranchesAndOtherMethods();
    void dropsAStalePlainAttribute();
    void refusesOtherUses();
    void leavesPlainModulesAsTheyAre();
};

void TestAttachedPruning::init() {
    if (!haveFixtures()) QSKIP("the fixtures are missing");
}

void TestAttachedPruning::findsMasks() {
    const auto masks = findAttachedMasks(loadFixture(kFile));
    QCOMPARE(masks.size(), std::size_t(2));
    QCOMPARE(masks[0].original, std::string("conv2.weight_orig"));
    QCOMPARE(masks[0].mask, std::string("conv2.weight_mask"));
    QCOMPARE(masks[0].plain, std::string("conv2.weight"));
    QCOMPARE(masks[1].plain, std::string("fc1.weight"));
    QVERIFY(findAttachedMasks(loadFixture("cnn_bn.trace.pt")).empty());
}

void TestAttachedPruning::leavesWhatPruneRemoveLeaves() {
    const auto module = loadFixture(kFile);
    const auto committed = commitAttachedMasks(module);
    QVERIFY2(committed, committed ? "" : committed.error().text().c_str());
    // The state_dict of the same network that never had a mask.
    QCOMPARE(stateNames(*committed), stateNames(loadFixture("cnn_bn.trace.pt")));
    for (const char* name : {"conv2", "fc1"}) {
        const auto before = module.attr(name).toModule();
        const auto weight = committed->attr(name).toModule().attr("weight").toTensor();
        const auto product =
            at::mul(before.attr("weight_orig").toTensor(), before.attr("weight_mask").toTensor());
        QVERIFY(at::equal(weight, product));
        QVERIFY(weight.requires_grad());
        QVERIFY(weight.is_leaf());
    }
    // Half of conv2, three quarters of fc1.
    QCOMPARE(at::count_nonzero(committed->attr("conv2").toModule().attr("weight").toTensor())
                 .item<int>(),
             432);
    QCOMPARE(
        at::count_nonzero(committed->attr("fc1").toModule().attr("weight").toTensor()).item<int>(),
        960);
}

void TestAttachedPruning::keepsTheOutputs() {
    const c10::NoGradGuard noGrad;
    auto module = loadFixture(kFile);
    auto committed = commitAttachedMasks(module);
    QVERIFY(committed);
    QVERIFY(sameBits(tensorsIn(committed->forward(storedInputs(kFile))),
                     tensorsIn(module.forward(storedInputs(kFile)))));
}

void TestAttachedPruning::survivesSaving() {
    const c10::NoGradGuard noGrad;
    auto committed = commitAttachedMasks(loadFixture(kFile));
    QVERIFY(committed);
    std::stringstream stream;
    committed->save(stream);
    auto loaded = torch::jit::load(stream, c10::Device(c10::kCPU));
    QCOMPARE(stateNames(loaded), stateNames(*committed));
    const auto expected = tensorsIn(committed->forward(storedInputs(kFile)));
    QVERIFY(sameBits(tensorsIn(loaded.forward(storedInputs(kFile))), expected));
}

void TestAttachedPruning::leavesTheArgumentAlone() {
    auto module = loadFixture(kFile);
    const auto names = stateNames(module);
    const auto before = tensorsOf(module);
    const auto committed = commitAttachedMasks(module);
    QVERIFY(committed);
    QCOMPARE(stateNames(module), names);
    QVERIFY(sameBits(tensorsOf(module), before));
    QVERIFY(names.contains("conv2.weight_orig"));
}

void TestAttachedPruning::handlesTwoObjectsOfOneClass() {
    PrunedLayers layers(
        "def forward(self, x):\n  return torch.linear(x, self.weight_orig * self.weight_mask)\n");
    Module root("__torch__.Root", layers.unit());
    root.register_module("a", layers.first());
    root.register_module("b", layers.make(10));
    root.define("def forward(self, x):\n  return self.b.forward(self.a.forward(x))\n");
    const auto x = at::tensor({1.0f, 2.0f}).view({1, 2});
    const auto expected = root.forward({x}).toTensor();
    auto committed = commitAttachedMasks(root);
    QVERIFY2(committed, committed ? "" : committed.error().text().c_str());
    QCOMPARE(stateNames(*committed), (QStringList{"a.weight", "b.weight"}));
    QVERIFY(at::equal(committed->forward({x}).toTensor(), expected));
    const auto b = committed->attr("b").toModule().attr("weight").toTensor();
    QVERIFY(at::equal(b, at::tensor({10.0f, 0.0f, 0.0f, 13.0f}).view({2, 2})));
}

void TestAttachedPruning::rewritesBranchesAndOtherMethods() {
    PrunedLayers layers(
        "def forward(self, x):\n  if bool(x.sum() > 0):\n    w = self.weight_mask * "
        "self.weight_orig\n  else:\n"
        "    w = torch.mul(self.weight_mask.to(6), self.weight_orig) * 2\n"
        "  return torch.linear(x, w) + self.trace()\n"
        "def trace(self):\n  return torch.trace(self.weight_orig * self.weight_mask)\n");
    auto module = layers.make(1);
    auto committed = commitAttachedMasks(module);
    QVERIFY2(committed, committed ? "" : committed.error().text().c_str());
    for (const float sign : {1.0f, -1.0f}) {
        const auto x = at::full({1, 2}, sign);
        QVERIFY(at::equal(committed->forward({x}).toTensor(), module.forward({x}).toTensor()));
    }
    QCOMPARE(committed->run_method("trace").toTensor().item<float>(), 5.0f);  // 1 + 4
}

void TestAttachedPruning::dropsAStalePlainAttribute() {
    Module module("__torch__.Stale");
    module.register_parameter("weight_orig", PrunedLayers::weight(0), false);
    module.register_buffer("weight_mask", PrunedLayers::mask());
    module.register_attribute("weight", c10::TensorType::get(), at::full({2, 2}, 7.0f));
    module.define(
        "def forward(self, x):\n  return torch.linear(x, self.weight_orig * self.weight_mask)\n");
    auto committed = commitAttachedMasks(module);
    QVERIFY(committed);
    QCOMPARE(stateNames(*committed), QStringList{"weight"});
    const auto x = at::eye(2);
    QVERIFY(at::equal(committed->forward({x}).toTensor(), module.forward({x}).toTensor()));
}

void TestAttachedPruning::refusesOtherUses() {
    PrunedLayers layers("def forward(self, x):\n  return torch.linear(x, self.weight_orig)\n");
    const auto committed = commitAttachedMasks(layers.first());
    QVERIFY(!committed);
    QCOMPARE(committed.error().kind, Error::Kind::Unsupported);
    QVERIFY(QString::fromStdString(committed.error().why).contains("weight_orig"));
    QVERIFY(!committed.error().hint.empty());
}

void TestAttachedPruning::leavesPlainModulesAsTheyAre() {
    const c10::NoGradGuard noGrad;
    auto module = loadFixture("cnn_bn.script.pt");
    auto committed = commitAttachedMasks(module);
    QVERIFY(committed);
    QCOMPARE(stateNames(*committed), stateNames(module));
    const auto name = QStringLiteral("cnn_bn.script.pt");
    QVERIFY(sameBits(tensorsIn(committed->forward(storedInputs(name))),
                     tensorsIn(module.forward(storedInputs(name)))));
}

QTEST_GUILESS_MAIN(TestAttachedPruning)
#include "tst_attached_pruning.moc"
