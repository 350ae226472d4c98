// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/prune/criteria_torch.h"

namespace espalier::prune {

namespace {

class MagnitudeReader : public ScoreReader {
public:
    explicit MagnitudeReader(model::WeightValues weights) : m_weights(std::move(weights)) {}

    std::int64_t count() const override { return m_weights.count(); }

    void read(std::int64_t begin, std::span<double> scores) const override {
        m_weights.read(begin, scores);
        const bool* kept = m_weights.kept();
        for (double& score : scores) score = std::abs(score);
        if (!kept) return;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (!kept[begin + static_cast<std::int64_t>(i)]) scores[i] = kAlreadyRemoved;
        }
    }

private:
    model::WeightValues m_weights;
};

std::unique_ptr<ScoreReader> magnitudes(const ScoreInput& input, RunControl&) {
    return std::make_unique<MagnitudeReader>(input.weights);
}

}  // namespace

/// Han et al., Learning both Weights and Connections for Efficient Neural Networks, 2015.
Criterion magnitudeCriterion() {
    return {
        {"magnitude", "|w|", "Small weights go first (Han 2015).", true}, magnitudes, magnitudes};
}

}  // namespace espalier::prune
