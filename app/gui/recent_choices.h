// SPDX-License-Identifier: GPL-3.0-or-later
// What was chosen for a model when it was open last, kept in the settings for when it is opened
// again.
#pragma once

#include <optional>
#include <vector>

#include <QString>

#include "core/project/session_file.h"
#include "core/script/input_spec.h"

namespace espalier::gui {

struct RecentChoices {
    /// With the output, loss and metric; none: no data was ever attached.
    std::optional<project::SessionData> data{};
    std::vector<script::InputSpec> inputs{};  ///< empty: they are guessed

    bool operator==(const RecentChoices&) const = default;
};

/// Of as many models as RecentFiles keeps.
void rememberChoices(const QString& model, const RecentChoices& choices);
/// Inputs are those of the file as it was then: none once it has been written anew.
RecentChoices recentChoices(const QString& model);

}  // namespace espalier::gui
