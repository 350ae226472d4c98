// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/data_fields.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>

#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

// Columns of labels; their fields stand to the right.
constexpr int kFirst = 0;
constexpr int kSecond = 2;

QString joined(const std::vector<double>& numbers) {
    QStringList texts;
    for (const double number : numbers) texts << QString::number(number);
    return texts.join(QStringLiteral(", "));
}

QString joined(const std::vector<std::int64_t>& sides) {
    QStringList texts;
    for (const std::int64_t side : sides) texts << QString::number(side);
    return texts.join(QStringLiteral(" × "));
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

/// "256" or "224 × 320"; none when it is neither.
std::optional<std::vector<std::int64_t>> parsedSides(QString text) {
    std::vector<std::int64_t> sides;
    for (const QChar between : {QChar(u'×'), QChar(u'x'), QChar(u',')})
        text.replace(between, QLatin1Char(' '));
    for (const QString& part : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        bool ok = false;
        sides.push_back(part.toLongLong(&ok));
        if (!ok || sides.back() < 1) return std::nullopt;
    }
    if (sides.size() > 2) return std::nullopt;
    return sides;
}

QLineEdit* lineEdit(const QString& name, const QString& label, const QString& placeholder,
                    const QString& text, const QString& tip) {
    auto* edit = new QLineEdit(text);
    edit->setObjectName(name);
    edit->setAccessibleName(label);
    edit->setPlaceholderText(placeholder);
    edit->setToolTip(tip);
    return edit;
}

/// `none` first, then the names themselves.
QComboBox* nameBox(const QString& name, const QString& label, const QString& none,
                   const std::vector<std::string>& names, const std::string& current,
                   const QString& tip) {
    auto* box = new QComboBox;
    box->setObjectName(name);
    box->setAccessibleName(label);
    box->setToolTip(tip);
    box->addItem(none, QString());
    for (const std::string& each : names)
        box->addItem(QString::fromStdString(each), QString::fromStdString(each));
    box->setCurrentIndex(std::max(0, box->findData(QString::fromStdString(current))));
    return box;
}

}  // namespace

DataFields::DataFields(const data::DataSpec& initial, QWidget* parent)
    : QWidget(parent), m_initial(initial), m_grid(new QGridLayout(this)) {
    m_grid->setContentsMargins({});
    m_grid->setHorizontalSpacing(style::kSpaceGroup);
    m_grid->setVerticalSpacing(style::kSpacePanel);
    for (const int column : {kFirst, kSecond}) m_grid->setColumnStretch(column + 1, 1);
    m_preset = nameBox(QStringLiteral("dataPreset"), tr("Preset"), tr("By the kind of data"),
                       data::presetNames(), initial.preset,
                       tr("Mean and standard deviation that models for this data usually expect"));
    addField(kFirst, tr("Preset"), m_preset);
    const QString ofPreset = tr("as in the preset");
    m_mean = lineEdit(QStringLiteral("dataMean"), tr("Mean"), ofPreset, joined(initial.mean),
                      tr("Subtracted from each channel, on values from 0 to 1; separate channels "
                         "with commas"));
    addField(kFirst, tr("Mean"), m_mean);
    m_deviation = lineEdit(QStringLiteral("dataDeviation"), tr("Standard deviation"), ofPreset,
                           joined(initial.deviation),
                           tr("Each channel is divided by it after the mean is subtracted"));
    addField(kFirst, tr("Standard deviation"), m_deviation);
    makeImageFields(initial);
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
    addRow(tr("Validation share"), m_validation);

    for (QLineEdit* edit : {m_mean, m_deviation, m_resize, m_crop})
        connect(edit, &QLineEdit::textChanged, this, &DataFields::changed);
    for (QComboBox* box : {m_preset, m_augment})
        connect(box, &QComboBox::currentIndexChanged, this, &DataFields::changed);
    connect(m_validation, &QDoubleSpinBox::valueChanged, this, &DataFields::changed);
}

void DataFields::makeImageFields(const data::DataSpec& initial) {
    const QString asTheyAre = tr("images as they are");
    m_resize =
        lineEdit(QStringLiteral("dataResize"), tr("Scale to"), asTheyAre, joined(initial.resize),
                 tr("Pixels of the shorter side, or height × width"));
    addField(kFirst, tr("Scale to"), m_resize);
    m_crop = lineEdit(QStringLiteral("dataCrop"), tr("Cut out"), asTheyAre, joined(initial.crop),
                      tr("Cut out of the middle after scaling: pixels of each side, or height × "
                         "width"));
    addField(kFirst, tr("Cut out"), m_crop);
    m_augment = nameBox(QStringLiteral("dataAugment"), tr("Augment"), tr("None"),
                        data::augmentationNames(), initial.augment,
                        tr("Random changes to images while training: mnist shifts them a little, "
                           "cifar10 crops after padding and mirrors, imagenet takes parts of any "
                           "size and mirrors"));
    addRow(tr("Augment"), m_augment);
}

/// Under the last one of its column.
void DataFields::addField(int column, const QString& text, QWidget* field) {
    int row = 0;
    while (m_grid->itemAtPosition(row, column)) ++row;
    auto* label = new QLabel(text);
    label->setBuddy(field);
    m_grid->addWidget(label, row, column);
    m_grid->addWidget(field, row, column + 1);
}

void DataFields::addRow(const QString& text, QWidget* field) {
    addField(kSecond, text, field);
}

data::DataSpec DataFields::spec() const {
    data::DataSpec spec = m_initial;
    spec.path.clear();
    spec.preset = m_preset->currentData().toString().toStdString();
    spec.mean = parsedNumbers(m_mean->text()).value_or(std::vector<double>());
    spec.deviation = parsedNumbers(m_deviation->text()).value_or(std::vector<double>());
    spec.resize = parsedSides(m_resize->text()).value_or(std::vector<std::int64_t>());
    spec.crop = parsedSides(m_crop->text()).value_or(std::vector<std::int64_t>());
    spec.augment = m_augment->currentData().toString().toStdString();
    spec.validation = m_validation->value() / 100;
    return spec;
}

QString DataFields::problem() const {
    for (const QLineEdit* edit : {m_mean, m_deviation}) {
        if (parsedNumbers(edit->text())) continue;
        return tr("%1 is not a list of numbers. Write one number per channel, such as 0.49, 0.48, "
                  "0.45.")
            .arg(edit->accessibleName());
    }
    for (const QLineEdit* edit : {m_resize, m_crop}) {
        if (parsedSides(edit->text())) continue;
        return tr("%1 is not a size. Write one number of pixels such as 224, or height × width.")
            .arg(edit->accessibleName());
    }
    return {};
}

}  // namespace espalier::ui
