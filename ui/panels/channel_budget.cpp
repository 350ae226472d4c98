// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/channel_budget.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <QComboBox>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>

#include "core/base/format.h"
#include "ui/document/document.h"
#include "ui/panels/exact_spin_box.h"
#include "ui/style/counted.h"
#include "ui/style/words.h"

namespace espalier::ui {

namespace {

constexpr std::int64_t kMultiples[] = {1, 4, 8, 16, 32};

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

ChannelBudget::ChannelBudget(Document* document, QWidget* parent)
    : RuleForm(document, QStringLiteral("channelReadout"), parent),
      m_channels(document->channels()),
      m_count(new QSpinBox(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_ratio(new ExactSpinBox(this)),
      m_threshold(new ExactSpinBox(this)),
      m_multiple(new QComboBox(this)) {
    buildCount();
    buildRatio();
    buildThreshold();
    buildMultiple();
    addReadout();
    connect(this, &RuleForm::kindClicked, this,
            [this](int kind) { edit(static_cast<Kind>(kind)); });
    for (QAbstractSpinBox* box :
         std::initializer_list<QAbstractSpinBox*>{m_count, m_ratio, m_threshold})
        endsEditsOf(box);
}

void ChannelBudget::buildCount() {
    const QString tip = tr("Keeps the n channels of highest score; the rest is cut out");
    m_slider->setObjectName(QStringLiteral("channelSlider"));
    m_slider->setAccessibleName(tr("Channels kept"));
    m_slider->setToolTip(tip);
    m_slider->setPageStep(10);
    m_count->setObjectName(QStringLiteral("channelCount"));
    m_count->setAccessibleName(tr("Number of channels kept"));
    m_count->setToolTip(tip);
    m_count->setAlignment(Qt::AlignRight);
    addKind(static_cast<int>(Kind::Keep), QStringLiteral("channelsByCount"), tr("Channels"), tip,
            besideSlider(m_slider, m_count));
    connect(m_count, &QSpinBox::valueChanged, this, [this] { edit(Kind::Keep); });
    connect(m_slider, &QSlider::valueChanged, this, [this](int keep) {
        const QSignalBlocker blocker(m_count);
        m_count->setValue(keep);
        edit(Kind::Keep);
    });
}

void ChannelBudget::buildRatio() {
    m_ratio->setObjectName(QStringLiteral("channelRatio"));
    m_ratio->setAccessibleName(tr("Share of channels removed, in percent"));
    m_ratio->setRange(0, 100);
    m_ratio->setDecimals(2);
    m_ratio->setSuffix(QStringLiteral("\u2009%"));
    const QString tip =
        tr("Ratio r: removes round(r × width) channels, but leaves at least 10 % of them");
    m_ratio->setToolTip(tip);
    addKind(static_cast<int>(Kind::Ratio), QStringLiteral("channelsByRatio"), tr("Ratio"), tip,
            m_ratio);
    connect(m_ratio, &QDoubleSpinBox::valueChanged, this, [this] { edit(Kind::Ratio); });
}

void ChannelBudget::buildThreshold() {
    m_threshold->setObjectName(QStringLiteral("channelThreshold"));
    m_threshold->setAccessibleName(tr("Threshold on the channel score"));
    m_threshold->setDecimals(6);
    m_threshold->setRange(0, 1e9);
    m_threshold->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
    const QString tip =
        tr("Threshold t: removes every channel whose score is below t, but leaves at least 10 % of "
           "them");
    m_threshold->setToolTip(tip);
    addKind(static_cast<int>(Kind::Threshold), QStringLiteral("channelsByThreshold"),
            tr("Threshold"), tip, m_threshold);
    connect(m_threshold, &QDoubleSpinBox::valueChanged, this, [this] { edit(Kind::Threshold); });
}

void ChannelBudget::buildMultiple() {
    m_multiple->setObjectName(QStringLiteral("channelMultiple"));
    m_multiple->setAccessibleName(tr("Multiple of"));
    const QString tip =
        tr("Rounds the number of channels that stay up: widths that are a multiple of 8 or 16 run "
           "faster on most hardware");
    m_multiple->setToolTip(tip);
    for (const std::int64_t multiple : kMultiples)
        m_multiple->addItem(multiple == 1 ? tr("none") : QString::number(multiple));
    addLine(tr("Multiple of"), tip, m_multiple);
    connect(m_multiple, &QComboBox::activated, this, &ChannelBudget::editMultiple);
}

std::int64_t ChannelBudget::requested() const {
    const prune::ChannelRule* rule = m_channels->rule(m_group);
    const prune::GroupChoice* choice = m_channels->choice(m_group);
    if (rule && rule->kind == Kind::Keep && !m_channels->isPreviewing()) return rule->keep;
    return choice ? choice->requested : m_channels->group(m_group).width;
}

// Between the last score that stays and the first that goes.
double ChannelBudget::thresholdFor(std::int64_t keep) const {
    const auto scores = m_channels->scores();
    if (!scores) return 0;
    std::vector<double> sorted = scores->groups[m_group.index()];
    std::erase_if(sorted, [](double score) { return !std::isfinite(score); });
    std::ranges::sort(sorted, std::greater());
    const auto at = static_cast<std::size_t>(std::max<std::int64_t>(keep, 1));
    if (sorted.empty() || at > sorted.size()) return 0;
    return at == sorted.size() ? std::min(0.0, sorted.back()) : (sorted[at - 1] + sorted[at]) / 2;
}

prune::ChannelRule ChannelBudget::ruleFor(Kind kind) const {
    prune::ChannelRule rule;
    if (kind == Kind::Keep) rule = prune::ChannelRule::keepBest(m_count->value());
    if (kind == Kind::Ratio) rule = prune::ChannelRule::ratio(m_ratio->value() / 100);
    if (kind == Kind::Threshold) rule = prune::ChannelRule::threshold(m_threshold->value());
    rule.multipleOf = kMultiples[std::max(0, m_multiple->currentIndex())];
    return rule;
}

void ChannelBudget::edit(Kind kind) {
    if (!m_group.isValid() || !m_channels->found()) return;
    m_channels->setRule(m_group, ruleFor(kind), mergeKey("channels", static_cast<int>(kind)));
}

void ChannelBudget::editMultiple() {
    endEdit();
    const prune::ChannelRule* rule = m_group.isValid() ? m_channels->rule(m_group) : nullptr;
    edit(rule ? rule->kind : Kind::Keep);
}

void ChannelBudget::refresh(channels::GroupId id) {
    m_group = id;
    const channels::Group& group = m_channels->group(id);
    const bool isEditable = m_channels->whyFixed(id).isEmpty();
    const bool hasScores =
        m_channels->scores() && !m_channels->scores()->groups[id.index()].empty();
    const int width = static_cast<int>(group.width);
    const auto keep = requested();
    const prune::ChannelRule* rule = m_channels->rule(id);
    {
        const QSignalBlocker counts(m_count);
        const QSignalBlocker sliders(m_slider);
        m_count->setRange(1, width);
        m_count->setSuffix(tr(" of %1").arg(width));
        m_slider->setRange(1, width);
        if (!m_slider->isSliderDown()) m_slider->setValue(static_cast<int>(keep));
    }
    showNumber(m_count, static_cast<int>(keep), 0.5);
    const double ratio = width > 0 ? 1 - static_cast<double>(keep) / width : 0;
    const bool isRatio = rule && rule->kind == Kind::Ratio && !m_channels->isPreviewing();
    showNumber(m_ratio, 100 * (isRatio ? rule->value : ratio), 0.005);
    const bool isThreshold = rule && rule->kind == Kind::Threshold && !m_channels->isPreviewing();
    showNumber(m_threshold, isThreshold ? rule->value : thresholdFor(keep), 5e-7);
    const auto multiple = std::ranges::find(kMultiples, rule ? rule->multipleOf : 1);
    m_multiple->setCurrentIndex(static_cast<int>(multiple - kMultiples) % 5);
    for (QWidget* editor : std::initializer_list<QWidget*>{m_count, m_slider, m_ratio, m_multiple})
        editor->setEnabled(isEditable && hasScores);
    m_threshold->setEnabled(isEditable && hasScores);
    for (const Kind kind : {Kind::Keep, Kind::Ratio, Kind::Threshold})
        setKindEnabled(static_cast<int>(kind), isEditable && hasScores);
    markKind(rule ? std::optional(static_cast<int>(rule->kind)) : std::nullopt);
    refreshReadout();
}

void ChannelBudget::refreshReadout() {
    const prune::GroupChoice* choice = m_channels->choice(m_group);
    const std::int64_t width = m_channels->group(m_group).width;
    const std::int64_t reached = choice ? choice->reached() : width;
    QString line = style::counted(width, tr("%1 of %2 channel stays, %3 go"),
                                  tr("%1 of %2 channels stay, %3 go"))
                       .arg(reached)
                       .arg(width)
                       .arg(width - reached);
    if (choice && choice->reached() != choice->requested) {
        line = tr("Asked for %1, %2 stay").arg(choice->requested).arg(reached);
        if (!choice->constraint.empty())
            line += QStringLiteral(": %1").arg(text(choice->constraint));
    }
    if (const Error* error = m_channels->choiceError())
        line = style::withoutOptions(text(error->text()));
    setReadout(line);
}

}  // namespace espalier::ui
