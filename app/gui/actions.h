// SPDX-License-Identifier: GPL-3.0-or-later
// Everything the window can do, in one table: menus, toolbar, the list of shortcuts and the tests
// read it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string_view>

#include <QAction>
#include <QObject>

#include "ui/dialogs/shortcuts_dialog.h"
#include "ui/style/icons.h"

class QMenuBar;

namespace espalier::gui {

/// What must be so before an action can be used; combined with |.
enum Need : unsigned {
    NeedNothing = 0,
    NeedModel = 1u << 0,
    NeedData = 1u << 1,
    NeedSelection = 1u << 2,  ///< a prunable layer is selected
    NeedIdle = 1u << 3,       ///< no model is being opened, no training runs
    NeedTraining = 1u << 4,
    NeedUndo = 1u << 5,
    NeedRedo = 1u << 6,
    NeedGroups = 1u << 7,  ///< channel groups are known
    NeedZeros = 1u << 8    ///< the opened file has zeros to decide about
};

enum class Kind { Command, Toggle, Choice };  ///< Choice: one of its menu is checked

struct ActionSpec {
    const char* id;        ///< objectName of the action
    const char* menu;      ///< "File", or "View/Theme" for a submenu
    int section;           ///< a separator stands where it changes within a menu
    const char* text;      ///< to be translated; "&" before its letter in the menu
    const char* shortcut;  ///< portable text, or ""
    const char* tip;       ///< to be translated
    std::optional<style::Icon> icon = {};
    unsigned needs = NeedNothing;
    Kind kind = Kind::Command;
};

/// In the order of the menus.
std::span<const ActionSpec> actionTable();

/// A menu or submenu by its name in ActionSpec::menu.
struct MenuSpec {
    const char* name;
    const char* text;  ///< to be translated; "&" before its letter
};
std::span<const MenuSpec> menuTable();

/// `text` without the "&" of its letter.
QString withoutMnemonic(const QString& text);
/// "View ▸ Theme", as the menus say it.
QString menuPath(const ActionSpec& spec);
/// The keys of the table, which the user may have replaced.
QKeySequence standardShortcut(const ActionSpec& spec);

/// Keys that work inside one panel and have no menu.
struct PanelKeys {
    const char* panel;
    const char* text;
    const char* keys;
};
std::span<const PanelKeys> panelKeys();

/// The needs that are met now.
using Met = unsigned;

/// The window's actions, by id.
class Actions : public QObject {
    Q_OBJECT
public:
    explicit Actions(QWidget* window);

    QAction* operator[](std::string_view id) const;
    void addMenus(QMenuBar* bar) const;
    /// Enables exactly those whose needs are met.
    void refresh(Met met);
    /// What an action that is disabled now waits for, for people; empty when it is enabled.
    QString whyNot(const ActionSpec& spec) const;
    /// Gives an action other keys, in its tooltip as well.
    void setShortcut(std::string_view id, const QKeySequence& keys);
    /// For the list under F1: the table, then the keys of plots and lists.
    QList<ui::ShortcutEntry> shortcuts() const;

private:
    Met m_met = NeedNothing;
    std::map<std::string_view, QAction*> m_actions;
};

}  // namespace espalier::gui
