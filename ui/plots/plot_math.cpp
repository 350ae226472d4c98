// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_math.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace espalier::plots {

namespace {

bool areFinite(const Range& range) {
    return std::isfinite(range.lower) && std::isfinite(range.upper);
}

/// First, lowest, highest and last of the points [from, to) and a gap if there is one, in order.
void appendExtremes(const Points& points, std::size_t from, std::size_t to, Points& out) {
    std::size_t lowest = to;
    std::size_t highest = to;
    std::size_t first = from;
    for (std::size_t i = from; i < to; ++i) {
        const double y = points.y[i];
        if (std::isnan(y)) {
            first = i;  // a gap matters more than where the bucket begins
            continue;
        }
        if (lowest == to || y < points.y[lowest]) lowest = i;
        if (highest == to || y > points.y[highest]) highest = i;
    }
    std::array<std::size_t, 4> chosen{first, lowest, highest, to - 1};
    std::sort(chosen.begin(), chosen.end());
    const auto end = std::unique(chosen.begin(), chosen.end());
    for (auto i = chosen.begin(); i != end && *i < to; ++i) {
        out.x.push_back(points.x[*i]);
        out.y.push_back(points.y[*i]);
    }
}

}  // namespace

double AxisMap::toPixel(double value) const {
    const double share = values.size() == 0 ? 0 : (value - values.lower) / values.size();
    return pixelLower + share * (pixelUpper - pixelLower);
}

double AxisMap::toValue(double pixel) const {
    const double length = pixelUpper - pixelLower;
    const double share = length == 0 ? 0 : (pixel - pixelLower) / length;
    return values.lower + share * values.size();
}

Range zoomed(const Range& range, double factor, double fixed) {
    return {fixed + (range.lower - fixed) * factor, fixed + (range.upper - fixed) * factor};
}

Range clampedTo(const Range& range, const Range& limits) {
    if (range.size() >= limits.size()) return limits;
    if (range.lower < limits.lower) return {limits.lower, limits.lower + range.size()};
    if (range.upper > limits.upper) return {limits.upper - range.size(), limits.upper};
    return range;
}

Range usable(const Range& range) {
    if (!areFinite(range)) return {0, 1};
    if (range.size() > 0) return range;
    const double half = std::max(std::abs(range.lower) * 0.05, 1e-12);
    return {range.lower - half, range.lower + half};
}

Range rangeOf(std::span<const double> values, double margin) {
    Range range{INFINITY, -INFINITY};
    for (const double value : values) {
        if (!std::isfinite(value)) continue;
        range.lower = std::min(range.lower, value);
        range.upper = std::max(range.upper, value);
    }
    if (!areFinite(range)) return {0, 1};
    if (range.size() == 0) return usable(range);
    const double extra = range.size() * margin;
    return {range.lower - extra, range.upper + extra};
}

QPointF placeLabel(const QRectF& area, double x, double y, const QSizeF& size, double gap) {
    const bool fitsRight = x + gap + size.width() <= area.right();
    const double left = fitsRight ? x + gap : x - gap - size.width();
    const double top = y - gap - size.height();
    const double lastLeft = std::max(area.left(), area.right() - size.width());
    const double lastTop = std::max(area.top(), area.bottom() - size.height());
    return {std::clamp(left, area.left(), lastLeft), std::clamp(top, area.top(), lastTop)};
}

Points decimated(const Points& points, const Range& visible, int maxPoints) {
    const auto begin = points.x.begin();
    const auto end = points.x.end();
    auto first = std::lower_bound(begin, end, visible.lower);
    auto last = std::upper_bound(first, end, visible.upper);
    if (first != begin) --first;
    if (last != end) ++last;
    const auto from = static_cast<std::size_t>(first - begin);
    const auto to = static_cast<std::size_t>(last - begin);

    Points out;
    const std::size_t count = to - from;
    if (count <= static_cast<std::size_t>(maxPoints)) {
        out.x.assign(first, last);
        out.y.assign(points.y.begin() + static_cast<std::ptrdiff_t>(from),
                     points.y.begin() + static_cast<std::ptrdiff_t>(to));
        return out;
    }
    const auto buckets = static_cast<std::size_t>(std::max(1, maxPoints / 4));
    for (std::size_t i = 0; i < buckets; ++i) {
        appendExtremes(points, from + count * i / buckets, from + count * (i + 1) / buckets, out);
    }
    return out;
}

std::vector<double> runningMean(std::span<const double> values, int window) {
    std::vector<double> means(values.size(), std::nan(""));
    const auto width = static_cast<std::size_t>(std::max(1, window));
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i])) {
            sum += values[i];
            ++count;
        }
        if (i >= width && std::isfinite(values[i - width])) {
            sum -= values[i - width];
            --count;
        }
        if (count > 0) means[i] = sum / static_cast<double>(count);
    }
    return means;
}

}  // namespace espalier::plots
