// SPDX-License-Identifier: GPL-3.0-or-later
// What a run tells while it goes on, and keeps for its result.
#pragma once

#include <chrono>
#include <vector>

#include "core/base/events.h"
#include "core/train/run_meter.h"
#include "core/train/scheduler.h"
#include "core/train/train_sample.h"

namespace espalier::train {

class Metrics {
public:
    /// `events` must outlive this.
    explicit Metrics(const EventSink<TrainSample>& events) : m_events(events) {}

    /// The share of zeros that samples report from now on.
    void setSparsity(double sparsity) { m_sparsity = sparsity; }
    /// Keeps and publishes `sample`, its sparsity and seconds filled in.
    void add(TrainSample sample);
    /// Says how far the run is, with an estimate of the time left.
    void progress(const Position& position, int epoch, int epochs) const;
    /// Goes on after `samples`, which are kept and not published.
    void resume(std::vector<TrainSample> samples);
    RunMeter& meter() { return m_meter; }
    const std::vector<TrainSample>& samples() const { return m_samples; }
    std::vector<TrainSample> takeSamples() { return std::move(m_samples); }

private:
    using Clock = std::chrono::steady_clock;
    double seconds() const {
        return m_earlier + std::chrono::duration<double>(Clock::now() - m_start).count();
    }

    const EventSink<TrainSample>& m_events;
    Clock::time_point m_start = Clock::now();
    double m_earlier = 0;  // seconds, before the run was continued
    double m_sparsity = 0;
    RunMeter m_meter;
    std::vector<TrainSample> m_samples;
};

}  // namespace espalier::train
