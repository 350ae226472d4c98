// SPDX-License-Identifier: GPL-3.0-or-later
// What to do about samples of another shape than the model takes.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/model/snapshot.h"

namespace espalier::measure {

/// For people: how to read or scale the samples of that data so that `snapshot`, which has inputs,
/// takes them; else which data to attach. Options of the command line stand in parentheses.
std::string shapeHint(const model::Snapshot& snapshot, const data::DatasetInfo& data,
                      const data::DataSpec& spec);

}  // namespace espalier::measure
