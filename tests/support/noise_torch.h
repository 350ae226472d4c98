// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers for parameters that no test writes down.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace espalier::test {

/// Seeded noise, so that no channel is like another and none is zero.
inline at::Tensor noise(std::vector<std::int64_t> shape, std::uint64_t seed = 1) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    return at::randn(shape, generator).mul_(0.5).add_(0.1);
}

}  // namespace espalier::test
