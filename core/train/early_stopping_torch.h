// SPDX-License-Identifier: GPL-3.0-or-later
// When training ends because it no longer helps.
#pragma once

#include <cstdint>
#include <optional>

#include "core/train/run_state_torch.h"

namespace espalier::train {

/// Counts the epochs since the last one that was better than all before it.
class EarlyStopping {
public:
    /// `patience`: epochs in a row without a better metric that end the training; none: never.
    explicit EarlyStopping(std::optional<int> patience) : m_patience(patience) {}

    void epochEnded(bool wasBest) { m_badEpochs = wasBest ? 0 : m_badEpochs + 1; }
    bool isDue() const { return m_patience && m_badEpochs >= *m_patience; }

    void save(RunState& state) const {
        state.set("early_stopping.bad_epochs", std::int64_t{m_badEpochs});
    }
    void load(const RunState& state) {
        m_badEpochs = static_cast<int>(state.get("early_stopping.bad_epochs").toInt());
    }

private:
    std::optional<int> m_patience;
    int m_badEpochs = 0;
};

}  // namespace espalier::train
