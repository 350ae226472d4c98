// SPDX-License-Identifier: GPL-3.0-or-later
// A person's mark on a channel, as the document knows it and as the plots show it.
#pragma once

#include "ui/document/channels.h"
#include "ui/plots/bars_data.h"

namespace espalier::ui {

inline Channels::Mark toMark(plots::BarMark mark) {
    return mark == plots::BarMark::Keep     ? Channels::Mark::Keep
           : mark == plots::BarMark::Remove ? Channels::Mark::Remove
                                            : Channels::Mark::None;
}

inline plots::BarMark toBarMark(const prune::ChannelMarks& marks, std::int64_t output) {
    if (marks.keep.contains(output)) return plots::BarMark::Keep;
    return marks.remove.contains(output) ? plots::BarMark::Remove : plots::BarMark::None;
}

}  // namespace espalier::ui
