// SPDX-License-Identifier: GPL-3.0-or-later
// Labels of axes that are longer than their plot. Only for .cpp files: includes QCustomPlot.
#pragma once

#include <map>

#include <QObject>

#include "ui/plots/qcp.h"

namespace espalier::plots {

/// Shortens them in the middle at each replot, so that the unit at their end stays; colour scales
/// included.
class AxisLabels : public QObject {
    Q_OBJECT
public:
    explicit AxisLabels(QCustomPlot* plot);

private:
    struct Label {
        QString whole;
        QString shown;
    };

    void fitAll();
    void fit(QCPAxis* axis);

    QCustomPlot* m_plot;
    std::map<QCPAxis*, Label> m_labels;
};

}  // namespace espalier::plots
