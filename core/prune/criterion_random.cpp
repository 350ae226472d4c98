// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/criteria_torch.h"

namespace espalier::prune {

namespace {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/// FNV-1a: the same on every platform, which std::hash is not.
std::uint64_t hashOf(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
}

/// Weight i's score is the i-th number of a SplitMix64 stream that the seed and the layer's name
/// start: it depends neither on other layers nor on the order in which scores are asked for.
class RandomReader : public ScoreReader {
public:
    explicit RandomReader(const ScoreInput& input)
        : m_weights(input.weights), m_start(mix(hashOf(input.layerName) + mix(input.seed))) {}

    std::int64_t count() const override { return m_weights.count(); }

    void read(std::int64_t begin, std::span<double> scores) const override {
        const bool* kept = m_weights.kept();
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const std::uint64_t index = static_cast<std::uint64_t>(begin) + i;
            scores[i] = kept && !kept[index] ? kAlreadyRemoved : score(index);
        }
    }

private:
    /// In [0, 1), 24 bits, so that a float holds it.
    double score(std::uint64_t index) const {
        return static_cast<double>(mix(m_start + (index + 1) * 0x9e3779b97f4a7c15u) >> 40) *
               0x1p-24;
    }

    model::WeightValues m_weights;
    std::uint64_t m_start;
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
