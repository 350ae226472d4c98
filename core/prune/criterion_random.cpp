// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/criteria_torch.h"
#include "core/prune/seeded_random.h"

namespace espalier::prune {

namespace {

class RandomReader : public ScoreReader {
public:
    explicit RandomReader(const ScoreInput& input)
        : m_weights(input.weights), m_random(input.layerName, input.seed) {}

    std::int64_t count() const override { return m_weights.count(); }

    void read(std::int64_t begin, std::span<double> scores) const override {
        const bool* kept = m_weights.kept();
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const std::uint64_t index = static_cast<std::uint64_t>(begin) + i;
            scores[i] = kept && !kept[index] ? kAlreadyRemoved : m_random.at(index);
        }
    }

private:
    model::WeightValues m_weights;
    SeededRandom m_random;
};

std::unique_ptr<ScoreReader> randomScores(const ScoreInput& input, RunControl&) {
    return std::make_unique<RandomReader>(input);
}

}  // namespace

Criterion randomCriterion() {
    return {{"random", "U(0, 1)", "Chance decides; what any other criterion must beat.", false},
            randomScores,
            randomScores};
}

}  // namespace espalier::prune
