// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/history_panel.h"

#include <utility>

#include <QHBoxLayout>
#include <QHeaderView>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/measurements.h"
#include "ui/document/resolve_plan.h"
#include "ui/document/workbench.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kNodeRole = Qt::UserRole;
const QString kUnknown = QStringLiteral("–");
enum Column { Name, Accuracy, Sparsity, ColumnCount };

style::Icon iconFor(project::Operation operation) {
    switch (operation) {
        case project::Operation::Open:
        case project::Operation::Commit:
            return style::Icon::Model;
        case project::Operation::Pin:
            return style::Icon::Pin;
        case project::Operation::FineTune:
            return style::Icon::Train;
    }
    return style::Icon::Model;
}

project::NodeId nodeOf(const QTreeWidgetItem* item) {
    return item ? project::NodeId{item->data(Name, kNodeRole).toInt()} : project::NodeId{};
}

void setBold(QTreeWidgetItem& item, bool bold) {
    QFont font = item.font(Name);
    font.setBold(bold);
    item.setFont(Name, font);
}

/// Share of the prunable weights that is removed, those of channels that are cut out included.
double sparsityOf(const prune::Footprint& dense, const prune::Footprint& now) {
    return dense.weights == 0 ? 0 : 1 - double(now.weightsKept) / double(dense.weights);
}

Result<double> sparsityOf(const project::Node& node, RunControl& control) {
    PlanSubject subject;
    subject.snapshot = node.snapshot;
    subject.plan = node.plan;
    const auto masks = resolvePlan(subject, control);
    if (!masks) return masks.error();
    return sparsityOf(prune::denseFootprint(*node.snapshot),
                      prune::footprint(*node.snapshot, **masks));
}

}  // namespace

HistoryPanel::HistoryPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent), m_workbench(workbench) {
    setObjectName(QStringLiteral("historyPanel"));
    makeTree();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(style::kSpacePanel, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpacePanel);
    layout->setSpacing(style::kSpaceRelated);
    layout->addWidget(m_tree, 1);
    layout->addLayout(makeButtons());

    const Document* document = workbench->document();
    connect(document, &Document::historyChanged, this, &HistoryPanel::rebuild);
    for (const auto changed :
         {&Document::planChanged, &Document::footprintChanged, &Document::measurementsChanged})
        connect(document, changed, this, &HistoryPanel::refreshUnpinned);
    connect(document, &Document::modelChanged, this, [this] {
        m_sparsities.clear();
        rebuild();
    });
    rebuild();
}

void HistoryPanel::makeTree() {
    m_tree = new QTreeWidget(this);
    m_tree->setObjectName(QStringLiteral("historyTree"));
    m_tree->setAccessibleName(tr("History"));
    m_tree->setHeaderLabels({tr("State"), tr("Accuracy"), tr("Sparsity")});
    m_tree->headerItem()->setToolTip(Accuracy,
                                     tr("Top-1 accuracy as measured; – means not measured"));
    m_tree->headerItem()->setToolTip(Sparsity, tr("Removed weights / prunable weights"));
    m_tree->header()->setStretchLastSection(false);
    m_tree->header()->setSectionResizeMode(Name, QHeaderView::Stretch);
    m_tree->header()->setSectionResizeMode(Accuracy, QHeaderView::ResizeToContents);
    m_tree->header()->setSectionResizeMode(Sparsity, QHeaderView::ResizeToContents);
    m_tree->setUniformRowHeights(true);
    m_tree->setExpandsOnDoubleClick(false);
    m_tree->setIndentation(style::kSpaceGroup);
    m_tree->setTextElideMode(Qt::ElideMiddle);
    m_tree->setFrameShape(QFrame::NoFrame);
    connect(m_tree, &QTreeWidget::itemActivated, this, &HistoryPanel::goToSelected);
    connect(m_tree, &QTreeWidget::currentItemChanged, this, &HistoryPanel::refreshButtons);
}

QLayout* HistoryPanel::makeButtons() {
    m_goTo = makeButton(QStringLiteral("historyGoTo"), tr("Return"),
                        tr("Goes back to this state (Enter or double click)"));
    m_rename = makeButton(QStringLiteral("historyRename"), tr("Rename…"),
                          tr("Gives this state another name"));
    m_pin = makeButton(QStringLiteral("historyPin"), tr("Pin…"),
                       tr("Keeps the current state in this tree"));
    m_pin->setIcon(style::icon(style::Icon::Pin));
    connect(m_goTo, &QToolButton::clicked, this, &HistoryPanel::goToSelected);
    connect(m_rename, &QToolButton::clicked, this, &HistoryPanel::renameSelected);
    connect(m_pin, &QToolButton::clicked, this, &HistoryPanel::pinRequested);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(style::kSpaceRelated);
    for (QToolButton* button : {m_goTo, m_rename, m_pin}) buttons->addWidget(button);
    buttons->addStretch();
    return buttons;
}

QToolButton* HistoryPanel::makeButton(const QString& name, const QString& text,
                                      const QString& tip) {
    auto* button = new QToolButton(this);
    button->setObjectName(name);
    button->setText(text);
    button->setToolTip(tip);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

project::NodeId HistoryPanel::selectedNode() const {
    return nodeOf(m_tree->currentItem());
}

void HistoryPanel::rebuild() {
    const Document& document = *m_workbench->document();
    // The selection stays where the user put it, but follows the document when that moves.
    const project::NodeId before = std::exchange(m_current, document.state().node);
    const bool follows = before != m_current || !selectedNode().isValid();
    const project::NodeId selected = follows ? m_current : selectedNode();
    m_tree->clear();
    m_unpinned = nullptr;
    if (document.hasModel()) {
        const project::Node& root = document.history().node(document.history().root());
        auto* item = new QTreeWidgetItem(m_tree);
        fill(*item, root);
        addChildren(item, root.id);
        m_tree->expandAll();
        for (QTreeWidgetItemIterator it(m_tree); *it; ++it) {
            if (nodeOf(*it) == selected) m_tree->setCurrentItem(*it);
        }
        measureSparsities();
    }
    refreshUnpinned();
    refreshButtons();
}

// Edits since the current state have a row of their own: they are in no state yet.
void HistoryPanel::refreshUnpinned() {
    const Document& document = *m_workbench->document();
    QTreeWidgetItem* current = nullptr;
    for (QTreeWidgetItemIterator it(m_tree); *it; ++it) {
        if (document.hasModel() && nodeOf(*it) == document.state().node) current = *it;
    }
    if (!current || effective(document.plan()) == effective(*document.node().plan)) {
        delete std::exchange(m_unpinned, nullptr);
        if (current) setBold(*current, true);
        return;
    }
    if (!m_unpinned) {
        m_unpinned = new QTreeWidgetItem(QStringList());
        m_unpinned->setData(Name, kNodeRole, project::NodeId().value);
        current->insertChild(0, m_unpinned);
        current->setExpanded(true);
    }
    const double sparsity = sparsityOf(document.denseFootprint(), document.footprint());
    const auto evaluation = document.evaluation();
    m_unpinned->setText(Name, tr("not pinned"));
    m_unpinned->setToolTip(Name,
                           tr("Pruned %1 since the state above, where you are; Pin keeps it here")
                               .arg(QString::fromStdString(percent(sparsity))));
    m_unpinned->setIcon(Name, style::icon(style::Icon::Cut));
    m_unpinned->setText(Sparsity, QString::fromStdString(percent(sparsity)));
    m_unpinned->setText(
        Accuracy,
        evaluation ? QString::fromStdString(evaluation->metric.text(evaluation->score)) : kUnknown);
    for (const int column : {Accuracy, Sparsity})
        m_unpinned->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    setBold(*m_unpinned, true);
    setBold(*current, false);
}

void HistoryPanel::addChildren(QTreeWidgetItem* parent, project::NodeId node) {
    const project::History& history = m_workbench->document()->history();
    for (const project::NodeId child : history.children(node)) {
        auto* item = new QTreeWidgetItem(parent);
        fill(*item, history.node(child));
        addChildren(item, child);
    }
}

void HistoryPanel::fill(QTreeWidgetItem& item, const project::Node& node) {
    const bool isCurrent = node.id == m_workbench->document()->state().node;
    const auto& evaluation = node.metrics.evaluation;
    const auto sparsity = m_sparsities.find(node.id);
    item.setData(Name, kNodeRole, node.id.value);
    item.setIcon(Name, style::icon(iconFor(node.operation)));
    item.setText(Name, QString::fromStdString(node.name));
    item.setText(Accuracy, evaluation
                               ? QString::fromStdString(evaluation->metric.text(evaluation->score))
                               : kUnknown);
    item.setText(Sparsity, sparsity != m_sparsities.end()
                               ? QString::fromStdString(percent(sparsity->second))
                               : kUnknown);
    for (const int column : {Accuracy, Sparsity})
        item.setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    if (evaluation) {
        const std::string_view split = data::name(evaluation->split);
        item.setToolTip(
            Accuracy,
            tr("Top-1 on %1 samples (%2)")
                .arg(QString::fromStdString(exactCount(evaluation->samples)),
                     QString::fromUtf8(split.data(), static_cast<qsizetype>(split.size()))));
    }
    setBold(item, isCurrent);
    item.setToolTip(Name,
                    isCurrent ? tr("%1 (where you are)").arg(item.text(Name)) : item.text(Name));
}

void HistoryPanel::measureSparsities() {
    std::vector<std::shared_ptr<const project::Node>> unknown;
    for (const auto& node : m_workbench->document()->history().nodes()) {
        if (!m_sparsities.contains(node->id)) unknown.push_back(node);
    }
    if (unknown.empty()) return;
    using Known = std::map<project::NodeId, double>;
    const JobOptions options{Lane::Scan, tr("Reading the history"), QStringLiteral("history"),
                             false};
    m_workbench->jobs()->run<Known>(
        options, this,
        [unknown](const EventSink<>&, RunControl& control) -> Result<Known> {
            Known known;
            for (const auto& node : unknown) {
                const auto sparsity = sparsityOf(*node, control);
                if (!sparsity) return sparsity.error();
                known[node->id] = *sparsity;
            }
            return known;
        },
        [this](Result<Known> known) {
            if (!known) return;
            m_sparsities.merge(*known);
            for (QTreeWidgetItemIterator it(m_tree); *it; ++it) {
                if (*it != m_unpinned)
                    fill(**it, m_workbench->document()->history().node(nodeOf(*it)));
            }
            refreshUnpinned();
        });
}

void HistoryPanel::goToSelected() {
    if (selectedNode().isValid()) m_workbench->document()->goTo(selectedNode());
}

void HistoryPanel::renameSelected() {
    const project::NodeId node = selectedNode();
    if (!node.isValid()) return;
    Document* document = m_workbench->document();
    const QString name = QString::fromStdString(document->history().node(node).name);
    const auto renamed =
        dialogs::askText(this, tr("Rename state"), tr("Name of this state:"), name);
    if (renamed) document->renameNode(node, *renamed);
}

void HistoryPanel::refreshButtons() {
    const bool hasSelection = selectedNode().isValid();
    m_goTo->setEnabled(hasSelection);
    m_rename->setEnabled(hasSelection);
    m_pin->setEnabled(m_workbench->document()->hasModel());
}

}  // namespace espalier::ui
