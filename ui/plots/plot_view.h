// SPDX-License-Identifier: GPL-3.0-or-later
// What all plots share: theme, zoom and pan, crosshair, keyboard, export, empty and busy states.
#pragma once

#include <QWidget>
#include <functional>
#include <optional>

#include "ui/plots/plot_math.h"

class QCPAxis;
class QCPItemStraightLine;
class QCustomPlot;
class QMenu;
class QStackedLayout;

namespace espalier::plots {

class BusyOverlay;
class EmptyState;

/// A QCustomPlot in the product's clothes. Knows no model, no plan and no dialog.
///
/// Wheel zooms, dragging empty area pans, a double click or Home resets; + and − zoom, arrows pan.
/// Replots are queued: changing ten things costs one.
class PlotView : public QWidget {
    Q_OBJECT

public:
    /// Asks the user for a file name; empty when they declined. Set once by whoever owns the
    /// dialogs.
    using PathProvider = std::function<QString(QWidget* parent, const QString& suggestedName,
                                               const QString& filter)>;
    static void setPathProvider(PathProvider provider);

    explicit PlotView(QWidget* parent = nullptr);
    ~PlotView() override;

    /// What assistive technology reads; the summary says in a sentence what the plot shows.
    void setAccessibleText(const QString& name, const QString& summary);
    /// Base of suggested file names, without suffix: "fc1.weight-histogram".
    void setExportName(const QString& name) { m_exportName = name; }

    /// Instead of the plot: one sentence and, unless empty, a button. An empty `text` shows the
    /// plot again.
    void setEmptyState(const QString& text, const QString& actionText = {});
    bool isEmptyStateShown() const;
    /// Dims the plot under a thin progress line; `fraction` below 0 means unknown.
    void setBusy(bool busy, const QString& text = {}, double fraction = -1);
    bool isBusy() const;

    /// Written whole or not at all; false when the disk refused. `scale` multiplies the logical
    /// size.
    bool savePng(const QString& path, double scale = 1);
    /// Vector graphics in light colours, whatever the theme.
    bool savePdf(const QString& path);
    bool saveCsv(const QString& path) const;
    void copyImage();
    void copyCsv() const;
    /// The data as text: a header line, commas, '.' for decimals, '\n'.
    virtual QString csv() const { return {}; }

    void zoom(double factor);
    void pan(double xShare, double yShare);
    bool isZoomedByUser() const { return m_zoomedByUser; }
    /// Shows everything again.
    virtual void resetView();

    /// The plot itself: for tests and for what a view does not offer. Its objectName is "canvas".
    QCustomPlot* canvas() const { return m_plot; }
    /// The menu of a right click, made afresh; the caller owns it.
    QMenu* createContextMenu();
    void replotLater();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void hoverTextChanged(const QString& text);  ///< empty when the mouse left
    void emptyActionTriggered();
    void exported(const QString& path);
    void exportFailed(const QString& message);

protected:
    /// Gives everything its colours; called at first show, on a palette change and for PDF.
    virtual void recolor(const QPalette& palette);
    /// What lies under plot coordinates `at`, for the status bar. Empty: nothing to say.
    virtual QString hoverText(const QPointF& at) const;
    virtual void extendContextMenu(QMenu& menu);
    /// Mouse on the plot, before it zooms or pans. True: taken, nothing else happens.
    virtual bool pointerPressed(QMouseEvent& event);
    virtual bool pointerMoved(QMouseEvent& event);
    virtual bool pointerReleased(QMouseEvent& event);
    virtual void pointerLeft() {}
    /// The part inside the axes was laid out anew or its ranges changed: before each replot.
    virtual void prepareReplot() {}

    /// What resetView shows, and how far one may zoom out. Applied now unless the user has zoomed.
    void setHome(const Range& x, const Range& y);
    void setLimits(const Range& x, const Range& y);
    void setZoomDirections(Qt::Orientations directions);
    void setCrosshairVisible(bool visible);
    void styleAxis(QCPAxis* axis, const QPalette& palette) const;
    AxisMap xMap() const;
    AxisMap yMap() const;
    QRectF plotArea() const;

    void changeEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void hover(const QPointF& pixel);
    bool mouseEvent(QMouseEvent& event);
    void leave();
    void hideCrosshair();
    void keepWithinLimits();
    void setRanges(const Range& x, const Range& y);
    void addExportActions(QMenu& menu);
    void exportTo(const QString& suffix, const QString& filter,
                  const std::function<bool(const QString&)>& write);
    void prepareExport();

    QCustomPlot* m_plot;
    QStackedLayout* m_stack;
    EmptyState* m_empty;
    BusyOverlay* m_busy;
    QCPItemStraightLine* m_crosshair[2];
    QString m_exportName = QStringLiteral("plot");
    std::optional<Range> m_home[2];
    std::optional<Range> m_limits[2];
    Qt::Orientations m_directions = Qt::Horizontal | Qt::Vertical;
    bool m_zoomedByUser = false;
    bool m_isReplotWanted = false;
    bool m_isPreparing = false;
    bool m_isHovered = false;
    QPointF m_pressedAt;
    bool m_isPressed = false;
    bool m_isTaken = false;
    bool m_isCrosshairWanted = true;
};

}  // namespace espalier::plots
