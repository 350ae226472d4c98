// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/comparison_table.h"

#include <algorithm>

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QScopedValueRollback>
#include <QSortFilterProxyModel>

#include "core/base/files.h"
#include "ui/dialogs/dialogs.h"
#include "ui/models/comparison_model.h"
#include "ui/models/name_delegate.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {
constexpr int kNameWidth = 150;
}

ComparisonTable::ComparisonTable(QWidget* parent)
    : QTableView(parent),
      m_model(new ComparisonModel(this)),
      m_sorted(new QSortFilterProxyModel(this)) {
    setObjectName(QStringLiteral("compareTable"));
    setAccessibleName(tr("Layers of both sides"));
    setAccessibleDescription(
        tr("What each layer has on the left and on the right; Ctrl+C copies the table as CSV"));
    m_sorted->setSourceModel(m_model);
    m_sorted->setSortRole(ComparisonModel::kSortRole);
    setModel(m_sorted);
    setSortingEnabled(true);
    sortByColumn(ComparisonModel::Name, Qt::AscendingOrder);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setTabKeyNavigation(false);
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setItemDelegateForColumn(ComparisonModel::Name, new NameDelegate(this));
    setWordWrap(false);
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(
        std::max(style::kRowHeight, fontMetrics().height() + style::kSpaceRelated));
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setSectionResizeMode(ComparisonModel::Name, QHeaderView::Interactive);
    horizontalHeader()->resizeSection(ComparisonModel::Name, kNameWidth);
    horizontalHeader()->setHighlightSections(false);
}

void ComparisonTable::setLayers(std::vector<prune::LayerComparison> layers) {
    const QScopedValueRollback showing(m_isShowing, true);
    m_model->setLayers(std::move(layers));
}

void ComparisonTable::showLayer(const std::string& name) {
    const QScopedValueRollback showing(m_isShowing, true);
    const int row = m_model->rowOf(name);
    if (row < 0) return clearSelection();
    setCurrentIndex(m_sorted->mapFromSource(m_model->index(row, ComparisonModel::Name)));
}

void ComparisonTable::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    QTableView::currentChanged(current, previous);
    if (m_isShowing || !current.isValid()) return;
    const int row = m_sorted->mapToSource(current).row();
    Q_EMIT layerChosen(QString::fromStdString(m_model->layer(row).name));
}

void ComparisonTable::copyCsv() const {
    QGuiApplication::clipboard()->setText(m_model->csv());
}

void ComparisonTable::saveCsv() {
    QString path = dialogs::saveFile(
        this, {tr("Save the table"), QStringLiteral("comparison.csv"), tr("CSV tables (*.csv)")});
    if (path.isEmpty()) return;
    if (!path.endsWith(QStringLiteral(".csv"))) path += QStringLiteral(".csv");
    const auto written = writeTextAtomically(path.toStdString(), m_model->csv().toStdString());
    if (!written) {
        Q_EMIT failed(written.error());
        return;
    }
    Q_EMIT saved(tr("Saved the comparison."), path);
}

void ComparisonTable::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) return copyCsv();
    QTableView::keyPressEvent(event);
}

void ComparisonTable::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(style::icon(style::Icon::Copy), tr("Copy table as CSV"), this,
                    &ComparisonTable::copyCsv);
    menu->addAction(style::icon(style::Icon::Save), tr("Save table as CSV…"), this,
                    &ComparisonTable::saveCsv);
    menu->popup(event->globalPos());
}

}  // namespace espalier::ui
