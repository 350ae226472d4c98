// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/history_panel.h"

#include <utility>

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSignalBlocker>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/dialogs/dialogs.h"
#include "ui/document/node_figures.h"
#include "ui/document/workbench.h"
#include "ui/panels/history_rows.h"
#include "ui/panels/two_line_delegate.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kNodeRole = Qt::UserRole;

project::NodeId nodeOf(const QTreeWidgetItem* item) {
    return item ? project::NodeId{item->data(HistoryName, kNodeRole).toInt()} : project::NodeId{};
}

QAction* makeAction(QTreeWidget* tree, style::Icon icon, const QString& text, const QString& tip,
                    const QKeySequence& keys) {
    auto* action = new QAction(style::icon(icon), text, tree);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetShortcut);
    const QString shown = keys.toString(QKeySequence::NativeText);
    action->setToolTip(shown.isEmpty() ? tip : QStringLiteral("%1 (%2)").arg(tip, shown));
    tree->addAction(action);
    return action;
}

}  // namespace

HistoryPanel::HistoryPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent), m_workbench(workbench) {
    setObjectName(QStringLiteral("historyPanel"));
    makeTree();
    makeActions();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(style::kSpacePanel, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpacePanel);
    layout->setSpacing(style::kSpaceRelated);
    layout->addWidget(m_tree, 1);
    layout->addLayout(makeButtons());

    const Document* document = workbench->document();
    connect(document, &Document::historyChanged, this, &HistoryPanel::refresh);
    for (const auto changed :
         {&Document::planChanged, &Document::footprintChanged, &Document::measurementsChanged})
        connect(document, changed, this, &HistoryPanel::refreshUnpinned);
    connect(document, &Document::modelChanged, this, &HistoryPanel::refresh);
    connect(document, &Document::datasetChanged, this, &HistoryPanel::showMetric);
    connect(workbench->nodeFigures(), &NodeFigures::changed, this, &HistoryPanel::refill);
    showMetric();
    rebuild();
}

void HistoryPanel::showMetric() {
    const measure::Metric metric = m_workbench->document()->metric();
    const bool isTop1 = metric.kind == measure::Metric::Kind::Top1;
    const bool isAgreement = metric.kind == measure::Metric::Kind::Agreement;
    const QString title = QString::fromStdString(metric.title());
    QTreeWidgetItem* header = m_tree->headerItem();
    header->setText(HistoryAccuracy, isTop1        ? tr("Accuracy")
                                     : isAgreement ? tr("Agreement")
                                                   : title);
    header->setToolTip(HistoryAccuracy,
                       tr("%1 as measured, and on how many samples of which split; – means not "
                          "measured")
                           .arg(isTop1 ? tr("Top-1 accuracy") : title));
}

// A name that is being typed is taken while there is somebody to take it.
HistoryPanel::~HistoryPanel() {
    delete m_tree;
}

void HistoryPanel::makeTree() {
    m_tree = new QTreeWidget(this);
    m_tree->setObjectName(QStringLiteral("historyTree"));
    m_tree->setAccessibleName(tr("History"));
    m_tree->setAccessibleDescription(
        tr("States of the model, each below the one it came from: Enter returns to one, F2 "
           "renames, P pins, Del deletes"));
    m_tree->setHeaderLabels({tr("State"), tr("Accuracy"), tr("Sparsity")});
    m_tree->headerItem()->setToolTip(
        HistorySparsity, tr("Removed weights / prunable weights; below it all parameters"));
    m_tree->header()->setStretchLastSection(false);
    m_tree->header()->setSectionResizeMode(HistoryName, QHeaderView::Stretch);
    m_tree->header()->setSectionResizeMode(HistoryAccuracy, QHeaderView::ResizeToContents);
    m_tree->header()->setSectionResizeMode(HistorySparsity, QHeaderView::ResizeToContents);
    m_tree->setItemDelegate(new TwoLineDelegate(m_tree));
    m_tree->setUniformRowHeights(true);
    m_tree->setTextElideMode(Qt::ElideMiddle);
    m_tree->setExpandsOnDoubleClick(false);
    m_tree->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_tree->setIndentation(style::kSpaceGroup);
    m_tree->setFrameShape(QFrame::NoFrame);
    m_tree->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(m_tree, &QTreeWidget::itemActivated, this, &HistoryPanel::goToSelected);
    connect(m_tree, &QTreeWidget::currentItemChanged, this, &HistoryPanel::refreshActions);
    connect(m_tree, &QTreeWidget::itemChanged, this, &HistoryPanel::takeName);
}

void HistoryPanel::makeActions() {
    m_goTo =
        makeAction(m_tree, style::Icon::History, tr("Return"),
                   tr("Goes back to this state: its weights and its plan, as one step that can "
                      "be undone (Enter or double click)"),
                   {});
    m_rename = makeAction(m_tree, style::Icon::Settings, tr("Rename"),
                          tr("Gives this state another name"), Qt::Key_F2);
    m_togglePin =
        makeAction(m_tree, style::Icon::Pin, tr("Pinned"),
                   tr("A pinned state cannot be deleted, and is named on the Pareto panel "
                      "and first in the Compare tab"),
                   Qt::Key_P);
    m_togglePin->setCheckable(true);
    m_remove = makeAction(m_tree, style::Icon::Remove, tr("Delete"),
                          tr("Deletes this state and what came from it; undo brings it back"),
                          Qt::Key_Delete);
    connect(m_goTo, &QAction::triggered, this, &HistoryPanel::goToSelected);
    connect(m_rename, &QAction::triggered, this, &HistoryPanel::renameSelected);
    connect(m_togglePin, &QAction::triggered, this, &HistoryPanel::pinSelected);
    connect(m_remove, &QAction::triggered, this, &HistoryPanel::removeSelected);
}

QLayout* HistoryPanel::makeButtons() {
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(style::kSpaceRelated);
    auto* goTo = makeButton(QStringLiteral("historyGoTo"), m_goTo);
    m_pin = new QToolButton(this);
    m_pin->setObjectName(QStringLiteral("historyPin"));
    m_pin->setText(tr("Pin now…"));
    m_pin->setToolTip(
        tr("Keeps what is shown now in this tree, whichever row is selected; P pins "
           "the selected row"));
    m_pin->setIcon(style::icon(style::Icon::Pin));
    m_pin->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_pin->setFocusPolicy(Qt::StrongFocus);
    connect(m_pin, &QToolButton::clicked, this, &HistoryPanel::pinRequested);
    buttons->addWidget(goTo);
    buttons->addWidget(m_pin);
    buttons->addStretch();
    buttons->addWidget(makeButton(QStringLiteral("historyRename"), m_rename));
    buttons->addWidget(makeButton(QStringLiteral("historyRemove"), m_remove));
    return buttons;
}

QToolButton* HistoryPanel::makeButton(const QString& name, QAction* action) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    button->setObjectName(name);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

project::NodeId HistoryPanel::selectedNode() const {
    return nodeOf(m_tree->currentItem());
}

// A name that is being typed stays: the rows are made anew only when they are others.
void HistoryPanel::refresh() {
    const project::History& history = m_workbench->document()->history();
    const auto nodes = history.nodes();
    bool isSame =
        nodes.size() == m_items.size() && m_current == m_workbench->document()->state().node;
    for (const auto& node : nodes) {
        const auto item = m_items.find(node->id);
        isSame = isSame && item != m_items.end() && nodeOf(item->second->parent()) == node->parent;
    }
    isSame ? refill() : rebuild();
}

void HistoryPanel::rebuild() {
    const Document& document = *m_workbench->document();
    // The selection stays where the user put it, but follows the document when that moves.
    const project::NodeId before = std::exchange(m_current, document.state().node);
    const bool follows = before != m_current || !document.history().has(selectedNode());
    const project::NodeId selected = follows ? m_current : selectedNode();
    m_items.clear();
    m_unpinned = nullptr;
    m_tree->clear();
    if (document.hasModel()) {
        const project::NodeId root = document.history().root();
        auto* item = new QTreeWidgetItem(m_tree);
        item->setData(HistoryName, kNodeRole, root.value);
        m_items[root] = item;
        addChildren(item, root);
        m_tree->expandAll();
        m_tree->setCurrentItem(m_items.at(selected));
    }
    refill();
}

void HistoryPanel::addChildren(QTreeWidgetItem* parent, project::NodeId node) {
    for (const project::NodeId child : m_workbench->document()->history().children(node)) {
        auto* item = new QTreeWidgetItem(parent);
        item->setData(HistoryName, kNodeRole, child.value);
        m_items[child] = item;
        addChildren(item, child);
    }
}

void HistoryPanel::refill() {
    const Document& document = *m_workbench->document();
    const QSignalBlocker quiet(m_tree);
    const project::NodeId shown = document.nodeOf(document.state());
    for (const auto& [id, item] : m_items) {
        if (!document.history().has(id)) continue;
        const HistoryFigures figures{m_workbench->nodeFigures()->find(id),
                                     &document.denseFootprint()};
        fillHistoryRow(*item, document.history().node(id), figures, id == shown);
    }
    refreshUnpinned();
    refreshActions();
}

// Edits since the current state have a row of their own: they are in no state yet.
void HistoryPanel::refreshUnpinned() {
    const Document& document = *m_workbench->document();
    const QSignalBlocker quiet(m_tree);
    const project::NodeId shown = document.nodeOf(document.state());
    const auto above = m_items.find(document.state().node);
    for (const auto& [id, item] : m_items) {
        QFont font = item->font(HistoryName);
        font.setBold(id == shown);
        item->setFont(HistoryName, font);
    }
    if (above == m_items.end() || shown.isValid()) {
        delete std::exchange(m_unpinned, nullptr);
        return;
    }
    if (!m_unpinned) {
        m_unpinned = new QTreeWidgetItem(QStringList());
        m_unpinned->setData(HistoryName, kNodeRole, project::NodeId().value);
        above->second->insertChild(0, m_unpinned);
        above->second->setExpanded(true);
    }
    fillUnpinnedRow(*m_unpinned, {&document.footprint(), &document.denseFootprint()},
                    document.evaluation());
}

void HistoryPanel::goToSelected() {
    if (selectedNode().isValid()) m_workbench->document()->goTo(selectedNode());
}

void HistoryPanel::renameSelected() {
    QTreeWidgetItem* item = m_tree->currentItem();
    const bool isEdited = item && m_tree->isPersistentEditorOpen(item, HistoryName);
    if (selectedNode().isValid() && !isEdited) m_tree->editItem(item, HistoryName);
}

void HistoryPanel::takeName(QTreeWidgetItem* item) {
    const project::NodeId node = nodeOf(item);
    if (!node.isValid()) return;
    Document* document = m_workbench->document();
    const QString name = item->text(HistoryName).trimmed();
    if (name.isEmpty()) return refill();
    document->renameNode(node, name);
}

void HistoryPanel::pinSelected() {
    const project::NodeId node = selectedNode();
    if (!node.isValid()) return;
    Document* document = m_workbench->document();
    document->setNodePinned(node, !document->history().node(node).isPinned);
}

bool HistoryPanel::isAgreed(const QString& name, std::size_t below) {
    const QString what =
        below == 1 ? tr("Delete %1 and the state that came from it?").arg(name)
                   : tr("Delete %1 and %2 states that came from it?").arg(name).arg(below);
    return dialogs::ask(this, {tr("Delete state"),
                               what,
                               tr("Undo brings them back."),
                               {tr("Delete"), tr("Cancel")},
                               1,
                               0}) == 0;
}

void HistoryPanel::removeSelected() {
    const project::NodeId node = selectedNode();
    if (!node.isValid()) return;
    Document* document = m_workbench->document();
    const project::History& history = document->history();
    const auto checked = history.checkRemoval(node, document->state().node);
    const auto below = history.subtree(node).size() - 1;
    if (checked && below > 0 && !isAgreed(QString::fromStdString(history.node(node).name), below))
        return;
    if (const auto removed = document->removeNode(node); !removed) Q_EMIT failed(removed.error());
}

void HistoryPanel::refreshActions() {
    const Document& document = *m_workbench->document();
    const project::NodeId node = selectedNode();
    const bool hasSelection = document.history().has(node);
    for (QAction* action : {m_goTo, m_rename, m_togglePin, m_remove})
        action->setEnabled(hasSelection);
    m_togglePin->setChecked(hasSelection && document.history().node(node).isPinned);
    m_pin->setEnabled(document.hasModel());
}

}  // namespace espalier::ui
