// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <sstream>

#include <QTemporaryDir>
#include <QTest>

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/base/files.h"
#include "core/base/log.h"
#include "core/script/load_constants_torch.h"
#include "core/script/load_torch.h"

using namespace espalier;
using namespace espalier::script;
namespace fs = std::filesystem;
using Kind = Error::Kind;
using torch::jit::Module;

namespace {

std::vector<std::string> parameterNames(const Module& module) {
    std::vector<std::string> names;
    for (const auto& parameter : module.named_parameters()) names.push_back(parameter.name);
    return names;
}

Module savedAndLoaded(const Module& module) {
    std::stringstream stream;
    module.save(stream);
    return torch::jit::load(stream);
}

/// A frozen module with two layers that share one bias.
Module frozenModule() {
    Module module("__torch__.ToFreeze");
    module.register_parameter("first", at::arange(12, at::kFloat).reshape({3, 4}).div(10), false);
    module.register_parameter("second", at::arange(9, at::kFloat).reshape({3, 3}).div(7), false);
    module.register_parameter("bias", at::arange(3, at::kFloat), false);
    module.register_attribute("training", c10::BoolType::get(), false);
    module.define(
        "def forward(self, x):\n    y = torch.relu(torch.linear(x, self.first, self.bias))\n"
        "    return torch.addmm(self.bias, y, self.second)\n");
    return savedAndLoaded(torch::jit::freeze_module(module));
}

}  // namespace

class TestLoad : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path dir() const { return m_folder.path().toStdString(); }
    fs::path fixture(const QString& name) const {
        return fs::path(qEnvironmentVariable("ESPALIER_FIXTURES").toStdString()) /
               name.toStdString();
    }

private Q_SLOTS:
    void init() { qputenv("XDG_CACHE_HOME", m_folder.path().toUtf8()); }

    void loadsWhatPyTorchComputed_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("reference");
        for (const char* name :
             {"mlp.script", "mlp.trace", "cnn_bn.script", "cnn_bn.trace", "frozen",
              "shared_weight.script", "tied_weight.script", "transformer.script", "lstm.script",
              "two_inputs.script", "float64.script", "control_flow.script"}) {
            QTest::newRow(name) << QString("%1.pt").arg(name)
                                << QString("%1.io.pt").arg(QString(name).section('.', 0, 0));
        }
    }
    void loadsWhatPyTorchComputed() {
        QFETCH(QString, file);
        QFETCH(QString, reference);
        if (!fs::exists(fixture(file)))
            QSKIP("the fixtures were not written: no Python with torch here");
        RunControl control;
        auto loaded = loadModule(fixture(file), control);
        QVERIFY2(loaded, loaded ? "" : loaded.error().text().c_str());
        QCOMPARE(loaded->fileBytes, fs::file_size(fixture(file)));
        QCOMPARE(loaded->sha256, *sha256OfFile(fixture(file)));
        QCOMPARE(loaded->notes.empty(), file != "frozen.pt");
        QVERIFY(!loaded->module.attr("training", false).toBool());  // frozen files have none
        const Module values = torch::jit::load(fixture(reference).string());
        std::vector<c10::IValue> inputs;
        for (int i = 0; values.hasattr("input" + std::to_string(i)); ++i) {
            inputs.push_back(values.attr("input" + std::to_string(i)));
        }
        auto output = loaded->module.forward(inputs);
        if (output.isTuple()) output = output.toTupleRef().elements()[0];
        QVERIFY(at::allclose(output.toTensor(), values.attr("output0").toTensor(), 1e-5, 1e-6));
    }

    void liftsFrozenConstants() {
        Module frozen = frozenModule();
        QVERIFY(parameterNames(frozen).empty());
        Module lifted = frozenModule();
        const auto names = liftConstants(lifted);
        const std::vector<std::string> expected = {"linear_0.weight", "linear_0.bias",
                                                   "addmm_0.weight"};
        QCOMPARE(names, expected);  // the shared bias once
        QCOMPARE(parameterNames(lifted), expected);
        const auto x = at::randn({5, 4});
        const auto before = frozen.forward({x}).toTensor();
        QVERIFY(at::equal(before, lifted.forward({x}).toTensor()));
        Module again = savedAndLoaded(lifted);
        QCOMPARE(parameterNames(again), expected);
        QVERIFY(at::equal(before, again.forward({x}).toTensor()));
        again.attr("linear_0")
            .toModule()
            .attr("weight")
            .toTensor()
            .detach()
            .zero_();  // and it is what forward uses
        QVERIFY(!at::equal(before, again.forward({x}).toTensor()));
        QVERIFY(liftConstants(again).empty());
    }

    void leavesOtherModulesAlone() {
        Module module("__torch__.Plain");
        module.register_parameter("weight", at::ones({2, 2}), false);
        module.define(
            "def forward(self, x):\n    return torch.linear(x, self.weight) + torch.full([2], "
            "3)\n");
        QVERIFY(liftConstants(module).empty());
        QCOMPARE(parameterNames(module), std::vector<std::string>{"weight"});
    }

    void refusesWithoutForward() {
        const auto path = dir() / "library.pt";
        Module module("__torch__.Library");
        module.define("def twice(self, x):\n    return x + x\n");
        module.save(path.string());
        RunControl control;
        const auto loaded = loadModule(path, control);
        QVERIFY(!loaded);
        QCOMPARE(loaded.error().kind, Kind::Unsupported);
        QVERIFY(loaded.error().text().find("no method called forward") != std::string::npos);
    }

    void refusesAndStops() {
        RunControl control;
        QCOMPARE(loadModule(dir() / "none.pt", control).error().kind, Kind::NotFound);
        QCOMPARE(loadModule(dir(), control).error().kind, Kind::Unreadable);
        const auto path = dir() / "good.pt";
        Module module("__torch__.Good");
        module.define("def forward(self, x):\n    return x\n");
        module.save(path.string());
        control.requestStop();
        QCOMPARE(loadModule(path, control).error().kind, Kind::Cancelled);
    }

    void whatAModelPrintsGoesToTheLog() {
        const auto path = dir() / "prints.pt";
        Module module("__torch__.Prints");
        module.define("def forward(self, x):\n    print(\"hello from the model\")\n    return x\n");
        module.save(path.string());
        RunControl control;
        auto loaded = loadModule(path, control);
        QVERIFY(loaded);
        std::string heard;
        setLogListener([&](LogLevel, const std::string& text) { heard += text; });
        loaded->module.forward({at::ones({1})});
        setLogListener({});
        QVERIFY(heard.find("hello from the model") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestLoad)
#include "tst_load.moc"
