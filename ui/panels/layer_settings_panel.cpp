// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layer_settings_panel.h"

#include <algorithm>

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QStyle>
#include <QVBoxLayout>

#include "core/prune/criterion.h"
#include "ui/document/score_jobs.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"
#include "ui/panels/group_section.h"
#include "ui/panels/layer_settings_cut.h"
#include "ui/panels/layer_settings_statistics.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

QLabel* headingLabel(const QString& title, QWidget* parent) {
    auto* label = new QLabel(title, parent);
    QFont font = label->font();
    font.setBold(true);
    label->setFont(font);
    return label;
}

}  // namespace

LayerSettingsPanel::LayerSettingsPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_heading(new QLabel(this)),
      m_reason(new QLabel(this)),
      m_criterion(new QComboBox(this)),
      m_cut(new CutEditor(m_document, this)),
      m_lock(new QCheckBox(tr("Lock this layer"), this)),
      m_reset(new QPushButton(tr("Keep all weights"), this)),
      m_group(new GroupSection(workbench, this)),
      m_statistics(new LayerStatistics(this)),
      m_contents(buildContents()),
      m_empty(new QLabel(
          tr("The cut of the selected layer can be typed here, beside its statistics."), this)) {
    setObjectName(QStringLiteral("layerSettingsPanel"));
    m_empty->setObjectName(QStringLiteral("settingsEmpty"));
    m_empty->setWordWrap(true);
    m_empty->setAlignment(Qt::AlignCenter);
    auto* scroll = new QScrollArea(this);
    scroll->setObjectName(QStringLiteral("settingsScroll"));
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_contents);
    // Scrolled up and down only: never narrower than what it holds.
    const int barWidth = style()->pixelMetric(QStyle::PM_ScrollBarExtent);
    scroll->setMinimumWidth(m_contents->minimumSizeHint().width() + barWidth);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_empty);
    layout->addWidget(scroll);

    connect(m_document, &Document::modelChanged, this, &LayerSettingsPanel::refresh);
    connect(m_document, &Document::snapshotChanged, this, &LayerSettingsPanel::refresh);
    connect(m_document, &Document::selectionChanged, this, &LayerSettingsPanel::refresh);
    connect(m_document, &Document::planChanged, this, &LayerSettingsPanel::refresh);
    connect(m_document, &Document::footprintChanged, this, &LayerSettingsPanel::refresh);
    connect(m_document, &Document::previewChanged, this, &LayerSettingsPanel::refresh);
    connect(m_document, &Document::masksChanged, this, &LayerSettingsPanel::refresh);
    connect(m_document, &Document::indexChanged, this, [this](model::LayerId layer) {
        if (layer == m_document->selection()) refresh();
    });
    refresh();
}

QWidget* LayerSettingsPanel::buildContents() {
    auto* contents = new QWidget(this);
    m_heading->setObjectName(QStringLiteral("settingsHeading"));
    m_heading->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_heading->setWordWrap(true);
    m_reason->setObjectName(QStringLiteral("settingsReason"));
    m_reason->setWordWrap(true);
    m_lock->setObjectName(QStringLiteral("layerLock"));
    m_lock->setToolTip(
        tr("A locked layer stays whole, whatever its rule or a request for all layers says"));
    m_reset->setObjectName(QStringLiteral("layerReset"));
    m_reset->setToolTip(
        tr("Takes the rule of the selected layers away: nothing more is removed from them"));
    buildCriterion();

    auto* layout = new QVBoxLayout(contents);
    layout->setContentsMargins(style::kSpacePanel, style::kSpacePanel, style::kSpacePanel,
                               style::kSpacePanel);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(m_heading);
    layout->addWidget(m_reason);
    layout->addWidget(m_cut);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_lock, 1);
    buttons->addWidget(m_reset);
    layout->addLayout(buttons);
    layout->addWidget(headingLabel(tr("Criterion for weights, for all layers"), contents));
    layout->addWidget(m_criterion);
    layout->addSpacing(style::kSpacePanel);
    layout->addWidget(headingLabel(tr("Channels"), contents));
    layout->addWidget(m_group);
    layout->addSpacing(style::kSpacePanel);
    layout->addWidget(headingLabel(tr("Statistics"), contents));
    layout->addWidget(m_statistics);
    layout->addStretch(1);

    connect(m_lock, &QCheckBox::clicked, this,
            [this](bool locked) { m_document->setLocked(m_document->selectedLayers(), locked); });
    connect(m_reset, &QPushButton::clicked, this,
            [this] { m_document->setRules(m_document->selectedLayers(), {}); });
    return contents;
}

void LayerSettingsPanel::buildCriterion() {
    m_criterion->setObjectName(QStringLiteral("criterion"));
    m_criterion->setAccessibleName(tr("Criterion"));
    for (const prune::CriterionInfo& info : prune::weightCriteria()) {
        m_criterion->addItem(QStringLiteral("%1:  %2").arg(text(info.name), text(info.formula)),
                             text(info.name));
        const QString tip = tr("Score = %1. %2 The lowest scores go first.")
                                .arg(text(info.formula), text(info.summary));
        m_criterion->setItemData(m_criterion->count() - 1, tip, Qt::ToolTipRole);
    }
    connect(m_criterion, &QComboBox::activated, this, [this](int row) {
        m_workbench->scoreJobs()->rankWeightsBy(m_criterion->itemData(row).toString());
        refreshCriterion();  // the plan's, until the scores are there
    });
}

void LayerSettingsPanel::refresh() {
    const model::LayerId id = m_document->selection();
    const bool hasLayer = m_document->hasModel() && id.isValid();
    m_contents->setVisible(hasLayer);
    m_empty->setVisible(!hasLayer);
    if (!hasLayer) return;
    refreshHeading();
    refreshCriterion();
    m_cut->refresh();
    m_group->refresh();
    const auto& layers = m_document->selectedLayers();
    const auto isPrunable = [this](auto layer) {
        return m_document->snapshot()->layer(layer).prunable.weights;
    };
    m_lock->setEnabled(std::ranges::any_of(layers, isPrunable));
    m_lock->setChecked(m_document->isLocked(id));
    m_reset->setEnabled(std::ranges::any_of(
        layers, [this](auto layer) { return m_document->rule(layer) != nullptr; }));
    m_statistics->show(m_document->snapshot()->layer(id), m_document->index(id),
                       m_document->removed(id));
}

void LayerSettingsPanel::refreshHeading() {
    const model::Layer& layer = m_document->snapshot()->layer(m_document->selection());
    const auto others = m_document->selectedLayers().size() - 1;
    QString heading = QStringLiteral("<b>%1</b>").arg(displayName(layer).toHtmlEscaped());
    if (others > 0) heading += tr(" and %1 more: changes apply to all of them").arg(others);
    m_heading->setText(heading);
    m_heading->setToolTip(QStringLiteral("%1, %2").arg(text(layer.name), text(layer.op)));
    QString reason;
    if (!layer.prunable.weights)
        reason = tr("Cannot be pruned: %1").arg(text(layer.prunable.reason));
    m_reason->setText(reason);
    m_reason->setVisible(!reason.isEmpty());
}

void LayerSettingsPanel::refreshCriterion() {
    const int row = m_criterion->findData(text(m_document->plan().weightCriterion));
    m_criterion->setCurrentIndex(row);
    m_criterion->setToolTip(m_criterion->itemData(row, Qt::ToolTipRole).toString());
}

}  // namespace espalier::ui
