// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "core/model/snapshot_torch.h"

using namespace espalier;
using namespace espalier::model;

namespace {

std::filesystem::path fixture(const QString& name) {
    return std::filesystem::path(qgetenv("ESPALIER_FIXTURES").toStdString()) / name.toStdString();
}

Result<SnapshotPtr> open(const std::filesystem::path& path, const QStringList& inputs = {},
                         BaseMasks baseMasks = BaseMasks::FromZeros) {
    OpenOptions options;
    options.baseMasks = baseMasks;
    for (const auto& input : inputs) options.inputs.push_back(*script::parseInputSpec(input.toStdString()));
    RunControl control;
    return openSnapshot(path, options, {}, control);
}

void print(const Snapshot& snapshot) {
    for (const auto& l : snapshot.layers()) {
        qInfo("%2d %-28s %-12s bias=%-22s w=%lld macs=%lld uses=%d %d %s", l.id.value, l.name.c_str(), l.op.c_str(), l.bias.c_str(),
              (long long)l.weightCount, (long long)l.macs, l.uses, l.prunable.weights, l.prunable.reason.c_str());
    }
    qInfo("params %lld macs %lld other %lld", (long long)snapshot.parameters(), (long long)snapshot.macs(), (long long)snapshot.otherMacs());
    for (const auto& n : snapshot.notes()) qInfo("note %s", n.c_str());
}

}  // namespace

class TestSnapshot : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void show() {
        for (const auto& f : std::filesystem::directory_iterator(fixture(""))) {
            const auto n = QString::fromStdString(f.path().filename().string());
            if (n.contains(".io.") || !(n.endsWith(".script.pt") || n.endsWith("trace.pt") || n == "frozen.pt") || n.startsWith("loop")) continue;
            qInfo("---- %s", qPrintable(n));
            auto s = open(f.path());
            if (!s) { qInfo("ERR %s", s.error().text().c_str()); continue; }
            print(**s);
        }
    }
};

QTEST_GUILESS_MAIN(TestSnapshot)
#include "tst_snapshot.moc"
