// SPDX-License-Identifier: GPL-3.0-or-later
#include <new>
#include <stdexcept>
#include <system_error>

#include <QTest>

#include "core/base/result.h"

using namespace espalier;
using Kind = Error::Kind;

namespace {
QString why(const std::exception& exception) {
    return QString::fromStdString(detail::errorFromException("Cannot run", exception).why);
}
}  // namespace

class TestBaseResult : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void textLeavesOutWhatIsEmpty() {
        QCOMPARE((Error{Kind::Failed, "Cannot open a.pt", "it is empty", "Save it again."}.text()),
                 std::string("Cannot open a.pt: it is empty. Save it again."));
        QCOMPARE((Error{Kind::Failed, "Cannot open a.pt", "", "Save it again."}.text()),
                 std::string("Cannot open a.pt. Save it again."));
        QCOMPARE((Error{Kind::Failed, "Stopped", "", ""}.text()), std::string("Stopped"));
        QCOMPARE((Error{Kind::Failed, "", "it is empty", ""}.text()), std::string("it is empty"));
        QCOMPARE((Error{Kind::Failed, "What?", "", "Try again"}.text()),
                 std::string("What? Try again."));
    }
    void holdsValueOrError() {
        const Result<int> good = 3;
        QVERIFY(good && good.ok());
        QCOMPARE(*good, 3);
        const Result<int> bad = Error{Kind::NotFound, "x", {}, {}};
        QVERIFY(!bad);
        QCOMPARE(bad.error().kind, Kind::NotFound);
        QVERIFY(Result<void>().ok());
    }
    void exceptionsEndAtTheBorder() {
        const auto thrown =
            guarded("Cannot do it", []() -> Result<int> { throw std::runtime_error("boom"); });
        QVERIFY(!thrown);
        QCOMPARE(thrown.error().text(), std::string("Cannot do it: boom"));
        const auto passed = guarded("Cannot do it", []() -> Result<int> { return 7; });
        QCOMPARE(*passed, 7);
    }
    void shortensTorchMessages() {
        QCOMPARE(why(std::runtime_error(
                     "shapes differ.\nException raised from f at x.cpp:3\nframe #0: …")),
                 QString("shapes differ"));
        QCOMPARE(why(std::runtime_error(
                     "The following operation failed in the TorchScript interpreter.\n"
                     "Traceback of TorchScript (most recent call last):\n  File \"a.py\"\n"
                     "RuntimeError: mat1 and mat2 cannot be multiplied (1x2 and 3x4)\n")),
                 QString("mat1 and mat2 cannot be multiplied (1x2 and 3x4)"));
        QCOMPARE(why(std::runtime_error("")), QString());
        const QString shortened =
            why(std::runtime_error(std::string(399, 'a') + "éé" + std::string(99, 'b')));
        QCOMPARE(shortened, QString(399, 'a') + QString::fromUtf8("…"));  // no half of an é
    }
    void namesLackOfMemoryAndDisk() {
        const auto memory = detail::errorFromException("Cannot run", std::bad_alloc());
        QCOMPARE(memory.why, std::string("there is not enough memory"));
        QVERIFY(!memory.hint.empty());
        const std::runtime_error torch(
            "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate "
            "memory: you tried to allocate 8 bytes. Error code 12 (Cannot allocate memory)");
        QCOMPARE(why(torch), QString("there is not enough memory"));
        const std::system_error disk(std::make_error_code(std::errc::no_space_on_device));
        const auto device = detail::errorFromException(
            "Cannot run", std::runtime_error("Could not run 'aten::empty.memory_format' with "
                                             "arguments from the 'CUDA' backend. This could be …"));
        QCOMPARE(QString::fromStdString(device.why),
                 QString("it asks for the device CUDA, which is not there"));
        QVERIFY(device.hint.find("on the CPU") != std::string::npos);
        const auto full = detail::errorFromException("Cannot save", disk);
        QCOMPARE(full.kind, Kind::WriteFailed);
        QCOMPARE(full.why, std::string("the disk is full"));
    }
};

QTEST_GUILESS_MAIN(TestBaseResult)
#include "tst_base_result.moc"
