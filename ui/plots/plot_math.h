// SPDX-License-Identifier: GPL-3.0-or-later
// Geometry of plots, free of any window: value <-> pixel, zoom, labels, thinning of curves.
#pragma once

#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <span>
#include <vector>

namespace espalier::plots {

/// A closed interval on an axis.
struct Range {
    double lower = 0;
    double upper = 1;

    double size() const { return upper - lower; }
    bool contains(double value) const { return lower <= value && value <= upper; }
    bool operator==(const Range&) const = default;
};

/// A linear axis on the screen. `pixelLower` is where `values.lower` is drawn.
struct AxisMap {
    Range values;
    double pixelLower = 0;
    double pixelUpper = 1;

    double toPixel(double value) const;
    double toValue(double pixel) const;
};

/// `range` made `factor` times as wide (below 1 zooms in) with `fixed` staying where it is.
Range zoomed(const Range& range, double factor, double fixed);
/// `range` moved into `limits`, keeping its size where it fits and becoming `limits` where it does
/// not.
Range clampedTo(const Range& range, const Range& limits);
/// `range` with a finite size above zero: [0, 1] for NaN, widened by 5 % (at least 1e-12) around
/// one value.
Range usable(const Range& range);
/// The range of the finite values with a margin of `margin` × size on both ends; [0, 1] when there
/// are none.
Range rangeOf(std::span<const double> values, double margin = 0.05);

/// Top left corner for a label of `size` beside the vertical line at `x`, near height `y`.
///
/// Right of the line if it fits, else left; always inside `area`; above `y` where possible so that
/// a hand there does not cover it. A label larger than `area` starts at its top left.
QPointF placeLabel(const QRectF& area, double x, double y, const QSizeF& size, double gap = 12);

/// Points of a curve, x not decreasing.
struct Points {
    std::vector<double> x;
    std::vector<double> y;

    std::size_t size() const { return x.size(); }
    bool operator==(const Points&) const = default;
};

/// At most `maxPoints` (>= 4) of the points in `visible` and one neighbour on each side, chosen so
/// that the curve looks the same: first, lowest, highest and last of each bucket of equally many
/// points. Fewer come back unchanged. NaN in y is a gap and is kept.
Points decimated(const Points& points, const Range& visible, int maxPoints);
/// Mean of each value and up to `window` - 1 before it; NaN values are passed over.
std::vector<double> runningMean(std::span<const double> values, int window);

}  // namespace espalier::plots
