// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and data that leave a PlotView.
#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>
#include <QPdfWriter>
#include <QSaveFile>
#include <QStackedLayout>

#include "ui/plots/plot_view.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr double kPointsPerPixel = 0.75;  // 72 points and 96 pixels to the inch

PlotView::PathProvider& pathProvider() {
    static PlotView::PathProvider provider;
    return provider;
}

/// Runs `write(file)`; the file appears under its name only when that and the flush went well.
template <class Write>
bool writeWhole(const QString& path, Write&& write) {
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly)) return false;
    if (!write(file)) {
        file.cancelWriting();
        return false;
    }
    return file.commit();
}

}  // namespace

void PlotView::setPathProvider(PathProvider provider) {
    pathProvider() = std::move(provider);
}

void PlotView::prepareExport() {
    m_stack->activate();
    hideCrosshair();
    m_plot->replot(QCustomPlot::rpQueuedRefresh);
}

bool PlotView::savePng(const QString& path, double scale) {
    prepareExport();
    const QPixmap picture = m_plot->toPixmap(0, 0, scale);
    return writeWhole(path, [&](QSaveFile& file) { return picture.save(&file, "PNG"); });
}

bool PlotView::savePdf(const QString& path) {
    recolor(style::lightPalette());
    prepareExport();
    const QSizeF size = QSizeF(m_plot->size()) * kPointsPerPixel;
    const bool ok = writeWhole(path, [&](QSaveFile& file) {
        QPdfWriter writer(&file);
        writer.setCreator(QStringLiteral("Espalier"));
        writer.setTitle(m_exportName);
        writer.setResolution(96);
        writer.setPageLayout(
            QPageLayout(QPageSize(size, QPageSize::Point, {}, QPageSize::ExactMatch),
                        QPageLayout::Portrait, QMarginsF()));
        QCPPainter painter;
        if (!painter.begin(&writer)) return false;
        painter.setMode(QCPPainter::pmVectorized);
        painter.setMode(QCPPainter::pmNoCaching);
        m_plot->toPainter(&painter, m_plot->width(), m_plot->height());
        return painter.end();
    });
    recolor(palette());
    replotLater();
    return ok;
}

bool PlotView::saveCsv(const QString& path) const {
    const QByteArray text = csv().toUtf8();
    return writeWhole(path, [&](QSaveFile& file) { return file.write(text) == text.size(); });
}

void PlotView::copyImage() {
    prepareExport();
    QGuiApplication::clipboard()->setPixmap(m_plot->toPixmap(0, 0, devicePixelRatioF()));
}

void PlotView::copyCsv() const {
    QGuiApplication::clipboard()->setText(csv());
}

QMenu* PlotView::createContextMenu() {
    auto* menu = new QMenu(this);
    extendContextMenu(*menu);
    if (!menu->isEmpty()) menu->addSeparator();
    menu->addAction(style::icon(style::Icon::ZoomReset), tr("Show everything"), this,
                    [this] { resetView(); });
    menu->addSeparator();
    addExportActions(*menu);
    return menu;
}

void PlotView::addExportActions(QMenu& menu) {
    menu.addAction(style::icon(style::Icon::Copy), tr("Copy image"), this, [this] { copyImage(); });
    QMenu* pictures = menu.addMenu(tr("Save as PNG"));
    pictures->setEnabled(static_cast<bool>(pathProvider()));
    for (const int scale : {1, 2, 4}) {
        pictures->addAction(tr("×%1…").arg(scale), this, [this, scale] {
            exportTo(QStringLiteral(".png"), tr("PNG pictures (*.png)"),
                     [this, scale](const QString& path) { return savePng(path, scale); });
        });
    }
    QAction* pdf = menu.addAction(tr("Save as PDF…"), this, [this] {
        exportTo(QStringLiteral(".pdf"), tr("PDF documents (*.pdf)"),
                 [this](const QString& path) { return savePdf(path); });
    });
    menu.addSeparator();
    menu.addAction(tr("Copy data as CSV"), this, [this] { copyCsv(); });
    QAction* data = menu.addAction(tr("Save data as CSV…"), this, [this] {
        exportTo(QStringLiteral(".csv"), tr("CSV tables (*.csv)"),
                 [this](const QString& path) { return saveCsv(path); });
    });
    pdf->setEnabled(static_cast<bool>(pathProvider()));
    data->setEnabled(static_cast<bool>(pathProvider()));
}

void PlotView::exportTo(const QString& suffix, const QString& filter,
                        const std::function<bool(const QString&)>& write) {
    const QString path = pathProvider()(this, m_exportName + suffix, filter);
    if (path.isEmpty()) return;
    if (write(path)) {
        Q_EMIT exported(path);
    } else {
        Q_EMIT exportFailed(
            tr("Cannot write %1. Check that the folder exists, that you may write to it "
               "and that the disk is not full.")
                .arg(path));
    }
}

}  // namespace espalier::plots
