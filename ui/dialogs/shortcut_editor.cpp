// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/shortcut_editor.h"

#include <algorithm>
#include <map>

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/dialogs/inline_message.h"
#include "ui/dialogs/keys_field.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

constexpr QSize kSize(560, 600);
enum Column { Action, Keys };

QString textOf(const QKeySequence& keys) {
    return keys.toString(QKeySequence::NativeText);
}

QPushButton* button(const QString& name, const QString& text, const QString& tip) {
    auto* made = new QPushButton(text);
    made->setObjectName(name);
    made->setToolTip(tip);
    made->setAutoDefault(false);
    return made;
}

}  // namespace

ShortcutEditor::ShortcutEditor(ShortcutSet shortcuts, QWidget* parent)
    : QDialog(parent),
      m_shortcuts(std::move(shortcuts)),
      m_list(new QTreeWidget),
      m_message(new InlineMessage(QStringLiteral("shortcutMessage"))) {
    setObjectName(QStringLiteral("shortcutEditor"));
    setWindowTitle(tr("Keyboard shortcuts"));
    auto* search = new QLineEdit;
    search->setObjectName(QStringLiteral("shortcutSearch"));
    search->setAccessibleName(tr("Search actions"));
    search->setPlaceholderText(tr("Search"));
    search->setToolTip(tr("Words of the action, its menu or its keys"));
    search->setClearButtonEnabled(true);
    search->addAction(style::icon(style::Icon::Search), QLineEdit::LeadingPosition);
    buildList();
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto* save = buttons->addButton(tr("Save"), QDialogButtonBox::AcceptRole);
    save->setToolTip(tr("Uses these keys from now on"));
    save->setDefault(true);
    m_resetAll = button(QStringLiteral("shortcutResetAll"), tr("Reset all"),
                        tr("Gives every action the keys that it came with"));
    buttons->addButton(m_resetAll, QDialogButtonBox::ResetRole);

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(search);
    layout->addWidget(m_list, 1);
    layout->addWidget(makeFields());
    layout->addWidget(m_message);
    layout->addWidget(buttons);
    resize(kSize);

    connect(search, &QLineEdit::textChanged, this, &ShortcutEditor::setFilter);
    connect(m_list, &QTreeWidget::currentItemChanged, this, &ShortcutEditor::showCurrent);
    connect(m_resetAll, &QPushButton::clicked, this, [this] {
        m_shortcuts.resetAll();
        refresh();
        showCurrent();
    });
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    refresh();
    showCurrent();
}

void ShortcutEditor::buildList() {
    m_list->setObjectName(QStringLiteral("shortcutList"));
    m_list->setAccessibleDescription(tr("Choose a command, then type its keys in the field below"));
    m_list->setAccessibleName(tr("Actions by menu"));
    m_list->setUniformRowHeights(true);
    m_list->setHeaderLabels({tr("Action"), tr("Keys")});
    std::map<QString, QTreeWidgetItem*> menus;
    for (const ShortcutRow& row : m_shortcuts.rows()) {
        QTreeWidgetItem*& menu = menus[row.menu];
        if (!menu) {
            menu = new QTreeWidgetItem(m_list, {row.menu});
            menu->setFlags(Qt::ItemIsEnabled);
        }
        auto* item = new QTreeWidgetItem(menu, {row.text});
        item->setToolTip(Action, row.tip);
        m_items.push_back(item);
    }
    m_list->expandAll();
    m_list->header()->setStretchLastSection(false);
    m_list->header()->setSectionResizeMode(Action, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(Keys, QHeaderView::ResizeToContents);
}

QWidget* ShortcutEditor::makeFields() {
    m_keys = new KeysField;
    m_keys->setObjectName(QStringLiteral("shortcutKeys"));
    m_keys->setAccessibleName(tr("Keys of the action"));
    m_keys->setToolTip(tr("Press the keys that the chosen action shall have"));
    m_reassign = button(QStringLiteral("shortcutReassign"), tr("Reassign"),
                        tr("Takes the keys from the other action"));
    m_clear =
        button(QStringLiteral("shortcutClear"), tr("No keys"), tr("Takes the action's keys away"));
    m_reset = button(QStringLiteral("shortcutReset"), tr("Reset"),
                     tr("Gives the action the keys that it came with"));
    auto* label = new QLabel(tr("Keys"));
    label->setBuddy(m_keys);
    auto* fields = new QWidget;
    auto* layout = new QHBoxLayout(fields);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(label);
    layout->addWidget(m_keys, 1);
    for (QPushButton* each : {m_reassign, m_clear, m_reset}) layout->addWidget(each);

    connect(m_keys, &KeysField::pressed, this, &ShortcutEditor::offer);
    connect(m_reassign, &QPushButton::clicked, this, [this] { assign(m_offered); });
    connect(m_clear, &QPushButton::clicked, this, [this] { assign({}); });
    connect(m_reset, &QPushButton::clicked, this, [this] {
        if (const auto row = currentRow()) offer(m_shortcuts.rows()[*row].standard);
    });
    return fields;
}

void ShortcutEditor::select(const QString& id) {
    const auto& rows = m_shortcuts.rows();
    const auto found = std::ranges::find(rows, id, &ShortcutRow::id);
    if (found != rows.end())
        m_list->setCurrentItem(m_items[static_cast<std::size_t>(found - rows.begin())]);
}

void ShortcutEditor::setFilter(const QString& text) {
    const QStringList words = text.split(u' ', Qt::SkipEmptyParts);
    std::map<QTreeWidgetItem*, bool> hasShown;
    for (std::size_t row = 0; row < m_items.size(); ++row) {
        const ShortcutRow& shown = m_shortcuts.rows()[row];
        const QString line =
            QStringList{shown.menu, shown.text, textOf(shown.keys)}.join(QLatin1Char(' '));
        const bool matches = std::ranges::all_of(words, [&line](const QString& word) {
            return line.contains(word, Qt::CaseInsensitive);
        });
        m_items[row]->setHidden(!matches);
        hasShown[m_items[row]->parent()] |= matches;
    }
    for (const auto& [menu, isShown] : hasShown) menu->setHidden(!isShown);
}

std::optional<std::size_t> ShortcutEditor::currentRow() const {
    const auto found = std::ranges::find(m_items, m_list->currentItem());
    if (found == m_items.end()) return {};
    return static_cast<std::size_t>(found - m_items.begin());
}

void ShortcutEditor::showCurrent() {
    m_offered = {};
    m_reassign->hide();
    const auto row = currentRow();
    m_keys->setKeySequence(row ? m_shortcuts.rows()[*row].keys : QKeySequence());
    m_keys->setEnabled(row.has_value());
    m_clear->setEnabled(row && !m_shortcuts.rows()[*row].keys.isEmpty());
    m_reset->setEnabled(row && m_shortcuts.isChanged(*row));
    m_resetAll->setEnabled(m_shortcuts.isAnyChanged());
    m_message->showNote(row ? tr("Press the new keys in the field.")
                            : tr("Choose an action to give it other keys."));
}

// Takes keys that are free; says what is in the way of others.
void ShortcutEditor::offer(const QKeySequence& keys) {
    const auto row = currentRow();
    if (!row) return;
    m_reassign->hide();
    if (const QString problem = m_shortcuts.problem(keys); !problem.isEmpty()) {
        m_message->showError(asSentence(problem));
        return;
    }
    const auto owner = m_shortcuts.owner(keys, *row);
    if (!owner) {
        assign(keys);
        return;
    }
    const ShortcutRow& other = m_shortcuts.rows()[*owner];
    m_offered = keys;
    m_keys->setKeySequence(keys);
    m_message->showError(tr("%1 belongs to “%2” (%3). Reassign takes it from there.")
                             .arg(textOf(keys), other.text, other.menu));
    m_reassign->show();
}

void ShortcutEditor::assign(const QKeySequence& keys) {
    const auto row = currentRow();
    if (!row) return;
    m_shortcuts.assign(*row, keys);
    const bool hadFocus = m_reassign->hasFocus();
    refresh();
    showCurrent();
    if (hadFocus) m_keys->setFocus();  // the button is gone
}

void ShortcutEditor::refresh() {
    for (std::size_t row = 0; row < m_items.size(); ++row) {
        const ShortcutRow& shown = m_shortcuts.rows()[row];
        m_items[row]->setText(Keys, textOf(shown.keys));
        QFont font = this->font();
        font.setBold(m_shortcuts.isChanged(row));
        m_items[row]->setFont(Keys, font);
        m_items[row]->setToolTip(
            Keys, m_shortcuts.isChanged(row)
                      ? tr("Changed; came with %1")
                            .arg(shown.standard.isEmpty() ? tr("no keys") : textOf(shown.standard))
                      : QString());
    }
}

}  // namespace espalier::ui
