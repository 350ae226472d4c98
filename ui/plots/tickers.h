// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers at the axes as the rest of the program writes them. Only for .cpp files: includes
// QCustomPlot.
#pragma once

#include <QStringList>

#include "ui/plots/plot_math.h"
#include "ui/plots/qcp.h"

namespace espalier::plots {

/// "1.5 M", "200 k": a round number with an SI suffix, without trailing zeros.
QString siTickText(double value);
/// "−0.25": four digits, a real minus; what is less than a millionth of `step` is 0.
QString plainTickText(double value, double step);

/// Plain numbers: −0.25.
class PlainTicker : public QCPAxisTicker {
protected:
    double getTickStep(const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;

private:
    double m_step = 1;
};

/// Counts on a linear axis: 200 k. No ticks between whole numbers.
class CountTicker : public QCPAxisTicker {
protected:
    double getTickStep(const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;
};

/// Counts on a logarithmic axis: 1, 10, 100, 1 k.
class LogCountTicker : public QCPAxisTickerLog {
protected:
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;
};

/// Shares of 1 in percent: 40 %.
class PercentTicker : public QCPAxisTicker {
protected:
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;
};

/// Whole numbers or names of the rows or columns of a matrix, as many as fit.
class CellTicker : public QCPAxisTicker {
public:
    /// Names (may be empty: numbers) and how many there are.
    void setCells(const QStringList& names, int count);

protected:
    double getTickStep(const QCPRange& range) override;
    int getSubTickCount(double) override { return 0; }
    QVector<double> createTickVector(double tickStep, const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;

private:
    QStringList m_names;
    int m_count = 0;
};

/// Columns whose axis shows other numbers, from the first one's left edge to the last one's right.
class SpanTicker : public QCPAxisTicker {
public:
    void setSpan(const Range& span, int count);

protected:
    double getTickStep(const QCPRange& range) override;
    QVector<double> createTickVector(double tickStep, const QCPRange& range) override;
    QString getTickLabel(double tick, const QLocale&, QChar, int) override;

private:
    double perCell() const { return m_span.size() / m_count; }
    double valueAt(double cell) const { return m_span.lower + (cell + 0.5) * perCell(); }
    double cellAt(double value) const { return (value - m_span.lower) / perCell() - 0.5; }
    Range m_span;
    int m_count = 1;
};

}  // namespace espalier::plots
