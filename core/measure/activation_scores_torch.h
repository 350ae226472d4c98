// SPDX-License-Identifier: GPL-3.0-or-later
// What the criteria that look at activations share.
#pragma once

#include "core/measure/input_features_torch.h"

namespace espalier::measure {

/// Means over all samples and places of `each` of an activation, per feature that a weight reads or
/// gives. Ranks channels alone.
class ActivationMeter final : public ScoreMeter {
public:
    ActivationMeter(const ScoredModel& model, FeatureMeter::Each each)
        : m_model(model), m_features(model, each, FeatureMeter::Sides::Both) {}

    Result<void> add(const data::Batch& batch, RunControl& control) override {
        return m_features.add(batch, control);
    }
    void finish(std::int64_t samples, prune::ScoreState& state) override;

private:
    const ScoredModel& m_model;
    FeatureMeter m_features;
};

}  // namespace espalier::measure
