// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keyboard of PlotView.
#include <QApplication>
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>

#include "ui/plots/plot_view.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {
constexpr double kZoomStep = 0.8;
constexpr double kPanStep = 0.1;
}  // namespace

void PlotView::contextMenuEvent(QContextMenuEvent* event) {
    if (isEmptyStateShown()) return;
    QMenu* menu = createContextMenu();
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->popup(event->globalPos());
    event->accept();
}

void PlotView::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) return copyImage();
    switch (event->key()) {
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            return zoom(kZoomStep);
        case Qt::Key_Minus:
            return zoom(1 / kZoomStep);
        case Qt::Key_Left:
            return pan(-kPanStep, 0);
        case Qt::Key_Right:
            return pan(kPanStep, 0);
        case Qt::Key_Up:
            return pan(0, kPanStep);
        case Qt::Key_Down:
            return pan(0, -kPanStep);
        case Qt::Key_Home:
            return resetView();
        default:
            QWidget::keyPressEvent(event);
    }
}

bool PlotView::eventFilter(QObject* watched, QEvent* event) {
    if (watched != m_plot) return QWidget::eventFilter(watched, event);
    switch (event->type()) {
        case QEvent::MouseButtonPress:
        case QEvent::MouseMove:
        case QEvent::MouseButtonRelease:
            return mouseEvent(static_cast<QMouseEvent&>(*event));
        case QEvent::MouseButtonDblClick:
            resetView();
            return true;
        case QEvent::Wheel:
            m_zoomedByUser = true;
            return false;
        case QEvent::Leave:
            leave();
            pointerLeft();
            return false;
        case QEvent::ContextMenu:  // QCustomPlot does not hand it on to its parent
            contextMenuEvent(static_cast<QContextMenuEvent*>(event));
            return true;
        default:
            return false;
    }
}

bool PlotView::mouseEvent(QMouseEvent& event) {
    if (event.type() == QEvent::MouseMove) {
        const bool taken = pointerMoved(event) || m_isTaken;
        if (m_isPressed && !taken && plotArea().contains(m_pressedAt) &&
            (event.position() - m_pressedAt).manhattanLength() >=
                QApplication::startDragDistance()) {
            m_zoomedByUser = true;
        }
        m_isTaken ? leave() : hover(event.position());
        return taken;
    }
    if (event.button() != Qt::LeftButton)
        return true;  // the right button is the menu's, not the pan's
    if (event.type() == QEvent::MouseButtonPress) {
        setFocus(Qt::MouseFocusReason);
        m_pressedAt = event.position();
        m_isTaken = pointerPressed(event);
        m_isPressed = true;
        return m_isTaken;
    }
    const bool taken = pointerReleased(event) || m_isTaken;
    m_isTaken = false;
    m_isPressed = false;
    return taken;
}

void PlotView::hover(const QPointF& pixel) {
    if (!plotArea().contains(pixel)) return leave();
    const QPointF ends[] = {pixel + QPointF(0, 1), pixel + QPointF(1, 0)};
    for (int i = 0; i < 2; ++i) {
        m_crosshair[i]->setVisible(m_isCrosshairWanted);
        m_crosshair[i]->point1->setCoords(pixel);
        m_crosshair[i]->point2->setCoords(ends[i]);
    }
    if (m_isCrosshairWanted) m_plot->layer(QStringLiteral("overlay"))->replot();
    m_isHovered = true;
    const QPointF at(m_plot->xAxis->pixelToCoord(pixel.x()),
                     m_plot->yAxis->pixelToCoord(pixel.y()));
    Q_EMIT hoverTextChanged(hoverText(at));
}

void PlotView::leave() {
    if (!m_isHovered) return;
    m_isHovered = false;
    hideCrosshair();
    m_plot->layer(QStringLiteral("overlay"))->replot();
    Q_EMIT hoverTextChanged({});
}

void PlotView::hideCrosshair() {
    for (QCPItemStraightLine* line : m_crosshair) line->setVisible(false);
}

}  // namespace espalier::plots
