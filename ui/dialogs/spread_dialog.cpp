// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/spread_dialog.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QVBoxLayout>

#include "ui/dialogs/fit_height.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/document.h"
#include "ui/jobs/job_runner.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kSliderSteps = 1000;
constexpr double kPercent = 100;
constexpr int kWidth = 480;

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

}  // namespace

prune::Plan withLocked(prune::Plan plan, const std::set<std::string>& kept) {
    plan.locked.insert(kept.begin(), kept.end());
    return plan;
}

SpreadDialog::SpreadDialog(const Kind& kind, const Document* document, JobRunner* jobs,
                           QWidget* parent)
    : QDialog(parent),
      m_document(document),
      m_jobs(jobs),
      m_name(kind.name),
      m_form(new QFormLayout),
      m_shareTitle(new QLabel),
      m_keep(new QCheckBox(kind.keep, this)),
      m_message(new InlineMessage(named("Message"))) {
    setObjectName(named("Dialog"));
    setWindowTitle(kind.title);
    m_message->setMinimumHeight(2 * fontMetrics().lineSpacing());
    m_keep->setObjectName(named("Keep"));
    m_keep->setToolTip(tr("Otherwise they are replaced"));
    m_keep->setAccessibleName(kind.keep.isEmpty() ? tr("Keep cuts") : kind.keep);
    m_keep->setVisible(!kind.keep.isEmpty());
    m_form->setVerticalSpacing(style::kSpacePanel);
    m_form->addRow(m_shareTitle, makeShareLine());
    setScale({kind.share, kind.shareTip, QStringLiteral("%")}, kPercent * kind.first);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(kind.accept, QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(named("Accept"));
    m_accept->setToolTip(tr("Takes the plan that is shown, as one step that can be undone"));
    m_layout = new QVBoxLayout(this);
    m_layout->setSpacing(style::kSpaceGroup);
    m_layout->addLayout(m_form);
    m_layout->addWidget(m_keep);
    m_layout->addWidget(m_message);
    m_layout->addStretch();
    m_layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_keep, &QCheckBox::toggled, this, &SpreadDialog::preview);
    connect(jobs, &JobRunner::jobProgressed, this, &SpreadDialog::showProgress);
    m_percent->setFocus();
    m_percent->selectAll();  // a number that is typed is the new one
}

SpreadDialog::~SpreadDialog() {
    m_jobs->cancelSlot(m_name);
}

void SpreadDialog::addBelow(QWidget* widget) {
    m_layout->insertWidget(m_layout->indexOf(m_message) + 1, widget, 1);
}

QString SpreadDialog::named(const char* part) const {
    return m_name + QLatin1String(part);
}

QLayout* SpreadDialog::makeShareLine() {
    m_slider = new QSlider(Qt::Horizontal);
    m_slider->setObjectName(named("Slider"));
    m_slider->setRange(0, kSliderSteps - 1);
    m_slider->setPageStep(kSliderSteps / 10);
    m_percent = new QDoubleSpinBox;
    m_percent->setObjectName(named("Percent"));
    m_percent->setAlignment(Qt::AlignRight);
    connect(m_slider, &QSlider::valueChanged, m_percent,
            [this](int value) { m_percent->setValue(m_scale.end * value / kSliderSteps); });
    connect(m_percent, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        const QSignalBlocker quiet(m_slider);
        m_slider->setValue(static_cast<int>(std::lround(value * kSliderSteps / m_scale.end)));
        preview();
    });
    m_line = new QHBoxLayout;
    m_line->setSpacing(style::kSpacePanel);
    m_line->addWidget(m_slider, 1);
    m_line->addWidget(m_percent);
    return m_line;
}

void SpreadDialog::addToShareLine(QWidget* widget) {
    m_line->addWidget(widget);
}

void SpreadDialog::setScale(const Scale& scale, double value) {
    if (scale == m_scale) return;
    m_scale = scale;
    m_shareTitle->setText(scale.title);
    m_slider->setAccessibleName(scale.title);
    m_slider->setToolTip(scale.tip);
    m_percent->setAccessibleName(
        scale.unit.isEmpty() ? scale.title : tr("%1 in %2").arg(scale.title, scale.unit));
    m_percent->setToolTip(scale.tip);
    const QSignalBlocker quietNumber(m_percent);
    const QSignalBlocker quietSlider(m_slider);
    m_percent->setDecimals(scale.decimals);
    m_percent->setRange(0, scale.end - std::pow(10, -scale.decimals));
    m_percent->setSingleStep(scale.end / kPercent);
    m_percent->setSuffix(scale.unit.isEmpty() ? QString() : QStringLiteral("\u2009") + scale.unit);
    m_percent->setValue(value);
    m_slider->setValue(static_cast<int>(std::lround(value * kSliderSteps / m_scale.end)));
}

JobOptions SpreadDialog::previewOptions() const {
    return {Lane::Interactive, tr("Previewing the cut"), m_name, false};
}

QComboBox* SpreadDialog::addChoice(const QString& name, const QString& title) {
    auto* box = new QComboBox;
    box->setObjectName(m_name + name);
    box->setAccessibleName(title);
    m_form->addRow(title, box);
    connect(box, &QComboBox::currentIndexChanged, this, &SpreadDialog::preview);
    return box;
}

QComboBox* SpreadDialog::addScopes(const QList<std::pair<QString, prune::Scope>>& scopes) {
    m_scope = addChoice(QStringLiteral("Scope"), tr("Spread"));
    const QSignalBlocker quiet(m_scope);
    for (const auto& [name, scope] : scopes) m_scope->addItem(name, static_cast<int>(scope));
    return m_scope;
}

void SpreadDialog::addCriteria(std::span<const prune::CriterionInfo> criteria,
                               const std::string& current) {
    m_criterion = addChoice(QStringLiteral("Criterion"), tr("Criterion"));
    m_criterion->setToolTip(tr("How they are ranked; the lowest go first"));
    const QSignalBlocker quiet(m_criterion);
    const prune::Plan& plan = m_document->plan();
    for (const prune::CriterionInfo& info : criteria) {
        // Others with data are chosen where they can be measured: beside the layer or the bars.
        const bool isAtHand = !info.isMeasured() || m_document->scores().find(prune::scoreKey(
                                                        *m_document->snapshot(), plan, info.name));
        if (!isAtHand && info.name != current) continue;
        m_criterion->addItem(QStringLiteral("%1:  %2").arg(text(info.name), text(info.formula)),
                             text(info.name));
        m_criterion->setItemData(m_criterion->count() - 1, text(info.summary), Qt::ToolTipRole);
    }
    m_criterion->setCurrentIndex(std::max(0, m_criterion->findData(text(current))));
}

double SpreadDialog::share() const {
    return m_percent->value() / kPercent;
}

prune::Scope SpreadDialog::scope() const {
    return static_cast<prune::Scope>(m_scope->currentData().toInt());
}

QString SpreadDialog::criterion() const {
    return m_criterion->currentData().toString();
}

bool SpreadDialog::keepsRules() const {
    return m_keep->isChecked();
}

void SpreadDialog::refuse(const QString& why) {
    m_message->showError(why);
}

void SpreadDialog::preview() {
    m_plan.reset();
    m_isAcceptWanted = false;
    m_job = 0;
    m_accept->setEnabled(false);
    if (height() < minimumHeight() || !isVisible()) fitHeight(*this, std::max(kWidth, width()));
    const Job job = previewJob();
    if (!job) return m_jobs->cancelSlot(m_name);
    m_job = m_jobs->run<Preview>(
        previewOptions(), this,
        [job](const EventSink<>& events, RunControl& control) { return job(events, control); },
        [this](Result<Preview> preview) { showPreview(std::move(preview)); });
}

void SpreadDialog::showProgress(int id) {
    for (const JobInfo& job : m_jobs->jobs()) {
        if (job.id == id && id == m_job && job.isVisible)
            m_message->showNote(text(job.progress.step) + QStringLiteral("…"));
    }
}

// Enter is of what was typed just now, whose preview may still be on its way.
void SpreadDialog::keyPressEvent(QKeyEvent* event) {
    const bool isEnter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (isEnter && m_job != 0) {
        m_isAcceptWanted = true;
        return;
    }
    QDialog::keyPressEvent(event);
}

void SpreadDialog::showPreview(Result<Preview> preview) {
    m_job = 0;
    const bool isAcceptWanted = std::exchange(m_isAcceptWanted, false);
    if (!preview) {
        if (preview.error().kind != Error::Kind::Cancelled) m_message->showError(preview.error());
        return;
    }
    m_message->showNote(described(*preview, m_document->denseFootprint()));
    list(*preview);
    m_plan = std::make_shared<const prune::Plan>(std::move(preview->plan));
    m_accept->setEnabled(true);
    Q_EMIT previewed();
    if (isAcceptWanted) accept();
}

}  // namespace espalier::ui
