// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/rule_form.h"

#include <QAbstractSpinBox>
#include <QButtonGroup>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QRadioButton>
#include <QSlider>

#include "ui/dialogs/inline_message.h"
#include "ui/document/document.h"
#include "ui/style/theme.h"

namespace espalier::ui {

RuleForm::RuleForm(const Document* document, const QString& readoutName, QWidget* parent)
    : QWidget(parent),
      m_layout(new QGridLayout(this)),
      m_kinds(new QButtonGroup(this)),
      m_readout(new QLabel(this)) {
    m_layout->setContentsMargins({});
    m_layout->setHorizontalSpacing(style::kSpacePanel);
    m_layout->setVerticalSpacing(style::kSpaceRelated);
    m_layout->setColumnStretch(1, 1);
    m_readout->setObjectName(readoutName);
    m_readout->setWordWrap(true);
    m_readout->setTextInteractionFlags(Qt::TextSelectableByMouse);
    connect(m_kinds, &QButtonGroup::idClicked, this, [this](int kind) {
        endEdit();
        Q_EMIT kindClicked(kind);
    });
    connect(document, &Document::selectionChanged, this, [this] { endEdit(); });
}

void RuleForm::addKind(int kind, const QString& name, const QString& title, const QString& tip,
                       QWidget* editor) {
    auto* radio = new QRadioButton(title, this);
    radio->setObjectName(name);
    radio->setToolTip(tip);
    m_kinds->addButton(radio, kind);
    const int row = m_layout->rowCount();
    m_layout->addWidget(radio, row, 0);
    m_layout->addWidget(editor, row, 1);
}

void RuleForm::addLine(const QString& title, const QString& tip, QWidget* editor) {
    auto* label = new QLabel(title, this);
    label->setToolTip(tip);
    const int row = m_layout->rowCount();
    m_layout->addWidget(label, row, 0);
    m_layout->addWidget(editor, row, 1);
}

void RuleForm::addReadout() {
    m_layout->addWidget(m_readout, m_layout->rowCount(), 0, 1, 2);
}

QWidget* RuleForm::besideSlider(QSlider* slider, QWidget* box) {
    auto* both = new QWidget(this);
    auto* layout = new QHBoxLayout(both);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpaceRelated);
    layout->addWidget(slider, 1);
    layout->addWidget(box);
    connect(slider, &QSlider::sliderPressed, this, [this] { endEdit(); });
    connect(slider, &QSlider::sliderReleased, this, [this] { endEdit(); });
    return both;
}

void RuleForm::endsEditsOf(QAbstractSpinBox* box) {
    connect(box, &QAbstractSpinBox::editingFinished, this, [this] { endEdit(); });
}

void RuleForm::setKindEnabled(int kind, bool enabled) {
    m_kinds->button(kind)->setEnabled(enabled);
}

void RuleForm::markKind(std::optional<int> kind) {
    m_kinds->setExclusive(false);
    for (QAbstractButton* button : m_kinds->buttons()) {
        const bool isInForce = kind == m_kinds->id(button);
        button->setChecked(isInForce);
        QFont font = button->font();
        font.setBold(isInForce);
        button->setFont(font);
    }
    m_kinds->setExclusive(true);
}

void RuleForm::setReadout(const QString& text) {
    m_readout->setText(unbroken(text));
}

QString RuleForm::mergeKey(const char* what, int kind) const {
    return QStringLiteral("%1 %2 %3").arg(QLatin1String(what)).arg(kind).arg(m_editNumber);
}

}  // namespace espalier::ui
