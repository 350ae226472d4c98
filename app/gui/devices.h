// SPDX-License-Identifier: GPL-3.0-or-later
// Finds what training can run on.
#pragma once

#include <functional>

#include <QStringList>

class QObject;

namespace espalier::ui {
class JobRunner;
}

namespace espalier::gui {

/// Looks for devices in a job, since a driver may take seconds to answer; `found` gets "auto",
/// "cpu" and each accelerator.
void findDevices(ui::JobRunner* jobs, QObject* context,
                 std::function<void(const QStringList&)> found);

}  // namespace espalier::gui
