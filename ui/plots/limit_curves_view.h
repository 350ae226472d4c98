// SPDX-License-Identifier: GPL-3.0-or-later
// Curves with a horizontal limit that can be dragged: what may be lost at most.
#pragma once

#include <optional>

#include "ui/plots/curves_view.h"

namespace espalier::plots {

class CutItem;

/// The limit is on the left axis. Dragging it says so at every move, then once when it is let go;
/// Escape puts it back.
class LimitCurvesView : public CurvesView {
    Q_OBJECT

public:
    explicit LimitCurvesView(QWidget* parent = nullptr);

    /// None: no line. `text` stands beside it.
    void setLimit(std::optional<double> limit, const QString& text);
    std::optional<double> limit() const { return m_limit; }
    bool isDragging() const { return m_dragStart.has_value(); }

Q_SIGNALS:
    void limitMoved(double limit);
    void limitCommitted(double limit);  ///< let go where it was not before

protected:
    void recolor(const QPalette& palette) override;
    bool pointerPressed(QMouseEvent& event) override;
    bool pointerMoved(QMouseEvent& event) override;
    bool pointerReleased(QMouseEvent& event) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    bool isNearLimit(const QPointF& pixel) const;
    void moveTo(double limit);

    CutItem* m_item;
    std::optional<double> m_limit;
    std::optional<double> m_dragStart;
    double m_grabOffset = 0;  // pixels
};

}  // namespace espalier::plots
