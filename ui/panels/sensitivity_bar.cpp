// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/sensitivity_bar.h"

#include <algorithm>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"
#include "ui/document/channels.h"
#include "ui/document/scan_forecast.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/document/workbench.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/plot_panel.h"
#include "ui/panels/sensitivity_pictures.h"
#include "ui/style/icons.h"

namespace espalier::ui {

namespace {

constexpr int kChannelsRow = 1;
constexpr int kSettledMs = 400;

QString text(std::string_view utf8) {
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

}  // namespace

SensitivityBar::SensitivityBar(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_document(workbench->document()),
      m_scan(workbench->sensitivity()),
      m_forecast(new ScanForecast(m_document, workbench->jobs(), this)),
      m_shown(new QLabel(this)),
      m_structure(new QComboBox(this)),
      m_criterion(new QComboBox(this)),
      m_samples(new QSpinBox(this)),
      m_all(new QCheckBox(tr("All levels"), this)),
      m_picture(new QComboBox(this)),
      m_random(new QCheckBox(tr("Random"), this)),
      m_estimate(new ElidedLabel(this)),
      m_start(barButton(this, "sensitivityStart", {}, {})) {
    m_shown->setObjectName(QStringLiteral("sensitivityShown"));
    m_shown->setWordWrap(true);
    m_estimate->setObjectName(QStringLiteral("sensitivityEstimate"));
    buildChoices();
    buildPicture();
    connect(m_start, &QToolButton::clicked, this, &SensitivityBar::startClicked);
    connect(m_forecast, &ScanForecast::changed, this, &SensitivityBar::showEstimate);
    connect(m_document->channels(), &Channels::groupsChanged, this, &SensitivityBar::askLater);
    connect(m_scan, &SensitivityScan::runningChanged, this, [this] {
        m_forecast->forget();
        askLater();
    });
    m_settled.setSingleShot(true);
    m_settled.setInterval(kSettledMs);
    connect(&m_settled, &QTimer::timeout, this, &SensitivityBar::ask);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpaceRelated);
    layout->addWidget(buildLine());
    layout->addWidget(m_shown);
    fillCriteria();
    refresh();
}

/// What comes and goes has its room all the time.
QWidget* SensitivityBar::buildLine() {
    int width = 0;
    for (const bool isRunning : {true, false}) {
        nameStart(isRunning);
        width = std::max(width, m_start->sizeHint().width());
    }
    m_start->setMinimumWidth(width);
    m_estimate->setMinimumWidth(m_estimate->fontMetrics().horizontalAdvance(usualText()));
    return optionBar(this, together(this, {m_start, m_estimate}),
                     {m_structure, m_criterion, m_samples, m_all, m_picture, m_random});
}

void SensitivityBar::buildChoices() {
    m_structure->setObjectName(QStringLiteral("sensitivityStructure"));
    m_structure->setAccessibleName(tr("What is pruned"));
    m_structure->setToolTip(tr("Single weights of a layer, or whole channels of a group"));
    m_structure->addItems({tr("Weights"), tr("Channels")});
    m_criterion->setObjectName(QStringLiteral("sensitivityCriterion"));
    m_criterion->setAccessibleName(tr("Criterion of the scan"));
    m_criterion->setToolTip(tr("How they are ranked; the lowest go first"));
    m_samples->setObjectName(QStringLiteral("sensitivitySamples"));
    m_samples->setAccessibleName(tr("Samples of the validation split"));
    m_samples->setRange(0, 99'999);
    m_samples->setSingleStep(500);
    m_samples->setSuffix(tr(" samples"));
    m_samples->setSpecialValueText(tr("all samples"));
    m_samples->setToolTip(
        tr("Of the validation split, each class by its share; fewer are quicker and less exact"));
    m_all->setObjectName(QStringLiteral("sensitivityAll"));
    m_all->setToolTip(tr("Measures 5 % to 95 % in steps of 5 %, not only what leads to the knee"));
    connect(m_structure, &QComboBox::activated, this, &SensitivityBar::fillCriteria);
    connect(m_criterion, &QComboBox::currentIndexChanged, this, &SensitivityBar::choose);
    connect(m_samples, &QSpinBox::valueChanged, this, &SensitivityBar::choose);
    connect(m_samples, &QSpinBox::valueChanged, this, &SensitivityBar::samplesChanged);
    connect(m_all, &QCheckBox::toggled, this, &SensitivityBar::choose);
}

void SensitivityBar::buildPicture() {
    m_picture->setObjectName(QStringLiteral("sensitivityPicture"));
    m_picture->setAccessibleName(tr("Picture"));
    m_picture->setToolTip(tr("Curves of the metric over sparsity, or layers × sparsity in colour"));
    m_picture->addItems({tr("Curves"), tr("Heatmap")});
    m_random->setObjectName(QStringLiteral("sensitivityRandom"));
    m_random->setToolTip(
        tr("Draws, dashed, what the selected layer loses when what goes is drawn at random: a "
           "criterion must do better. It is measured once a scan by another criterion has points"));
    connect(m_picture, &QComboBox::activated, this, &SensitivityBar::pictureChosen);
    connect(m_random, &QCheckBox::toggled, this, &SensitivityBar::randomToggled);
}

void SensitivityBar::fillCriteria() {
    const bool isOfChannels = m_structure->currentIndex() == kChannelsRow;
    m_criterion->clear();
    for (const auto& info : isOfChannels ? prune::channelCriteria() : prune::weightCriteria()) {
        m_criterion->addItem(text(info.name));
        m_criterion->setItemData(m_criterion->count() - 1,
                                 tr("Score = %1. %2").arg(text(info.formula), text(info.summary)),
                                 Qt::ToolTipRole);
    }
    const QString usual = isOfChannels ? QStringLiteral("l2") : QStringLiteral("magnitude");
    m_criterion->setCurrentIndex(m_criterion->findText(usual));
}

measure::ScanOptions SensitivityBar::options() const {
    measure::ScanOptions options;
    options.structure = m_structure->currentIndex() == kChannelsRow ? measure::Structure::Channels
                                                                    : measure::Structure::Weights;
    options.criterion = m_criterion->currentText().toStdString();
    options.seed = m_document->plan().seed;
    options.samples = m_samples->value();
    options.maxDrop = m_maxDrop;
    if (m_all->isChecked()) options.levels = measure::KneeSearch::Levels::All;
    return options;
}

void SensitivityBar::setMaxDrop(double drop) {
    if (std::exchange(m_maxDrop, drop) != drop) choose();
}

void SensitivityBar::setSamples(int samples) {
    m_samples->setValue(samples);
}

bool SensitivityBar::isRandomWanted() const {
    return m_random->isChecked();
}

void SensitivityBar::choose() {
    m_forecast->forget();
    askLater();
    showWhatIsShown();
    showEstimate();
}

void SensitivityBar::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    askLater();
}

void SensitivityBar::refresh() {
    showWhatIsShown();
    showStart();
    showEstimate();
}

void SensitivityBar::askLater() {
    m_settled.start();
}

void SensitivityBar::ask() {
    if (isVisible() && !m_scan->isRunning()) m_forecast->ask(options());
}

bool SensitivityBar::isShownAsChosen() const {
    const measure::ScanOptions& shown = m_scan->options();
    const measure::ScanOptions chosen = options();
    return shown.structure == chosen.structure && shown.criterionName() == chosen.criterionName() &&
           shown.samples == chosen.samples;
}

/// What was measured stays in view when something else is chosen: then it is named.
void SensitivityBar::showWhatIsShown() {
    const bool isOther = m_scan->hasPoints() && !isShownAsChosen();
    m_shown->setVisible(isOther);
    if (!isOther) return;
    m_shown->setText(tr("The picture shows %1. Start measures %2.")
                         .arg(describeScan(m_scan->options()), describeScan(options())));
}

void SensitivityBar::nameStart(bool isRunning) {
    m_start->setText(isRunning ? tr("Cancel") : tr("Start"));
    m_start->setIcon(style::icon(isRunning ? style::Icon::Stop : style::Icon::Start));
}

void SensitivityBar::showStart() {
    const bool isRunning = m_scan->isRunning();
    nameStart(isRunning);
    m_start->setToolTip(isRunning ? tr("Stops; what is measured is kept")
                                  : tr("Measures each layer alone on the validation split"));
    m_start->setEnabled(m_document->hasModel() && m_document->dataset());
}

QString SensitivityBar::usualText() {
    return tr("Each alone, without retraining");
}

void SensitivityBar::showEstimate() {
    const auto& estimate = m_forecast->estimate();
    if (!estimate || m_scan->isRunning()) {
        m_estimate->setText(usualText());
        m_estimate->setToolTip({});
        return;
    }
    const QString takes = estimate->seconds < 1 ? tr("Takes %1") : tr("Takes about %1");
    const bool isDone = estimate->evaluations == 0 && estimate->scored.empty();
    m_estimate->setText(isDone ? tr("Measured already")
                               : takes.arg(text(measure::roughTime(estimate->seconds))));
    m_estimate->setToolTip(
        tr("%1. Estimated from passes over a few samples that were timed just now.")
            .arg(text(measure::describe(*estimate))));
}

}  // namespace espalier::ui
