// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <numeric>

#include "core/data/loader_torch.h"
#include "core/data/random.h"

namespace espalier::data {

Loader::Loader(const Dataset& dataset, Split split, std::int64_t batchSize, std::uint64_t seed)
    : m_dataset(dataset),
      m_split(split),
      m_batchSize(static_cast<std::size_t>(batchSize)),
      m_seed(seed),
      m_order(static_cast<std::size_t>(sampleCount(dataset, split))) {
    startEpoch(1);
}

std::int64_t Loader::batchesPerEpoch() const {
    const std::size_t whole = m_order.size() / m_batchSize;
    const std::size_t rest = m_order.size() % m_batchSize;
    const bool joins = rest == 1 && whole > 0;
    return static_cast<std::int64_t>(whole + (rest > 0 && !joins ? 1 : 0));
}

void Loader::startEpoch(int epoch) {
    std::iota(m_order.begin(), m_order.end(), 0);
    SplitMix64 random(SplitMix64(m_seed).next() + static_cast<std::uint64_t>(epoch));
    shuffle(std::span(m_order), random);
    m_dealt = 0;
}

bool Loader::hasNext() const {
    return m_dealt < m_order.size();
}

Batch Loader::next() {
    const std::size_t left = m_order.size() - m_dealt;
    const std::size_t size =
        left == m_batchSize + 1 && m_batchSize > 1 ? left : std::min(left, m_batchSize);
    const auto indices = std::span(m_order).subspan(m_dealt, size);
    m_dealt += size;
    return m_dataset.batch(m_split, indices);
}

}  // namespace espalier::data
