// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/ranking_form.h"

#include <algorithm>

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QSignalBlocker>

#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/panels/exact_spin_box.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

constexpr prune::Reduction kReductions[] = {prune::Reduction::Mean, prune::Reduction::Sum,
                                            prune::Reduction::Max, prune::Reduction::Prod};
constexpr prune::Normalisation kNormalisations[] = {
    prune::Normalisation::Mean, prune::Normalisation::Max, prune::Normalisation::None,
    prune::Normalisation::Gaussian};
constexpr channels::HeadUnit kUnits[] = {channels::HeadUnit::Most, channels::HeadUnit::Heads,
                                         channels::HeadUnit::Positions};

template <class Value, std::size_t N>
int rowOf(const Value (&values)[N], Value value) {
    return static_cast<int>(std::ranges::find(values, value) - values);
}

bool haveHeads(const FoundGroups* found) {
    return found && std::ranges::any_of(found->groups->groups(), [](const channels::Group& group) {
               return group.heads > 0;
           });
}

}  // namespace

RankingForm::RankingForm(Document* document, QWidget* parent)
    : QWidget(parent), m_document(document), m_channels(document->channels()) {
    setObjectName(QStringLiteral("rankingForm"));
    auto* form = new QFormLayout(this);
    form->setContentsMargins(style::kSpacePanel, style::kSpacePanel, style::kSpacePanel,
                             style::kSpacePanel);
    m_reduction = addChoice(
        form, QStringLiteral("channelReduction"), tr("Members together"),
        tr("Reduction: how the scores of the members that move together become one score per "
           "channel"));
    m_reduction->addItems({tr("mean"), tr("sum"), tr("maximum"), tr("product")});
    m_consumers = new QCheckBox(tr("Look at the weights that read a channel, too"), this);
    m_consumers->setObjectName(QStringLiteral("channelConsumers"));
    m_consumers->setToolTip(
        tr("l1 and l2 then measure a channel by the weights that compute it and by those of the "
           "next layers that read it"));
    form->addRow(m_consumers);
    connect(m_consumers, &QCheckBox::clicked, this, &RankingForm::take);
    m_normalise = addChoice(
        form, QStringLiteral("channelNormalise"), tr("Normalise by"),
        tr("What makes the scores of different groups comparable when one threshold cuts them all: "
           "divided by the group's mean or maximum, (x − mean) / σ, or left as they are"));
    m_normalise->addItems({tr("mean"), tr("maximum"), tr("nothing"), tr("(x − mean) / σ")});
    m_floor = new ExactSpinBox(this);
    m_floor->setObjectName(QStringLiteral("channelFloor"));
    m_floor->setAccessibleName(tr("Leave at least"));
    m_floor->setToolTip(
        tr("The share of a group's channels that a ratio or a threshold leaves in any case; a "
           "number of channels may go below it"));
    m_floor->setRange(0, 100);
    m_floor->setDecimals(2);
    m_floor->setSingleStep(5);
    m_floor->setSuffix(QStringLiteral("\u2009%"));
    m_floor->setKeyboardTracking(false);
    form->addRow(tr("Leave at least"), m_floor);
    m_heads = addChoice(form, QStringLiteral("channelHeads"), tr("Attention heads"), {});
    m_heads->addItems({tr("what leaves most to choose from"), tr("remove whole heads"),
                       tr("remove positions in every head")});
    for (QComboBox* box : {m_reduction, m_normalise, m_heads})
        connect(box, &QComboBox::activated, this, &RankingForm::take);
    connect(m_floor, &QDoubleSpinBox::valueChanged, this, &RankingForm::take);
    connect(m_document, &Document::planChanged, this, &RankingForm::refresh);
    connect(m_document, &Document::modelChanged, this, &RankingForm::refresh);
    connect(m_channels, &Channels::groupsChanged, this, &RankingForm::refresh);
    refresh();
}

QComboBox* RankingForm::addChoice(QFormLayout* form, const QString& name, const QString& title,
                                  const QString& tip) {
    auto* box = new QComboBox(this);
    box->setObjectName(name);
    box->setAccessibleName(title);
    box->setToolTip(tip);
    form->addRow(title, box);
    return box;
}

void RankingForm::take() {
    prune::ChannelDefaults defaults = m_document->plan().channelDefaults;
    defaults.reduce = kReductions[std::max(0, m_reduction->currentIndex())];
    defaults.withConsumers = m_consumers->isChecked();
    defaults.normalise = kNormalisations[std::max(0, m_normalise->currentIndex())];
    defaults.heads = kUnits[std::max(0, m_heads->currentIndex())];
    defaults.floor = m_floor->value() / 100;
    m_channels->setDefaults(defaults);
}

void RankingForm::refresh() {
    const prune::ChannelDefaults& defaults = m_document->plan().channelDefaults;
    m_reduction->setCurrentIndex(rowOf(kReductions, defaults.reduce));
    m_consumers->setChecked(defaults.withConsumers);
    m_consumers->setEnabled(defaults.criterion == "l1" || defaults.criterion == "l2");
    m_normalise->setCurrentIndex(rowOf(kNormalisations, defaults.normalise));
    m_heads->setCurrentIndex(rowOf(kUnits, defaults.heads));
    {
        const QSignalBlocker blocker(m_floor);
        m_floor->setValue(100 * defaults.floor);
    }
    const bool hasHeads = haveHeads(m_channels->found());
    m_heads->setEnabled(hasHeads);
    m_heads->setToolTip(
        hasHeads ? tr("What one channel is where attention lays outputs out as heads × width. "
                      "Another choice makes other groups: the cuts of attention layers are undone")
                 : tr("This model has no layer whose outputs are laid out as heads × width"));
    for (QWidget* editor : std::initializer_list<QWidget*>{m_reduction, m_normalise, m_floor})
        editor->setEnabled(m_document->hasModel());
}

}  // namespace espalier::ui
