// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/prune_dialog.h"

#include <cmath>

#include <QButtonGroup>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "core/prune/criterion.h"
#include "core/prune/footprint.h"
#include "ui/dialogs/fit_height.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/document.h"
#include "ui/jobs/job_runner.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

const QString kPreviewSlot = QStringLiteral("prune-preview");
constexpr int kSliderSteps = 1000;
constexpr double kFirstSparsity = 0.5;

/// How many weights a plan of sparsity rules removes from each layer.
std::vector<std::int64_t> removedPerLayer(const model::Snapshot& snapshot,
                                          const prune::Plan& plan) {
    std::vector<std::int64_t> removed;
    for (const model::Layer& layer : snapshot.layers()) {
        const auto rule = plan.weights.find(layer.name);
        const bool isRuled = rule != plan.weights.end() && !plan.locked.contains(layer.name) &&
                             rule->second.kind == prune::WeightRule::Kind::Sparsity;
        const auto wanted =
            isRuled ? std::llround(rule->second.value * static_cast<double>(layer.weightCount))
                    : 0LL;
        removed.push_back(std::max<std::int64_t>(wanted, snapshot.baseRemoved(layer.id)));
    }
    return removed;
}

QString described(const prune::Footprint& after, const prune::Footprint& dense) {
    const auto text = [](const std::string& words) { return QString::fromStdString(words); };
    return PruneDialog::tr("Leaves %1 of %2 parameters non-zero (%3 removed), about %4 compressed.")
        .arg(
            text(siCount(static_cast<double>(after.nonzeros))),
            text(siCount(static_cast<double>(dense.nonzeros))),
            text(percent(1.0 - static_cast<double>(after.nonzeros) /
                                   static_cast<double>(std::max<std::int64_t>(1, dense.nonzeros)))),
            text(byteSize(static_cast<double>(after.bytesCompressed))));
}

}  // namespace

PruneDialog::PruneDialog(const Document* document, JobRunner* jobs, QWidget* parent)
    : QDialog(parent), m_document(document), m_jobs(jobs) {
    setObjectName(QStringLiteral("pruneDialog"));
    setWindowTitle(tr("Prune everywhere"));
    m_message = new InlineMessage(QStringLiteral("pruneMessage"));
    m_message->setMinimumHeight(2 * fontMetrics().lineSpacing());
    m_criteria = makeCriteria();
    auto* form = new QFormLayout;
    form->setVerticalSpacing(style::kSpaceGroup);
    form->addRow(tr("Sparsity"), makeSparsityLine());
    form->addRow(tr("Spread"), makeScopes());
    form->addRow(tr("Criterion"), m_criteria);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(tr("Prune"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("pruneAccept"));
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpaceGroup);
    layout->addLayout(form);
    layout->addWidget(m_message);
    layout->addStretch();
    layout->addWidget(buttons);
    fitHeight(*this, 480);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_scopes, &QButtonGroup::idToggled, this, [this](int, bool checked) {
        if (checked) preview();
    });
    connect(m_criteria, &QComboBox::currentIndexChanged, this, &PruneDialog::preview);
    preview();
}

PruneDialog::~PruneDialog() {
    m_jobs->cancelSlot(kPreviewSlot);
}

QLayout* PruneDialog::makeSparsityLine() {
    m_slider = new QSlider(Qt::Horizontal);
    m_slider->setObjectName(QStringLiteral("pruneSlider"));
    m_slider->setAccessibleName(tr("Sparsity"));
    m_slider->setToolTip(tr("Sparsity: removed weights / prunable weights, in %"));
    m_slider->setRange(0, kSliderSteps);
    m_slider->setPageStep(kSliderSteps / 10);
    m_percent = new QDoubleSpinBox;
    m_percent->setObjectName(QStringLiteral("prunePercent"));
    m_percent->setAccessibleName(tr("Sparsity in percent"));
    m_percent->setToolTip(m_slider->toolTip());
    m_percent->setRange(0, 99.9);
    m_percent->setDecimals(1);
    m_percent->setSuffix(QStringLiteral(" %"));
    m_percent->setValue(kFirstSparsity * 100);
    m_slider->setMaximum(kSliderSteps - 1);
    m_slider->setValue(static_cast<int>(kFirstSparsity * kSliderSteps));
    connect(m_slider, &QSlider::valueChanged, m_percent, [this](int value) {
        if (std::lround(m_percent->value() * kSliderSteps / 100) != value) {
            m_percent->setValue(100.0 * value / kSliderSteps);
        }
    });
    connect(m_percent, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        const QSignalBlocker quiet(m_slider);
        m_slider->setValue(static_cast<int>(std::lround(value * kSliderSteps / 100)));
        preview();
    });
    auto* line = new QHBoxLayout;
    line->setSpacing(style::kSpacePanel);
    line->addWidget(m_slider, 1);
    line->addWidget(m_percent);
    return line;
}

QLayout* PruneDialog::makeScopes() {
    auto* global = new QRadioButton(tr("One threshold for all layers"));
    global->setObjectName(QStringLiteral("pruneGlobal"));
    global->setToolTip(
        tr("The lowest scores of the whole model go: redundant layers lose more than others"));
    auto* layer = new QRadioButton(tr("The same share of every layer"));
    layer->setObjectName(QStringLiteral("pruneLayer"));
    layer->setToolTip(tr("Each layer loses its own lowest scores"));
    global->setChecked(true);
    m_scopes = new QButtonGroup(this);
    m_scopes->addButton(global, static_cast<int>(prune::Scope::Global));
    m_scopes->addButton(layer, static_cast<int>(prune::Scope::Layer));
    auto* lines = new QVBoxLayout;
    lines->setSpacing(style::kSpaceRelated);
    lines->addWidget(global);
    lines->addWidget(layer);
    return lines;
}

QComboBox* PruneDialog::makeCriteria() {
    auto* box = new QComboBox;
    box->setObjectName(QStringLiteral("pruneCriterion"));
    box->setAccessibleName(tr("Criterion"));
    box->setToolTip(tr("How weights are ranked; the lowest go first"));
    for (const prune::CriterionInfo& info : prune::weightCriteria()) {
        const QString name = QString::fromStdString(info.name);
        box->addItem(QStringLiteral("%1   %2").arg(name, QString::fromStdString(info.formula)),
                     name);
        box->setItemData(box->count() - 1, QString::fromStdString(info.summary), Qt::ToolTipRole);
    }
    const QString current = QString::fromStdString(m_document->plan().weightCriterion);
    box->setCurrentIndex(std::max(0, box->findData(current)));
    return box;
}

double PruneDialog::sparsity() const {
    return m_percent->value() / 100;
}

prune::Scope PruneDialog::scope() const {
    return static_cast<prune::Scope>(m_scopes->checkedId());
}

QString PruneDialog::criterion() const {
    return m_criteria->currentData().toString();
}

void PruneDialog::preview() {
    m_plan.reset();
    m_accept->setEnabled(false);
    prune::Plan plan = m_document->plan();
    plan.weightCriterion = criterion().toStdString();
    const JobOptions options{Lane::Interactive, tr("Previewing the cut"), kPreviewSlot, false};
    m_jobs->run<prune::Plan>(
        options, this,
        [snapshot = m_document->snapshot(), plan, sparsity = sparsity(), scope = scope()](
            const EventSink<>&, RunControl& control) {
            return prune::withSparsityEverywhere(*snapshot, plan, sparsity, scope, control);
        },
        [this](Result<prune::Plan> result) { showPreview(std::move(result)); });
}

void PruneDialog::showPreview(Result<prune::Plan> plan) {
    if (!plan) {
        if (plan.error().kind != Error::Kind::Cancelled) m_message->showError(plan.error());
        return;
    }
    const model::Snapshot& snapshot = *m_document->snapshot();
    const auto after = prune::footprint(snapshot, removedPerLayer(snapshot, *plan));
    m_message->showNote(described(after, m_document->denseFootprint()));
    m_plan = std::make_shared<const prune::Plan>(std::move(*plan));
    m_accept->setEnabled(true);
    Q_EMIT previewed();
}

}  // namespace espalier::ui
