// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/svg_chart.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/format.h"
#include "core/exchange/markup.h"

namespace espalier::exchange {

namespace {

constexpr double kLeft = 58;
constexpr double kRight = 12;
constexpr double kTop = 10;
constexpr double kBottom = 40;
constexpr double kTickLength = 4;
constexpr double kDot = 2.5;  // radius

/// As SVG writes numbers, whatever the language.
std::string num(double value) {
    char text[32];
    const auto result =
        std::to_chars(std::begin(text), std::end(text), value, std::chars_format::fixed, 1);
    return {text, result.ptr};
}

/// The area between the axes, and where values lie in it.
struct Frame {
    ChartAxis x;
    ChartAxis y;
    ChartSize size;

    double right() const { return size.width - kRight; }
    double bottom() const { return size.height - kBottom; }
    double atX(double value) const {
        return kLeft + (value - x.low) / (x.high - x.low) * (right() - kLeft);
    }
    double atY(double value) const {
        return bottom() - (value - y.low) / (y.high - y.low) * (bottom() - kTop);
    }
};

/// 1, 2 or 5 times a power of ten, so that about `wanted` ticks fit.
double stepOf(const ChartAxis& axis, int wanted) {
    const double least = axis.isCount ? 1 : 0;
    const double rough = std::max((axis.high - axis.low) / wanted, least);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough) return factor * power;
    }
    return 10 * power;
}

std::vector<double> ticksOf(const ChartAxis& axis, int wanted) {
    const double step = stepOf(axis, wanted);
    std::vector<double> ticks;
    const auto first = static_cast<std::int64_t>(std::ceil(axis.low / step - 1e-9));
    const auto last = static_cast<std::int64_t>(std::floor(axis.high / step + 1e-9));
    for (std::int64_t i = first; i <= last; ++i) ticks.push_back(static_cast<double>(i) * step);
    return ticks;
}

std::string tickText(const ChartAxis& axis, double value, double step) {
    if (axis.isShare) {  // as many digits as tell one tick from the next
        constexpr int kMost = 6;
        const int digits = static_cast<int>(std::ceil(-std::log10(100 * step) - 1e-9));
        return percent(value, std::clamp(digits, 0, kMost));
    }
    constexpr std::pair<double, const char*> kUnits[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
    for (const auto& [unit, letter] : kUnits) {
        if (std::abs(value) >= unit) return cat(significant(value / unit, 3), "\u2009", letter);
    }
    return significant(value, 3);
}

std::string line(double x1, double y1, double x2, double y2, const char* kind) {
    return cat("<line class=\"", kind, "\" x1=\"", num(x1), "\" y1=\"", num(y1), "\" x2=\"",
               num(x2), "\" y2=\"", num(y2), "\"/>");
}

std::string label(double x, double y, const char* anchor, const std::string& text,
                  const std::string& more = {}) {
    return cat("<text x=\"", num(x), "\" y=\"", num(y), "\" text-anchor=\"", anchor, "\"", more,
               ">", escaped(text), "</text>");
}

std::string xAxis(const Frame& frame) {
    const int wanted = frame.size.width / 90;
    const double step = stepOf(frame.x, wanted);
    std::string svg = line(kLeft, frame.bottom(), frame.right(), frame.bottom(), "axis");
    for (const double tick : ticksOf(frame.x, wanted)) {
        const double at = frame.atX(tick);
        svg += line(at, frame.bottom(), at, frame.bottom() + kTickLength, "axis");
        svg += label(at, frame.bottom() + 16, "middle", tickText(frame.x, tick, step));
    }
    const double middle = (kLeft + frame.right()) / 2;
    return svg + label(middle, frame.size.height - 6, "middle", frame.x.title);
}

std::string yAxis(const Frame& frame) {
    const int wanted = std::max(2, frame.size.height / 55);
    const double step = stepOf(frame.y, wanted);
    std::string svg;
    for (const double tick : ticksOf(frame.y, wanted)) {
        const double at = frame.atY(tick);
        svg += line(kLeft, at, frame.right(), at, "grid");
        svg += label(kLeft - 6, at + 4, "end", tickText(frame.y, tick, step));
    }
    const double middle = (kTop + frame.bottom()) / 2;
    return svg + label(12, middle, "middle", frame.y.title,
                       cat(" transform=\"rotate(-90 12 ", num(middle), ")\""));
}

std::string pathOf(const Frame& frame, const ChartCurve& curve) {
    std::string path;
    std::string dots;
    for (const auto& [x, y] : curve.points) {
        if (!std::isfinite(x) || !std::isfinite(y)) continue;
        const std::string at = cat(num(frame.atX(x)), " ", num(frame.atY(y)));
        path += cat(path.empty() ? "M" : "L", at);
        if (!curve.hasMarks) continue;
        dots += cat("<circle class=\"f", curve.color, "\" cx=\"", num(frame.atX(x)), "\" cy=\"",
                    num(frame.atY(y)), "\" r=\"", curve.hasLine ? num(kDot) : num(2 * kDot),
                    "\"><title>", escaped(curve.name), "</title></circle>");
    }
    if (path.empty()) return {};
    if (!curve.hasLine) return dots;
    return cat("<path class=\"s", curve.color, curve.isDashed ? " dashed" : "", "\" d=\"", path,
               "\"/>", dots);
}

std::string legendOf(std::span<const ChartCurve> curves) {
    if (curves.size() < 2) return {};
    std::string html;
    for (const ChartCurve& curve : curves) {
        html += cat(" <span class=\"key k", curve.color,
                    !curve.hasLine   ? " dot"
                    : curve.isDashed ? " dashed"
                                     : "",
                    "\">", escaped(curve.name), "</span>");
    }
    return html;
}

std::string figure(const ChartText& text, ChartSize size, const std::string& drawing,
                   const std::string& legend) {
    return cat("<figure><svg role=\"img\" viewBox=\"0 0 ", size.width, " ", size.height,
               "\"><title>", escaped(text.title), "</title><desc>", escaped(text.description),
               "</desc>", drawing, "</svg><figcaption>", escaped(text.title), legend,
               "</figcaption></figure>\n");
}

ChartAxis widened(ChartAxis axis) {
    if (!(axis.high > axis.low)) axis.high = axis.low + 1;
    return axis;
}

std::string bar(const Frame& frame, double from, double to, double low, double high,
                const char* kind) {
    if (high <= low) return {};
    return cat("<rect class=\"", kind, "\" x=\"", num(frame.atX(from)), "\" y=\"",
               num(frame.atY(high)), "\" width=\"", num(frame.atX(to) - frame.atX(from)),
               "\" height=\"", num(frame.atY(low) - frame.atY(high)), "\"/>");
}

}  // namespace

ChartAxis axisFor(std::string title, std::span<const double> values, bool isShare) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const double value : values) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    if (low > high) return {std::move(title), 0, 1, isShare};
    const double room = std::max((high - low) * 0.06, high == low ? 0.01 * std::abs(high) : 0);
    if (low > 0 && low < 0.35 * high) low = 0;
    if (low != 0) low -= room;
    high += room;
    if (isShare) high = std::min(high, 1.0);
    return widened({std::move(title), low, high, isShare});
}

std::string curveChart(const ChartText& text, const ChartAxis& x, const ChartAxis& y,
                       std::span<const ChartCurve> curves, ChartSize size) {
    const Frame frame{widened(x), widened(y), size};
    std::string drawing = yAxis(frame) + xAxis(frame);
    for (const ChartCurve& curve : curves) drawing += pathOf(frame, curve);
    return figure(text, size, drawing, legendOf(curves));
}

std::string stackedBars(const ChartText& text, const ChartAxis& x,
                        std::span<const std::int64_t> all, std::span<const std::int64_t> kept,
                        ChartSize size) {
    std::int64_t most = 1;
    for (const std::int64_t count : all) most = std::max(most, count);
    for (const std::int64_t count : kept) most = std::max(most, count);
    const Frame frame{widened(x), {"weights", 0, static_cast<double>(most), false, true}, size};
    const double width = (frame.x.high - frame.x.low) / static_cast<double>(all.size());
    std::string drawing = yAxis(frame) + xAxis(frame);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const double from = frame.x.low + width * static_cast<double>(i);
        const auto stays = static_cast<double>(kept[i]);
        drawing += bar(frame, from, from + width, stays, static_cast<double>(all[i]), "removed");
        drawing += bar(frame, from, from + width, 0, stays, "kept");
    }
    return figure(text, size, drawing, {});
}

std::string shareBar(double kept, const std::string& description) {
    constexpr int kWidth = 100;
    const double full = std::clamp(kept, 0.0, 1.0) * kWidth;
    return cat("<svg class=\"bar\" role=\"img\" viewBox=\"0 0 ", kWidth,
               " 10\" preserveAspectRatio=\"none\"><title>", escaped(description),
               "</title><rect class=\"removed\" width=\"", kWidth,
               "\" height=\"10\"/><rect class=\"kept\" width=\"", num(full),
               "\" height=\"10\"/></svg>");
}

std::string chartPatterns() {
    return "<svg class=\"hidden\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"5\" "
           "height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect "
           "class=\"hatchback\" width=\"5\" height=\"5\"/><line class=\"hatchline\" y2=\"5\"/>"
           "</pattern></defs></svg>\n";
}

}  // namespace espalier::exchange
