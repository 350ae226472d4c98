// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/metrics.h"

#include <cmath>
#include <utility>

#include "core/base/format.h"

namespace espalier::train {

void Metrics::add(TrainSample sample) {
    sample.sparsity = m_sparsity;
    sample.seconds = seconds();
    sample.figures = m_meter.figures();
    m_samples.push_back(sample);
    m_events.publish(sample);
}

void Metrics::progress(const Position& position, int epoch, int epochs) const {
    const double left = m_meter.figures().secondsLeft;
    m_events.progress({cat("Epoch ", epoch, " of ", epochs), position.step, position.totalSteps,
                       std::isnan(left) ? -1 : left});
}

void Metrics::resume(std::vector<TrainSample> samples) {
    m_samples = std::move(samples);
    if (m_samples.empty()) return;
    m_earlier = m_samples.back().seconds;
    m_sparsity = m_samples.back().sparsity;
}

}  // namespace espalier::train
