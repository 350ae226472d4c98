// SPDX-License-Identifier: GPL-3.0-or-later
// The layers of both sides as a table that sorts, copies and saves.
#pragma once

#include <QTableView>

#include "core/base/result.h"
#include "core/prune/compare.h"

class QSortFilterProxyModel;

namespace espalier::ui {

class ComparisonModel;

class ComparisonTable : public QTableView {
    Q_OBJECT
public:
    explicit ComparisonTable(QWidget* parent = nullptr);

    ComparisonModel* layers() const { return m_model; }
    void setLayers(std::vector<prune::LayerComparison> layers);
    void showLayer(const std::string& name);  ///< its row becomes the current one
    void copyCsv() const;

Q_SIGNALS:
    void layerChosen(const QString& name);
    void saved(const QString& message, const QString& path);
    void failed(const espalier::Error& error);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;

private:
    void saveCsv();

    ComparisonModel* m_model;
    QSortFilterProxyModel* m_sorted;
    bool m_isShowing = false;
};

}  // namespace espalier::ui
