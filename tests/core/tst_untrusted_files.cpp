// SPDX-License-Identifier: GPL-3.0-or-later
// A model file changes nothing on the disk and starts no process: neither by what it is called to
// do, nor by the names in its archive, nor, where a call gets past every check, by that call.
//
// This program is its own load guard: what `breakOut` tries there is tried for real.
#include <filesystem>
#include <fstream>
#include <map>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <torch/csrc/jit/api/module.h>
#include <torch/library.h>

#include "core/base/files.h"
#include "core/script/load_guard.h"
#include "core/script/load_guard_protocol.h"
#include "core/script/load_torch.h"
#include "tests/support/stored_zip.h"

using namespace espalier;
using namespace espalier::script;
namespace fs = std::filesystem;
using Kind = Error::Kind;

namespace {

constexpr const char* kForward = "def forward(self, x):\n    return x * self.weight\n";

bool tryToWrite(const fs::path& path, int flags) {
    const int file = ::open(path.c_str(), flags, 0600);
    if (file < 0) return false;
    const bool isWritten = ::write(file, "x", 1) == 1;
    ::close(file);
    return isWritten;
}

bool tryToRun(const fs::path& mark) {
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", ("echo > " + mark.string()).c_str(), nullptr);
        _exit(127);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/// An operator as bad as one can be, of a family that passes as computing. Says how much worked.
std::int64_t breakOut(const at::Tensor&, const std::string& folder) {
    const fs::path victim = fs::path(folder) / "victim.txt";
    return tryToWrite(fs::path(folder) / "new.txt", O_CREAT | O_WRONLY) +
           tryToWrite(victim, O_WRONLY | O_TRUNC) + (::unlink(victim.c_str()) == 0) +
           (::mkdir((folder + "/made").c_str(), 0700) == 0) +
           tryToRun(fs::path(folder) / "ran.txt");
}

TORCH_LIBRARY_FRAGMENT(aten, library) {
    library.def("espalier_break_out(Tensor x, str where) -> int", breakOut);
}

/// A module that runs `body` while it is loaded. Saving it does not run it.
void saveRestored(const fs::path& path, const std::string& body) {
    torch::jit::Module module("__torch__.Restored");
    module.register_parameter("weight", at::ones({4}), false);
    module.register_attribute("training", c10::BoolType::get(), false);
    module.define(kForward);
    module.define("def __getstate__(self):\n    return (self.weight, self.training)\n");
    module.define("def __setstate__(self, state: Tuple[Tensor, bool]) -> None:\n" + body +
                  "    self.weight = state[0]\n    self.training = state[1]\n");
    module.save(path.string());
}

bool hasLandlock() {
    return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/// Everything below a folder, with its bytes.
std::map<std::string, std::string> contents(const fs::path& folder) {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = fs::relative(entry.path(), folder);
        found[name] = entry.is_regular_file() ? *readText(entry.path()) : std::string();
    }
    return found;
}

}  // namespace

class TestUntrustedFiles : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;
    QTemporaryDir m_cache;

    fs::path dir() const { return m_folder->path().toStdString(); }
    fs::path model() const { return dir() / "models" / "model.pt"; }

    /// Opens model() as the program does, and holds the folder against what it was.
    void verifyRefusedAndHarmless(Kind kind, const char* why) const {
        const auto before = contents(dir());
        RunControl control;
        const auto loaded = loadModule(model(), control);
        QVERIFY2(!loaded, "accepted");
        const std::string text = loaded.error().text();
        QVERIFY2(loaded.error().kind == kind, text.c_str());
        QVERIFY2(text.find(why) != std::string::npos, text.c_str());
        QVERIFY(contents(dir()) == before);
    }

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_CACHE_HOME", m_cache.path().toUtf8());
        fs::create_directory(dir() / "models");
        QVERIFY(writeTextAtomically(dir() / "victim.txt", "precious"));
    }

    void callsThatReachBeyondTheModel_data() {
        QTest::addColumn<QString>("body");
        QTest::addColumn<QString>("why");
        const auto row = [](const char* name, const char* body, const char* why) {
            QTest::newRow(name) << QString("    %1\n").arg(body) << QString(why);
        };
        row("saves", "torch.save(state[0], \"%1/victim.txt\")", "aten::save");
        row("saves where it is not", "torch.save(state[0], \"../../x.txt\")", "aten::save");
        row("saves what it need not", "torch.save(\"text\", \"%1/new.txt\")", "aten::save");
        row("maps", "assert torch.from_file(\"%1/victim.txt\", True, 2).numel() == 2",
            "aten::from_file");
        row("makes and maps", "assert torch.from_file(\"%1/new.txt\", True, 2).numel() == 2",
            "aten::from_file");
    }
    void callsThatReachBeyondTheModel() {
        QFETCH(QString, body);
        QFETCH(QString, why);
        const QString call = body.arg(m_folder->path());
        saveRestored(model(), call.toStdString());
        verifyRefusedAndHarmless(Kind::Untrusted, why.toUtf8());
        // The same in a method that nothing calls.
        torch::jit::Module module("__torch__.Unused");
        module.register_parameter("weight", at::ones({4}), false);
        module.define(kForward);
        module.define("def unused(self, state: Tuple[Tensor, bool]):\n" + call.toStdString() +
                      "    return state[0]\n");
        module.save(model().string());
        verifyRefusedAndHarmless(Kind::Untrusted, why.toUtf8());
    }

    void codeThatNoCompilerWrote_data() {
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("why");
        const auto row = [](const char* code, const char* why) {
            QTest::newRow(code) << QString(code) << QString(why);
        };
        row("y = ops.prim.rpc_sync(x)", "prim::rpc_sync");
        row("y = ops.prim.rpc_async(x)", "prim::rpc_async");
        row("y = ops.prim.PythonOp(x)", "prim::PythonOp");
        row("y = ops.prim.IgnoredPythonOp(x)", "prim::IgnoredPythonOp");
        row("y = ops.c10d.broadcast_(x)", "c10d::broadcast_");
        row("y = ops . aten . save(x)", "aten::save");
        row("y : __torch__.torch.classes.dist_c10d.Store", "torch.classes.dist_c10d");
    }
    void codeThatNoCompilerWrote() {
        QFETCH(QString, code);
        QFETCH(QString, why);
        writeArchive({{"m/code/__torch__.py", code.toStdString()}});
        verifyRefusedAndHarmless(Kind::Untrusted, why.toUtf8());
    }

    void namesThatPointOutOfTheArchive_data() {
        QTest::addColumn<QString>("name");
        for (const char* name :
             {"../outside.txt", "m/../../outside.txt", "m/extra/../../../victim.txt",
              "m/code/../../../x.py", "/tmp/outside.txt", "m/extra/..", "m\\..\\..\\x.txt"})
            QTest::newRow(name) << QString(name);
    }
    void namesThatPointOutOfTheArchive() {
        QFETCH(QString, name);
        writeArchive({{"m/code/__torch__.py", ""}, {name.toStdString(), "x"}});
        verifyRefusedAndHarmless(Kind::Untrusted, name.toUtf8());
    }

    void dotsAloneAreNoWayOut() {
        torch::jit::Module module("__torch__.Plain");
        module.register_parameter("weight", at::ones({4}), false);
        module.define(kForward);
        module.save(model().string(), {{"notes..txt", "a"}, {".hidden", "b"}, {"...", "c"}});
        RunControl control;
        const auto loaded = loadModule(model(), control);
        QVERIFY2(loaded, loaded ? "" : loaded.error().text().c_str());
    }

    /// What is certain even of calls that nobody thought of.
    void aCallThatPassesEveryCheckChangesNothing() {
        if (!hasLandlock()) QSKIP("this kernel has no Landlock");
        saveRestored(model(), "    if int(torch.espalier_break_out(state[0], \"" + dir().string() +
                                  "\")) > 0:\n        raise AssertionError(\"it got out\")\n");
        const auto before = contents(dir());
        qputenv("ESPALIER_LOAD_GUARD", QCoreApplication::applicationFilePath().toUtf8());
        const auto reset = qScopeGuard([] { qunsetenv("ESPALIER_LOAD_GUARD"); });
        RunControl control;
        const auto tried = tryLoadInChild(model(), {}, control);
        QVERIFY2(tried, tried ? "" : tried.error().text().c_str());
        QVERIFY(contents(dir()) == before);
        // Without the guard all of it works: what was tried is no empty threat.
        QCOMPARE(breakOut({}, dir().string()), 5);
        QVERIFY(contents(dir()) != before);
    }

private:
    /// An archive as a hostile hand would write it, with more members than are needed.
    void writeArchive(std::vector<std::pair<std::string, std::string>> members) const {
        members.emplace_back("m/data.pkl", "\x80\x02).");
        members.emplace_back("m/constants.pkl", "\x80\x02).");
        members.emplace_back("m/version", "3\n");
        std::ofstream(model(), std::ios::binary) << test::storedZip(members);
    }
};

int main(int argc, char** argv) {
    const bool isGuard = argc == kGuardArguments + 1 && std::string_view(argv[1]).ends_with(".pt");
    if (isGuard) return loadGuardMain(argc, argv);
    QCoreApplication application(argc, argv);
    TestUntrustedFiles test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_untrusted_files.moc"
