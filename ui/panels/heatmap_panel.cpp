// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/heatmap_panel.h"

#include <algorithm>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QPainter>

#include "core/base/format.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/plot_panel.h"
#include "ui/plots/heatmap_view.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

bool hasKernels(const model::Layer& layer) {
    return layer.shape.size() > 2;
}

std::int64_t kernelSize(const model::Layer& layer) {
    std::int64_t size = 1;
    for (std::size_t axis = 2; axis < layer.shape.size(); ++axis) size *= layer.shape[axis];
    return std::max<std::int64_t>(1, size);
}

QIcon swatch(const QPalette& palette) {
    QPixmap picture(style::kIconSize, style::kIconSize);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    painter.setPen(style::removedCellHatch(palette));
    painter.setBrush(
        style::hatchTile(style::removedCellHatch(palette), style::removedCellFill(palette), 1));
    painter.drawRect(1, 1, style::kIconSize - 3, style::kIconSize - 3);
    return picture;
}

}  // namespace

HeatmapPanel::HeatmapPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_title(new ElidedLabel(this)),
      m_value(new QComboBox(this)),
      m_fold(new QCheckBox(tr("Fold kernels"), this)),
      m_removed(new QCheckBox(tr("Show removed"), this)),
      m_view(new plots::HeatmapView(this)) {
    setObjectName(QStringLiteral("heatmapPanel"));
    setFocusProxy(m_view);
    m_view->setObjectName(QStringLiteral("weightHeatmap"));
    m_view->setReadout([this](int row, int column) { return readout(row, column); });

    layOut(this, {buildOptions(), m_view});

    connect(m_view, &plots::PlotView::emptyActionTriggered, this, &HeatmapPanel::openRequested);
    connect(m_document, &Document::selectionChanged, this, &HeatmapPanel::reload);
    connect(m_document, &Document::snapshotChanged, this, &HeatmapPanel::reload);
    connect(m_document, &Document::masksChanged, this, [this] {
        if (m_document->masks()) reload();  // while they are computed, the picture stays
    });
    reload();
}

QWidget* HeatmapPanel::buildOptions() {
    m_title->setObjectName(QStringLiteral("heatmapTitle"));
    m_value->setObjectName(QStringLiteral("heatmapValue"));
    m_value->setAccessibleName(tr("Value shown"));
    m_value->addItem(tr("Weight w"));
    m_value->addItem(tr("Magnitude |w|"));
    m_value->setToolTip(
        tr("The signed weight w, 0 in the middle of the colours, or its magnitude |w|"));
    m_fold->setObjectName(QStringLiteral("heatmapFold"));
    m_fold->setToolTip(tr("One cell per kernel: the mean of |w| over its height × width"));
    m_removed->setObjectName(QStringLiteral("heatmapRemoved"));
    m_removed->setToolTip(tr("Weights that the plan removes are hatched grey"));
    m_removed->setIcon(swatch(palette()));
    m_removed->setChecked(true);

    connect(m_value, &QComboBox::currentIndexChanged, this, &HeatmapPanel::reload);
    connect(m_fold, &QCheckBox::toggled, this, &HeatmapPanel::reload);
    connect(m_removed, &QCheckBox::toggled, m_view, &plots::HeatmapView::setRemovedVisible);
    return optionBar(this, m_title, {m_value, m_fold, m_removed});
}

void HeatmapPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isStale) reloadNow();
}

void HeatmapPanel::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) m_removed->setIcon(swatch(palette()));
}

void HeatmapPanel::reload() {
    m_isStale = true;
    if (isVisible()) reloadNow();
}

prune::HeatmapOptions HeatmapPanel::options() const {
    prune::HeatmapOptions options;
    options.value =
        m_value->currentIndex() == 0 ? prune::HeatmapValue::Weight : prune::HeatmapValue::Magnitude;
    options.kernels = m_fold->isEnabled() && m_fold->isChecked() ? prune::Kernels::Folded
                                                                 : prune::Kernels::Unfolded;
    options.maxCells = plots::kMaxCells;
    return options;
}

void HeatmapPanel::reloadNow() {
    m_isStale = false;
    const model::LayerId id = m_document->selection();
    if (!m_document->hasModel() || !id.isValid()) {
        m_title->clear();
        m_view->setBusy(false);
        m_view->setEmptyState(
            tr("The weights of a layer appear here as colours, one cell per weight."),
            m_document->hasModel() ? QString() : tr("Open model…"));
        return;
    }
    const model::Layer& layer = m_document->snapshot()->layer(id);
    m_title->setText(QStringLiteral("%1  ·  %2").arg(displayName(layer), shapeText(layer)));
    m_fold->setEnabled(hasKernels(layer));
    m_view->setEmptyState({});
    m_view->setBusy(m_shownLayer != id, tr("Drawing the weights"));
    const prune::HeatmapOptions wanted = options();
    m_workbench->requestHeatmap(id, wanted, this,
                                [this, id, wanted](const Result<prune::Heatmap>& heatmap) {
                                    if (heatmap) {
                                        show(id, wanted, *heatmap);
                                    } else if (heatmap.error().kind != Error::Kind::Cancelled) {
                                        m_view->setBusy(false);
                                        m_view->setEmptyState(text(heatmap.error().text()));
                                    }
                                });
}

void HeatmapPanel::show(model::LayerId id, const prune::HeatmapOptions& options,
                        const prune::Heatmap& heatmap) {
    const model::Layer& layer = m_document->snapshot()->layer(id);
    const bool isFolded = options.kernels == prune::Kernels::Folded;
    const bool isSigned = options.value == prune::HeatmapValue::Weight && !isFolded;
    plots::HeatmapData data;
    data.name = text(layer.name);
    data.rows = heatmap.rows;
    data.columns = heatmap.columns;
    data.values = heatmap.values;
    data.removed = heatmap.removed;
    data.rowTitle = tr("output channel");
    data.columnTitle =
        hasKernels(layer) && !isFolded ? tr("input channel × kernel") : tr("input channel");
    data.valueTitle = isFolded ? tr("mean |w|") : isSigned ? tr("weight w") : tr("|w|");
    data.kind = isSigned ? plots::HeatmapKind::Diverging : plots::HeatmapKind::Sequential;
    data.rowStride = static_cast<int>(heatmap.rowStep);
    data.columnStride = static_cast<int>(heatmap.columnStep);
    m_shownLayer = id;
    m_shownOptions = options;
    m_view->setExportName(displayName(layer) + QStringLiteral("-heatmap"));
    m_view->setBusy(false);
    m_view->setData(std::move(data));
}

// The exact weight where a cell is one weight; else what the cell stands for.
QString HeatmapPanel::readout(int row, int column) const {
    if (!m_document->hasModel() || m_shownLayer != m_document->selection()) return {};
    const model::Layer& layer = m_document->snapshot()->layer(m_shownLayer);
    const plots::HeatmapData& data = m_view->data();
    const std::int64_t out = std::int64_t{row} * data.rowStride;
    const std::int64_t in = std::int64_t{column} * data.columnStride;
    const QString state = data.isRemoved(row, column) ? tr("removed") : tr("kept");
    if (m_shownOptions.kernels == prune::Kernels::Folded) {
        return tr("out %1, in %2: mean |w| = %3, %4")
            .arg(out)
            .arg(in)
            .arg(text(significant(data.at(row, column))), state);
    }
    if (data.rowStride > 1 || data.columnStride > 1) {
        return tr("out %1 to %2, column %3 to %4: largest %5")
            .arg(out)
            .arg(out + data.rowStride - 1)
            .arg(in)
            .arg(in + data.columnStride - 1)
            .arg(text(significant(data.at(row, column))));
    }
    const prune::WeightAt exact =
        prune::weightAt(*m_document->snapshot(), m_document->masks(), m_shownLayer, out, in);
    const std::int64_t kernel = kernelSize(layer);
    QString place = tr("out %1, in %2").arg(out).arg(in / kernel);
    if (kernel > 1) place += tr(", kernel %1").arg(in % kernel);
    return tr("%1: w = %2, %3")
        .arg(place, text(significant(exact.value, 7)), exact.kept ? tr("kept") : tr("removed"));
}

}  // namespace espalier::ui
