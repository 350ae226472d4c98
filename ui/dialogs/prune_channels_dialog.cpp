// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/prune_channels_dialog.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "core/prune/channel_criterion.h"
#include "ui/dialogs/fit_height.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/jobs/job_runner.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

const QString kSlot = QStringLiteral("prune-channels-preview");
constexpr int kPercent = 100;
constexpr double kFirstRatio = 0.3;
constexpr std::int64_t kMultiples[] = {1, 4, 8, 16, 32};

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

/// What is asked for; the rest of `plan` stays.
struct Request {
    FoundGroupsPtr found;
    prune::Plan plan;
    double ratio = 0;
    prune::Scope scope = prune::Scope::Global;
    std::int64_t multipleOf = 1;
    prune::Inexact inexact = prune::Inexact::Refuse;
};

Result<PruneChannelsDialog::Preview> previewOf(const Request& request, RunControl& control) {
    const auto& groups = request.found->groups;
    const auto scores = prune::channelScores(*groups, prune::scoreOptions(request.plan), control);
    if (!scores) return scores.error();
    auto plan = prune::withChannelsEverywhere(*groups, request.plan, request.ratio, request.scope,
                                              *scores, request.multipleOf, request.inexact);
    if (!plan) return plan.error();
    const auto choice = prune::chooseChannels(groups, *plan, *scores, request.inexact);
    if (!choice) return choice.error();
    const prune::CutCosts cut = request.found->costs->after((*choice)->kept());
    const model::Snapshot& snapshot = *groups->snapshot();
    const auto removed = prune::expectedRemoved(snapshot, *plan, cut, nullptr);
    return PruneChannelsDialog::Preview{std::move(*plan), prune::footprint(snapshot, removed, cut)};
}

QString described(const prune::Footprint& after, const prune::Footprint& dense) {
    const auto part = [](std::int64_t now, std::int64_t before) {
        const double left = before > 0 ? double(now) / double(before) : 1;
        return PruneChannelsDialog::tr("%1 of %2 (%3)")
            .arg(text(siCount(double(now))), text(siCount(double(before))), text(percent(left)));
    };
    return PruneChannelsDialog::tr("Leaves %1 parameters and %2 MACs.")
        .arg(part(after.parameters, dense.parameters), part(after.macs, dense.macs));
}

}  // namespace

PruneChannelsDialog::PruneChannelsDialog(const Document* document, JobRunner* jobs, QWidget* parent)
    : QDialog(parent), m_document(document), m_jobs(jobs) {
    setObjectName(QStringLiteral("pruneChannelsDialog"));
    setWindowTitle(tr("Prune channels everywhere"));
    m_message = new InlineMessage(QStringLiteral("pruneChannelsMessage"));
    m_message->setMinimumHeight(2 * fontMetrics().lineSpacing());
    makeChoices();
    auto* form = new QFormLayout;
    form->setVerticalSpacing(style::kSpacePanel);
    form->addRow(tr("Ratio"), makeRatioLine());
    form->addRow(tr("Spread"), m_scope);
    form->addRow(tr("Criterion"), m_criterion);
    form->addRow(tr("Multiple of"), m_multiple);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(tr("Prune"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("pruneChannelsAccept"));
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpaceGroup);
    layout->addLayout(form);
    layout->addWidget(m_message);
    layout->addStretch();
    layout->addWidget(buttons);
    fitHeight(*this, 480);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    for (QComboBox* box : {m_scope, m_criterion, m_multiple})
        connect(box, &QComboBox::currentIndexChanged, this, &PruneChannelsDialog::preview);
    preview();
}

PruneChannelsDialog::~PruneChannelsDialog() {
    m_jobs->cancelSlot(kSlot);
}

QLayout* PruneChannelsDialog::makeRatioLine() {
    m_slider = new QSlider(Qt::Horizontal);
    m_slider->setObjectName(QStringLiteral("pruneChannelsSlider"));
    m_slider->setAccessibleName(tr("Ratio"));
    m_slider->setToolTip(tr("Ratio: removed channels / channels that may go, in %"));
    m_slider->setRange(0, kPercent - 1);
    m_slider->setValue(static_cast<int>(kFirstRatio * kPercent));
    m_percent = new QDoubleSpinBox;
    m_percent->setObjectName(QStringLiteral("pruneChannelsPercent"));
    m_percent->setAccessibleName(tr("Ratio in percent"));
    m_percent->setToolTip(m_slider->toolTip());
    m_percent->setRange(0, 99.9);
    m_percent->setDecimals(1);
    m_percent->setSuffix(QStringLiteral("\u2009%"));
    m_percent->setValue(kFirstRatio * kPercent);
    connect(m_slider, &QSlider::valueChanged, m_percent,
            [this](int value) { m_percent->setValue(value); });
    connect(m_percent, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        const QSignalBlocker quiet(m_slider);
        m_slider->setValue(static_cast<int>(std::lround(value)));
        preview();
    });
    auto* line = new QHBoxLayout;
    line->setSpacing(style::kSpacePanel);
    line->addWidget(m_slider, 1);
    line->addWidget(m_percent);
    return line;
}

void PruneChannelsDialog::makeChoices() {
    m_scope = new QComboBox;
    m_scope->setObjectName(QStringLiteral("pruneChannelsScope"));
    m_scope->setAccessibleName(tr("Spread"));
    m_scope->addItem(tr("The same share of every group"), static_cast<int>(prune::Scope::Layer));
    m_scope->addItem(tr("One threshold for all groups"), static_cast<int>(prune::Scope::Global));
    m_scope->addItem(tr("One threshold for groups built alike"),
                     static_cast<int>(prune::Scope::SameKind));
    m_criterion = new QComboBox;
    m_criterion->setObjectName(QStringLiteral("pruneChannelsCriterion"));
    m_criterion->setAccessibleName(tr("Criterion"));
    for (const prune::CriterionInfo& info : prune::channelCriteria()) {
        m_criterion->addItem(QStringLiteral("%1   %2").arg(text(info.name), text(info.formula)),
                             text(info.name));
        m_criterion->setItemData(m_criterion->count() - 1, text(info.summary), Qt::ToolTipRole);
    }
    const QString current = text(m_document->plan().channelDefaults.criterion);
    m_criterion->setCurrentIndex(std::max(0, m_criterion->findData(current)));
    m_multiple = new QComboBox;
    m_multiple->setObjectName(QStringLiteral("pruneChannelsMultiple"));
    m_multiple->setAccessibleName(tr("Multiple of"));
    for (const std::int64_t multiple : kMultiples)
        m_multiple->addItem(multiple == 1 ? tr("none") : QString::number(multiple),
                            QVariant::fromValue(static_cast<qlonglong>(multiple)));
}

double PruneChannelsDialog::ratio() const {
    return m_percent->value() / kPercent;
}

void PruneChannelsDialog::preview() {
    m_plan.reset();
    m_accept->setEnabled(false);
    Request request;
    request.found = m_document->channels()->foundPtr();
    if (!request.found) return m_message->showError(tr("The channel groups are not known yet."));
    request.plan = m_document->plan();
    request.plan.channelDefaults.criterion = m_criterion->currentData().toString().toStdString();
    request.ratio = ratio();
    request.scope = static_cast<prune::Scope>(m_scope->currentData().toInt());
    request.multipleOf = m_multiple->currentData().toLongLong();
    request.inexact = m_document->channels()->inexact();
    m_jobs->run<Preview>(
        {Lane::Interactive, tr("Previewing the cut"), kSlot, false}, this,
        [request](const EventSink<>&, RunControl& control) { return previewOf(request, control); },
        [this](Result<Preview> preview) { showPreview(std::move(preview)); });
}

void PruneChannelsDialog::showPreview(Result<Preview> preview) {
    if (!preview) {
        if (preview.error().kind != Error::Kind::Cancelled) m_message->showError(preview.error());
        return;
    }
    m_message->showNote(described(preview->footprint, m_document->denseFootprint()));
    m_plan = std::make_shared<const prune::Plan>(std::move(preview->plan));
    m_accept->setEnabled(true);
    Q_EMIT previewed();
}

}  // namespace espalier::ui
