// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <sys/stat.h>
#include <zlib.h>

#include <QTemporaryDir>
#include <QTest>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/operator.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/base/files.h"
#include "core/script/archive.h"
#include "core/script/archive_code.h"
#include "core/script/archive_pickle.h"
#include "core/script/archive_zip.h"
#include "tests/support/stored_zip.h"

using namespace espalier;
using namespace espalier::script;
namespace fs = std::filesystem;
using Kind = Error::Kind;

namespace {

/// A small model, saved as LibTorch saves it.
std::string smallArchive() {
    torch::jit::Module module("__torch__.Small");
    module.register_parameter("weight", at::arange(12, at::kFloat).reshape({3, 4}), false);
    module.define("def forward(self, x):\n    return torch.relu(torch.linear(x, self.weight))\n");
    std::ostringstream stream;
    module.save(stream);
    return stream.str();
}

std::uint32_t u32(const std::string& bytes, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, 4);
    return value;
}

}  // namespace

class TestArchive : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    std::string m_good;

    fs::path write(const std::string& bytes, const char* name = "model.pt") {
        const auto path = fs::path(m_folder.path().toStdString()) / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    fs::path fixture(const QString& name) const {
        return fs::path(qEnvironmentVariable("ESPALIER_FIXTURES").toStdString()) /
               name.toStdString();
    }
    /// A refusal that a person can act on.
    void verifyRefused(const fs::path& path, Kind kind, const char* why) {
        const auto report = checkArchive(path);
        QVERIFY2(!report, "accepted");
        const std::string text = report.error().text();
        QVERIFY2(report.error().kind == kind, text.c_str());
        QVERIFY2(text.starts_with("Cannot open " + path.filename().string() + ": "), text.c_str());
        QVERIFY2(text.find(why) != std::string::npos, text.c_str());
        QVERIFY2(!report.error().hint.empty(), text.c_str());
    }

private Q_SLOTS:
    void initTestCase() { m_good = smallArchive(); }

    void acceptsWhatLibTorchSaves() {
        const auto report = checkArchive(write(m_good));
        QVERIFY2(report, report ? "" : report.error().text().c_str());
        QCOMPARE(report->fileBytes, m_good.size());
        QCOMPARE(report->tensorBytes, 48u);
        QVERIFY(report->calls.contains("aten::linear"));
        QVERIFY(report->calls.contains("aten::relu"));
    }

    void acceptsGoodFixtures() {
        int count = 0;
        std::error_code missing;
        for (const auto& entry : fs::directory_iterator(fixture(""), missing)) {
            const std::string name = entry.path().filename();
            if (!name.ends_with(".script.pt") && !name.ends_with(".trace.pt") &&
                name != "frozen.pt")
                continue;
            const auto report = checkArchive(entry.path());
            QVERIFY2(report, report ? "" : report.error().text().c_str());
            ++count;
        }
        if (count == 0) QSKIP("the fixtures were not written: no Python with torch here");
        QVERIFY(count > 10);
    }

    void refusesFixtures_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("why");
        const auto row = [](const char* name, Kind kind, const char* why) {
            QTest::newRow(name) << QString(name) << static_cast<int>(kind) << QString(why);
        };
        row("state_dict.pt", Kind::NotTorchScript, "pickled state_dict");
        row("eager_module.pt", Kind::NotTorchScript, "torch.nn.modules.container.Sequential");
        row("old_format.pth", Kind::NotTorchScript, "before 1.6");
        row("exported.pt2", Kind::NotTorchScript, "torch.export");
        row("model.onnx", Kind::NotTorchScript, "ONNX");
        row("plain.zip", Kind::NotTorchScript, "a zip without a model");
        row("text.pt", Kind::NotTorchScript, "a text");
        row("empty.pt", Kind::Damaged, "empty");
        row("unknown_operator.pt", Kind::Unsupported, "torchvision::nms");
        row("truncated.pt", Kind::Damaged, "its end is missing");
        row("damaged_code.pt", Kind::Damaged, "fixture_models.py");
        row("damaged_constants.pt", Kind::Damaged, "constants.pkl");
        row("damaged_data_pkl.pt", Kind::Damaged, "data.pkl");
        row("damaged_short_data.pt", Kind::Damaged, "data/0 holds 640 bytes where 1280 are needed");
        row("damaged_missing_data.pt", Kind::Damaged, "data/0 is missing");
        row("damaged_shape.pt", Kind::Damaged, "claims 4800 numbers where 320 are stored");
        row("damaged_directory.pt", Kind::Damaged, "");
        row("damaged_end.pt", Kind::Damaged, "directory");
        row("huge_header.pt", Kind::Damaged, "data/0 claims");
        row("writes_file.pt", Kind::Untrusted, "aten::save");
        row("writes_file_on_load.pt", Kind::Untrusted, "aten::save");
        row("maps_file.pt", Kind::Untrusted, "aten::from_file");
    }
    void refusesFixtures() {
        QFETCH(QString, name);
        QFETCH(int, kind);
        QFETCH(QString, why);
        if (!fs::exists(fixture(name)))
            QSKIP("the fixtures were not written: no Python with torch here");
        verifyRefused(fixture(name), static_cast<Kind>(kind), why.toUtf8());
    }

    void namesOtherKinds_data() {
        QTest::addColumn<QByteArray>("head");
        QTest::addColumn<QString>("why");
        const auto row = [](const char* why, std::string_view head) {
            QTest::newRow(why) << QByteArray(head.data(), static_cast<int>(head.size()))
                               << QString(why);
        };
        using namespace std::string_view_literals;
        row("safetensors", "\x10\0\0\0\0\0\0\0{\"a\":1}         "sv);
        row("gzip", "\x1f\x8b\x08\0\0\0"sv);
        row("HDF5", "\x89HDF\r\n\x1a\n\0\0"sv);
        row("web page", "\n <!DOCTYPE html><html>"sv);
        row("Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:00"sv);
        row("GGUF", "GGUF\3\0\0\0"sv);
        row("TensorFlow Lite", "\x1c\0\0\0TFL3"sv);
        row("PyTorch Mobile", "\x1c\0\0\0PTMF"sv);
        row("Python pickle", "\x80\x04\x95\0"sv);
        row("NumPy", "\x93NUMPY\1\0"sv);
        row("no kind that is known", "\0\1\2\3\4\5\6\7"sv);
    }
    void namesOtherKinds() {
        QFETCH(QByteArray, head);
        QFETCH(QString, why);
        verifyRefused(write(head.toStdString()), Kind::NotTorchScript, why.toUtf8());
    }

    void namesOtherZips() {
        verifyRefused(write(test::storedZip({{"a/data.npy", "x"}})), Kind::NotTorchScript, "NumPy");
        verifyRefused(write(test::storedZip({{"a/model.json", "{}"}})), Kind::NotTorchScript,
                      "before 1.3");
        verifyRefused(write(test::storedZip({{"p/.data/extern_modules", ""}})),
                      Kind::NotTorchScript, "torch.package");
        verifyRefused(write(test::storedZip({{"m/bytecode.pkl", ""}})), Kind::NotTorchScript,
                      "Mobile");
        verifyRefused(write(test::storedZip({})), Kind::NotTorchScript, "zip without a model");
        verifyRefused(write(test::storedZip({{"m/data.pkl", ""}, {"m/code/a.py", ""}})),
                      Kind::Damaged, "part is missing");
    }

    void refusesForeignClassesAndNewerFormats() {
        using namespace std::string_literals;
        const std::string none = "\x80\x02).";
        const auto archive = [&](const std::string& pickle, const std::string& code,
                                 const char* version) {
            return write(test::storedZip({{"m/data.pkl", pickle},
                                          {"m/code/__torch__.py", code},
                                          {"m/constants.pkl", none},
                                          {"m/version", version}}));
        };
        QVERIFY(checkArchive(archive(none, "", "3\n")));
        verifyRefused(archive("\x80\x02"
                              "c__torch__.torch.classes._nnapi\nCompilation\n."s,
                              "", "3\n"),
                      Kind::Untrusted, "torch.classes._nnapi");
        verifyRefused(archive("\x80\x02"
                              "c__torch__\ntorch.classes._nnapi.Compilation\n."s,
                              "", "3\n"),
                      Kind::Untrusted, "torch.classes._nnapi");
        QVERIFY(
            checkArchive(archive("\x80\x02"
                                 "c__torch__.torch.classes.quantized\nX\n."s,
                                 "", "3\n")));
        verifyRefused(archive(none, "x : __torch__.torch.classes.c10d.ProcessGroup", "3\n"),
                      Kind::Untrusted, "c10d");
        verifyRefused(archive(none, "x = ops.aten.save(y)", "3\n"), Kind::Untrusted, "aten::save");
        verifyRefused(archive(none, "x = ops.c10d.send(y)", "3\n"), Kind::Untrusted, "c10d::send");
        verifyRefused(archive(none, "", "99\n"), Kind::Unsupported, "newer PyTorch");
        verifyRefused(archive(none, "", "0\n"), Kind::Damaged, "version");
        verifyRefused(archive(none, "", "x"), Kind::Damaged, "version");
        verifyRefused(archive("\x80\x02K\x01", "", "3\n"), Kind::Damaged, "ends too early");
    }

    void refusesWhatIsNoFile() {
        verifyRefused(fs::path(m_folder.path().toStdString()), Kind::Unreadable, "it is a folder");
        verifyRefused("/nowhere/model.pt", Kind::NotFound, "no such file");
        verifyRefused("/dev/zero", Kind::Unreadable, "no ordinary file");
        const auto pipe = fs::path(m_folder.path().toStdString()) / "pipe.pt";
        QCOMPARE(mkfifo(pipe.c_str(), 0600), 0);
        verifyRefused(pipe, Kind::Unreadable,
                      "no ordinary file");  // and does not wait for a writer
    }

    void truncatedAnywhere() {
        for (int part = 1; part < 20; ++part) {
            const auto bytes =
                m_good.substr(0, m_good.size() * static_cast<std::size_t>(part) / 20);
            verifyRefused(write(bytes), Kind::Damaged, "its end is missing");
        }
        verifyRefused(write(m_good + "more"), Kind::Damaged, "its end");
    }

    void lyingDirectories() {
        const auto directory = m_good.find("PK\x01\x02");
        QVERIFY(directory != std::string::npos);
        std::string huge = m_good;
        test::put(huge, directory + 20, 0x7FFFFFFFu);
        verifyRefused(write(huge), Kind::Damaged, " claims ");
        std::string unequal = m_good;
        test::put(unequal, directory + 24, u32(m_good, directory + 24) + 1);
        verifyRefused(write(unequal), Kind::Damaged, "contradict");
        std::string elsewhere = m_good;
        test::put(elsewhere, directory + 42, u32(m_good, directory + 42) + 1);
        verifyRefused(write(elsewhere), Kind::Damaged, "not where the directory says");
        std::string encrypted = m_good;
        encrypted[directory + 8] = static_cast<char>(encrypted[directory + 8] | 1);
        verifyRefused(write(encrypted), Kind::Damaged, "encrypted");
        std::string method = m_good;
        method[directory + 10] = 14;
        verifyRefused(write(method), Kind::Damaged, "packed in a way");
        verifyRefused(write(test::storedZip({{"a/x", "1"}, {"a/x", "2"}})), Kind::Damaged,
                      "a/x twice");
        std::string overlapping = test::storedZip({{"a/x", "123"}, {"a/y", "456"}});
        const auto first = overlapping.find("PK\x01\x02");
        test::put(overlapping, first + 20, 20u);
        test::put(overlapping, first + 24, 20u);
        verifyRefused(write(overlapping), Kind::Damaged, "overlap");
    }

    void everyMutantEndsCleanly() {
        std::mt19937 random(7);
        int refused = 0;
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < 300; ++i) {
            std::string bytes = m_good;
            for (int flips = 1 + i % 3; flips > 0; --flips) {
                auto& byte = bytes[random() % bytes.size()];
                byte = static_cast<char>(byte ^ (1 + static_cast<int>(random() % 255)));
            }
            const auto report = checkArchive(write(bytes));
            if (report) continue;
            ++refused;
            QVERIFY(!report.error().text().empty());
        }
        QVERIFY(refused > 100);
        QVERIFY(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
    }

    void namesInCode() {
        CodeNames names;
        findNames(
            "x = torch.conv2d(a, torch . relu(b)) # torch.save\n"
            "s = \"torch.save('x') \\\" torch.save\"\n"
            "t = '''it's torch.save'''\n"
            "y = self.torch.save.ops.aten.from_file(x)\n"
            "z = (x[0]).torch.save(1.5e3, 2.torch)\n"
            "w = ops.quantized.linear(x)\n"
            "c : __torch__.torch.classes.quantized.LinearPackedParamsBase\n"
            "d : __torch__.torch.nn.modules.save\n",
            names);
        const std::set<std::string> calls = {"aten::conv2d", "aten::relu", "quantized::linear"};
        QCOMPARE(names.calls, calls);
        QCOMPARE(names.classSpaces, std::set<std::string>{"quantized"});
    }

    void judgesEveryRegisteredOperator() {
        std::set<std::string> forbidden;
        for (const auto& registered : torch::jit::getAllOperators()) {
            const std::string name = registered->schema().name();
            const auto verdict = judgeOperator(name);
            QVERIFY(verdict != OperatorVerdict::Unknown);
            if (verdict == OperatorVerdict::Forbidden) forbidden.insert(name);
        }
        QVERIFY(forbidden.contains("aten::save") && forbidden.contains("aten::from_file"));
        for (const auto& name : forbidden) {
            const bool isComputing = name.starts_with("aten::") || name.starts_with("quantized::");
            QVERIFY2(!isComputing || name == "aten::save" || name == "aten::from_file",
                     name.c_str());
        }
        QVERIFY(judgeOperator("torchvision::nms") == OperatorVerdict::Unknown);
        QVERIFY(judgeOperator("prim::PythonOp") == OperatorVerdict::Forbidden);
        QVERIFY(judgeOperator("prim::Loop") == OperatorVerdict::Allowed);
        QVERIFY(isAllowedClassSpace("quantized") && !isAllowedClassSpace("_nnapi") &&
                !isAllowedClassSpace(""));
    }

    void picklesEndCleanly() {
        using namespace std::string_view_literals;
        QVERIFY(scanPickle("\x80\x02}q\0."sv).problem.empty());
        QCOMPARE(scanPickle("\x80\x02"
                            "ca\nb\nca\nb\n0."sv)
                     .globals,
                 std::vector<std::string>{"a.b"});
        for (const std::string_view bad :
             {""sv, "\x80"sv, "t."sv, "0."sv, "h\1."sv, "X\xff\xff\xff\x7fx."sv, "\xff."sv,
              "ca\nb"sv, "K\1Q"sv}) {
            QVERIFY2(!scanPickle(bad).problem.empty(),
                     QByteArray(bad.data(), static_cast<int>(bad.size())).toHex());
        }
        std::string deep = "\x80\x02)" + std::string(3'000'000, '\x85') + ".";
        QVERIFY(scanPickle(deep).problem.empty());  // no recursion, so no overflow of the stack
    }
};

QTEST_GUILESS_MAIN(TestArchive)
#include "tst_archive.moc"
