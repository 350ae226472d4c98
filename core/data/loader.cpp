// SPDX-License-Identifier: GPL-3.0-or-later
#include <numeric>
#include <vector>

#include "core/data/loader_torch.h"
#include "core/data/random.h"

namespace espalier::data {

Loader::Loader(const Dataset& dataset, Split split, std::int64_t batchSize, std::uint64_t seed)
    : m_dataset(dataset), m_split(split), m_batchSize(batchSize), m_seed(seed) {
    startEpoch(1);
}

void Loader::startEpoch(int epoch, std::int64_t batches) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(sampleCount(m_dataset, m_split)));
    std::iota(order.begin(), order.end(), 0);
    const std::uint64_t ofEpoch = SplitMix64(m_seed).next() + static_cast<std::uint64_t>(epoch);
    SplitMix64 random(ofEpoch);
    shuffle(std::span(order), random);
    m_stream.emplace(m_dataset, m_split, std::move(order),
                     StreamOptions{m_batchSize, ofEpoch, true});
    m_stream->skip(batches);
}

}  // namespace espalier::data
