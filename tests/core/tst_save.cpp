// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>
#include <limits>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/base/files.h"
#include "core/script/archive.h"
#include "core/script/load_torch.h"
#include "core/script/save_torch.h"
#include "tests/support/file_size_limit.h"

using namespace espalier;
using namespace espalier::script;
namespace fs = std::filesystem;
using Kind = Error::Kind;
using torch::jit::Module;

namespace {

Module linearModule(const std::string& forward =
                        "def forward(self, x):\n    return torch.linear(x, self.weight)\n") {
    Module module("__torch__.Linear");
    module.register_parameter("weight", at::arange(12, at::kFloat).reshape({3, 4}).div(7), false);
    module.register_buffer("count", at::zeros({1}));
    module.register_attribute("training", c10::BoolType::get(), false);
    module.define(forward);
    return module;
}

std::vector<InputSpec> specs(const char* text) {
    return {*parseInputSpec(text)};
}

Result<void> save(const Module& module, const std::vector<InputSpec>& inputs,
                  const fs::path& target) {
    RunControl control;
    return saveChecked(module, inputs, target, {}, control);
}

std::size_t entries(const fs::path& dir) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(dir), fs::directory_iterator()));
}

}  // namespace

class TestSave : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path dir() const { return m_folder->path().toStdString(); }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void savesWhatIsInMemory() {
        const Module module = linearModule();
        const auto target = dir() / "out.pt";
        const auto saved = save(module, specs("2x4"), target);
        QVERIFY2(saved, saved ? "" : saved.error().text().c_str());
        QCOMPARE(entries(dir()), 1u);
        QVERIFY(checkArchive(target));
        Module again = torch::jit::load(target.string());
        QVERIFY(at::equal(again.attr("weight").toTensor(), module.attr("weight").toTensor()));
        const auto x = at::ones({1, 4});
        QVERIFY(at::equal(again.forward({x}).toTensor(),
                          at::linear(x, module.attr("weight").toTensor())));
    }

    void theBytesDoNotDependOnTheName() {
        QVERIFY(save(linearModule(), {}, dir() / "a.pt"));
        QVERIFY(save(linearModule(), {}, dir() / "b.pt"));
        QCOMPARE(*sha256OfFile(dir() / "a.pt"), *sha256OfFile(dir() / "b.pt"));
    }

    void aNanEqualsANan() {
        const Module module = linearModule();
        module.attr("weight").toTensor().detach()[0][0] = std::numeric_limits<float>::quiet_NaN();
        const auto saved = save(module, specs("2x4"), dir() / "out.pt");
        QVERIFY2(saved, saved ? "" : saved.error().text().c_str());
    }

    void leavesAStatefulModelAsItWas() {
        const Module module = linearModule(
            "def forward(self, x):\n    self.count.add_(1)\n"
            "    return torch.linear(x, self.weight) + self.count\n");
        const auto saved = save(module, specs("2x4"), dir() / "out.pt");
        QVERIFY2(saved, saved ? "" : saved.error().text().c_str());
        QCOMPARE(module.attr("count").toTensor().item<float>(), 0.0f);
    }

    void aRandomModelIsComparedWithTheSameDraws() {
        const Module module =
            linearModule("def forward(self, x):\n    return x + torch.rand([2, 4])\n");
        at::manual_seed(3);
        const auto before = at::rand({1});
        at::manual_seed(3);
        const auto saved = save(module, specs("2x4"), dir() / "out.pt");
        QVERIFY2(saved, saved ? "" : saved.error().text().c_str());
        QVERIFY(at::equal(before,
                          at::rand({1})));  // and the caller's draws go on as if nothing happened
    }

    void refusesWhatTheFileDoesNotGive() {
        // Its __setstate__ restores something else than __getstate__ gave away.
        const Module module = linearModule(
            "def forward(self, x):\n    return x\n"
            "def __getstate__(self):\n    return (self.weight, self.training)\n"
            "def __setstate__(self, state: Tuple[Tensor, bool]) -> None:\n"
            "    self.weight = state[0] * 2\n    self.count = state[0]\n"
            "    self.training = state[1]\n");
        const auto saved = save(module, {}, dir() / "out.pt");
        QVERIFY(!saved);
        QCOMPARE(saved.error().kind, Kind::Failed);
        QVERIFY2(saved.error().text().find("weight") != std::string::npos,
                 saved.error().text().c_str());
        QCOMPARE(entries(dir()), 0u);
    }

    void saysWhenTheModelDoesNotRun() {
        const auto saved = save(linearModule(), specs("2x5"), dir() / "out.pt");
        QVERIFY(!saved);
        QCOMPARE(entries(dir()), 0u);
    }

    void aFullDiskLeavesTheOldFile_data() {
        QTest::addColumn<qint64>("bytes");
        for (const qint64 bytes : {0, 100, 1000, 5000, 100'000})
            QTest::addRow("%lld", bytes) << bytes;
    }
    void aFullDiskLeavesTheOldFile() {
        QFETCH(qint64, bytes);
        const auto target = dir() / "out.pt";
        QVERIFY(writeTextAtomically(target, "old"));
        Module module = linearModule();
        module.setattr("weight", at::ones({300, 300}));
        Result<void> saved;
        {
            const test::FileSizeLimit full(static_cast<rlim_t>(bytes));
            saved = save(module, {}, target);
        }
        QVERIFY(!saved);
        QVERIFY2(saved.error().kind == Kind::WriteFailed, saved.error().text().c_str());
        QVERIFY(!saved.error().why.empty() && !saved.error().hint.empty());
        QCOMPARE(*readText(target), std::string("old"));
        QCOMPARE(entries(dir()), 1u);
    }

    void aCancelledSaveLeavesTheOldFile_data() {
        QTest::addColumn<QString>("step");
        QTest::newRow("before it is written") << "Writing the model";
        QTest::newRow("before it is compared") << "Loading it again and comparing";
    }
    void aCancelledSaveLeavesTheOldFile() {
        QFETCH(QString, step);
        const auto target = dir() / "out.pt";
        QVERIFY(writeTextAtomically(target, "old"));
        RunControl control;
        EventSink<> events;
        events.onProgress = [&](const Progress& progress) {
            if (progress.step == step.toStdString()) control.requestStop();
        };
        const auto saved = saveChecked(linearModule(), {}, target, events, control);
        QVERIFY(!saved);
        QVERIFY2(saved.error().kind == Kind::Cancelled, saved.error().text().c_str());
        QCOMPARE(*readText(target), std::string("old"));
        QCOMPARE(entries(dir()), 1u);
    }

    void refusesAMissingFolder() {
        const auto saved = save(linearModule(), {}, dir() / "none" / "out.pt");
        QCOMPARE(saved.error().kind, Kind::WriteFailed);
        QVERIFY(saved.error().text().find("folder does not exist") != std::string::npos);
    }

    void savesFixtures_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("input");
        QTest::newRow("frozen") << "frozen.pt"
                                << "2x3x16x16";
        QTest::newRow("scripted") << "cnn_bn.script.pt"
                                  << "2x3x16x16";
        QTest::newRow("traced") << "cnn_bn.trace.pt"
                                << "2x3x16x16";
        QTest::newRow("counter") << "setattr_counter.script.pt"
                                 << "";
    }
    void savesFixtures() {
        QFETCH(QString, file);
        QFETCH(QString, input);
        const auto path =
            fs::path(qEnvironmentVariable("ESPALIER_FIXTURES").toStdString()) / file.toStdString();
        if (!fs::exists(path)) QSKIP("the fixtures were not written: no Python with torch here");
        RunControl control;
        const auto loaded = loadModule(path, control);
        QVERIFY2(loaded, loaded ? "" : loaded.error().text().c_str());
        const auto inputs = input.isEmpty() ? std::vector<InputSpec>() : specs(input.toUtf8());
        const auto saved = save(loaded->module, inputs, dir() / "out.pt");
        QVERIFY2(saved, saved ? "" : saved.error().text().c_str());
        const auto again = loadModule(dir() / "out.pt", control);
        QVERIFY2(again, again ? "" : again.error().text().c_str());
        QVERIFY(again->notes.empty());
    }
};

QTEST_GUILESS_MAIN(TestSave)
#include "tst_save.moc"
