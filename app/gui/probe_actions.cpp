// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/probe_actions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <QSettings>

#include "app/gui/actions.h"
#include "ui/document/probe.h"

namespace espalier::gui {
namespace {

const QString kOnKey = QStringLiteral("probe/on");
const QString kSamplesKey = QStringLiteral("probe/samples");

constexpr std::pair<const char*, int> kSamples[] = {{"prune.probe_256", 256},
                                                    {"prune.probe_512", 512},
                                                    {"prune.probe_1024", 1024},
                                                    {"prune.probe_2048", 2048}};

/// What was chosen in an earlier run, if it is still offered.
std::int64_t storedSamples(const ui::Probe& probe) {
    const int stored = QSettings().value(kSamplesKey).toInt();
    const bool isOffered =
        std::ranges::any_of(kSamples, [stored](const auto& each) { return each.second == stored; });
    return isOffered ? stored : probe.samples();
}

}  // namespace

void connectProbe(const Actions& actions, ui::Probe* probe) {
    probe->setOn(QSettings().value(kOnKey, true).toBool());
    probe->setSamples(storedSamples(*probe));
    QAction* live = actions["prune.live_probe"];
    live->setChecked(probe->isOn());
    QObject::connect(live, &QAction::toggled, probe, [probe](bool on) {
        probe->setOn(on);
        QSettings().setValue(kOnKey, on);
    });
    for (const auto& [id, samples] : kSamples) {
        actions[id]->setChecked(samples == probe->samples());
        QObject::connect(actions[id], &QAction::triggered, probe, [probe, samples = samples] {
            probe->setSamples(samples);
            QSettings().setValue(kSamplesKey, samples);
        });
    }
}

}  // namespace espalier::gui
