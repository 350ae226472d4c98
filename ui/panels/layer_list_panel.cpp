// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layer_list_panel.h"

#include <algorithm>

#include <QAbstractItemView>
#include <QAction>
#include <QCompleter>
#include <QEvent>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QScopedValueRollback>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/dialogs/inline_message.h"
#include "ui/document/channels.h"
#include "ui/document/highlight.h"
#include "ui/document/prunable_count.h"
#include "ui/document/workbench.h"
#include "ui/models/filter_completer.h"
#include "ui/models/layer_delegate.h"
#include "ui/models/layer_model.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/layer_actions.h"
#include "ui/style/counted.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

constexpr int kStateWidth = 26;  // an icon
constexpr int kBarWidth = 40;
constexpr int kGroupWidth = 44;  // an icon and a letter or two
constexpr int kNarrow = 430;     // less leaves no room for the shape beside the name
constexpr int kNarrower = 350;   // less leaves none for the number of parameters
constexpr int kNarrowest = 220;
constexpr int kFewestLetters = 11;  // of a name, its icon among them
constexpr QSize kSize(380, 400);

// Why the others of "4 of 8 layers can be pruned" cannot.
QString reasonsOf(const model::Snapshot& snapshot) {
    QStringList lines;
    for (const model::Layer& layer : snapshot.layers()) {
        if (layer.prunable.weights) continue;
        lines << QStringLiteral("%1: %2").arg(displayName(layer),
                                              QString::fromStdString(layer.prunable.reason));
        if (lines.size() == 20) {
            lines << QStringLiteral("…");
            break;
        }
    }
    return lines.join(QLatin1Char('\n'));
}

QString filterHelp() {
    return LayerListPanel::tr(
               "Shows the layers for which all of it holds:\n"
               "conv    part of the name or type; quotes around words with a meaning\n"
               "sparsity<0.3 params>1e5    compares %1, with < <= > >= = !=; "
               "numbers may end in k, M, G or %\n"
               "type:linear  group:A  is:locked  is:prunable\n"
               "(conv or linear) -is:locked    or, not (-) and parentheses\n"
               "channels: those of the layer's group that stay; rows: first size of the weight")
        .arg(filterFieldNames());
}

}  // namespace

LayerListPanel::LayerListPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_document(workbench->document()),
      m_model(new LayerModel(m_document, this)),
      m_proxy(new LayerProxyModel(m_model, this)),
      m_report(new ElidedLabel(this)),
      m_message(new InlineMessage(QStringLiteral("layerMessage"), this)),
      m_filter(new QLineEdit(this)),
      m_table(new QTreeView(this)) {
    setObjectName(QStringLiteral("layerListPanel"));
    m_report->setObjectName(QStringLiteral("layerReport"));
    m_message->setTextInteractionFlags(Qt::NoTextInteraction);  // it is no stop of the Tab key
    m_filter->setObjectName(QStringLiteral("layerFilter"));
    m_filter->setAccessibleName(tr("Filter layers"));
    m_filter->setPlaceholderText(tr("Filter: conv, sparsity<0.3, params>1e6"));
    m_filter->setToolTip(filterHelp());
    new FilterCompleter(m_filter);
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(style::icon(style::Icon::Filter), QLineEdit::LeadingPosition);
    buildTable();
    m_actions = new LayerActions(m_document, m_table, this);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(style::kSpacePanel, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpacePanel);
    layout->setSpacing(style::kSpaceRelated);
    layout->addWidget(m_report);
    layout->addWidget(m_filter);
    layout->addWidget(m_message);
    layout->addWidget(m_table, 1);
    setMinimumWidth(kNarrowest);

    connect(m_filter, &QLineEdit::textChanged, this, &LayerListPanel::setFilter);
    connect(m_filter, &QLineEdit::returnPressed, this, &LayerListPanel::goToFirst);
    m_filter->installEventFilter(this);
    connect(m_document, &Document::modelChanged, this, &LayerListPanel::showReport);
    connect(m_document, &Document::snapshotChanged, this, &LayerListPanel::showReport);
    connect(m_document->channels(), &Channels::groupsChanged, this, &LayerListPanel::showReport);
    connect(m_document, &Document::selectionChanged, this, &LayerListPanel::showSelection);
    showReport();
    showSelection();
}

void LayerListPanel::buildTable() {
    m_table->setObjectName(QStringLiteral("layerTable"));
    m_table->setAccessibleName(tr("Layers"));
    m_table->setAccessibleDescription(
        tr("Arrow keys choose a layer, L locks it, Del keeps all of its weights"));
    m_table->setModel(m_proxy);
    m_table->setItemDelegate(new LayerDelegate(m_table));
    m_table->setRootIsDecorated(false);
    m_table->setUniformRowHeights(true);
    m_table->setAllColumnsShowFocus(true);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setTextElideMode(Qt::ElideMiddle);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->setSortingEnabled(true);
    buildHeader();
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &LayerListPanel::takeSelection);
    // The current row may change before the selection does: then there is nothing to take yet.
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& row) {
                if (m_table->selectionModel()->isRowSelected(row.row())) takeSelection();
            });
    m_table->setMouseTracking(true);
    m_table->viewport()->installEventFilter(this);
    Highlight* highlight = m_document->highlight();
    connect(m_table, &QTreeView::entered, this, [this, highlight](const QModelIndex& row) {
        highlight->set({m_proxy->layerAt(row), {}});
    });
    connect(m_table, &QTreeView::viewportEntered, highlight, &Highlight::clear);
    connect(m_table, &QWidget::customContextMenuRequested, this, [this](const QPoint& at) {
        QMenu* menu = createContextMenu();
        menu->setAttribute(Qt::WA_DeleteOnClose);
        menu->popup(m_table->viewport()->mapToGlobal(at));
    });
}

void LayerListPanel::buildHeader() {
    QHeaderView* header = m_table->header();
    header->setSortIndicatorClearable(true);
    header->setSortIndicator(-1, Qt::AscendingOrder);
    header->setStretchLastSection(false);
    header->setMinimumSectionSize(kStateWidth);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(LayerModel::Name, QHeaderView::Stretch);
    // The names need the room more than their numbers do.
    header->setSectionResizeMode(LayerModel::Parameters, QHeaderView::Fixed);
    header->resizeSection(
        LayerModel::Parameters,
        fontMetrics().horizontalAdvance(QStringLiteral("999.9 M")) + style::kSpacePanel);
    header->setSectionResizeMode(LayerModel::Removed, QHeaderView::Fixed);
    header->resizeSection(LayerModel::Removed,
                          fontMetrics().horizontalAdvance(QStringLiteral("100.0 %")) + kBarWidth +
                              style::kSpaceGroup);
    header->setSectionResizeMode(LayerModel::Group, QHeaderView::Fixed);
    header->resizeSection(LayerModel::Group, kGroupWidth);
    header->setSectionResizeMode(LayerModel::State, QHeaderView::Fixed);
    header->resizeSection(LayerModel::State, kStateWidth);
    header->setSectionHidden(LayerModel::Type, true);  // the icon says it; the tooltip spells it
}

QMenu* LayerListPanel::createContextMenu() {
    auto* menu = new QMenu(this);
    m_actions->addTo(menu);
    menu->addSeparator();
    QMenu* columns = menu->addMenu(tr("Columns"));
    for (int column = LayerModel::Type; column < LayerModel::kColumns; ++column) {
        QAction* action = columns->addAction(
            m_model->headerData(column, Qt::Horizontal, Qt::AccessibleTextRole).toString());
        action->setCheckable(true);
        action->setChecked(!m_table->isColumnHidden(column));
        connect(action, &QAction::toggled, m_table, [this, column](bool on) {
            if (column == LayerModel::Shape) m_isShapeWanted = on;
            if (column == LayerModel::Parameters) m_areParametersWanted = on;
            if (column == LayerModel::Group) m_areGroupsWanted = on;
            m_table->setColumnHidden(column, !on);
        });
    }
    return menu;
}

QSize LayerListPanel::sizeHint() const {
    return kSize;
}

void LayerListPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    m_table->setColumnHidden(LayerModel::Shape, !m_isShapeWanted || width() < kNarrow);
    m_table->setColumnHidden(LayerModel::Parameters, !m_areParametersWanted || width() < kNarrower);
    // With large text the letters of groups give way too: "c…1" would name no layer.
    const QHeaderView& header = *m_table->header();
    const int others = header.sectionSize(LayerModel::Removed) + kGroupWidth + kStateWidth;
    const int letters = (width() - others) / fontMetrics().averageCharWidth();
    m_table->setColumnHidden(LayerModel::Group, !m_areGroupsWanted || letters < kFewestLetters);
}

bool LayerListPanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_filter) {
        const bool isDown = event->type() == QEvent::KeyPress &&
                            static_cast<QKeyEvent*>(event)->key() == Qt::Key_Down;
        if (isDown) goToFirst();
        return isDown;
    }
    if (event->type() == QEvent::Leave) m_document->highlight()->clear();
    return QWidget::eventFilter(watched, event);
}

void LayerListPanel::focusList() {
    m_table->setFocus(Qt::OtherFocusReason);
}

void LayerListPanel::focusFilter() {
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

// Enter on a word of the list below the field only completes it.
void LayerListPanel::goToFirst() {
    const QAbstractItemView* words = m_filter->completer()->popup();
    if (words->isVisible() && words->currentIndex().isValid()) return;
    const QModelIndex first = m_proxy->index(0, 0);
    if (!first.isValid()) return;
    m_table->setFocus(Qt::OtherFocusReason);
    m_document->select(m_proxy->layerAt(first));
}

void LayerListPanel::setFilter(const QString& text) {
    const QScopedValueRollback guard(m_isSyncing, true);
    m_proxy->setFilter(text);
    showReport();
    showSelection();
}

void LayerListPanel::showReport() {
    if (m_document->hasModel()) {
        m_report->setText(reportText());
        m_report->setToolTip(reasonsOf(*m_document->snapshot()));
    } else {
        m_report->setText({});
        m_report->setToolTip({});
    }
    m_filter->setEnabled(m_document->hasModel());
    showMessage();
}

// "4 of 5 layers can be pruned · 3 groups", or of a filter "2 of 8 layers match".
QString LayerListPanel::reportText() const {
    const int shown = m_proxy->rowCount();
    const int rows = m_model->rowCount();
    if (shown < rows) return tr("%1 of %2 layers match the filter").arg(shown).arg(rows);
    const PrunableCount count = countPrunable(*m_document->snapshot());
    return style::counted(count.layers, tr("%1 of %2 layer can be pruned%3"),
                          tr("%1 of %2 layers can be pruned%3"))
        .arg(count.prunable)
        .arg(count.layers)
        .arg(groupsText());
}

// What is known of channels: " · 3 groups".
QString LayerListPanel::groupsText() const {
    const Channels* channels = m_document->channels();
    if (channels->isSearching()) return tr("  ·  finding groups…");
    const FoundGroups* found = channels->found();
    if (!found) return {};
    const auto open = std::ranges::count_if(
        found->letters, [](const QString& letter) { return !letter.isEmpty(); });
    return style::counted(open, tr("  ·  %1 group"), tr("  ·  %1 groups")).arg(open);
}

// One sentence above the table, when it is empty or the filter is not understood (yet).
void LayerListPanel::showMessage() {
    const auto& problem = m_proxy->filter().problem();
    QString note;
    if (!m_document->hasModel()) {
        note = tr("The layers of a model appear here. Open one to begin.");
    } else if (m_model->rowCount() == 0) {
        note = tr("This model has no parameters.");
    } else if (m_proxy->rowCount() == 0) {
        note = tr("No layer matches the filter. Clear it to see all.");
    }
    // Half a condition is no mistake yet: the rows of the last one that was whole stay.
    m_message->showNote(problem && m_document->hasModel() ? problem->text : note);
    m_message->setVisible(!m_message->text().isEmpty());
}

void LayerListPanel::takeSelection() {
    if (m_isSyncing) return;
    std::vector<model::LayerId> layers;
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    for (const QModelIndex& row : rows) layers.push_back(m_proxy->layerAt(row));
    if (layers.empty()) return;
    model::LayerId current = m_proxy->layerAt(m_table->currentIndex());
    if (std::ranges::find(layers, current) == layers.end()) current = layers.back();
    m_document->select(std::move(layers), current);
}

void LayerListPanel::showSelection() {
    const QScopedValueRollback guard(m_isSyncing, true);
    QItemSelection rows;
    for (const model::LayerId id : m_document->selectedLayers()) {
        const QModelIndex row = m_proxy->indexOf(id);
        if (row.isValid()) rows.select(row, row);
    }
    QItemSelectionModel* selection = m_table->selectionModel();
    selection->select(rows, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    const QModelIndex current = m_proxy->indexOf(m_document->selection());
    if (current.isValid() && current.row() != m_table->currentIndex().row()) {
        selection->setCurrentIndex(current, QItemSelectionModel::NoUpdate);
        // A row from elsewhere comes to the middle: the layers that move along are around it.
        const bool isSeen = m_table->viewport()->rect().contains(m_table->visualRect(current));
        m_table->scrollTo(current, isSeen ? QAbstractItemView::EnsureVisible
                                          : QAbstractItemView::PositionAtCenter);
    }
    m_actions->refresh();
}

}  // namespace espalier::ui
