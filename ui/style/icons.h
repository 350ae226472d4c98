// SPDX-License-Identifier: GPL-3.0-or-later
// Line icons drawn by code: sharp at any size and scale, in the palette's colours, with no SVG
// module.
#pragma once

#include <QIcon>

namespace espalier::style {

enum class Icon {
    // files and data
    Open,
    Save,
    Export,
    Copy,
    Close,
    Folder,
    Data,
    Model,
    // editing
    Undo,
    Redo,
    Lock,
    Unlock,
    Add,
    Remove,
    Search,
    Settings,
    Filter,
    // jobs
    Start,
    Pause,
    Stop,
    Train,
    // measuring
    Sensitivity,
    Measure,
    Latency,
    Histogram,
    Heatmap,
    Curves,
    Compare,
    // navigation
    ZoomReset,
    Pin,
    History,
    Expand,
    Help,
    // messages
    Info,
    Warning,
    Error,
    Success,
    // pruning and layers
    Cut,
    Group,
    Conv,
    Linear,
    Norm,
    Embedding,
    OtherLayer
};

inline constexpr int kIconCount = static_cast<int>(Icon::OtherLayer) + 1;

/// Drawn each time it is painted, so it follows the palette and the screen's scale.
///
/// Text colour; grey when disabled; the highlighted text's colour when selected.
/// Info, Warning, Error and Success have their own colours, Cut the removed one.
QIcon icon(Icon icon);

/// The program's own icon, in its own colours.
QIcon applicationIcon();

}  // namespace espalier::style
