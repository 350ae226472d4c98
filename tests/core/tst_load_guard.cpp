// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <torch/csrc/jit/api/module.h>

#include "core/base/files.h"
#include "core/script/archive.h"
#include "core/script/load_check_torch.h"
#include "core/script/load_guard.h"

using namespace espalier;
using namespace espalier::script;
namespace fs = std::filesystem;
using Kind = Error::Kind;
using Clock = std::chrono::steady_clock;

namespace {

constexpr const char* kForward = "def forward(self, x):\n    return x * self.weight\n";

/// A module that runs `body` while it is loaded. Saving it does not run it.
void saveRestored(const fs::path& path, const std::string& body) {
    torch::jit::Module module("__torch__.Restored");
    module.register_parameter("weight", at::ones({4}), false);
    module.register_attribute("training", c10::BoolType::get(), false);
    module.define(kForward);
    module.define("def __getstate__(self):\n    return (self.weight, self.training)\n");
    module.define(
        "def __setstate__(self, state: Tuple[Tensor, bool]) -> None:\n    weight = state[0]\n" +
        body + "    self.weight = weight\n    self.training = state[1]\n");
    module.save(path.string());
}

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

bool hasChildren() {
    siginfo_t info{};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace

class TestLoadGuard : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path dir() const { return m_folder->path().toStdString(); }

    fs::path good() const {
        const auto path = dir() / "good.pt";
        torch::jit::Module module("__torch__.Good");
        module.register_parameter("weight", at::ones({4}), false);
        module.define(kForward);
        module.save(path.string());
        return path;
    }
    void verifyRefused(const fs::path& path, const LoadLimits& limits, Kind kind, const char* why) {
        RunControl control;
        const auto tried = tryLoadInChild(path, limits, control);
        QVERIFY2(!tried, "accepted");
        const std::string text = tried.error().text();
        QVERIFY2(tried.error().kind == kind, text.c_str());
        QVERIFY2(text.find(why) != std::string::npos, text.c_str());
        QVERIFY2(text.starts_with("Cannot open " + path.filename().string() + ": "), text.c_str());
        QVERIFY(!tried.error().hint.empty());
        QVERIFY(!hasChildren());
    }

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        qputenv("XDG_CACHE_HOME", m_folder->path().toUtf8());
    }

    void limitsGrowWithTheFile() {
        QCOMPARE(LoadLimits::forFile(0).seconds, 10.0);
        QCOMPARE(LoadLimits::forFile(500'000'000).seconds, 15.0);
        for (const std::uint64_t small : {0, 1'000'000})
            QCOMPARE(LoadLimits::forFile(small).bytes, 1'000'000'000u);
        QCOMPARE(LoadLimits::forFile(501'000'000).bytes, 2'500'000'000u);
    }

    void passesAndRemembers() {
        RunControl control;
        const auto path = good();
        const auto tried = tryLoadInChild(path, {}, control);
        QVERIFY2(tried, tried ? "" : tried.error().text().c_str());
        const auto remembered = readText(cacheDir() / "checked-models");
        QVERIFY(remembered);
        QVERIFY(remembered->starts_with(*sha256OfFile(path) + " "));
        qputenv("ESPALIER_LOAD_GUARD", "/bin/false");  // what was remembered needs no child
        const auto reset = qScopeGuard([] { qunsetenv("ESPALIER_LOAD_GUARD"); });
        QVERIFY(tryLoadInChild(path, {}, control));
        fs::remove(cacheDir() / "checked-models");
        QVERIFY(!tryLoadInChild(path, {}, control));
    }

    void aPassOfAnotherVersionDoesNotCount() {
        const auto path = good();
        QVERIFY(writeTextAtomically(cacheDir() / "checked-models",
                                    *sha256OfFile(path) + " 0.0.1 1.0 guard-0\n"));
        qputenv("ESPALIER_LOAD_GUARD", "/bin/false");
        const auto reset = qScopeGuard([] { qunsetenv("ESPALIER_LOAD_GUARD"); });
        verifyRefused(path, {}, Kind::Failed, "does not run here");
    }

    void saysWhenTheHelperIsMissing() {
        qputenv("ESPALIER_LOAD_GUARD", "/nowhere/guard");
        const auto reset = qScopeGuard([] { qunsetenv("ESPALIER_LOAD_GUARD"); });
        verifyRefused(good(), {}, Kind::Failed, "/nowhere/guard does not start");
    }

    void endsARunawayLoad() {
        const auto path = dir() / "grows.pt";
        saveRestored(path,
                     "    kept = [weight]\n    for i in range(64):\n"
                     "        kept.append(torch.ones([64, 1024, 1024]))\n    weight = kept[-1]\n");
        const auto start = Clock::now();
        verifyRefused(path, {10, 1'000'000'000}, Kind::Untrusted, "memory");
        QVERIFY(secondsSince(start) < 10);
    }

    void memoryWithinTheLimitIsFree() {
        const auto path = dir() / "large.pt";
        saveRestored(path, "    weight = torch.ones([200, 1024, 1024])[0, 0, :4]\n");  // 839 MB
        RunControl control;
        const auto tried = tryLoadInChild(path, {20, 1'000'000'000}, control);
        QVERIFY2(tried, tried ? "" : tried.error().text().c_str());
        fs::remove(cacheDir() / "checked-models");
        verifyRefused(path, {20, 800'000'000}, Kind::Untrusted, "more than 800\u2009MB of memory");
    }

    void endsALoadThatNeverEnds() {
        const auto path = dir() / "spins.pt";
        saveRestored(path, "    while bool(weight.numel() > 0):\n        weight = weight + 1\n");
        const auto start = Clock::now();
        verifyRefused(path, {1.5, 1'000'000'000}, Kind::Untrusted, "longer than 1.5 s");
        QVERIFY(secondsSince(start) < 20);
    }

    void stopsAtOnce() {
        const auto path = dir() / "spins.pt";
        saveRestored(path, "    while bool(weight.numel() > 0):\n        weight = weight + 1\n");
        RunControl control;
        Clock::time_point asked;
        std::thread stopper([&] {
            QTest::qWait(300);
            asked = Clock::now();
            control.requestStop();
        });
        const auto tried = tryLoadInChild(path, {60, 1'000'000'000}, control);
        const double took = secondsSince(asked);
        stopper.join();
        QVERIFY(!tried);
        QCOMPARE(tried.error().kind, Kind::Cancelled);
        QVERIFY2(took < 0.2,
                 qPrintable(QString::number(took)));  // 50 ms promised, and a busy machine
        QVERIFY(!hasChildren());
    }

    void writesNothing_data() {
        QTest::addColumn<QString>("body");
        const QString file = "\"%1\"";
        QTest::newRow("plainly") << "    torch.save(weight, " + file + ")\n";
        QTest::newRow("under another name") << "    f = torch.save\n    f(weight, " + file + ")\n";
        QTest::newRow("mapped") << "    weight = torch.from_file(" + file + ", True, 4)\n";
    }
    void writesNothing() {
        QFETCH(QString, body);
        const auto victim = dir() / "victim.txt";
        QVERIFY(writeTextAtomically(victim, "precious"));
        const auto path = dir() / "writes.pt";
        saveRestored(path, body.arg(QString::fromStdString(victim.string())).toStdString());
        verifyRefused(path, {}, Kind::Untrusted,
                      "aten::");  // the guard alone, without checkArchive
        QCOMPARE(*readText(victim), std::string("precious"));
    }

    void damageIsNamed() {
        const auto path = good();
        auto bytes = *readText(path);
        const auto weight = bytes.find(std::string("\0\0\x80\x3f", 4));  // 1.0f
        QVERIFY(weight != std::string::npos);
        bytes[weight] ^= 1;
        QVERIFY(writeTextAtomically(path, bytes));
        verifyRefused(path, {}, Kind::Damaged, "are not those that were saved");
    }

    void fixturesEndWithinTheLimits() {
        const fs::path fixtures = qEnvironmentVariable("ESPALIER_FIXTURES").toStdString();
        if (!fs::exists(fixtures / "runaway_load.pt"))
            QSKIP("the fixtures were not written: no Python with torch here");
        verifyRefused(fixtures / "runaway_load.pt", {20, 1'000'000'000}, Kind::Untrusted, "memory");
        verifyRefused(fixtures / "spin_load.pt", {1, 1'000'000'000}, Kind::Untrusted,
                      "longer than 1 s");
        verifyRefused(fixtures / "writes_file_on_load.pt", {}, Kind::Untrusted, "aten::save");
        verifyRefused(fixtures / "damaged_data.pt", {}, Kind::Damaged, "data/0");
        RunControl control;
        for (const char* name : {"damaged_code_sound_zip.pt", "damaged_constants_sound_zip.pt",
                                 "damaged_data_pkl_sound_zip.pt"}) {
            const auto tried = tryLoadInChild(fixtures / name, {}, control);
            QVERIFY2(!tried, name);
            QVERIFY2(tried.error().kind == Kind::Damaged, tried.error().text().c_str());
        }
    }

    void mutantsEndCleanly() {
        const auto path = dir() / "mutant.pt";
        const std::string bytes = *readText(good());
        std::mt19937 random(11);
        RunControl control;
        int tries = 0;
        for (int i = 0; i < 400 && tries < 6; ++i) {
            std::string mutant = bytes;
            auto& byte = mutant[random() % mutant.size()];
            byte = static_cast<char>(byte ^ (1 << random() % 8));
            QVERIFY(writeTextAtomically(path, mutant));
            if (!checkArchive(path)) continue;
            ++tries;
            const auto tried = tryLoadInChild(path, LoadLimits::forFile(bytes.size()), control);
            if (!tried)
                QVERIFY(tried.error().kind == Kind::Damaged ||
                        tried.error().kind == Kind::Untrusted);
        }
        QVERIFY(tries > 0);
    }

    void theChildInheritsNothing() {
        // A stand-in for the helper lists the descriptors it was given.
        const auto script = dir() / "guard.sh";
        const auto list = dir() / "descriptors";
        QVERIFY(
            writeTextAtomically(script, "#!/bin/sh\nls -l /proc/$$/fd > " + list.string() + "\n"));
        fs::permissions(script, fs::perms::owner_all);
        const int open = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
        qputenv("ESPALIER_LOAD_GUARD", script.c_str());
        const auto reset = qScopeGuard([&] {
            qunsetenv("ESPALIER_LOAD_GUARD");
            ::close(open);
        });
        RunControl control;
        QVERIFY(!tryLoadInChild(good(), {}, control));
        const auto text = readText(list);
        QVERIFY(text);
        for (int standard = 0; standard < 3; ++standard) {
            QVERIFY2(text->find(" " + std::to_string(standard) + " -> ") != std::string::npos,
                     text->c_str());
        }
        QVERIFY2(text->find(" " + std::to_string(open) + " -> /dev/null") == std::string::npos ||
                     open < 3,
                 text->c_str());
        QVERIFY2(text->find(" 3 -> pipe:") != std::string::npos, text->c_str());
    }
};

QTEST_GUILESS_MAIN(TestLoadGuard)
#include "tst_load_guard.moc"
