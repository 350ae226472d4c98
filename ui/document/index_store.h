// SPDX-License-Identifier: GPL-3.0-or-later
// The weight indices of the current weights and of those shown shortly before.
#pragma once

#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/model/weight_index.h"

namespace espalier::ui {

/// Building an index takes a second per 100 M weights: undo across a training must not do it again.
class IndexStore {
public:
    /// Makes `snapshot` the current one; the oldest but two is forgotten.
    void use(const model::SnapshotPtr& snapshot);
    void clear() { m_sets.clear(); }

    void set(model::LayerId layer, Result<model::WeightIndex> index);
    const model::WeightIndex* find(model::LayerId layer) const;  ///< null: not there yet, or failed
    const Error* error(model::LayerId layer) const;

private:
    struct Set {
        model::SnapshotPtr snapshot;
        std::unordered_map<model::LayerId, Result<model::WeightIndex>> indices;
    };
    const Result<model::WeightIndex>* entry(model::LayerId layer) const;

    std::vector<Set> m_sets;  // the current one first
};

}  // namespace espalier::ui
