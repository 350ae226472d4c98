// SPDX-License-Identifier: GPL-3.0-or-later
// Learns from an image size that did not fit which ones will.
#pragma once

#include <optional>
#include <vector>

#include "core/script/interpreter_torch.h"

namespace espalier::model {

/// A linear layer that was offered the wrong number of features by the map before it.
struct Misfit {
    std::int64_t map = 0;      ///< height of the newest map [n, c, height, width]
    std::int64_t offered = 0;  ///< features that came
    std::int64_t wanted = 0;   ///< features that the weight has

    bool operator==(const Misfit&) const = default;
};

/// Two sizes that met and had to be equal.
struct Clash {
    std::int64_t offered = 0;
    std::int64_t wanted = 0;

    bool operator==(const Clash&) const = default;
};

/// Shows a run to `next` and remembers how it failed.
class MisfitWatcher final : public script::Observer {
public:
    explicit MisfitWatcher(script::Observer& next) : m_next(next) {}

    void onNode(const script::NodeEvent& event) override;
    void onFailure(const script::NodeEvent& event) override;

    const std::optional<Misfit>& misfit() const { return m_misfit; }
    /// Of the operator that failed; both ways round where either side may be wrong.
    const std::vector<Clash>& clashes() const { return m_clashes; }

private:
    script::Observer& m_next;
    std::int64_t m_map = 0;
    std::optional<Misfit> m_misfit;
    std::vector<Clash> m_clashes;
};

/// Image sizes for which the map would have the wanted number of features, when it scales with the
/// image: round ones first. Empty when no square map can have it.
std::vector<std::int64_t> fittingSizes(std::int64_t triedSize, const Misfit& misfit);

}  // namespace espalier::model
