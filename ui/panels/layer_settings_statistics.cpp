// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layer_settings_statistics.h"

#include <array>

#include <QGridLayout>
#include <QLabel>

#include "core/base/format.h"
#include "ui/models/layer_model.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

struct Quantile {
    const char* name;
    double share;
};
constexpr std::array<Quantile, 5> kQuantiles{
    {{"q1", 0.01}, {"q25", 0.25}, {"q50", 0.5}, {"q75", 0.75}, {"q99", 0.99}}};

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

LayerStatistics::LayerStatistics(QWidget* parent)
    : QWidget(parent), m_layout(new QGridLayout(this)) {
    setObjectName(QStringLiteral("layerStatistics"));
    m_layout->setContentsMargins({});
    m_layout->setHorizontalSpacing(style::kSpacePanel);
    m_layout->setVerticalSpacing(style::kSpaceRelated / 2);
    m_layout->setColumnStretch(1, 1);
    const QString ofKept =
        tr(" over the weights that were there when the file was opened or last trained");
    addRow(QStringLiteral("shape"), tr("Shape"), tr("Shape of the weight tensor"));
    addRow(QStringLiteral("count"), tr("Weights"), tr("Number of elements of the weight tensor"));
    addRow(QStringLiteral("nonzeros"), tr("Non-zero now"),
           tr("Weights that the plan keeps and that are not exactly 0"));
    addRow(QStringLiteral("macs"), tr("MACs"),
           tr("Multiply-accumulates of one forward pass at batch 1, dense"));
    addRow(QStringLiteral("min"), tr("Minimum"), tr("Smallest w") + ofKept);
    addRow(QStringLiteral("max"), tr("Maximum"), tr("Largest w") + ofKept);
    addRow(QStringLiteral("mean"), tr("Mean"), tr("Σ w / n") + ofKept);
    addRow(QStringLiteral("sigma"), tr("σ"),
           tr("Population standard deviation, √(Σ (w − mean)² / n)") + ofKept);
    for (const Quantile& quantile : kQuantiles) {
        addRow(QString::fromLatin1(quantile.name),
               tr("|w| at %1").arg(style::numberText(percent(quantile.share, 0))),
               tr("Quantile: |w| under which this share of the weights lies"));
    }
}

void LayerStatistics::addRow(const QString& name, const QString& title, const QString& tip) {
    auto* label = new QLabel(title, this);
    auto* value = new QLabel(this);
    label->setToolTip(tip);
    value->setToolTip(tip);
    value->setObjectName(QStringLiteral("stat.") + name);
    value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    const int row = m_layout->rowCount();
    m_layout->addWidget(label, row, 0);
    m_layout->addWidget(value, row, 1);
    m_values[name] = value;
}

void LayerStatistics::set(const QString& name, const QString& text, const QString& exact) {
    QLabel* value = m_values.at(name);
    value->setText(text);
    if (!exact.isEmpty()) value->setToolTip(exact);
}

void LayerStatistics::setNumber(const QString& name, double value) {
    set(name, style::numberText(significant(value)), style::numberText(significant(value, 9)));
}

void LayerStatistics::clear() {
    for (const auto& [name, value] : m_values) value->setText(QStringLiteral("–"));
}

void LayerStatistics::show(const model::Layer& layer, const model::WeightIndex* index,
                           std::int64_t removed) {
    clear();
    set(QStringLiteral("shape"), shapeText(layer));
    set(QStringLiteral("count"), text(exactCount(layer.weightCount)));
    set(QStringLiteral("macs"), style::numberText(siCount(static_cast<double>(layer.macs))),
        text(exactCount(layer.macs)));
    if (!index) return;
    const model::WeightStatistics& statistics = index->statistics();
    // Exact zeros have the smallest magnitude: whatever is removed beyond the base mask takes them
    // first.
    const std::int64_t zerosLeft =
        std::max<std::int64_t>(0, statistics.zeros - (removed - statistics.baseRemoved));
    set(QStringLiteral("nonzeros"), text(exactCount(layer.weightCount - removed - zerosLeft)));
    setNumber(QStringLiteral("min"), statistics.min);
    setNumber(QStringLiteral("max"), statistics.max);
    setNumber(QStringLiteral("mean"), statistics.mean);
    setNumber(QStringLiteral("sigma"), statistics.sigma);
    for (const Quantile& quantile : kQuantiles) {
        setNumber(QString::fromLatin1(quantile.name), index->magnitudeQuantile(quantile.share));
    }
}

}  // namespace espalier::ui
