// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/devices.h"

#include <QCoreApplication>

#include "core/measure/runtime.h"
#include "ui/jobs/job_runner.h"

namespace espalier::gui {

void findDevices(ui::JobRunner* jobs, QObject* context,
                 std::function<void(const QStringList&)> found) {
    const QString title = QCoreApplication::translate("Devices", "Looking for devices");
    const ui::JobOptions options{ui::Lane::Interactive, title, {}, false};
    jobs->run<QStringList>(
        options, context,
        [](const EventSink<>&, RunControl&) -> Result<QStringList> {
            QStringList names;
            for (const std::string& name : measure::deviceNames()) {
                names << QString::fromStdString(name);
            }
            return names;
        },
        [found = std::move(found)](const Result<QStringList>& names) {
            if (names) found(*names);
        });
}

}  // namespace espalier::gui
