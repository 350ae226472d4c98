// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/overview_panel.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/format.h"
#include "ui/document/highlight.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"
#include "ui/panels/plot_panel.h"
#include "ui/plots/heatmap_view.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

constexpr int kBins = 200;

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

OverviewPanel::OverviewPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_view(new plots::HeatmapView(this)) {
    setObjectName(QStringLiteral("overviewPanel"));
    setFocusProxy(m_view);
    m_view->setObjectName(QStringLiteral("overviewHeatmap"));
    m_view->setExportName(QStringLiteral("sparsity-overview"));
    m_view->setReadout([this](int row, int column) { return readout(row, column); });
    m_view->setRowTip([this](int row) { return rowTip(row); });
    layOut(this, {m_view});

    connect(m_view, &plots::HeatmapView::rowClicked, this,
            [this](int row) { m_document->select(layerAt(row)); });
    connect(m_view, &plots::HeatmapView::cellHovered, this, [this](int row) {
        m_document->highlight()->set({layerAt(row), {}});
    });
    connect(m_document->highlight(), &Highlight::changed, this, &OverviewPanel::showHighlight);
    connect(m_document, &Document::selectionChanged, this, &OverviewPanel::showSelection);
    connect(m_document, &Document::layersChanged, this, &OverviewPanel::reload);
    connect(m_document, &Document::masksChanged, this, [this] {
        if (m_document->masks()) reload();  // while they are computed, the picture stays
    });
    reload();
}

void OverviewPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isStale) reloadNow();
}

void OverviewPanel::reload() {
    m_isStale = true;
    if (isVisible()) reloadNow();
}

void OverviewPanel::reloadNow() {
    m_isStale = false;
    if (!m_document->hasModel()) {
        m_layers.clear();
        m_view->setBusy(false);
        m_view->setEmptyState(
            tr("All layers appear here, coloured by how much of each part is removed."));
        return;
    }
    const auto layers = prune::overviewLayers(*m_document->snapshot());
    if (layers.empty()) {
        m_view->setBusy(false);
        m_view->setEmptyState(tr("No layer of this model can be pruned; the layer list says why."));
        return;
    }
    m_view->setEmptyState({});
    m_view->setBusy(layers != m_layers, tr("Reading the masks"));
    m_workbench->requestOverview(kBins, this, [this](const Result<prune::Heatmap>& heatmap) {
        if (heatmap) show(*heatmap);
    });
}

void OverviewPanel::show(const prune::Heatmap& heatmap) {
    m_layers = prune::overviewLayers(*m_document->snapshot());
    plots::HeatmapData data;
    data.name = tr("sparsity");
    data.rows = heatmap.rows;
    data.columns = heatmap.columns;
    data.values = heatmap.values;
    for (const model::LayerId layer : m_layers)
        data.rowLabels << displayName(m_document->snapshot()->layer(layer));
    data.rowTitle = tr("layer");
    data.columnTitle = tr("position in the weight, %");
    for (int column = 0; column < heatmap.columns; ++column) {
        data.columnLabels << QString::number(100 * column / std::max(1, heatmap.columns));
    }
    data.columnScale = plots::Range{0, 100};
    data.valueTitle = tr("sparsity");
    data.kind = plots::HeatmapKind::Sparsity;
    m_view->setBusy(false);
    m_view->setData(std::move(data));
    showSelection();
    showHighlight();
}

model::LayerId OverviewPanel::layerAt(int row) const {
    const bool isRow = row >= 0 && row < static_cast<int>(m_layers.size());
    return isRow ? m_layers[static_cast<std::size_t>(row)] : model::LayerId{};
}

int OverviewPanel::rowOf(model::LayerId layer) const {
    const auto found = std::ranges::find(m_layers, layer);
    return found == m_layers.end() ? -1 : static_cast<int>(found - m_layers.begin());
}

void OverviewPanel::showSelection() {
    m_view->setCurrentRow(rowOf(m_document->selection()));
}

void OverviewPanel::showHighlight() {
    m_view->setHighlightedRow(rowOf(m_document->highlight()->hovered().layer));
}

QString OverviewPanel::removedText(model::LayerId layer) const {
    const std::int64_t weights = m_document->snapshot()->layer(layer).weightCount;
    return style::counted(weights, tr("%1 of %2 weight removed (%3)"),
                          tr("%1 of %2 weights removed (%3)"))
        .arg(text(exactCount(m_document->removed(layer))), text(exactCount(weights)),
             style::numberText(percent(m_document->sparsity(layer), 2)));
}

/// How many weights a cell stands for and how many of them are removed, to the last one.
QString OverviewPanel::readout(int row, int column) const {
    const model::LayerId id = layerAt(row);
    if (!id.isValid() || !m_document->hasModel()) return {};
    const model::Layer& layer = m_document->snapshot()->layer(id);
    const auto run = prune::overviewRun(layer.weightCount, column, m_view->data().columns);
    const auto count = static_cast<double>(run.end - run.begin);
    const auto here = std::llround(static_cast<double>(m_view->data().at(row, column)) * count);
    return tr("%1: %2 of the %3 weights from %4 on removed; of the layer %5")
        .arg(displayName(layer), text(exactCount(here)), text(exactCount(run.end - run.begin)),
             text(exactCount(run.begin)), removedText(id));
}

QString OverviewPanel::rowTip(int row) const {
    const model::LayerId id = layerAt(row);
    if (!id.isValid() || !m_document->hasModel()) return {};
    const model::Layer& layer = m_document->snapshot()->layer(id);
    return tr("%1\nshape %2\n%3").arg(text(layer.name), shapeText(layer), removedText(id));
}

}  // namespace espalier::ui
