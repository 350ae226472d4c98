// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/input_dialog.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/dialogs/fit_height.h"
#include "ui/dialogs/inline_message.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

Result<std::vector<script::InputSpec>> parsedInputs(const QString& text) {
    std::vector<script::InputSpec> inputs;
    for (const QString& part : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        auto input = script::parseInputSpec(part.toStdString());
        if (!input) return input.error();
        inputs.push_back(std::move(*input));
    }
    return inputs;
}

/// "float32 tensor of 1 × 3 × 224 × 224".
QString described(const script::InputSpec& input) {
    QStringList shape;
    for (const std::int64_t size : input.shape) shape << QString::number(size);
    const std::string_view type = script::name(input.dtype);
    const QString words =
        InputDialog::tr("%1 tensor of %2")
            .arg(QString::fromUtf8(type.data(), static_cast<qsizetype>(type.size())),
                 shape.join(QStringLiteral(" × ")));
    return input.isList ? InputDialog::tr("a list with one %1").arg(words) : words;
}

}  // namespace

InputDialog::InputDialog(const QString& fileName, const QString& suggestion, QWidget* parent)
    : QDialog(parent) {
    setObjectName(QStringLiteral("inputDialog"));
    setWindowTitle(tr("Input shape"));
    auto* question = new QLabel(
        tr("What does %1 take? One shape per argument of forward, the batch first:").arg(fileName));
    question->setWordWrap(true);
    m_text = new QLineEdit(suggestion);
    m_text->setObjectName(QStringLiteral("inputSpec"));
    m_text->setAccessibleName(tr("Input shapes"));
    m_text->setPlaceholderText(QStringLiteral("1x3x224x224"));
    m_text->setToolTip(tr("Separate several arguments with spaces"));
    question->setBuddy(m_text);
    auto* forms =
        new QLabel(tr("1x3x224x224: an image; 1x128:int64:0..30522: token numbers;\n"
                      "list:3x320x320: a list with one image"));
    forms->setFont(style::font(style::FontSize::Small));
    m_message = new InlineMessage(QStringLiteral("inputMessage"));
    m_message->setMinimumHeight(3 * fontMetrics().lineSpacing());
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_accept = buttons->addButton(tr("Open model"), QDialogButtonBox::AcceptRole);
    m_accept->setObjectName(QStringLiteral("inputAccept"));
    m_accept->setToolTip(tr("Opens it and follows an example of these shapes"));

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    for (QWidget* part : std::initializer_list<QWidget*>{question, m_text, forms, m_message})
        layout->addWidget(part);
    layout->addStretch();
    layout->addWidget(buttons);
    fitHeight(*this, 520);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_text, &QLineEdit::textChanged, this, &InputDialog::validate);
    validate();
}

std::vector<script::InputSpec> InputDialog::inputs() const {
    auto inputs = parsedInputs(m_text->text());
    return inputs ? std::move(*inputs) : std::vector<script::InputSpec>();
}

void InputDialog::validate() {
    const auto inputs = parsedInputs(m_text->text());
    m_accept->setEnabled(inputs.ok() && !inputs->empty());
    if (!inputs) return m_message->showError(inputs.error());
    QStringList lines;
    for (const script::InputSpec& input : *inputs) lines << described(input);
    m_message->showNote(lines.join(QLatin1Char('\n')));
}

}  // namespace espalier::ui
