// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/actions.h"

#include <QActionGroup>
#include <QCoreApplication>
#include <QMenu>
#include <QMenuBar>
#include <QWidget>

namespace espalier::gui {
namespace {

QString translated(const char* text) {
    return QCoreApplication::translate("Actions", text);
}

QString menuTitle(const QString& name) {
    for (const MenuSpec& spec : menuTable()) {
        if (name == QLatin1String(spec.name)) return translated(spec.text);
    }
    return name;
}

/// The menu at "View/Theme" in `bar`, made where it is missing. `section` of the entry decides
/// about a separator.
QMenu* menuAt(QMenuBar* bar, const QString& path) {
    QWidget* place = bar;
    for (const QString& name : path.split(QLatin1Char('/'))) {
        const QString id = place->objectName() + QLatin1Char('/') + name;
        auto* menu = place->findChild<QMenu*>(id, Qt::FindDirectChildrenOnly);
        if (!menu) {
            const QString title = menuTitle(name);
            menu = place == bar ? bar->addMenu(title) : static_cast<QMenu*>(place)->addMenu(title);
            menu->setObjectName(id);
            menu->setToolTipsVisible(true);
        }
        place = menu;
    }
    return static_cast<QMenu*>(place);
}

void giveKeys(QAction* action, const QKeySequence& keys) {
    action->setShortcut(keys);
    const QString text = keys.toString(QKeySequence::NativeText);
    const QString tip = action->statusTip();
    action->setToolTip(text.isEmpty() ? tip : QStringLiteral("%1 (%2)").arg(tip, text));
}

QAction* makeAction(const ActionSpec& spec, QWidget* window) {
    auto* action = new QAction(translated(spec.text), window);
    action->setObjectName(QString::fromLatin1(spec.id));
    action->setStatusTip(translated(spec.tip));
    giveKeys(action, standardShortcut(spec));
    if (spec.icon) action->setIcon(style::icon(*spec.icon));
    action->setCheckable(spec.kind != Kind::Command);
    if (QByteArray(spec.id) == "file.quit") action->setMenuRole(QAction::QuitRole);
    if (QByteArray(spec.id) == "help.about") action->setMenuRole(QAction::AboutRole);
    return action;
}

/// Said of the first of these that is missing.
constexpr std::pair<Need, const char*> kReasons[] = {
    {NeedTraining, QT_TRANSLATE_NOOP("Actions", "no training is under way")},
    {NeedModel, QT_TRANSLATE_NOOP("Actions", "open a model first")},
    {NeedIdle, QT_TRANSLATE_NOOP("Actions", "wait until the training or the opening has ended")},
    {NeedData, QT_TRANSLATE_NOOP("Actions", "attach data first")},
    {NeedSelection, QT_TRANSLATE_NOOP("Actions", "select a layer that can be pruned")},
    {NeedUndo, QT_TRANSLATE_NOOP("Actions", "there is nothing to undo")},
    {NeedRedo, QT_TRANSLATE_NOOP("Actions", "there is nothing to redo")},
    {NeedGroups, QT_TRANSLATE_NOOP("Actions", "no channel groups are known of this model")},
    {NeedZeros, QT_TRANSLATE_NOOP("Actions", "the opened file has no zeros to decide about")},
};

}  // namespace

QString withoutMnemonic(const QString& text) {
    QString plain;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] == u'&' && i + 1 < text.size()) ++i;  // "&&" stands for one
        plain += text[i];
    }
    return plain;
}

QString menuPath(const ActionSpec& spec) {
    QStringList menus;
    for (const QString& name : QString::fromLatin1(spec.menu).split(QLatin1Char('/')))
        menus << withoutMnemonic(menuTitle(name));
    return menus.join(QStringLiteral(" ▸ "));
}

QKeySequence standardShortcut(const ActionSpec& spec) {
    return QKeySequence::fromString(QString::fromLatin1(spec.shortcut), QKeySequence::PortableText);
}

Actions::Actions(QWidget* window) : QObject(window) {
    std::map<std::string_view, QActionGroup*> groups;
    for (const ActionSpec& spec : actionTable()) {
        QAction* action = makeAction(spec, window);
        m_actions[spec.id] = action;
        window->addAction(action);
        if (spec.kind != Kind::Choice) continue;
        QActionGroup*& group = groups[spec.menu];
        if (!group) group = new QActionGroup(this);
        group->addAction(action);
    }
}

QAction* Actions::operator[](std::string_view id) const {
    const auto found = m_actions.find(id);
    Q_ASSERT_X(found != m_actions.end(), "Actions", std::string(id).c_str());
    return found->second;
}

void Actions::addMenus(QMenuBar* bar) const {
    std::map<QString, int> lastSection;
    for (const ActionSpec& spec : actionTable()) {
        const QString path = QString::fromLatin1(spec.menu);
        const QString top = path.section(QLatin1Char('/'), 0, 0);
        QMenu* topMenu = menuAt(bar, top);
        if (const auto last = lastSection.find(top);
            last != lastSection.end() && last->second != spec.section) {
            topMenu->addSeparator();
        }
        lastSection[top] = spec.section;
        menuAt(bar, path)->addAction((*this)[spec.id]);
    }
}

void Actions::refresh(Met met) {
    m_met = met;
    for (const ActionSpec& spec : actionTable())
        (*this)[spec.id]->setEnabled((spec.needs & ~met) == 0);
}

QString Actions::whyNot(const ActionSpec& spec) const {
    const unsigned missing = spec.needs & ~m_met;
    for (const auto& [need, reason] : kReasons) {
        if (missing & need) return translated(reason);
    }
    return {};
}

void Actions::setShortcut(std::string_view id, const QKeySequence& keys) {
    giveKeys((*this)[id], keys);
}

QList<ui::ShortcutEntry> Actions::shortcuts() const {
    QList<ui::ShortcutEntry> entries;
    for (const ActionSpec& spec : actionTable()) {
        const QKeySequence keys = (*this)[spec.id]->shortcut();
        entries << ui::ShortcutEntry{menuPath(spec), withoutMnemonic(translated(spec.text)),
                                     keys.toString(QKeySequence::NativeText), translated(spec.tip)};
    }
    for (const PanelKeys& entry : panelKeys()) {
        entries << ui::ShortcutEntry{
            translated(entry.panel), translated(entry.text), QString::fromUtf8(entry.keys), {}};
    }
    return entries;
}

}  // namespace espalier::gui
