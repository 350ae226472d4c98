// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/shortcut_settings.h"

#include <algorithm>

#include <QCoreApplication>
#include <QSettings>

#include "app/gui/actions.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/shortcut_editor.h"
#include "ui/panels/start_page.h"

namespace espalier::gui {
namespace {

using ui::ReservedKeys;
using ui::ShortcutRow;
using ui::ShortcutSet;

const QString kGroup = QStringLiteral("shortcuts/");

QString translated(const char* text) {
    return QCoreApplication::translate("Actions", text);
}

bool isInMenuBar(const MenuSpec& menu) {
    return std::ranges::any_of(actionTable(), [&menu](const ActionSpec& spec) {
        return QString::fromLatin1(spec.menu).section(u'/', 0, 0) == QLatin1String(menu.name);
    });
}

/// Keys of panels and text fields, and the letters that open menus.
std::vector<ReservedKeys> reservedKeys() {
    std::vector<ReservedKeys> reserved;
    for (const PanelKeys& keys : panelKeys()) {
        const auto sequence = QKeySequence::fromString(QString::fromUtf8(keys.keys));
        const bool isOne = sequence.count() == 1 && sequence[0].key() != Qt::Key_unknown;
        if (!isOne) continue;  // "← →" stands for several, which need Ctrl to be an action's
        reserved.push_back({sequence, QStringLiteral("%1: %2").arg(translated(keys.panel),
                                                                   translated(keys.text))});
    }
    for (const auto standard : {QKeySequence::SelectAll, QKeySequence::Cut, QKeySequence::Paste}) {
        reserved.push_back({QKeySequence(standard),
                            QCoreApplication::translate("ShortcutSettings", "text fields")});
    }
    for (const MenuSpec& menu : menuTable()) {
        if (!isInMenuBar(menu)) continue;
        const QString title = translated(menu.text);
        reserved.push_back({QKeySequence::mnemonic(title),
                            QCoreApplication::translate("ShortcutSettings", "the menu %1")
                                .arg(withoutMnemonic(title))});
    }
    return reserved;
}

ShortcutSet shortcutsOf(const Actions& actions) {
    std::vector<ShortcutRow> rows;
    for (const ActionSpec& spec : actionTable()) {
        rows.push_back({QString::fromLatin1(spec.id), menuPath(spec),
                        withoutMnemonic(translated(spec.text)), translated(spec.tip),
                        actions[spec.id]->shortcut(), standardShortcut(spec)});
    }
    return {std::move(rows), reservedKeys()};
}

void apply(const ShortcutSet& shortcuts, Actions& actions) {
    for (const ShortcutRow& row : shortcuts.rows())
        actions.setShortcut(row.id.toStdString(), row.keys);
}

/// Only what differs, so that a later version may improve the others.
void store(const ShortcutSet& shortcuts) {
    QSettings settings;
    for (std::size_t i = 0; i < shortcuts.rows().size(); ++i) {
        const ShortcutRow& row = shortcuts.rows()[i];
        if (shortcuts.isChanged(i)) {
            settings.setValue(kGroup + row.id, row.keys.toString(QKeySequence::PortableText));
        } else {
            settings.remove(kGroup + row.id);
        }
    }
}

/// First those that lost their keys, so that others can have them.
void read(ShortcutSet& shortcuts) {
    const QSettings settings;
    const auto stored = [&](std::size_t row) {
        return settings.value(kGroup + shortcuts.rows()[row].id);
    };
    std::vector<std::size_t> chosen;
    for (std::size_t row = 0; row < shortcuts.rows().size(); ++row) {
        if (!stored(row).isValid()) continue;
        chosen.push_back(row);
        shortcuts.assign(row, {});
    }
    for (const std::size_t row : chosen) {
        const auto keys =
            QKeySequence::fromString(stored(row).toString(), QKeySequence::PortableText);
        if (stored(row).toString().isEmpty()) continue;  // none, as it was chosen
        const bool isUsable = keys.count() == 1 && keys[0].key() != Qt::Key_unknown &&
                              shortcuts.problem(keys).isEmpty() && !shortcuts.owner(keys, row);
        const QKeySequence& standard = shortcuts.rows()[row].standard;
        if (isUsable) {
            shortcuts.assign(row, keys);
        } else if (!shortcuts.owner(standard, row)) {
            shortcuts.assign(row, standard);
        }
    }
}

}  // namespace

void connectShortcuts(Actions& actions, ui::StartPage* start, QWidget* window) {
    const QAction* open = actions["file.open"];
    const auto tell = [open, start] { start->setOpenToolTip(open->toolTip()); };
    QObject::connect(open, &QAction::changed, start, tell);
    tell();
    ShortcutSet shortcuts = shortcutsOf(actions);
    read(shortcuts);
    apply(shortcuts, actions);
    QObject::connect(actions["edit.shortcuts"], &QAction::triggered, window, [&actions, window] {
        ui::ShortcutEditor editor(shortcutsOf(actions), window);
        if (!ui::dialogs::run(editor)) return;
        store(editor.shortcuts());
        apply(editor.shortcuts(), actions);
    });
}

}  // namespace espalier::gui
