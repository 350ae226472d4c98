// SPDX-License-Identifier: GPL-3.0-or-later
// Some samples of a dataset as a dataset of their own.
#pragma once

#include <cstdint>
#include <vector>

#include "core/data/dataset_torch.h"

namespace espalier::data {

/// The samples of `split` at `indices`, in their order; its other splits are empty. Shares the
/// samples of `dataset`.
DatasetPtr subset(DatasetPtr dataset, Split split, std::vector<std::int64_t> indices);

/// `count` samples of `split`, each class by its share: see stratifiedSample. Without classes all
/// are alike. Throws ReadError.
DatasetPtr stratifiedSubset(DatasetPtr dataset, Split split, std::int64_t count);

}  // namespace espalier::data
