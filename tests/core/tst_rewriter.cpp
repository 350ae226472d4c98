// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <set>

#include <QTemporaryDir>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "core/script/rewriter_torch.h"
#include "core/script/save_torch.h"
#include "tests/support/fixtures_torch.h"

using namespace espalier;
using namespace espalier::script;
using namespace espalier::test;

namespace {

torch::jit::Module rewrittenOrDie(const torch::jit::Module& module) {
    const auto program = makeProgram(module);
    if (!program) qFatal("%s", program.error().text().c_str());
    auto result = rewritten(*program);
    if (!result) qFatal("%s", result.error().text().c_str());
    return *result;
}

std::vector<std::string> stateNames(const torch::jit::Module& module) {
    std::vector<std::string> names;
    for (const auto& parameter : module.named_parameters()) names.push_back(parameter.name);
    names.push_back("|");
    for (const auto& buffer : module.named_buffers()) names.push_back(buffer.name);
    return names;
}

/// A root with two children that share a class; one child is reached by two paths.
torch::jit::Module sharedClasses() {
    torch::jit::Module child("child");
    child.register_parameter("weight", at::tensor({1.0f, 2.0f, 3.0f}), false);
    child.register_attribute("count", c10::IntType::get(), 3);
    child.define("def forward(self, x):\n    return x * self.weight + float(self.count)\n");
    auto other = child.deepcopy();
    other.setattr("weight", at::tensor({-1.0f, 0.5f, 4.0f}));
    other.setattr("count", 7);
    torch::jit::Module root("root");
    root.register_module("a", child);
    root.register_module("b", other);
    root.register_module("again", child);
    root.define(R"(
def forward(self, x, flag: bool = True):
    if flag:
        y = self.a.forward(self.b.forward(x))
    else:
        y = self.again.forward(x)
    for i in range(2):
        y = self.b.forward(y)
    return y
def twice(self, x):
    return self.forward(self.a.forward(x), False)
)");
    return root;
}

}  // namespace

class TestRewriter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void givesTheSameBits_data();
    void givesTheSameBits();
    void keepsWhatIsShared();
    void keepsOtherMethodsAndBranches();
    void leavesTheOriginalAlone();
    void replacesEachTensorOnce();
    void survivesSaving();
};

void TestRewriter::givesTheSameBits_data() {
    QTest::addColumn<QString>("file");
    if (!haveFixtures()) QSKIP("no fixtures");
    const QDir folder(QString::fromStdString(fixture("").string()));
    for (const auto& io : folder.entryList({"*.io.pt"})) {
        const auto name = io.section('.', 0, 0);
        for (const auto& file : folder.entryList({name + ".script.pt", name + ".trace.pt"})) {
            QTest::newRow(qPrintable(file)) << file;
        }
    }
}

void TestRewriter::givesTheSameBits() {
    QFETCH(QString, file);
    const auto original = loadFixture(file);
    const auto program = makeProgram(original);
    QVERIFY(program.ok());
    const auto made = rewritten(*program);
    if (!made) QVERIFY2(false, made.error().text().c_str());
    QCOMPARE(stateNames(*made), stateNames(original));
    const at::NoGradGuard noGrad;
    const auto expected = tensorsIn(loadFixture(file).forward(storedInputs(file)));
    QVERIFY(!expected.empty());
    auto copy = *made;
    QVERIFY(sameBits(tensorsIn(copy.forward(storedInputs(file))), expected));
}

void TestRewriter::keepsWhatIsShared() {
    const auto original = sharedClasses();
    const auto made = rewrittenOrDie(original);
    const auto child = [](const torch::jit::Module& root, const char* name) {
        return root.attr(name).toObject();
    };
    QVERIFY(child(made, "a") == child(made, "again"));
    QVERIFY(child(made, "a") != child(made, "b"));
    // Each object has a class of its own, where the original's children shared one.
    QVERIFY(child(original, "a")->type() == child(original, "b")->type());
    QVERIFY(child(made, "a")->type() != child(made, "b")->type());
}

void TestRewriter::keepsOtherMethodsAndBranches() {
    auto original = sharedClasses();
    auto made = rewrittenOrDie(original);
    const auto x = at::tensor({0.5f, -1.0f, 2.0f});
    for (const bool flag : {true, false}) {
        QVERIFY(
            at::equal(made.forward({x, flag}).toTensor(), original.forward({x, flag}).toTensor()));
    }
    const auto method = made.find_method("twice");
    QVERIFY(method.has_value());
    QVERIFY(at::equal((*method)({x}).toTensor(), original.get_method("twice")({x}).toTensor()));
    QCOMPARE(made.get_method("forward").function().getSchema().arguments()[2].name(),
             std::string("flag"));
}

void TestRewriter::leavesTheOriginalAlone() {
    auto original = sharedClasses();
    const auto before = tensorsOf(original);
    auto made = rewrittenOrDie(original);
    const at::NoGradGuard noGrad;
    for (const auto& parameter : made.parameters()) parameter.zero_();
    QVERIFY(sameBits(tensorsOf(original), before));
    QVERIFY(original.find_method("forward").has_value());
}

void TestRewriter::replacesEachTensorOnce() {
    const auto shared = at::tensor({1.0f, 2.0f});
    torch::jit::Module root("root");
    root.register_parameter("first", shared, false);
    root.register_parameter("second", shared, false);
    root.register_attribute("all", c10::ListType::ofTensors(), c10::List<at::Tensor>({shared}));
    root.define("def forward(self, x):\n    return x * self.first + self.all[0]\n");
    const auto program = makeProgram(root);
    int calls = 0;
    const auto draft = makeDraft(*program, [&](const std::string& path, const at::Tensor& tensor) {
        ++calls;
        if (path != "first") qFatal("replaced at %s", path.c_str());
        return tensor.slice(0, 0, 1).clone();
    });
    QVERIFY(draft.ok());
    auto made = finished(*draft)->module;
    QCOMPARE(calls, 1);
    const auto* first = made.attr("first").toTensor().unsafeGetTensorImpl();
    QVERIFY(made.attr("second").toTensor().unsafeGetTensorImpl() == first);
    QVERIFY(made.attr("all").toTensorVector()[0].unsafeGetTensorImpl() == first);
    QCOMPARE(made.forward({at::tensor({3.0f})}).toTensor().item<float>(), 4.0f);
}

void TestRewriter::survivesSaving() {
    QTemporaryDir folder;
    const auto target = std::filesystem::path(folder.path().toStdString()) / "made.pt";
    auto original = sharedClasses();
    const auto made = rewrittenOrDie(original);
    RunControl control;
    const auto saved = saveChecked(made, {}, target, {}, control, {{"notes.txt", "as it was"}});
    QVERIFY2(saved.ok(), saved ? "" : saved.error().text().c_str());
    auto loaded = torch::jit::load(target.string());
    const auto x = at::tensor({0.5f, -1.0f, 2.0f});
    QVERIFY(at::equal(loaded.forward({x}).toTensor(), original.forward({x}).toTensor()));
    QVERIFY(at::equal(loaded.get_method("twice")({x}).toTensor(),
                      original.get_method("twice")({x}).toTensor()));
    QCOMPARE(stateNames(loaded), stateNames(original));
    QCOMPARE(extraFilesOf(target).at("notes.txt"), std::string("as it was"));
    QVERIFY(extraFilesOf("nowhere.pt").empty());
}

QTEST_GUILESS_MAIN(TestRewriter)
#include "tst_rewriter.moc"
