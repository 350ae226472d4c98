// SPDX-License-Identifier: GPL-3.0-or-later
// How fast a run is, how long it will take, how much memory it uses.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/train/device_load.h"
#include "core/train/train_sample.h"

namespace espalier::train {

/// Counts what was done since the program began or continued the run; waiting does not count.
class RunMeter {
public:
    RunMeter();
    /// Steps and validations that are to be done from now on. `device`: as at::Device spells it.
    void expect(std::int64_t steps, int validations, std::string device);
    void stepDone(std::int64_t samples, double seconds);
    void validationDone(double seconds);
    RunFigures figures() const { return m_figures; }

private:
    void refresh();
    void refreshLoad();

    std::string m_device;
    std::int64_t m_stepsLeft = 0;
    int m_validationsLeft = 0;
    std::int64_t m_steps = 0;
    int m_validations = 0;
    std::int64_t m_samples = 0;
    double m_stepSeconds = 0;
    double m_validationSeconds = 0;
    std::chrono::steady_clock::time_point m_loadSince;
    double m_processorSeconds = 0;  // at that time
    DeviceLoad m_deviceLoad;
    RunFigures m_figures;
};

}  // namespace espalier::train
