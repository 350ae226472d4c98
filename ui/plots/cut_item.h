// SPDX-License-Identifier: GPL-3.0-or-later
// The line that cuts a histogram, with its grip and its label. Only for .cpp files: includes
// QCustomPlot.
#pragma once

#include <QPalette>
#include <optional>

#include "ui/plots/qcp.h"

namespace espalier::plots {

/// What is drawn.
struct CutLook {
    double threshold = 0;
    bool isMirrored = false;  ///< a second line at −threshold
    bool isEditable = true;
    QString text;
    Qt::Orientation line = Qt::Vertical;  ///< horizontal: `threshold` is on the y axis

    bool operator==(const CutLook&) const = default;
};

class CutItem : public QCPAbstractItem {
public:
    explicit CutItem(QCustomPlot* plot);

    void setLook(std::optional<CutLook> look) { m_look = std::move(look); }
    const std::optional<CutLook>& look() const { return m_look; }
    void setPalette(const QPalette& palette) { m_palette = palette; }
    /// In pixels of the plot; empty when nothing is drawn.
    QRectF labelRect() const;
    int labelHeight() const;
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    QRectF lineRect(double value) const;
    void drawLine(QCPPainter* painter, double value, const QColor& color) const;

    std::optional<CutLook> m_look;
    QPalette m_palette;
};

}  // namespace espalier::plots
