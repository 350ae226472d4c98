// SPDX-License-Identifier: GPL-3.0-or-later
// Which samples of what was read belong to which split.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/data/dataset.h"

namespace espalier::data {

/// What a reader of files found, by the split it was meant for. Each may be empty.
enum class Pool { Train, Validation, Test };

/// The splits, as places within pools.
class Partition {
public:
    /// From the labels of each pool. The validation split is the pool of that name; when that is
    /// empty, the share `validation` of each class of the training pool (stratifiedSplit); when
    /// there is no training pool either, the test split.
    Partition(std::span<const std::int64_t> train, std::span<const std::int64_t> validation,
              std::span<const std::int64_t> test, double share);

    Pool pool(Split split) const;
    /// Of its pool, ascending.
    const std::vector<std::int64_t>& places(Split split) const;
    /// The labels of a split's samples, of those of its pool.
    std::vector<std::int64_t> labels(Split split, std::span<const std::int64_t> ofPool) const;
    /// Fills in the sample counts, and notes on the splits that are missing.
    void describe(DatasetInfo& info) const;

private:
    std::vector<std::int64_t> m_train;
    std::vector<std::int64_t> m_validation;
    std::vector<std::int64_t> m_test;
    Pool m_validationPool = Pool::Train;
};

/// A share of each class of what is meant for training, the same at every opening, becomes the test
/// split of data that has none: the places that stay and those that go.
struct HeldOut {
    std::vector<std::int64_t> train;
    std::vector<std::int64_t> test;
};
HeldOut holdOutTest(std::span<const std::int64_t> labels);

}  // namespace espalier::data
