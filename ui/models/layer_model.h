// SPDX-License-Identifier: GPL-3.0-or-later
// The layers of the model as a table, and the table filtered and sorted.
#pragma once

#include <vector>

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

#include "core/model/snapshot.h"
#include "ui/models/layer_filter.h"

namespace espalier::ui {

class Document;

/// One row per layer in order of execution. Follows the Document by itself.
class LayerModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Type, Shape, Parameters, Group, Removed, State, kColumns };
    enum Role {
        SortRole = Qt::UserRole,  ///< a number or a text that orders as people expect
        BarRole,                  ///< QVariant of style::SparsityBar, in column Removed
        LayerRole,                ///< int, the LayerId's value
        MemberRole,               ///< int of Membership
        HoveredRole               ///< bool: the mouse is over the layer, here or elsewhere
    };
    /// What a layer is to the channel group of the selected one.
    enum Membership { Stranger, MovesAlong, Reads };

    explicit LayerModel(Document* document, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation,
                        int role = Qt::DisplayRole) const override;

    Document* document() const { return m_document; }
    const model::Layer& layer(int row) const;
    QModelIndex indexOf(model::LayerId layer, int column = Name) const;

private:
    QString text(const model::Layer& layer, int column) const;
    QString toolTip(const model::Layer& layer, int column) const;
    QVariant decoration(const model::Layer& layer, int column) const;
    QVariant sortKey(const model::Layer& layer, int column) const;
    QString groupToolTip(const model::Layer& layer) const;
    void refresh(Column first, Column last);
    void refreshMembers();
    void refreshHovered();

    Document* m_document;
    std::vector<Membership> m_members;  // by LayerId; empty: no group is selected
    model::LayerId m_hovered;
    int m_rows = 0;
};

/// A layer's name for people: the module's path, with the parameter's own name where it is not
/// "weight".
QString displayName(const model::Layer& layer);
/// "64×3×3×3".
QString shapeText(const model::Layer& layer);
/// The inputs that costs are counted for: "1x3x32x32".
QString inputText(const model::Snapshot& snapshot);

/// Sorts by SortRole and hides what the filter does not accept.
class LayerProxyModel : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit LayerProxyModel(LayerModel* source, QObject* parent = nullptr);

    /// A text that is not understood leaves the rows as they are.
    void setFilter(const QString& text);
    const LayerFilter& filter() const { return m_filter; }
    QModelIndex indexOf(model::LayerId layer) const;  ///< invalid when it is filtered out
    model::LayerId layerAt(const QModelIndex& index) const;

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    LayerModel* m_source;
    LayerFilter m_filter;
};

}  // namespace espalier::ui
