// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/channel_criteria_torch.h"
#include "core/prune/seeded_random.h"

namespace espalier::prune {

ChannelCriterion randomChannels() {
    return {{"random", "U(0, 1)", "Chance decides; what any other criterion must beat.", false},
            [](const ChannelInput& input) -> Result<std::vector<MemberScores>> {
                const SeededRandom random(input.group.key, input.seed);
                MemberScores scores;
                for (std::int64_t c = 0; c < input.group.width; ++c)
                    scores.push_back(random.at(static_cast<std::uint64_t>(c)));
                return std::vector<MemberScores>{scores};
            }};
}

}  // namespace espalier::prune
