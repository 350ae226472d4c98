// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/data_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "core/measure/evaluate.h"
#include "ui/dialogs/data_fields.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/fit_height.h"
#include "ui/dialogs/inline_message.h"
#include "ui/dialogs/judge_choice.h"
#include "ui/dialogs/sample_strip.h"
#include "ui/jobs/job_runner.h"
#include "ui/style/counted.h"
#include "ui/style/icons.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"
#include "ui/style/words.h"

namespace espalier::ui {
namespace {

const QString kPreviewSlot = QStringLiteral("data-preview");

constexpr int kShownSamples = 12;
constexpr int kWidth = 720;

/// Opens, looks, and tries the model. Errors: of openDataset, previewSamples; Cancelled.
Result<DataLook> lookAt(const data::DataSpec& spec, const measure::MetricOptions& metrics,
                        const model::SnapshotPtr& snapshot, RunControl& control) {
    auto dataset = data::openDataset(spec, control);
    if (!dataset) return dataset.error();
    auto preview = data::previewSamples(**dataset, kShownSamples, control);
    if (!preview) return preview.error();
    DataLook look{data::info(**dataset), std::move(*preview), {}};
    if (auto metric = measure::metricFor(metrics, look.info)) {
        look.metric = *metric;
    } else {
        look.misfit = metric.error();
    }
    if (!snapshot || look.misfit) return look;
    if (auto fit = measure::checkFit(*snapshot, **dataset, metrics)) {
        look.notes = std::move(fit->notes);
    } else {
        look.misfit = fit.error();
    }
    if (auto outputs = measure::modelOutputs(*snapshot, **dataset)) look.outputs = *outputs;
    return look;
}

QString describeTargets(const data::DatasetInfo& info) {
    switch (info.targets) {
        case data::Targets::Classes:
            return style::counted(static_cast<std::int64_t>(info.classes.size()),
                                  DataDialog::tr("%1 class"), DataDialog::tr("%1 classes"))
                .arg(info.classes.size());
        case data::Targets::Numbers:
            return DataDialog::tr("numbers to predict");
        case data::Targets::None:
            break;
    }
    return DataDialog::tr("no labels: agreement with the dense model is measured");
}

QString capitalised(const std::string& sentence) {
    QString text = QString::fromStdString(sentence);
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text;
}

}  // namespace

QString describeDataset(const data::DatasetInfo& info) {
    QStringList shape;
    for (const std::int64_t size : info.sampleShape) shape << QString::number(size);
    const auto count = [](std::int64_t samples) {
        return QString::fromStdString(exactCount(samples));
    };
    QString text =
        DataDialog::tr(
            "%1: %2, samples of %3, %4.\n%5 for training, %6 for validation, %7 for test.")
            .arg(QString::fromStdString(info.name), QString::fromStdString(info.kind),
                 shape.join(QStringLiteral(" × ")), describeTargets(info), count(info.train),
                 count(info.validation), count(info.test));
    for (const std::string& note : info.notes)
        text += QLatin1Char('\n') + asSentence(style::withoutOptions(capitalised(note)));
    return text;
}

namespace {

/// " It is judged by top-1 and the loss cross_entropy."
QString judgedBy(const DataLook& look) {
    if (!look.metric) return {};
    const QString metric = QString::fromStdString(look.metric->title());
    if (look.metric->kind == measure::Metric::Kind::Agreement ||
        look.metric->kind == measure::Metric::Kind::Loss)
        return DataDialog::tr(" It is judged by %1.").arg(metric);
    return DataDialog::tr(" It is judged by %1 and the loss %2.")
        .arg(metric, QString::fromStdString(look.metric->loss));
}

/// The dataset, its range, what is odd about it, and whether the model takes it.
QString describeLook(const DataLook& look, const model::SnapshotPtr& snapshot) {
    const auto number = [](double value) { return style::numberText(significant(value, 3)); };
    QString text = describeDataset(look.info);
    text += DataDialog::tr("\nValues from %1 to %2.")
                .arg(number(look.preview.lowest), number(look.preview.highest));
    for (const std::string& warning : look.preview.warnings)
        text += QLatin1Char('\n') + asSentence(QString::fromStdString(warning));
    if (!snapshot) return text;
    const QString runs =
        DataDialog::tr("\n%1 runs on it.").arg(QString::fromStdString(snapshot->file().name()));
    text += runs + judgedBy(look);
    for (const std::string& note : look.notes)
        text += QLatin1Char('\n') + asSentence(style::withoutOptions(capitalised(note)));
    return text;
}

}  // namespace

DataDialog::DataDialog(JobRunner* jobs, model::SnapshotPtr snapshot, const data::DataSpec& initial,
                       QWidget* parent, const measure::MetricOptions& metrics)
    : QDialog(parent),
      m_jobs(jobs),
      m_snapshot(std::move(snapshot)),
      m_fields(new DataFields(initial)),
      m_metrics(metrics),
      m_output(new QComboBox),
      m_loss(new JudgeChoice({tr("Loss"), tr("By the data"),
                              tr("What is minimised, and measured beside the metric: cross_entropy "
                                 "for classes, mse for numbers, bce for probabilities")},
                             measure::lossNames(), metrics.loss)),
      m_metric(new JudgeChoice(
          {tr("Metric"), tr("By the data"),
           tr("What a pruned model is judged by, here and in every tab: top1 for classes, "
              "agreement "
              "with the dense model without labels, else the loss. Of a module higher is better")},
          measure::metricNames(), metrics.metric)),
      m_samples(new SampleStrip) {
    setObjectName(QStringLiteral("dataDialog"));
    setWindowTitle(tr("Attach data"));
    makePath(initial);
    makeOutput();
    m_fields->addRow(tr("Model output"), m_output);
    makeJudges();
    m_message = new InlineMessage(QStringLiteral("dataMessage"));
    m_message->setMinimumHeight(4 * fontMetrics().lineSpacing());

    auto* form = new QFormLayout;
    form->addRow(tr("Data"), makePathLine());
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(tr("Attach data"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("dataAccept"));
    m_accept->setToolTip(tr("Measures and trains on this data from now on"));
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpaceGroup);
    layout->addLayout(form);
    layout->addWidget(m_fields);
    layout->addWidget(m_samples);
    layout->addWidget(m_message);
    layout->addStretch();
    layout->addWidget(buttons);
    fitHeight(*this, kWidth);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_path, &QLineEdit::textChanged, this, &DataDialog::preview);
    connect(m_fields, &DataFields::changed, this, &DataDialog::preview);
    preview();
}

void DataDialog::makePath(const data::DataSpec& initial) {
    m_path = new QLineEdit(QString::fromStdString(initial.path.string()));
    m_path->setObjectName(QStringLiteral("dataPath"));
    m_path->setAccessibleName(tr("Data file or folder"));
    m_path->setPlaceholderText(tr("A folder, or one file of the data"));
    m_path->setToolTip(
        tr("A folder with the four IDX files of MNIST or of data like it, with the binary files of "
           "CIFAR-10 or CIFAR-100, or with JPEG or PNG images in a folder for each class; or a "
           ".pt or .npz file of inputs and targets"));
}

DataDialog::~DataDialog() {
    m_jobs->cancelSlot(kPreviewSlot);
}

QLayout* DataDialog::makePathLine() {
    auto* file = new QPushButton(style::icon(style::Icon::Data), tr("File…"));
    file->setObjectName(QStringLiteral("dataPickFile"));
    file->setAccessibleName(tr("Choose a data file"));
    file->setToolTip(tr("A file of tensors (.pt, .npz) or one of the IDX or CIFAR files"));
    auto* folder = new QPushButton(style::icon(style::Icon::Folder), tr("Folder…"));
    folder->setObjectName(QStringLiteral("dataPickFolder"));
    folder->setAccessibleName(tr("Choose a data folder"));
    folder->setToolTip(tr("A folder of images by class, or of IDX or CIFAR files"));
    for (QPushButton* button : {file, folder}) button->setAutoDefault(false);
    connect(file, &QPushButton::clicked, this, [this] {
        pick(dialogs::openFile(this,
                               {tr("Choose a data file"), m_path->text(), tr("All files (*)")}));
    });
    connect(folder, &QPushButton::clicked, this, [this] {
        pick(dialogs::openFolder(this, {tr("Choose a data folder"), m_path->text(), {}}));
    });
    auto* line = new QHBoxLayout;
    line->setSpacing(style::kSpaceRelated);
    line->addWidget(m_path, 1);
    line->addWidget(file);
    line->addWidget(folder);
    return line;
}

void DataDialog::pick(const QString& path) {
    if (!path.isEmpty()) m_path->setText(path);
}

void DataDialog::makeOutput() {
    m_output->setObjectName(QStringLiteral("dataOutput"));
    m_output->setAccessibleName(tr("Model output"));
    m_output->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_output->setToolTip(
        tr("Which of the tensors that the model returns is judged; shapes are of two samples"));
    showOutputs({});
    connect(m_output, &QComboBox::activated, this, [this](int index) {
        m_metrics.output = m_output->itemData(index).toString().toStdString();
        preview();
    });
}

void DataDialog::makeJudges() {
    m_loss->setObjectName(QStringLiteral("dataLoss"));
    m_metric->setObjectName(QStringLiteral("dataMetric"));
    m_fields->addRow(tr("Loss"), m_loss);
    m_fields->addRow(tr("Metric"), m_metric);
    for (const JudgeChoice* choice : {m_loss, m_metric}) {
        connect(choice, &JudgeChoice::chosenChanged, this, [this] {
            m_metrics.loss = m_loss->chosen();
            m_metrics.metric = m_metric->chosen();
            preview();
        });
    }
}

/// "logits: 2 × 10, float32"
QString describeOutput(const measure::ModelOutput& output) {
    QStringList shape;
    for (const std::int64_t size : output.shape) shape << QString::number(size);
    const QString what = DataDialog::tr("%1, %2").arg(shape.join(QStringLiteral(" × ")),
                                                      QString::fromStdString(output.dtype));
    return output.key.empty()
               ? what
               : DataDialog::tr("%1: %2").arg(QString::fromStdString(output.key), what);
}

/// A choice that is not among them stays, so that it can be seen and changed.
void DataDialog::showOutputs(const std::vector<measure::ModelOutput>& outputs) {
    m_output->clear();
    const bool isOne = outputs.size() == 1 && m_metrics.output.empty();
    if (!isOne) m_output->addItem(tr("The only floating-point one"), QString());
    for (const measure::ModelOutput& output : outputs)
        m_output->addItem(describeOutput(output), QString::fromStdString(output.key));
    const QString chosen = QString::fromStdString(m_metrics.output);
    if (m_output->findData(chosen) < 0) m_output->addItem(chosen, chosen);
    m_output->setCurrentIndex(m_output->findData(chosen));
    m_output->setEnabled(m_output->count() > 1);
}

measure::MetricOptions DataDialog::metrics() const {
    return m_metrics;
}

data::DataSpec DataDialog::spec() const {
    data::DataSpec spec = m_fields->spec();
    spec.path = m_path->text().trimmed().toStdString();
    return spec;
}

void DataDialog::preview() {
    m_isReady = false;
    m_accept->setEnabled(false);
    m_samples->clear();
    m_jobs->cancelSlot(kPreviewSlot);
    if (m_path->text().trimmed().isEmpty()) {
        m_message->showNote(tr("Choose a file or a folder: what it holds is shown here."));
        return;
    }
    if (const QString problem = m_fields->problem(); !problem.isEmpty()) {
        m_message->showError(problem);
        return;
    }
    m_message->showNote(tr("Looking at the data…"));
    const JobOptions options{Lane::Interactive, tr("Looking at the data"), kPreviewSlot, false};
    m_jobs->run<DataLook>(
        options, this,
        [spec = spec(), metrics = m_metrics, snapshot = m_snapshot](const EventSink<>&,
                                                                    RunControl& control) {
            return lookAt(spec, metrics, snapshot, control);
        },
        [this](const Result<DataLook>& look) { showLook(look); });
}

void DataDialog::showLook(const Result<DataLook>& look) {
    if (!look && look.error().kind == Error::Kind::Cancelled) return;
    m_isReady = look.ok() && !look->misfit;
    m_accept->setEnabled(m_isReady);
    if (!look) {
        m_message->showError(look.error());
    } else {
        m_samples->setPreview(look->preview);
        showOutputs(look->outputs);
        if (look->misfit) {
            m_message->showError(*look->misfit);
        } else {
            m_message->showNote(describeLook(*look, m_snapshot));
        }
    }
    fitHeight(*this, width());  // what was found may take more lines than there were
    Q_EMIT previewed();
}

}  // namespace espalier::ui
