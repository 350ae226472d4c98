// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/heatmap_panel.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QPainter>

#include "core/base/format.h"
#include "ui/document/highlight.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"
#include "ui/panels/channel_mark.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/heatmap_picture.h"
#include "ui/panels/heatmap_refiner.h"
#include "ui/panels/plot_panel.h"
#include "ui/plots/heatmap_view.h"
#include "ui/style/colors.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"
#include "ui/style/words.h"

namespace espalier::ui {

namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

std::int64_t kernelSize(const model::Layer& layer) {
    std::int64_t size = 1;
    for (std::size_t axis = 2; axis < layer.shape.size(); ++axis) size *= layer.shape[axis];
    return std::max<std::int64_t>(1, size);
}

prune::HeatmapWindow windowOf(const plots::Block& block) {
    return {block.rowBegin, block.rowEnd, block.columnBegin, block.columnEnd};
}

// "out 3, in 5", or for cells of many "out 2 to 3, in 4 to 7".
QString span(const QString& what, int begin, int end) {
    return end - begin > 1 ? HeatmapPanel::tr("%1 %2 to %3").arg(what).arg(begin).arg(end - 1)
                           : HeatmapPanel::tr("%1 %2").arg(what).arg(begin);
}

// The group's part of the weight, if its channels are rows of the picture.
const channels::Member* rowsOf(const channels::Group& group, const std::string& parameter) {
    const auto found = std::ranges::find_if(group.members, [&](const channels::Member& member) {
        return member.parameter == parameter && member.axis == 0 &&
               member.role == channels::Role::Producer;
    });
    return found == group.members.end() ? nullptr : &*found;
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
      m_view(new plots::HeatmapView(this)),
      m_refiner(new HeatmapRefiner(m_view)) {
    setObjectName(QStringLiteral("heatmapPanel"));
    setFocusProxy(m_view);
    m_view->setObjectName(QStringLiteral("weightHeatmap"));
    m_view->setToolTip(
        tr("A click on a row marks its output channel: always keep, always remove, or as the cut "
           "says"));
    m_view->setReadout([this](int row, int column) { return readout(row, column); });

    layOut(this, {buildOptions(), m_view});

    connect(m_view, &plots::HeatmapView::cellHovered, this, &HeatmapPanel::tellHovered);
    connect(m_view, &plots::HeatmapView::cellClicked, this, [this](int row) {
        m_view->setCurrentRow(row);
        mark(row);
    });
    connect(m_view, &plots::HeatmapView::rowActivated, this, &HeatmapPanel::mark);
    connect(m_document, &Document::planChanged, this, &HeatmapPanel::showMarks);
    connect(m_document->channels(), &Channels::groupsChanged, this, &HeatmapPanel::showMarks);
    connect(m_refiner, &HeatmapRefiner::partWanted, this, &HeatmapPanel::refine);
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
    const auto addValue = [this](const QString& name, prune::HeatmapValue value) {
        m_value->addItem(name, static_cast<int>(value));
    };
    addValue(tr("Weight w"), prune::HeatmapValue::Weight);
    addValue(tr("Magnitude |w|"), prune::HeatmapValue::Magnitude);
    addValue(tr("Mask"), prune::HeatmapValue::Mask);
    m_value->setToolTip(
        tr("The signed weight w, 0 in the middle of the colours; its magnitude |w|; or the mask, "
           "kept blue and removed orange"));
    m_fold->setObjectName(QStringLiteral("heatmapFold"));
    m_fold->setToolTip(tr("One cell per kernel: the mean of |w| over its height × width"));
    m_removed->setObjectName(QStringLiteral("heatmapRemoved"));
    m_removed->setToolTip(tr("Weights that the plan removes are hatched grey"));
    m_removed->setIcon(swatch(palette()));
    m_removed->setChecked(true);

    connect(m_value, &QComboBox::currentIndexChanged, this, [this] {
        m_removed->setEnabled(options().value != prune::HeatmapValue::Mask);
        reload();
    });
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
    options.value = static_cast<prune::HeatmapValue>(m_value->currentData().toInt());
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
            tr("The weights of a layer appear here as colours, one cell per weight."));
        return;
    }
    const model::Layer& layer = m_document->snapshot()->layer(id);
    m_title->setText(QStringLiteral("%1  ·  %2").arg(displayName(layer), shapeText(layer)));
    m_fold->setEnabled(hasKernels(layer));
    m_view->setEmptyState({});
    m_view->setBusy(m_shownLayer != id, tr("Drawing the weights"));
    m_isLoading = true;
    const prune::HeatmapOptions wanted = options();
    m_workbench->requestHeatmap(
        id, wanted, this, [this, id, wanted](const Result<prune::Heatmap>& heatmap) {
            if (heatmap) {
                show(id, wanted, *heatmap);
            } else if (heatmap.error().kind != Error::Kind::Cancelled) {
                m_isLoading = false;
                m_view->setBusy(false);
                m_view->setEmptyState(style::withoutOptions(text(heatmap.error().text())));
            }
        });
}

void HeatmapPanel::show(model::LayerId id, const prune::HeatmapOptions& options,
                        const prune::Heatmap& heatmap) {
    const model::Layer& layer = m_document->snapshot()->layer(id);
    const bool isOther = std::exchange(m_shownLayer, id) != id;
    m_shownOptions = options;
    m_isLoading = false;
    m_view->setExportName(displayName(layer) + QStringLiteral("-heatmap"));
    m_view->setBusy(false);
    m_view->setData(pictureOf(layer, options, heatmap));
    if (isOther) m_view->resetView();
    showMarks();
    m_refiner->renew();
}

void HeatmapPanel::refine(const plots::Block& part) {
    if (m_isStale || m_isLoading || !m_document->hasModel()) return;  // asked again after that
    const model::LayerId id = m_shownLayer;
    prune::HeatmapOptions wanted = m_shownOptions;
    wanted.window = windowOf(part);
    m_workbench->requestHeatmap(
        id, wanted, this, [this, id, wanted](const Result<prune::Heatmap>& heatmap) {
            if (heatmap)
                m_view->setDetail(pictureOf(m_document->snapshot()->layer(id), wanted, *heatmap));
        });
}

std::optional<HeatmapPanel::Channel> HeatmapPanel::channelOf(int row) const {
    const Channels& channels = *m_document->channels();
    if (!channels.found() || m_shownLayer != m_document->selection()) return {};
    const std::string& name = m_document->snapshot()->layer(m_shownLayer).name;
    for (const channels::Group& group : channels.found()->groups->groups()) {
        const channels::Member* rows = rowsOf(group, name);
        const auto channel = rows ? rows->channelAt(row) : std::nullopt;
        if (channel) return Channel{group.id, group.outputs[static_cast<std::size_t>(*channel)]};
    }
    return {};
}

// As a click on the bar of the row's channel.
void HeatmapPanel::mark(int row) {
    const auto channel = channelOf(row);
    if (!channel) return;
    Channels& channels = *m_document->channels();
    const plots::BarMark now = toBarMark(channels.marks(channel->group), channel->output);
    channels.setMark(channel->group, channel->output, toMark(nextMark(now)));
}

void HeatmapPanel::showMarks() {
    std::vector<plots::BarMark> marks;
    const Channels& channels = *m_document->channels();
    if (channels.found() && m_document->hasModel() && m_shownLayer == m_document->selection()) {
        const model::Layer& layer = m_document->snapshot()->layer(m_shownLayer);
        for (const channels::Group& group : channels.found()->groups->groups()) {
            const prune::ChannelMarks said = channels.marks(group.id);
            const channels::Member* rows = said.isEmpty() ? nullptr : rowsOf(group, layer.name);
            if (!rows) continue;
            marks.resize(static_cast<std::size_t>(layer.shape[0]));
            for (std::size_t channel = 0; channel < group.outputs.size(); ++channel) {
                for (const std::int64_t row : rows->of(static_cast<std::int64_t>(channel)))
                    marks[static_cast<std::size_t>(row)] = toBarMark(said, group.outputs[channel]);
            }
        }
    }
    m_view->setRowMarks(std::move(marks));
}

void HeatmapPanel::tellHovered(int row, int column) {
    Highlight* highlight = m_document->highlight();
    if (row < 0 || !m_document->hasModel() || m_shownLayer != m_document->selection()) {
        // Hidden under the mouse: what shows next may mark it.
        if (m_view->isVisible()) highlight->clear();
        return;
    }
    const plots::HeatmapData& picture = m_view->pictureAt(row, column);
    Hovered hovered{m_shownLayer, {}};
    if (m_shownOptions.kernels == prune::Kernels::Unfolded) {
        const plots::Cell cell = plots::cellAt(picture, column, row);
        if (m_shownOptions.value != prune::HeatmapValue::Mask) {
            hovered.magnitude = std::abs(static_cast<double>(picture.at(cell.row, cell.column)));
        } else if (!picture.isReduced()) {
            hovered.magnitude = std::abs(weightAt(row, column).value);
        }
    }
    highlight->set(hovered);
}

prune::WeightAt HeatmapPanel::weightAt(int row, int column) const {
    return prune::weightAt(*m_document->snapshot(), m_document->masks(), m_shownLayer, row, column);
}

// The exact weight where a cell is one weight; else what the cell stands for.
QString HeatmapPanel::readout(int row, int column) const {
    if (!m_document->hasModel() || m_shownLayer != m_document->selection()) return {};
    const model::Layer& layer = m_document->snapshot()->layer(m_shownLayer);
    const plots::HeatmapData& picture = m_view->pictureAt(row, column);
    const plots::Cell cell = plots::cellAt(picture, column, row);
    const float value = picture.at(cell.row, cell.column);
    const bool isFolded = m_shownOptions.kernels == prune::Kernels::Folded;
    const bool isMask = m_shownOptions.value == prune::HeatmapValue::Mask;
    if (picture.isReduced() || isFolded) {
        const plots::Block block = plots::blockOf(picture, cell);
        const bool isKernelEntry = !isFolded && hasKernels(layer);
        const QString place = QStringLiteral("%1, %2").arg(
            span(tr("out"), block.rowBegin, block.rowEnd),
            span(isKernelEntry ? tr("column") : tr("in"), block.columnBegin, block.columnEnd));
        const QString number = style::numberText(isMask ? percent(value) : significant(value));
        if (isMask) return tr("%1: %2 removed").arg(place, number);
        if (!isFolded) return tr("%1: largest %2").arg(place, number);
        if (picture.isReduced()) return tr("%1: largest mean |w| = %2").arg(place, number);
        return tr("%1: mean |w| = %2, %3")
            .arg(place, number,
                 picture.isRemoved(cell.row, cell.column) ? tr("removed") : tr("kept"));
    }
    const prune::WeightAt exact = weightAt(row, column);
    const std::int64_t kernel = kernelSize(layer);
    QString place = tr("out %1, in %2").arg(row).arg(column / kernel);
    if (kernel > 1) place += tr(", kernel %1").arg(column % kernel);
    return tr("%1: w = %2, %3")
        .arg(place, style::numberText(significant(exact.value, 7)),
             exact.kept ? tr("kept") : tr("removed"));
}

}  // namespace espalier::ui
