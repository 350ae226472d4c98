// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/comparison_model.h"

#include <algorithm>

#include "core/base/format.h"
#include "ui/style/number_text.h"

namespace espalier::ui {

namespace {

using prune::LayerComparison;
using prune::LayerFigures;

const QString kNone = QStringLiteral("–");

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

QString shapeOf(const std::optional<LayerFigures>& figures) {
    if (!figures) return kNone;
    QStringList sizes;
    for (const auto size : figures->shape) sizes << QString::number(size);
    return sizes.join(QStringLiteral("×"));
}

bool isLeft(int column) {
    return column == ComparisonModel::LeftNonzeros || column == ComparisonModel::LeftSparsity ||
           column == ComparisonModel::LeftChannels || column == ComparisonModel::LeftMacs;
}

QVariant figure(const LayerFigures& figures, int column) {
    switch (column) {
        case ComparisonModel::LeftNonzeros:
        case ComparisonModel::RightNonzeros:
            return QVariant::fromValue<qint64>(figures.nonzeros);
        case ComparisonModel::LeftSparsity:
        case ComparisonModel::RightSparsity:
            return figures.sparsity();
        case ComparisonModel::LeftChannels:
        case ComparisonModel::RightChannels:
            return QVariant::fromValue<qint64>(figures.channels);
        default:
            return QVariant::fromValue<qint64>(figures.macs);
    }
}

}  // namespace

void ComparisonModel::setLayers(std::vector<LayerComparison> layers) {
    beginResetModel();
    m_layers = std::move(layers);
    endResetModel();
}

void ComparisonModel::setSideNames(const QString& left, const QString& right) {
    m_left = left;
    m_right = right;
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, ColumnCount - 1);
}

const LayerComparison& ComparisonModel::layer(int row) const {
    return m_layers.at(static_cast<std::size_t>(row));
}

int ComparisonModel::rowOf(const std::string& name) const {
    const auto found = std::ranges::find(m_layers, name, &LayerComparison::name);
    return found == m_layers.end() ? -1 : static_cast<int>(found - m_layers.begin());
}

int ComparisonModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_layers.size());
}

int ComparisonModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

// Null where there is none.
QVariant ComparisonModel::number(const LayerComparison& layer, int column) const {
    if (column == Change) return layer.change ? QVariant(*layer.change) : QVariant();
    const auto& side = isLeft(column) ? layer.left : layer.right;
    return side ? figure(*side, column) : QVariant();
}

QString ComparisonModel::display(const LayerComparison& layer, int column) const {
    if (column == Name) return text(layer.name);
    const QVariant value = number(layer, column);
    if (!value.isValid()) return kNone;
    if (column == LeftSparsity || column == RightSparsity)
        return style::numberText(percent(value.toDouble()));
    if (column == Change) return style::numberText(percent(value.toDouble(), 2));
    if (column == LeftChannels || column == RightChannels) return value.toString();
    return style::numberText(siCount(value.toDouble()));
}

QString ComparisonModel::toolTip(const LayerComparison& layer, int column) const {
    const bool differs = layer.left && layer.right && layer.left->shape != layer.right->shape;
    if (column == Name) {
        return tr("%1: shape %2, and %3")
            .arg(text(layer.name), shapeOf(layer.left), shapeOf(layer.right));
    }
    if (column == Change && differs) {
        return tr("Shapes differ: %1 and %2").arg(shapeOf(layer.left), shapeOf(layer.right));
    }
    const QVariant value = number(layer, column);
    if (column == Change) {
        return value.isValid()
                   ? tr("‖ΔW‖ / ‖W‖ = %1").arg(style::numberText(significant(value.toDouble(), 6)))
                   : tr("No weights on one side, or all of them are 0");
    }
    if (!value.isValid()) return tr("This side has no such layer");
    if (column == LeftSparsity || column == RightSparsity)
        return style::numberText(percent(value.toDouble(), 3));
    return text(exactCount(value.toLongLong()));
}

QVariant ComparisonModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const LayerComparison& row = layer(index.row());
    switch (role) {
        case Qt::DisplayRole:
            return display(row, index.column());
        case Qt::ToolTipRole:
            return toolTip(row, index.column());
        case Qt::TextAlignmentRole:
            return QVariant(Qt::AlignVCenter |
                            (index.column() == Name ? Qt::AlignLeft : Qt::AlignRight));
        case kSortRole:
            // In the model's order, not the alphabet's; what is not known comes first.
            if (index.column() == Name) return index.row();
            return number(row, index.column()).isValid() ? number(row, index.column()) : -1;
        default:
            return {};
    }
}

QString ComparisonModel::title(int column) const {
    switch (column) {
        case Name:
            return tr("Layer");
        case LeftNonzeros:
        case RightNonzeros:
            return tr("Non-zeros");
        case LeftSparsity:
        case RightSparsity:
            return tr("Sparsity");
        case LeftChannels:
        case RightChannels:
            return tr("Channels");
        case LeftMacs:
        case RightMacs:
            return tr("MACs");
        default:
            return tr("‖ΔW‖ / ‖W‖");
    }
}

QVariant ComparisonModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    const bool isSide = section != Name && section != Change;
    const QString side = isLeft(section) ? QStringLiteral("A") : QStringLiteral("B");
    if (role == Qt::DisplayRole)
        return isSide ? QStringLiteral("%1\n%2").arg(title(section), side) : title(section);
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignVCenter | (section == Name ? Qt::AlignLeft : Qt::AlignRight));
    if (role != Qt::ToolTipRole) return {};
    switch (section) {
        case Name:
            return tr("Path of the weight in the module");
        case LeftNonzeros:
        case RightNonzeros:
            return tr("Weights that are not removed: %1").arg(isLeft(section) ? m_left : m_right);
        case LeftSparsity:
        case RightSparsity:
            return tr("Zeros / weights that are left once channels are cut out: %1")
                .arg(isLeft(section) ? m_left : m_right);
        case LeftChannels:
        case RightChannels:
            return tr("Output channels with a weight left: %1")
                .arg(isLeft(section) ? m_left : m_right);
        case LeftMacs:
        case RightMacs:
            return tr("Multiply-accumulates at batch 1, channels cut out, zeros counted: %1")
                .arg(isLeft(section) ? m_left : m_right);
        default:
            return tr("How far the weights have moved: ‖B − A‖ / ‖A‖, removed weights being 0");
    }
}

QString ComparisonModel::csv() const {
    QString table = QStringLiteral(
        "layer,nonzeros_a,nonzeros_b,sparsity_a,sparsity_b,weight_change,channels_a,channels_b,"
        "macs_a,macs_b\n");
    for (const LayerComparison& layer : m_layers) {
        table += text(layer.name);
        for (int column = LeftNonzeros; column < ColumnCount; ++column) {
            const QVariant value = number(layer, column);
            table += u',';
            if (!value.isValid()) continue;
            table += value.typeId() == QMetaType::Double
                         ? text(significant(value.toDouble(), 9)).replace(u'−', u'-')
                         : value.toString();
        }
        table += u'\n';
    }
    return table;
}

}  // namespace espalier::ui
