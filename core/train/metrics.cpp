// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/metrics.h"

#include "core/base/format.h"

namespace espalier::train {

void Metrics::add(TrainSample sample) {
    sample.sparsity = m_sparsity;
    sample.seconds = seconds();
    m_samples.push_back(sample);
    m_events.publish(sample);
}

void Metrics::progress(const Position& position, int epoch, int epochs) const {
    const double perStep = seconds() / static_cast<double>(position.step);
    m_events.progress({cat("Epoch ", epoch, " of ", epochs), position.step, position.totalSteps,
                       perStep * static_cast<double>(position.totalSteps - position.step)});
}

}  // namespace espalier::train
