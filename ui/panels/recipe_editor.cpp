// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/recipe_editor.h"

#include <algorithm>

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>

#include "ui/dialogs/dialogs.h"
#include "ui/panels/number_edit.h"
#include "ui/panels/recipe_value.h"
#include "ui/panels/seed_edit.h"
#include "ui/style/colors.h"

namespace espalier::ui {
namespace {

using Kind = RecipeField::Kind;

constexpr int kLeastWidth = 64;  // pixels
constexpr int kLeastLetters = 5;

QString fileChoice() {
    return RecipeEditor::tr("TorchScript file…");
}

/// Choices show a word for the empty value.
QString shownChoice(const RecipeField& field, const QString& text) {
    return text.isEmpty() ? field.unset : text;
}

}  // namespace

RecipeEditor::RecipeEditor(const RecipeField& field, QWidget* parent)
    : QObject(parent), m_field(field), m_label(new QLabel(field.label, parent)) {
    switch (field.kind) {
        case Kind::Count:
            m_widget = makeCount();
            break;
        case Kind::Seed:
            m_widget = makeSeed();
            break;
        case Kind::Flag:
            m_widget = makeFlag();
            break;
        case Kind::Choice:
        case Kind::ChoiceOrFile:
            m_widget = makeChoice();
            break;
        case Kind::Number:
            m_widget = makeNumber();
            break;
        case Kind::Text:
            m_widget = makeLine();
            break;
    }
    m_widget->setParent(parent);
    m_widget->setObjectName(field.name);
    m_widget->setAccessibleName(field.label);
    if (auto* box = qobject_cast<QComboBox*>(m_widget); box && box->isEditable())
        box->lineEdit()->setAccessibleName(field.label);
    m_widget->setFocusPolicy(Qt::StrongFocus);
    m_widget->installEventFilter(this);
    m_label->setBuddy(m_widget);
}

// The wheel scrolls the form, and turns no value that it comes across.
bool RecipeEditor::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::Wheel || m_widget->hasFocus())
        return QObject::eventFilter(watched, event);
    event->ignore();
    return true;
}

QWidget* RecipeEditor::makeCount() {
    auto* box = new QSpinBox;
    box->setRange(m_field.low, m_field.high);
    box->setSpecialValueText(m_field.unset);
    box->setMinimumWidth(kLeastWidth);
    connect(box, &QSpinBox::valueChanged, this, &RecipeEditor::edited);
    return box;
}

QWidget* RecipeEditor::makeNumber() {
    return made(new NumberEdit(0, 1000));
}

QWidget* RecipeEditor::makeLine() {
    return made(new QLineEdit);
}

QWidget* RecipeEditor::made(QLineEdit* edit) {
    edit->setMinimumWidth(kLeastWidth);
    edit->setPlaceholderText(m_field.unset);
    connect(edit, &QLineEdit::textChanged, this, &RecipeEditor::edited);
    return edit;
}

QWidget* RecipeEditor::makeSeed() {
    return made(new SeedEdit);
}

QWidget* RecipeEditor::makeFlag() {
    auto* box = new QCheckBox;
    connect(box, &QCheckBox::toggled, this, &RecipeEditor::edited);
    return box;
}

QWidget* RecipeEditor::makeChoice() {
    auto* box = new QComboBox;
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(kLeastLetters);
    box->setEditable(m_field.kind == Kind::ChoiceOrFile);
    box->setInsertPolicy(QComboBox::NoInsert);
    m_widget = box;
    fill(m_field.choices);
    if (box->isEditable()) connect(box, &QComboBox::activated, this, &RecipeEditor::chooseFile);
    connect(box, &QComboBox::currentTextChanged, this, &RecipeEditor::edited);
    return box;
}

void RecipeEditor::fill(const QStringList& choices) {
    m_choices = choices;
    auto* box = static_cast<QComboBox*>(m_widget);
    if (!m_field.unset.isEmpty()) box->addItem(m_field.unset);
    box->addItems(choices);
    if (box->isEditable()) box->addItem(fileChoice());
}

void RecipeEditor::chooseFile(int index) {
    auto* box = static_cast<QComboBox*>(m_widget);
    if (box->itemText(index) != fileChoice()) return;
    const QString path = dialogs::openFile(
        box->window(), {m_field.label, {}, tr("TorchScript modules (*.pt *.ts);;All files (*)")});
    box->setEditText(path.isEmpty() ? m_field.unset : path);
}

QString RecipeEditor::text() const {
    if (const auto* count = qobject_cast<const QSpinBox*>(m_widget))
        return QString::number(count->value());
    if (const auto* number = qobject_cast<const NumberEdit*>(m_widget)) return number->plainText();
    if (const auto* line = qobject_cast<const QLineEdit*>(m_widget)) return line->text();
    if (const auto* flag = qobject_cast<const QCheckBox*>(m_widget))
        return valueText(flag->isChecked());
    const QString shown = static_cast<const QComboBox*>(m_widget)->currentText();
    return shown == m_field.unset || shown == fileChoice() ? QString() : shown;
}

void RecipeEditor::setText(const QString& text) {
    if (auto* count = qobject_cast<QSpinBox*>(m_widget)) {
        const int value = text.isEmpty() ? m_field.low : text.toInt();
        count->setMaximum(std::max(count->maximum(), value));
        count->setValue(value);
    } else if (auto* line = qobject_cast<QLineEdit*>(m_widget)) {
        auto* number = qobject_cast<NumberEdit*>(line);
        number ? number->setPlainText(text) : line->setText(text);
        line->setCursorPosition(0);  // the first digits matter most
    } else if (auto* flag = qobject_cast<QCheckBox*>(m_widget)) {
        flag->setChecked(text == valueText(true));
    } else {
        auto* box = static_cast<QComboBox*>(m_widget);
        const QString shown = shownChoice(m_field, text);
        // A recipe may name a device that this machine does not have: it is kept, and refused when
        // training starts.
        if (!box->isEditable() && box->findText(shown) < 0) box->addItem(shown);
        box->setCurrentText(shown);
    }
}

void RecipeEditor::setChoices(const QStringList& choices) {
    auto* box = static_cast<QComboBox*>(m_widget);
    if (choices == m_choices) return;  // somebody may be typing in it
    const QString before = text();
    const QSignalBlocker quiet(box);
    box->clear();
    fill(choices);
    setText(before);
}

void RecipeEditor::setProblem(const QString& problem) {
    const QColor& error = style::colorsFor(QApplication::palette()).error;
    const QString look =
        problem.isEmpty() ? QString()
                          : QStringLiteral("QLineEdit { border: 1px solid %1; }").arg(error.name());
    if (m_widget->styleSheet() == look) return;
    m_widget->setStyleSheet(look);
    m_widget->setAccessibleDescription(problem);
}

void RecipeEditor::refresh(const train::Recipe& recipe) {
    const QString idle = m_field.idleReason(recipe);
    m_isWanted = idle.isEmpty() || !m_field.hidesWhenIdle;
    for (QWidget* part : {static_cast<QWidget*>(m_label), m_widget}) {
        part->setEnabled(idle.isEmpty());
        part->setVisible(m_isWanted);
        part->setToolTip(QStringLiteral("%1%2\n%3")
                             .arg(idle.isEmpty() ? QString() : idle + QLatin1Char('\n'),
                                  m_field.tip, tr("In recipe files: %1").arg(m_field.key)));
    }
}

}  // namespace espalier::ui
