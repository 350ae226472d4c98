// SPDX-License-Identifier: GPL-3.0-or-later
// A thin line across a histogram with the value it stands at. Only for .cpp files: includes
// QCustomPlot.
#pragma once

#include <QPalette>
#include <optional>

#include "ui/plots/qcp.h"

namespace espalier::plots {

/// What is drawn.
struct MarkLook {
    double value = 0;
    bool isMirrored = false;  ///< a second line at −value
    QString text;

    bool operator==(const MarkLook&) const = default;
};

class MarkItem : public QCPAbstractItem {
public:
    explicit MarkItem(QCustomPlot* plot);

    void setLook(std::optional<MarkLook> look) { m_look = std::move(look); }
    const std::optional<MarkLook>& look() const { return m_look; }
    void setPalette(const QPalette& palette) { m_palette = palette; }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    void drawLabel(QCPPainter* painter, const QRectF& area, double x) const;

    std::optional<MarkLook> m_look;
    QPalette m_palette;
};

}  // namespace espalier::plots
