// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/workspace.h"

#include <algorithm>
#include <utility>

#include <QApplication>
#include <QDockWidget>
#include <QTabBar>
#include <QTabWidget>

#include "ui/panels/channels_panel.h"
#include "ui/panels/compare_panel.h"
#include "ui/panels/heatmap_panel.h"
#include "ui/panels/history_panel.h"
#include "ui/panels/impact_bar.h"
#include "ui/panels/layer_list_panel.h"
#include "ui/panels/layer_settings_panel.h"
#include "ui/panels/least_height_area.h"
#include "ui/panels/log_panel.h"
#include "ui/panels/overview_panel.h"
#include "ui/panels/pareto_panel.h"
#include "ui/panels/sensitivity_panel.h"
#include "ui/panels/training_panel.h"
#include "ui/panels/weights_panel.h"
#include "ui/plots/plot_view.h"
#include "ui/style/tab_order.h"

namespace espalier::gui {
namespace {

constexpr int kLayoutVersion = 2;
constexpr int kLeftWidth = 380;  // where the whole is kUsualWidth wide
constexpr int kUsualWidth = 1440;
constexpr int kLowLeftWidth = 350;  // what layers with their parameters need
constexpr int kHighLeftWidth = 520;
constexpr int kRightWidth = 300;
constexpr int kLeastLeftWidth = 270;
constexpr int kLeastRightWidth = 284;    // what the fields of a layer need
constexpr int kLeastBottomHeight = 200;  // what the first fields of a recipe need

const QString kLayers = QStringLiteral("view.layers");
const QString kSettings = QStringLiteral("view.settings");
const QString kHistory = QStringLiteral("view.history");
const QString kTraining = QStringLiteral("view.training");
const QString kPareto = QStringLiteral("view.pareto");
const QString kCompare = QStringLiteral("view.compare");
const QString kLog = QStringLiteral("view.log");

bool takesKeys(const QWidget& widget) {
    return (widget.focusPolicy() & Qt::TabFocus) && widget.isVisible() && widget.isEnabled() &&
           !widget.focusProxy();
}

void focusWithin(QWidget& panel) {
    QWidget* last = panel.focusWidget();
    if (last && takesKeys(*last)) return last->setFocus(Qt::ShortcutFocusReason);
    for (QWidget* next = panel.nextInFocusChain(); next != &panel;
         next = next->nextInFocusChain()) {
        if (panel.isAncestorOf(next) && takesKeys(*next))
            return next->setFocus(Qt::ShortcutFocusReason);
    }
    panel.setFocus(Qt::ShortcutFocusReason);
}

}  // namespace

Workspace::Workspace(ui::Workbench* workbench, QWidget* parent) : QMainWindow(parent, Qt::Widget) {
    setObjectName(QStringLiteral("workspace"));
    setDockOptions(AllowTabbedDocks | AllowNestedDocks);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    auto* impact = new ui::ImpactBar(workbench, this);
    connect(impact, &ui::ImpactBar::attachDataRequested, this, &Workspace::attachDataRequested);
    setMenuWidget(impact);

    m_tabs = new QTabWidget(this);
    m_tabs->setObjectName(QStringLiteral("plotTabs"));
    m_tabs->setAccessibleName(tr("Views of the model"));
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setAccessibleName(tr("Views of the weights"));
    m_tabs->tabBar()->setAccessibleDescription(
        tr("Arrow keys change the view; Ctrl+1 to Ctrl+6 do from anywhere"));
    addTab(QStringLiteral("view.weights"), tr("Weights"), new ui::WeightsPanel(workbench));
    addTab(QStringLiteral("view.heatmap"), tr("Heatmap"), new ui::HeatmapPanel(workbench));
    addTab(QStringLiteral("view.channels"), tr("Channels"), new ui::ChannelsPanel(workbench));
    addTab(QStringLiteral("view.overview"), tr("Overview"), new ui::OverviewPanel(workbench));
    m_sensitivity = new ui::SensitivityPanel(workbench);
    connect(m_sensitivity, &ui::SensitivityPanel::attachDataRequested, this,
            &Workspace::attachDataRequested);
    addTab(QStringLiteral("view.sensitivity"), tr("Sensitivity"), m_sensitivity);
    m_compare = new ui::ComparePanel(workbench);
    connect(m_compare, &ui::ComparePanel::attachDataRequested, this,
            &Workspace::attachDataRequested);
    addTab(kCompare, tr("Compare"), m_compare);
    setCentralWidget(m_tabs);

    m_training = new ui::TrainingPanel(workbench);
    m_history = new ui::HistoryPanel(workbench);
    m_layers = new ui::LayerListPanel(workbench);
    addDock(kLayers, tr("Layers"), Qt::LeftDockWidgetArea, m_layers)
        ->widget()
        ->setMinimumWidth(kLeastLeftWidth);
    addDock(kSettings, tr("Layer settings"), Qt::RightDockWidgetArea,
            new ui::LayerSettingsPanel(workbench))
        ->widget()
        ->setMinimumWidth(kLeastRightWidth);
    addDock(kHistory, tr("History"), Qt::RightDockWidgetArea, m_history);
    addDock(kTraining, tr("Training"), Qt::BottomDockWidgetArea, m_training);
    auto* pareto = new ui::ParetoPanel(workbench);
    connect(pareto, &ui::ParetoPanel::attachDataRequested, this, &Workspace::attachDataRequested);
    addDock(kPareto, tr("Pareto"), Qt::BottomDockWidgetArea, pareto);
    addDock(kLog, tr("Log"), Qt::BottomDockWidgetArea, new ui::LogPanel);
    placeDocks();
    connectPlots();
}

void Workspace::addTab(const QString& actionId, const QString& title, QWidget* page) {
    auto* area = new ui::LeastHeightArea(page);
    m_pages[actionId] = area;
    m_tabs->addTab(area, title);
    style::tabAsLaidOut(*page);
}

QDockWidget* Workspace::addDock(const QString& actionId, const QString& title,
                                Qt::DockWidgetArea area, QWidget* panel) {
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(actionId + QStringLiteral("_dock"));
    dock->setWidget(panel);
    style::tabAsLaidOut(*panel);
    addDockWidget(area, dock);
    m_docks[actionId] = dock;
    connect(dock, &QDockWidget::dockLocationChanged, this, &Workspace::refreshTitlesLater);
    connect(dock, &QDockWidget::topLevelChanged, this, &Workspace::refreshTitlesLater);
    connect(dock, &QDockWidget::visibilityChanged, this, &Workspace::refreshTitlesLater);
    return dock;
}

// Not while the docks are being laid out: that leaves a tab bar without tabs behind.
void Workspace::refreshTitlesLater() {
    if (std::exchange(m_areTitlesStale, true)) return;
    QMetaObject::invokeMethod(this, &Workspace::refreshTitles, Qt::QueuedConnection);
}

// A tab says the name already.
void Workspace::refreshTitles() {
    m_areTitlesStale = false;
    for (const auto& [id, dock] : m_docks) {
        const QList<QDockWidget*> others = tabifiedDockWidgets(dock);
        const bool isTabbed = !dock->isFloating() && !others.isEmpty();
        if (isTabbed == (dock->titleBarWidget() != nullptr)) continue;
        QWidget* old = dock->titleBarWidget();
        dock->setTitleBarWidget(isTabbed ? new QWidget(dock) : nullptr);
        delete old;
    }
    tidyTabBars();
}

// Moving docks can leave a tab bar without tabs lying over the panels.
void Workspace::tidyTabBars() {
    for (auto* bar : findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
        if (bar->count() == 0) bar->hide();
        bar->setAccessibleDescription(tr("Panels that share this place; arrow keys change them"));
    }
}

QDockWidget* Workspace::dock(const QString& actionId) const {
    const auto found = m_docks.find(actionId);
    return found == m_docks.end() ? nullptr : found->second;
}

void Workspace::showTab(const QString& actionId) {
    const auto found = m_pages.find(actionId);
    if (found == m_pages.end()) return;
    m_tabs->setCurrentWidget(found->second);
    found->second->setFocus(Qt::ShortcutFocusReason);
}

void Workspace::showDock(const QString& actionId) {
    QDockWidget* found = dock(actionId);
    if (!found) return;
    found->show();
    found->raise();
}

bool Workspace::isInFront(const QString& dockId) const {
    const QDockWidget* found = dock(dockId);
    return found && found->isVisible() && !found->visibleRegion().isEmpty();
}

QList<QWidget*> Workspace::panelsInFront() const {
    QList<QWidget*> panels;
    if (isInFront(kLayers)) panels << dock(kLayers)->widget();
    panels << m_tabs->currentWidget();
    for (const QString& id : {kSettings, kHistory, kTraining, kPareto, kLog}) {
        if (isInFront(id)) panels << dock(id)->widget();
    }
    return panels;
}

void Workspace::focusDock(const QString& actionId) {
    if (const QDockWidget* found = dock(actionId)) focusWithin(*found->widget());
}

void Workspace::focusNextPanel(int step) {
    const QList<QWidget*> panels = panelsInFront();
    const QWidget* focused = QApplication::focusWidget();
    qsizetype at = step > 0 ? -1 : panels.size();
    for (qsizetype i = 0; i < panels.size(); ++i) {
        if (focused && (panels[i] == focused || panels[i]->isAncestorOf(focused))) at = i;
    }
    focusWithin(*panels[(at + step + panels.size()) % panels.size()]);
}

void Workspace::focusFilter() {
    showDock(kLayers);
    m_layers->focusFilter();
}

void Workspace::focusLayers() {
    m_layers->focusList();
}

void Workspace::placeDocks() {
    for (const auto& [id, dock] : m_docks) {
        dock->setFloating(false);
        dock->show();
    }
    addDockWidget(Qt::LeftDockWidgetArea, dock(kLayers));
    addDockWidget(Qt::RightDockWidgetArea, dock(kSettings));
    tabifyDockWidget(dock(kSettings), dock(kHistory));
    addDockWidget(Qt::BottomDockWidgetArea, dock(kTraining));
    tabifyDockWidget(dock(kTraining), dock(kPareto));
    tabifyDockWidget(dock(kPareto), dock(kLog));
    for (const QString& id : {kSettings, kTraining}) dock(id)->raise();
}

void Workspace::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    // Docks can be given sizes only once they have been laid out.
    if (!m_isArranged) QMetaObject::invokeMethod(this, &Workspace::arrange, Qt::QueuedConnection);
}

void Workspace::arrange() {
    if (std::exchange(m_isArranged, true)) return;
    if (m_stored.isEmpty() || !restoreState(m_stored, kLayoutVersion)) giveSizes(Layout::Explore);
    m_stored.clear();
    refreshTitlesLater();
}

void Workspace::applyLayout(Layout layout) {
    m_isArranged = true;
    placeDocks();
    giveSizes(layout);
    if (layout != Layout::Explore) dock(kHistory)->raise();
    if (layout == Layout::Compare) {
        dock(kPareto)->raise();
        showTab(kCompare);
    }
    refreshTitlesLater();
}

void Workspace::giveSizes(Layout layout) {
    const int left = std::clamp(width() * kLeftWidth / kUsualWidth, kLowLeftWidth, kHighLeftWidth);
    resizeDocks({dock(kLayers), dock(kSettings)}, {left, kRightWidth}, Qt::Horizontal);
    const int share = layout == Layout::Explore ? std::max(height() / 4, kLeastBottomHeight)
                      : layout == Layout::Tune  ? height() / 2
                                                : height() * 7 / 20;
    resizeDocks({dock(kTraining)}, {share}, Qt::Vertical);
}

void Workspace::setCovered(int height) {
    for (const auto& [id, dock] : m_docks) {
        QWidget* panel = dock->widget();
        panel->setContentsMargins({});
        const bool isLowest =
            !dock->isFloating() && dockWidgetArea(dock) == Qt::BottomDockWidgetArea;
        const int spare = panel->height() - panel->minimumSizeHint().height();
        if (isLowest && spare > 0) panel->setContentsMargins(0, 0, 0, std::min(height, spare));
    }
}

QByteArray Workspace::layoutState() const {
    return m_isArranged ? saveState(kLayoutVersion) : m_stored;
}

bool Workspace::restoreLayout(const QByteArray& state) {
    if (!restoreState(state, kLayoutVersion)) return false;
    // Not shown yet, it is too small for the docks: their widths come again when it is.
    if (!m_isArranged) m_stored = state;
    return true;
}

void Workspace::resetZoom() {
    for (auto* plot : findChildren<plots::PlotView*>()) plot->resetView();
}

void Workspace::connectPlots() {
    for (auto* plot : findChildren<plots::PlotView*>()) {
        connect(plot, &plots::PlotView::hoverTextChanged, this, &Workspace::hoverTextChanged);
        connect(plot, &plots::PlotView::exported, this, &Workspace::plotExported);
        connect(plot, &plots::PlotView::exportFailed, this, &Workspace::plotExportFailed);
    }
}

}  // namespace espalier::gui
