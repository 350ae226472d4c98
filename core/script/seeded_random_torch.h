// SPDX-License-Identifier: GPL-3.0-or-later
// The same random numbers for every run of a model.
#pragma once

#include <cstdint>
#include <mutex>

#include <ATen/CPUGeneratorImpl.h>

namespace espalier::script {

/// Seeds torch's own random numbers, which a model may draw, and gives them back as they were.
class SeededRandom {
public:
    explicit SeededRandom(std::uint64_t seed = 0)
        : m_generator(at::detail::getDefaultCPUGenerator()) {
        const std::lock_guard lock(m_generator.mutex());
        m_state = m_generator.get_state();
        m_generator.set_current_seed(seed);
    }
    ~SeededRandom() {
        const std::lock_guard lock(m_generator.mutex());
        m_generator.set_state(m_state);
    }
    SeededRandom(const SeededRandom&) = delete;
    SeededRandom& operator=(const SeededRandom&) = delete;

private:
    at::Generator m_generator;
    at::Tensor m_state;
};

}  // namespace espalier::script
