// SPDX-License-Identifier: GPL-3.0-or-later
// Plots as SVG inside a page: no file beside it, colours by the page's style sheet, a title and a
// description for those who cannot see them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace espalier::exchange {

struct ChartSize {
    int width = 640;  ///< of the drawing's own units; a page scales it
    int height = 260;
};

/// What a plot says in words.
struct ChartText {
    std::string title;
    std::string description;
};

struct ChartAxis {
    std::string title;
    double low = 0;
    double high = 1;
    bool isShare = false;  ///< 0..1, shown in per cent
    bool isCount = false;  ///< has no ticks between whole numbers
};

/// The axis that holds all of `values`, those that are finite; with a little room where it does not
/// begin at 0.
ChartAxis axisFor(std::string title, std::span<const double> values, bool isShare = false);

struct ChartCurve {
    std::string name;
    std::vector<std::pair<double, double>> points;  ///< what is not finite is left out
    int color = 0;                                  ///< 0..5, of the style sheet
    bool isDashed = false;
    bool hasLine = true;   ///< else its points alone
    bool hasMarks = true;  ///< a dot at each point
};

/// A figure: curves over two axes, with a legend where there are several.
std::string curveChart(const ChartText& text, const ChartAxis& x, const ChartAxis& y,
                       std::span<const ChartCurve> curves, ChartSize size = {});

/// A figure: bars of equal width over x, of which the lower part `kept` is what stays.
/// `all` and `kept` have the same length.
std::string stackedBars(const ChartText& text, const ChartAxis& x,
                        std::span<const std::int64_t> all, std::span<const std::int64_t> kept,
                        ChartSize size = {});

/// A bar inside a line of text: the share `kept`, 0..1, is full, the rest hatched.
std::string shareBar(double kept, const std::string& description);

/// What pictures refer to; once in a page, before the first of them.
std::string chartPatterns();

}  // namespace espalier::exchange
