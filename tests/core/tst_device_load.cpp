// SPDX-License-Identifier: GPL-3.0-or-later
// How busy a GPU is: told by the driver's library, or not at all.
#include <QTest>

#include <algorithm>
#include <cmath>

#include "core/measure/runtime.h"
#include "core/train/device_load.h"

using namespace espalier;
using train::DeviceLoad;

class TestDeviceLoad : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { qunsetenv("CUDA_VISIBLE_DEVICES"); }

    void withoutTheLibraryNothingIsKnown() {
        DeviceLoad load("libno-such-library.so.1");
        for (const char* device : {"cuda", "cuda:0", "cpu", ""})
            QVERIFY2(std::isnan(load.of(device)), device);
    }

    void anotherLibraryIsNotTakenForIt() {
        DeviceLoad load("libc.so.6");
        QVERIFY(std::isnan(load.of("cuda:0")));
    }

    void isThatOfTheDevice_data() {
        QTest::addColumn<QByteArray>("visible");  // null: not set
        QTest::addColumn<QByteArray>("device");
        QTest::addColumn<float>("share");  // negative: not known
        const auto row = [](const char* name, const char* visible, const char* device,
                            float share) {
            QTest::newRow(name) << QByteArray(visible) << QByteArray(device) << share;
        };
        row("first", nullptr, "cuda:0", 0.25F);
        row("without a number", nullptr, "cuda", 0.25F);
        row("second", nullptr, "cuda:1", 0.5F);
        row("there is none", nullptr, "cuda:2", -1);
        row("other order", "1,0", "cuda:0", 0.5F);
        row("not shown", "1", "cuda:1", -1);
        row("by its UUID", "0,GPU-abc", "cuda:1", 0.75F);
        row("unknown UUID", "GPU-abcd", "cuda:0", -1);
        row("processor", nullptr, "cpu", -1);
        row("another maker's", nullptr, "xpu:0", -1);
        row("no device", nullptr, "cuda:x", -1);
    }
    void isThatOfTheDevice() {
        QFETCH(QByteArray, visible);
        QFETCH(QByteArray, device);
        QFETCH(float, share);
        if (!visible.isNull()) qputenv("CUDA_VISIBLE_DEVICES", visible);
        DeviceLoad load(ESPALIER_FAKE_NVML);
        const float found = load.of(device.toStdString());
        QCOMPARE(std::isnan(found) ? -1.0F : found, share);
        QCOMPARE(load.of(device.toStdString()), found);
    }

    void aRealGpuTells() {
        const auto names = measure::deviceNames();
        const auto gpu = std::ranges::find_if(
            names, [](const std::string& name) { return name.starts_with("cuda"); });
        if (gpu == names.end()) QSKIP("this LibTorch sees no NVIDIA GPU");
        DeviceLoad load;
        const float share = load.of(*gpu);
        QVERIFY2(share >= 0 && share <= 1, qPrintable(QString::number(share)));
    }
};

QTEST_GUILESS_MAIN(TestDeviceLoad)
#include "tst_device_load.moc"
