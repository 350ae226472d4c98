// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/channels_panel.h"

#include <algorithm>
#include <utility>

#include <QComboBox>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QWidgetAction>

#include "core/prune/channel_criterion.h"
#include "ui/document/score_jobs.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"
#include "ui/panels/channel_mark.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/plot_panel.h"
#include "ui/panels/ranking_form.h"
#include "ui/plots/bars_view.h"
#include "ui/style/counted.h"
#include "ui/style/theme.h"
#include "ui/style/words.h"

namespace espalier::ui {

using channels::GroupId;
using plots::BarMark;

namespace {

QString text(std::string_view utf8) {
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

}  // namespace

ChannelsPanel::ChannelsPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_channels(workbench->document()->channels()),
      m_title(new ElidedLabel(this)),
      m_note(new QLabel(this)),
      m_criterion(new QComboBox(this)),
      m_order(new QComboBox(this)),
      m_compare(new QComboBox(this)),
      m_view(new plots::BarsView(this)) {
    setObjectName(QStringLiteral("channelsPanel"));
    m_title->setObjectName(QStringLiteral("channelsTitle"));
    m_note->setObjectName(QStringLiteral("channelsNote"));
    m_note->setWordWrap(true);
    m_note->hide();
    m_view->setObjectName(QStringLiteral("channelBars"));
    setFocusProxy(m_view);

    layOut(this, {buildOptions(), m_note, m_view});
    connectView();
    connectDocument();
    reload();
}

void ChannelsPanel::buildCriterion() {
    m_criterion->setObjectName(QStringLiteral("channelCriterion"));
    m_criterion->setAccessibleName(tr("Criterion for channels"));
    for (const prune::CriterionInfo& info : prune::channelCriteria()) {
        m_criterion->addItem(text(info.name), text(info.name));
        m_criterion->setItemData(m_criterion->count() - 1,
                                 tr("Score = %1. %2 The lowest scores go first.")
                                     .arg(text(info.formula), text(info.summary)),
                                 Qt::ToolTipRole);
    }
}

QWidget* ChannelsPanel::buildOptions() {
    buildCriterion();
    m_order->setObjectName(QStringLiteral("channelOrder"));
    m_order->setAccessibleName(tr("Order of the bars"));
    m_order->addItems({tr("Best first"), tr("In channel order")});
    m_order->setToolTip(tr("How the bars stand side by side; the cut is the same"));
    buildComparison();

    connect(m_criterion, &QComboBox::activated, this, &ChannelsPanel::takeRanking);
    connect(m_order, &QComboBox::activated, this, [this](int row) {
        m_view->setOrder(row == 0 ? plots::BarOrder::Score : plots::BarOrder::Channel);
    });
    connect(m_compare, &QComboBox::activated, this, [this] {
        m_compared.clear();
        if (!compared().isEmpty()) m_workbench->scoreJobs()->measureForComparison(compared());
        reload();
    });
    return optionBar(this, m_title, {m_criterion, buildRanking(), m_order, m_compare});
}

QWidget* ChannelsPanel::buildRanking() {
    auto* button = new QToolButton(this);
    button->setObjectName(QStringLiteral("channelRanking"));
    button->setText(tr("Ranking"));
    button->setToolTip(
        tr("How scores of different groups are compared, the least that stays, and "
           "what is removed of attention heads"));
    button->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(button);
    auto* form = new QWidgetAction(menu);
    form->setDefaultWidget(new RankingForm(m_document));
    menu->addAction(form);
    button->setMenu(menu);
    return button;
}

void ChannelsPanel::connectView() {
    connect(m_view, &plots::BarsView::orderChanged, this, [this] {
        m_order->setCurrentIndex(m_view->order() == plots::BarOrder::Score ? 0 : 1);
    });
    connect(m_view, &plots::BarsView::cutMoved, this, [this](int keep) {
        if (m_group) m_channels->preview(*m_group, keep);
    });
    connect(m_view, &plots::BarsView::cutCommitted, this, &ChannelsPanel::commit);
    connect(m_view, &plots::BarsView::cutCancelled, this, [this] {
        if (m_group) m_channels->preview(*m_group, {});
    });
    connect(m_view, &plots::BarsView::markRequested, this, [this](int channel, BarMark mark) {
        if (!m_group) return;
        m_channels->setMark(*m_group, m_view->data().number(channel), toMark(mark));
    });
}

void ChannelsPanel::connectDocument() {
    connect(m_document, &Document::modelChanged, this, &ChannelsPanel::reload);
    connect(m_document, &Document::selectionChanged, this, &ChannelsPanel::reload);
    connect(m_document, &Document::snapshotChanged, this, &ChannelsPanel::reload);
    connect(m_document, &Document::planChanged, this, &ChannelsPanel::reload);
    connect(m_channels, &Channels::groupsChanged, this, &ChannelsPanel::reload);
    connect(m_document, &Document::scoresMeasured, this, [this] {
        m_compared.clear();
        reload();
    });
    connect(m_document, &Document::datasetChanged, this, &ChannelsPanel::reload);
    connect(m_channels, &Channels::scoresChanged, this, &ChannelsPanel::reload);
    connect(m_channels, &Channels::choiceChanged, this, &ChannelsPanel::showChoice);
}

void ChannelsPanel::takeRanking() {
    m_workbench->scoreJobs()->rankChannelsBy(m_criterion->currentData().toString());
    showOptions();  // the plan's, until the scores are there
}

void ChannelsPanel::showOptions() {
    const prune::ChannelDefaults& defaults = m_document->plan().channelDefaults;
    const int row = m_criterion->findData(text(defaults.criterion));
    m_criterion->setCurrentIndex(row);
    m_criterion->setToolTip(m_criterion->itemData(row, Qt::ToolTipRole).toString());
    m_criterion->setEnabled(m_document->hasModel());
}

void ChannelsPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isStale) reloadNow();
}

void ChannelsPanel::reload() {
    m_isStale = true;
    if (isVisible()) reloadNow();
}

// Why there are no bars; empty when there are.
QString ChannelsPanel::emptyText() const {
    if (!m_document->hasModel() || !m_document->selection().isValid())
        return tr("The channels of a layer appear here, ranked, with a cut that you can drag.");
    if (const Error* error = m_channels->error()) return style::withoutOptions(text(error->text()));
    if (!m_channels->found()) return {};
    const model::Layer& layer = m_document->snapshot()->layer(m_document->selection());
    const auto id = m_channels->selected();
    if (!id) {
        const QString why = text(m_channels->found()->groups->whyNot(layer.name));
        return why.isEmpty() ? tr("%1 has no channels of its own.").arg(displayName(layer))
                             : tr("No channel of %1 can go: %2.").arg(displayName(layer), why);
    }
    if (const Error* error = m_channels->scoresError())
        return style::withoutOptions(text(error->text()));
    if (m_channels->missesScores() && !m_document->dataset())
        return tr("The criterion %1 needs data: attach some with File ▸ Attach data, or choose "
                  "another criterion above.")
            .arg(text(m_document->plan().channelDefaults.criterion));
    const prune::ChannelScoresPtr scores = m_channels->scores();
    if (scores && scores->groups[id->index()].empty())
        return tr("The criterion %1 says nothing about these channels. Choose another one above.")
            .arg(text(scores->options.criterion));
    return {};
}

void ChannelsPanel::reloadNow() {
    m_isStale = false;
    showOptions();
    const QString empty = emptyText();
    const auto id = m_channels->selected();
    if (m_group != id) m_compared.clear();
    m_group = id;
    m_title->clear();
    m_note->hide();
    m_view->setEmptyState(empty);
    const bool isReady = empty.isEmpty() && m_channels->found() && m_channels->scores();
    m_view->setBusy(empty.isEmpty() && !isReady,
                    m_channels->found() ? tr("Scoring the channels") : tr("Finding groups"));
    if (isReady) showGroup(*id);
    if (!isReady && empty.isEmpty()) m_view->setData({});
}

void ChannelsPanel::showGroup(GroupId id) {
    const channels::Group& group = m_channels->group(id);
    const QString letter = m_channels->found()->letters[id.index()];
    const QString channels =
        style::counted(group.width, tr("%1 channel"), tr("%1 channels")).arg(group.width);
    m_title->setText(letter.isEmpty()
                         ? QStringLiteral("%1  ·  %2").arg(text(group.key), channels)
                         : tr("Group %1: %2  ·  %3").arg(letter, text(group.key), channels));
    m_title->setToolTip(headline(*m_channels->found(), id));
    m_view->setExportName(text(group.key) + QStringLiteral("-channels"));
    m_view->setData(barsOf(id));
    showChoice();
    requestComparison();
}

plots::ChannelBars ChannelsPanel::barsOf(GroupId id) const {
    const channels::Group& group = m_channels->group(id);
    const auto& scores = *m_channels->scores();
    plots::ChannelBars bars;
    bars.name = text(group.key);
    bars.series.push_back({text(scores.options.criterion), scores.groups[id.index()]});
    for (const auto& [name, values] : m_compared) {
        if (name == compared() && name != bars.series.front().name &&
            values.size() == scores.groups[id.index()].size())
            bars.series.push_back({name, values});
    }
    bars.numbers = group.outputs;
    const prune::ChannelMarks marks = m_channels->marks(id);
    for (const std::int64_t output : group.outputs) bars.marks.push_back(toBarMark(marks, output));
    return bars;
}

void ChannelsPanel::showChoice() {
    if (m_isStale || !m_group || !m_channels->found() || m_view->data().count() == 0) return;
    const channels::Group& group = m_channels->group(*m_group);
    const prune::GroupChoice* choice = m_channels->choice(*m_group);
    const prune::ChannelRule* rule = m_channels->rule(*m_group);
    const QString fixed = m_channels->whyFixed(*m_group);
    m_view->setCutEditable(fixed.isEmpty(), fixed);
    std::int64_t requested = group.width;
    if (choice) requested = choice->requested;
    if (rule && rule->kind == prune::ChannelRule::Kind::Keep) requested = rule->keep;
    m_view->setCut(static_cast<int>(requested));
    std::vector<bool> kept(static_cast<std::size_t>(group.width), choice == nullptr);
    for (const std::int64_t channel : choice ? choice->kept : std::vector<std::int64_t>())
        kept[static_cast<std::size_t>(channel)] = true;
    if (m_channels->isCurrent()) m_view->setKept(std::move(kept));
    QStringList notes{noteOf(*m_group), correlation()};
    notes.removeAll(QString());
    const QString note = notes.join(u'\n');
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
}

QString ChannelsPanel::noteOf(GroupId id) const {
    if (const QString fixed = m_channels->whyFixed(id); !fixed.isEmpty())
        return tr("Nothing goes here: %1.").arg(fixed);
    if (const Error* error = m_channels->choiceError())
        return style::withoutOptions(text(error->text()));
    const prune::GroupChoice* choice = m_channels->choice(id);
    if (!choice || choice->reached() == choice->requested || choice->constraint.empty()) return {};
    return tr("Asked for %1, %2 stay: %3.")
        .arg(choice->requested)
        .arg(choice->reached())
        .arg(text(choice->constraint));
}

void ChannelsPanel::commit(int keep) {
    if (!m_group) return;
    const prune::ChannelRule* now = m_channels->rule(*m_group);
    prune::ChannelRule rule = prune::ChannelRule::keepBest(keep);
    if (now) rule.multipleOf = now->multipleOf;
    const bool isWhole = keep >= m_channels->group(*m_group).width && rule.multipleOf <= 1;
    m_channels->setRule(*m_group, isWhole ? std::nullopt : std::optional(rule));
}

}  // namespace espalier::ui
