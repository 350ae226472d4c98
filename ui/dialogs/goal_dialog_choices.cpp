// SPDX-License-Identifier: GPL-3.0-or-later
// What is chosen in GoalDialog: what the goal counts, in which unit, and how it is spread.
#include <algorithm>
#include <cmath>

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QSignalBlocker>

#include "core/base/format.h"
#include "ui/dialogs/goal_dialog.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/document/metric_words.h"
#include "ui/style/number_text.h"

namespace espalier::ui {
namespace {

using prune::Allocation;
using prune::Quantity;
using prune::Structure;

constexpr double kPercent = 100;
constexpr int kAmountRow = 1;  // of the units

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

template <class Enum>
void add(QComboBox* box, const QString& name, Enum value, const QString& tip) {
    box->addItem(name, static_cast<int>(value));
    box->setItemData(box->count() - 1, tip, Qt::ToolTipRole);
}

template <class Enum>
Enum chosen(const QComboBox* box) {
    return static_cast<Enum>(box->currentData().toInt());
}

}  // namespace

void GoalDialog::buildChoices() {
    const QSignalBlocker quiet(m_structure);
    add(m_structure, tr("weights"), Structure::Weights,
        tr("Sets single weights to zero; the shapes stay"));
    if (document().channels()->found())
        add(m_structure, tr("channels"), Structure::Channels,
            tr("Cuts whole channels out: the model really gets smaller and faster"));
    showTip(m_structure);
    m_unit->setObjectName(QStringLiteral("goalUnit"));
    m_unit->setAccessibleName(tr("Unit of the goal"));
    m_unit->setToolTip(tr("In % of the dense model, or as an amount"));
    addToShareLine(m_unit);
    setTabOrder(shareBox(), m_unit);
}

/// Of what is chosen.
void GoalDialog::showTip(QComboBox* box) {
    box->setToolTip(box->currentData(Qt::ToolTipRole).toString());
}

Quantity GoalDialog::quantity() const {
    return chosen<Quantity>(m_quantity);
}

Structure GoalDialog::structure() const {
    return chosen<Structure>(m_structure);
}

Allocation GoalDialog::allocation() const {
    return chosen<Allocation>(m_allocation);
}

bool GoalDialog::hasCurves() const {
    return !m_drops.curves.empty() && whyNoCurves().isEmpty();
}

/// Empty when none were measured: that needs no reason.
QString GoalDialog::whyNoCurves() const {
    if (m_drops.curves.empty()) return {};
    const bool areWeights = structure() == Structure::Weights;
    if (m_drops.structure != structure()) {
        return areWeights ? tr("The sensitivity was measured of channels: nothing is known of "
                               "weights. The Sensitivity tab measures them.")
                          : tr("The sensitivity was measured of weights: nothing is known of "
                               "channels. The Sensitivity tab measures them.");
    }
    const prune::Plan& plan = document().plan();
    const std::string& mine = areWeights ? plan.weightCriterion : plan.channelDefaults.criterion;
    if (m_drops.criterion.empty() || m_drops.criterion == mine) return {};
    return tr("The sensitivity was measured by %1, but the plan ranks by %2: those curves do not "
              "count here. Measure it by %2 in the Sensitivity tab, or rank by %1.")
        .arg(text(m_drops.criterion), text(mine));
}

void GoalDialog::offerQuantities() {
    const QSignalBlocker quiet(m_quantity);
    m_quantity->clear();
    const bool isCut = structure() == Structure::Channels;
    const auto offer = [this](Quantity quantity) {
        const QuantityWords words = wordsFor(quantity, structure());
        add(m_quantity, words.text, quantity, words.tip);
    };
    offer(isCut ? Quantity::Parameters : Quantity::NonZeros);
    offer(Quantity::Bytes);
    offer(Quantity::Macs);
    if (hasCurves()) {
        const bool isLoss = m_drops.metric.kind == measure::Metric::Kind::Loss;
        add(m_quantity,
            (isLoss ? tr("rise of %1, each alone") : tr("drop of %1, each alone"))
                .arg(metricTitle(m_drops.metric)),
            Quantity::Drop,
            tr("What a layer may lose when it alone is pruned, as the Sensitivity tab has "
               "measured it; all together lose more"));
    }
    if (isCut) offer(Quantity::Latency);
    showTip(m_quantity);
}

/// The number and what it may be spread by follow what it counts.
void GoalDialog::takeQuantity() {
    offerUnits();
    takeUnit();
    offerAllocations();
    askForFront();
}

bool GoalDialog::isCounted() const {
    return quantity() != Quantity::Drop && quantity() != Quantity::Latency;
}

bool GoalDialog::isAbsolute() const {
    return isCounted() && m_unit->currentIndex() == kAmountRow;
}

double GoalDialog::denseAmount() const {
    return amountOf(quantity(), structure(), document().denseFootprint());
}

void GoalDialog::offerUnits() {
    const QSignalBlocker quiet(m_unit);
    const int row = std::max(0, m_unit->currentIndex());
    m_amount = amountUnit(quantity(), denseAmount());
    m_unit->clear();
    m_unit->addItem(QStringLiteral("%"));
    m_unit->addItem(m_amount.name.isEmpty() ? tr("number") : m_amount.name);
    m_unit->setCurrentIndex(row);
    m_unit->setVisible(isCounted());
}

SpreadDialog::Scale GoalDialog::dropScale() const {
    const DropScale range = dropScaleOf(m_drops);
    const measure::Metric& metric = m_drops.metric;
    const bool isLoss = metric.kind == measure::Metric::Kind::Loss;
    QString tip = tr("What each layer may lose of %1 when it alone is pruned: all together lose "
                     "more.")
                      .arg(metricTitle(metric));
    if (isLoss)
        tip = tr("By how much of itself %1 may rise when a layer alone is pruned: all together "
                 "raise it more.")
                  .arg(metricTitle(metric));
    if (m_drops.dense)
        tip += tr(" The dense model has %1.").arg(style::numberText(metric.text(*m_drops.dense)));
    return {isLoss ? tr("Each alone raises it at most") : tr("Each alone loses at most"), tip,
            text(dropUnitOf(metric).name), range.end, decimalsUpTo(range.end)};
}

void GoalDialog::takeUnit() {
    if (quantity() == Quantity::Drop) {
        setScale(dropScale(), dropScaleOf(m_drops).first);
        return;
    }
    Scale scale{tr("Leave at most"), tr("What may be left, in % of the dense model"),
                QStringLiteral("%")};
    if (isAbsolute()) {
        const double end = denseAmount() / m_amount.size;
        scale = {tr("Leave at most"),
                 tr("What may be left; the dense model has %1 %2")
                     .arg(style::numberText(significant(end)), m_amount.name),
                 m_amount.name, end, decimalsUpTo(end)};
    }
    setScale(scale, scale.end * m_left);
}

double GoalDialog::target() const {
    const double typed = shareBox()->value();
    if (quantity() == Quantity::Drop) return dropOfShown(m_drops.metric, typed);
    return isAbsolute() ? std::min(1.0, typed * m_amount.size / denseAmount()) : share();
}

/// Never less than asked for: a drop that was measured is reached.
void GoalDialog::setTarget(double target) {
    const double fine = std::pow(10, shareBox()->decimals());
    if (quantity() == Quantity::Drop) {
        shareBox()->setValue(std::ceil(shownDrop(m_drops.metric, target) * fine - 1e-6) / fine);
    } else {
        const double end = isAbsolute() ? denseAmount() / m_amount.size : kPercent;
        shareBox()->setValue(end * target);
    }
}

std::vector<Allocation> GoalDialog::allocations() const {
    if (quantity() == Quantity::Drop) return {Allocation::Sensitivity};
    std::vector<Allocation> all{Allocation::Global};
    if (hasCurves()) all.push_back(Allocation::Sensitivity);
    all.push_back(Allocation::Uniform);
    if (structure() == Structure::Weights) all.push_back(Allocation::ErdosRenyi);
    return all;
}

void GoalDialog::offerAllocations() {
    const QSignalBlocker quiet(m_allocation);
    const QVariant before = m_allocation->currentData();
    m_allocation->clear();
    for (const Allocation allocation : allocations()) {
        const AllocationWords words = wordsFor(allocation, structure());
        add(m_allocation, words.text, allocation, words.tip);
    }
    m_allocation->setCurrentIndex(std::max(0, m_allocation->findData(before)));
    showTip(m_allocation);
}

prune::Goal GoalDialog::goal() const {
    return {quantity(), target()};
}

QString GoalDialog::goalText() const {
    if (quantity() == Quantity::Drop)
        return tr("%1 in each layer alone").arg(dropText(m_drops.metric, shareBox()->value()));
    const QString what = m_quantity->currentText();
    return isAbsolute() ? tr("%1 of %2").arg(shareBox()->text(), what)
                        : tr("%1 of the %2").arg(style::numberText(percent(share())), what);
}

}  // namespace espalier::ui
