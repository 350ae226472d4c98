// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/tickers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/format.h"
#include "ui/style/number_text.h"

namespace espalier::plots {

namespace {

// The next of 1, 2, 5, 10, 20, 50 …
double niceCount(double least) {
    double step = 1;
    for (const double factor : {2.0, 2.5, 2.0}) {
        if (step >= least) return step;
        step *= factor;
    }
    return step >= least ? step : 10 * niceCount(least / 10);
}

}  // namespace

QString siTickText(double value) {
    static constexpr std::array<const char*, 5> kSuffixes{"", "k", "M", "G", "T"};
    std::size_t power = 0;
    while (std::abs(value) >= 1000 && power + 1 < kSuffixes.size()) {
        value /= 1000;
        ++power;
    }
    const QString number = style::numberText(significant(value, 3));
    return power == 0 ? number : number + QChar(0x2009) + QLatin1String(kSuffixes[power]);
}

QString plainTickText(double value, double step) {
    if (std::abs(value) < step * 1e-6) value = 0;
    return style::numberText(significant(value, 4));
}

double PlainTicker::getTickStep(const QCPRange& range) {
    m_step = QCPAxisTicker::getTickStep(range);
    return m_step;
}

QString PlainTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    return plainTickText(tick, m_step);
}

double CountTicker::getTickStep(const QCPRange& range) {
    const double step = std::max(1.0, QCPAxisTicker::getTickStep(range));
    return step == std::floor(step) ? step : 2 * step;  // 5 for 2.5
}

QString CountTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    return siTickText(tick);
}

QString LogCountTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    return siTickText(tick);
}

QString PercentTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    return style::numberText(percent(tick, 0));
}

void CellTicker::setCells(const QStringList& names, int count) {
    m_names = names;
    m_count = count;
}

double CellTicker::getTickStep(const QCPRange& range) {
    if (!m_names.isEmpty()) return niceCount(range.size() / std::max(1, mTickCount));
    return std::max(1.0, std::round(QCPAxisTicker::getTickStep(range)));
}

QVector<double> CellTicker::createTickVector(double tickStep, const QCPRange& range) {
    QVector<double> ticks;
    const double first = std::max(0.0, std::ceil(range.lower / tickStep) * tickStep);
    const double last = std::min(range.upper, m_count - 1.0);
    for (double tick = first; tick <= last; tick += tickStep) ticks.append(tick);
    return ticks;
}

QString CellTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    const int cell = static_cast<int>(std::lround(tick));
    if (cell < m_names.size()) return m_names[cell];
    return QString::number(cell);
}

void SpanTicker::setSpan(const Range& span, int count) {
    m_span = usable(span);
    m_count = std::max(1, count);
}

double SpanTicker::getTickStep(const QCPRange& range) {
    return niceCount(range.size() * perCell() / std::max(1, mTickCount));
}

QVector<double> SpanTicker::createTickVector(double tickStep, const QCPRange& range) {
    QVector<double> ticks;
    const double last = std::min(valueAt(range.upper), m_span.upper) + tickStep * 1e-6;
    double value = std::ceil(std::max(valueAt(range.lower), m_span.lower) / tickStep) * tickStep;
    for (; value <= last; value += tickStep) ticks.append(cellAt(value));
    return ticks;
}

QString SpanTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
    return plainTickText(valueAt(tick), 1);
}

}  // namespace espalier::plots
