// SPDX-License-Identifier: GPL-3.0-or-later
// The table of the Compare tab: each layer's figures on both sides.
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "core/prune/compare.h"

namespace espalier::ui {

class ComparisonModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Name,
        LeftNonzeros,
        RightNonzeros,
        LeftSparsity,
        RightSparsity,
        Change,
        LeftChannels,
        RightChannels,
        LeftMacs,
        RightMacs,
        ColumnCount
    };
    static constexpr int kSortRole = Qt::UserRole;

    using QAbstractTableModel::QAbstractTableModel;

    void setLayers(std::vector<prune::LayerComparison> layers);
    /// What the sides are called in headers and CSV.
    void setSideNames(const QString& left, const QString& right);
    const prune::LayerComparison& layer(int row) const;
    int rowOf(const std::string& name) const;  ///< -1: none
    QString csv() const;                       ///< exact numbers

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QVariant number(const prune::LayerComparison& layer, int column) const;
    QString display(const prune::LayerComparison& layer, int column) const;
    QString toolTip(const prune::LayerComparison& layer, int column) const;
    QString title(int column) const;

    std::vector<prune::LayerComparison> m_layers;
    QString m_left;
    QString m_right;
};

}  // namespace espalier::ui
