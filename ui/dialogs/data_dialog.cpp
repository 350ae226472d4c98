// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/data_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/base/format.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/fit_height.h"
#include "ui/dialogs/inline_message.h"
#include "ui/jobs/job_runner.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

const QString kPreviewSlot = QStringLiteral("data-preview");

QString joined(const std::vector<double>& numbers) {
    QStringList texts;
    for (const double number : numbers) texts << QString::number(number);
    return texts.join(QStringLiteral(", "));
}

/// Numbers separated by commas or spaces; none when something else is among them.
std::optional<std::vector<double>> parsedNumbers(QString text) {
    std::vector<double> numbers;
    text.replace(QLatin1Char(','), QLatin1Char(' '));
    for (const QString& part : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        bool ok = false;
        numbers.push_back(part.toDouble(&ok));
        if (!ok) return std::nullopt;
    }
    return numbers;
}

QLineEdit* lineEdit(const QString& name, const QString& label, const QString& placeholder,
                    const QString& tip) {
    auto* edit = new QLineEdit;
    edit->setObjectName(name);
    edit->setAccessibleName(label);
    edit->setPlaceholderText(placeholder);
    edit->setToolTip(tip);
    return edit;
}

QComboBox* presetBox(const QString& current) {
    auto* box = new QComboBox;
    box->setObjectName(QStringLiteral("dataPreset"));
    box->setAccessibleName(DataDialog::tr("Preset"));
    box->setToolTip(
        DataDialog::tr("Mean and standard deviation that models for this data usually expect"));
    box->addItem(DataDialog::tr("By the kind of data"), QString());
    for (const std::string& preset : data::presetNames()) {
        const QString name = QString::fromStdString(preset);
        box->addItem(name, name);
    }
    box->setCurrentIndex(std::max(0, box->findData(current)));
    return box;
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
            "%1: %2, samples of %3, %4 classes.\n%5 for training, %6 for validation, %7 for test.")
            .arg(QString::fromStdString(info.name), QString::fromStdString(info.kind),
                 shape.join(QStringLiteral(" × ")), QString::number(info.classes.size()),
                 count(info.train), count(info.validation), count(info.test));
    for (const std::string& note : info.notes)
        text += QLatin1Char('\n') + QString::fromStdString(note);
    return text;
}

DataDialog::DataDialog(JobRunner* jobs, const data::DataSpec& initial, QWidget* parent)
    : QDialog(parent), m_jobs(jobs) {
    setObjectName(QStringLiteral("dataDialog"));
    setWindowTitle(tr("Attach data"));
    makeFields(initial);
    m_message = new InlineMessage(QStringLiteral("dataMessage"));
    m_message->setMinimumHeight(4 * fontMetrics().lineSpacing());

    auto* form = new QFormLayout;
    form->addRow(tr("Data"), makePathLine());
    form->addRow(tr("Preset"), m_preset);
    form->addRow(tr("Mean"), m_mean);
    form->addRow(tr("Standard deviation"), m_deviation);
    form->addRow(tr("Validation share"), m_validation);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(tr("Attach data"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("dataAccept"));
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpaceGroup);
    layout->addLayout(form);
    layout->addWidget(m_message);
    layout->addStretch();
    layout->addWidget(buttons);
    fitHeight(*this, 560);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    for (QLineEdit* edit : {m_path, m_mean, m_deviation}) {
        connect(edit, &QLineEdit::textChanged, this, &DataDialog::preview);
    }
    connect(m_preset, &QComboBox::currentIndexChanged, this, &DataDialog::preview);
    connect(m_validation, &QDoubleSpinBox::valueChanged, this, &DataDialog::preview);
    preview();
}

void DataDialog::makeFields(const data::DataSpec& initial) {
    m_path = lineEdit(QStringLiteral("dataPath"), tr("Data file or folder"),
                      tr("A folder, or one file of the data"),
                      tr("A folder with the four IDX files of MNIST or of data like it, plain or "
                         "gzipped; or one of these files; or a folder with JPEG or PNG images in a "
                         "folder for each class"));
    m_path->setText(QString::fromStdString(initial.path.string()));
    m_preset = presetBox(QString::fromStdString(initial.preset));
    const QString ofPreset = tr("as in the preset");
    m_mean = lineEdit(QStringLiteral("dataMean"), tr("Mean"), ofPreset,
                      tr("Subtracted from each channel, on values from 0 to 1; separate channels "
                         "with commas"));
    m_mean->setText(joined(initial.mean));
    m_deviation = lineEdit(QStringLiteral("dataDeviation"), tr("Standard deviation"), ofPreset,
                           tr("Each channel is divided by it after the mean is subtracted"));
    m_deviation->setText(joined(initial.deviation));
    m_validation = new QDoubleSpinBox;
    m_validation->setObjectName(QStringLiteral("dataValidation"));
    m_validation->setAccessibleName(tr("Validation share"));
    m_validation->setToolTip(
        tr("Share of the training split that is held out: choices are made on "
           "it, and the test split stays unseen"));
    m_validation->setRange(1, 50);
    m_validation->setDecimals(0);
    m_validation->setSuffix(QStringLiteral(" %"));
    m_validation->setValue(initial.validation * 100);
}

DataDialog::~DataDialog() {
    m_jobs->cancelSlot(kPreviewSlot);
}

QLayout* DataDialog::makePathLine() {
    auto* file = new QPushButton(style::icon(style::Icon::Data), tr("File…"));
    file->setObjectName(QStringLiteral("dataPickFile"));
    file->setAccessibleName(tr("Choose a data file"));
    auto* folder = new QPushButton(style::icon(style::Icon::Folder), tr("Folder…"));
    folder->setObjectName(QStringLiteral("dataPickFolder"));
    folder->setAccessibleName(tr("Choose a data folder"));
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

data::DataSpec DataDialog::spec() const {
    data::DataSpec spec;
    spec.path = m_path->text().trimmed().toStdString();
    spec.preset = m_preset->currentData().toString().toStdString();
    spec.mean = parsedNumbers(m_mean->text()).value_or(std::vector<double>());
    spec.deviation = parsedNumbers(m_deviation->text()).value_or(std::vector<double>());
    spec.validation = m_validation->value() / 100;
    return spec;
}

void DataDialog::preview() {
    m_isReady = false;
    m_accept->setEnabled(false);
    m_jobs->cancelSlot(kPreviewSlot);
    if (m_path->text().trimmed().isEmpty()) {
        m_message->showNote(tr("Choose a file or a folder: what it holds is shown here."));
        return;
    }
    for (const QLineEdit* edit : {m_mean, m_deviation}) {
        if (parsedNumbers(edit->text())) continue;
        m_message->showError(tr("%1 is not a list of numbers. Write one number per channel, such "
                                "as 0.49, 0.48, 0.45.")
                                 .arg(edit->accessibleName()));
        return;
    }
    m_message->showNote(tr("Looking at the data…"));
    const JobOptions options{Lane::Interactive, tr("Looking at the data"), kPreviewSlot, false};
    m_jobs->run<data::DatasetPtr>(
        options, this,
        [spec = spec()](const EventSink<>&, RunControl& control) {
            return data::openDataset(spec, control);
        },
        [this](Result<data::DatasetPtr> dataset) { showPreview(dataset); });
}

void DataDialog::showPreview(const Result<data::DatasetPtr>& dataset) {
    if (!dataset && dataset.error().kind == Error::Kind::Cancelled) return;
    m_isReady = dataset.ok();
    m_accept->setEnabled(m_isReady);
    if (dataset) {
        m_message->showNote(describeDataset(data::info(**dataset)));
    } else {
        m_message->showError(dataset.error());
    }
    Q_EMIT previewed();
}

}  // namespace espalier::ui
