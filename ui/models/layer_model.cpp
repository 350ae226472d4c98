// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/layer_model.h"

#include <limits>

#include "core/base/format.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/document/highlight.h"
#include "ui/style/colors.h"
#include "ui/style/icons.h"
#include "ui/style/number_text.h"
#include "ui/style/sparsity_bar.h"

namespace espalier::ui {

namespace {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

style::Icon iconOf(const model::Layer& layer) {
    const auto has = [&layer](const char* part) {
        return layer.op.find(part) != std::string::npos;
    };
    if (has("conv")) return style::Icon::Conv;
    if (has("linear") || has("matmul")) return style::Icon::Linear;
    if (has("norm")) return style::Icon::Norm;
    if (has("embedding")) return style::Icon::Embedding;
    return style::Icon::OtherLayer;
}

}  // namespace

QString displayName(const model::Layer& layer) {
    const QString name = text(layer.name);
    return name.endsWith(QLatin1String(".weight")) ? text(layer.modulePath()) : name;
}

QString shapeText(const model::Layer& layer) {
    QStringList sizes;
    for (const std::int64_t size : layer.shape) sizes << QString::number(size);
    return sizes.isEmpty() ? LayerModel::tr("scalar") : sizes.join(QStringLiteral("×"));
}

QString inputText(const model::Snapshot& snapshot) {
    QStringList inputs;
    for (const script::InputSpec& input : snapshot.inputs())
        inputs << QString::fromStdString(script::toString(input));
    return inputs.join(QStringLiteral(", "));
}

LayerModel::LayerModel(Document* document, QObject* parent)
    : QAbstractTableModel(parent), m_document(document) {
    const auto reset = [this] {
        beginResetModel();
        m_rows =
            m_document->hasModel() ? static_cast<int>(m_document->snapshot()->layers().size()) : 0;
        endResetModel();
    };
    reset();
    connect(document, &Document::layersChanged, this, reset);
    connect(document, &Document::footprintChanged, this, [this] { refresh(Removed, Removed); });
    connect(document, &Document::planChanged, this, [this] { refresh(Name, State); });
    connect(document, &Document::selectionChanged, this, &LayerModel::refreshMembers);
    connect(document, &Document::snapshotChanged, this, &LayerModel::refreshMembers);
    connect(document->channels(), &Channels::groupsChanged, this, &LayerModel::refreshMembers);
    connect(document->highlight(), &Highlight::changed, this, &LayerModel::refreshHovered);
}

void LayerModel::refreshHovered() {
    const model::LayerId layers[] = {m_hovered, m_document->highlight()->hovered().layer};
    m_hovered = layers[1];
    if (layers[0] == layers[1]) return;
    for (const model::LayerId layer : layers) {
        if (indexOf(layer).isValid())
            Q_EMIT dataChanged(indexOf(layer, Name), indexOf(layer, State), {HoveredRole});
    }
}

void LayerModel::refreshMembers() {
    m_members.clear();
    const FoundGroups* found = m_document->channels()->found();
    const auto id = m_document->channels()->selected();
    if (found && id && m_rows > 0) {
        m_members.resize(static_cast<std::size_t>(m_rows), Stranger);
        for (const model::LayerId layer : readersOf(*found, *id)) m_members[layer.index()] = Reads;
        for (std::size_t row = 0; row < m_members.size(); ++row) {
            if (found->producing[row] == id) m_members[row] = MovesAlong;
        }
    }
    refresh(Name, State);
}

void LayerModel::refresh(Column first, Column last) {
    if (m_rows > 0) Q_EMIT dataChanged(index(0, first), index(m_rows - 1, last));
}

int LayerModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_rows;
}

int LayerModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kColumns;
}

const model::Layer& LayerModel::layer(int row) const {
    return m_document->snapshot()->layer(model::LayerId{row});
}

QModelIndex LayerModel::indexOf(model::LayerId layer, int column) const {
    return layer.isValid() && layer.value < m_rows ? index(layer.value, column) : QModelIndex();
}

QVariant LayerModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid) || !m_document->hasModel()) return {};
    const model::Layer& row = layer(index.row());
    const int column = index.column();
    switch (role) {
        case Qt::DisplayRole:
            return text(row, column);
        case Qt::ToolTipRole:
            return toolTip(row, column);
        case Qt::DecorationRole:
            return decoration(row, column);
        case SortRole:
            return sortKey(row, column);
        case LayerRole:
            return row.id.value;
        case MemberRole:
            return m_members.empty() ? int(Stranger) : int(m_members[row.id.index()]);
        case HoveredRole:
            return row.id == m_hovered;
        case Qt::TextAlignmentRole:
            if (column == Shape || column == Parameters)
                return int(Qt::AlignRight | Qt::AlignVCenter);
            return {};
        case Qt::ForegroundRole:
            if (!row.prunable.weights) return QPalette().brush(QPalette::Disabled, QPalette::Text);
            return {};
        case BarRole: {
            if (column != Removed) return {};
            style::SparsityBar bar{m_document->sparsity(row.id)};
            if (m_document->isLocked(row.id)) bar.state = style::SparsityBar::State::Locked;
            if (!row.prunable.weights) bar.state = style::SparsityBar::State::NotPrunable;
            return QVariant::fromValue(bar);
        }
        default:
            return {};
    }
}

QString LayerModel::text(const model::Layer& layer, int column) const {
    switch (column) {
        case Name:
            return displayName(layer);
        case Type:
            return ui::text(layer.op);
        case Shape:
            return shapeText(layer);
        case Parameters:
            return style::numberText(siCount(static_cast<double>(layer.parameters)));
        case Group: {
            const auto id = m_document->channels()->groupOf(layer.id);
            return id ? m_document->channels()->found()->letters[id->index()] : QString();
        }
        case Removed:
            return layer.prunable.weights
                       ? style::numberText(percent(m_document->sparsity(layer.id)))
                       : QString();
        default:
            return {};
    }
}

QString LayerModel::toolTip(const model::Layer& layer, int column) const {
    if (column == Parameters) {
        return tr("%1 parameters: weight and bias").arg(ui::text(exactCount(layer.parameters)));
    }
    if (column == Group) return groupToolTip(layer);
    if (!layer.prunable.weights)
        return tr("%1 cannot be pruned: %2")
            .arg(ui::text(layer.name), ui::text(layer.prunable.reason));
    if (column == Removed) {
        return tr("Sparsity = removed / weights = %1 / %2")
            .arg(ui::text(exactCount(m_document->removed(layer.id))),
                 ui::text(exactCount(layer.weightCount)));
    }
    if (column == State && m_document->isLocked(layer.id))
        return tr("Locked: no rule touches this layer");
    return tr("%1, %2, %3").arg(ui::text(layer.name), ui::text(layer.op), shapeText(layer));
}

QString LayerModel::groupToolTip(const model::Layer& layer) const {
    const Channels* channels = m_document->channels();
    const FoundGroups* found = channels->found();
    if (!found) return channels->isSearching() ? tr("Finding groups…") : QString();
    const auto id = channels->groupOf(layer.id);
    if (!id) return ui::text(found->groups->whyNot(layer.name));
    const QString letter = found->letters[id->index()];
    const QString line = letter.isEmpty() ? headline(*found, *id)
                                          : tr("Group %1: %2").arg(letter, headline(*found, *id));
    return QStringLiteral("%1\n%2").arg(line, ui::text(channels->group(*id).reason));
}

QVariant LayerModel::decoration(const model::Layer& layer, int column) const {
    if (column == Name) return style::icon(iconOf(layer));
    if (column == Group && !text(layer, Group).isEmpty()) return style::icon(style::Icon::Group);
    if (column != State) return {};
    if (!layer.prunable.weights) return style::icon(style::Icon::Info);
    if (m_document->isLocked(layer.id)) return style::icon(style::Icon::Lock);
    return {};
}

QVariant LayerModel::sortKey(const model::Layer& layer, int column) const {
    switch (column) {
        case Shape:
            return QVariant::fromValue(static_cast<qlonglong>(layer.weightCount));
        case Parameters:
            return QVariant::fromValue(static_cast<qlonglong>(layer.parameters));
        case Removed:
            return layer.prunable.weights ? m_document->sparsity(layer.id) : -1.0;
        case Group: {  // A, B, …, Z, AA; those without one last
            const auto id = m_document->channels()->groupOf(layer.id);
            const bool hasLetter = !text(layer, Group).isEmpty();
            return id && hasLetter ? id->value : std::numeric_limits<int>::max();
        }
        case State:
            return (layer.prunable.weights ? 0 : 2) + (m_document->isLocked(layer.id) ? 1 : 0);
        default:
            return text(layer, column);
    }
}

QVariant LayerModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= kColumns) return {};
    static constexpr const char* kTitles[kColumns] = {
        QT_TR_NOOP("Layer"), QT_TR_NOOP("Type"),    QT_TR_NOOP("Shape"), QT_TR_NOOP("Params"),
        QT_TR_NOOP("Group"), QT_TR_NOOP("Removed"), QT_TR_NOOP("State")};
    static constexpr const char* kTips[kColumns] = {
        QT_TR_NOOP("Path of the module; layers in order of execution"),
        QT_TR_NOOP("Operator that uses the weight"),
        QT_TR_NOOP("Shape of the weight: [out, in, kernel height, kernel width]; sorts by number "
                   "of weights"),
        QT_TR_NOOP("Weight and bias, number of elements"),
        QT_TR_NOOP("Layers with one letter lose the same output channels: they move together"),
        QT_TR_NOOP("Sparsity: removed weights / all weights of the layer, in %"),
        QT_TR_NOOP("Locked, or why the layer cannot be pruned")};
    // Columns Group and State are an icon wide.
    const bool isIcon = section == Group || section == State;
    if (role == Qt::DecorationRole && isIcon)
        return style::icon(section == Group ? style::Icon::Group : style::Icon::Lock);
    if (role == Qt::DisplayRole && !isIcon) return tr(kTitles[section]);
    if (role == Qt::AccessibleTextRole) return tr(kTitles[section]);
    if (role == Qt::ToolTipRole) return tr(kTips[section]);
    if (role == Qt::TextAlignmentRole) {
        const bool isNumber = section == Shape || section == Parameters;
        return int((isNumber ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    return {};
}

LayerProxyModel::LayerProxyModel(LayerModel* source, QObject* parent)
    : QSortFilterProxyModel(parent), m_source(source) {
    setSortRole(LayerModel::SortRole);
    // Rows must not jump or vanish under the hand that drags a cut: they are sorted and filtered
    // anew when asked.
    setDynamicSortFilter(false);
    setSourceModel(source);
}

void LayerProxyModel::setFilter(const QString& text) {
    const LayerFilter before = m_filter;
    m_filter.setText(text);
    if (m_filter.problem()) return;
    invalidateFilter();
    if (rowCount() > 0 || !endsInField(text)) return;
    m_filter = before;
    m_filter.setText(text + QLatin1Char('<'));  // which says what is missing
    invalidateFilter();
}

bool LayerProxyModel::filterAcceptsRow(int row, const QModelIndex&) const {
    const model::Layer& layer = m_source->layer(row);
    const Document* document = m_source->document();
    const Channels* channels = document->channels();
    LayerFacts facts{layer, document->sparsity(layer.id), document->isLocked(layer.id)};
    facts.group = m_source->index(row, LayerModel::Group).data().toString();
    facts.nonzeros = layer.weightCount - document->removed(layer.id);
    if (const auto id = channels->groupOf(layer.id)) {
        const prune::GroupChoice* choice = channels->choice(*id);
        facts.channels = choice ? choice->reached() : channels->group(*id).width;
    }
    return m_filter.accepts(facts);
}

QModelIndex LayerProxyModel::indexOf(model::LayerId layer) const {
    return mapFromSource(m_source->indexOf(layer));
}

model::LayerId LayerProxyModel::layerAt(const QModelIndex& index) const {
    return index.isValid() ? model::LayerId{mapToSource(index).row()} : model::LayerId{};
}

}  // namespace espalier::ui
