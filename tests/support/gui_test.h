// SPDX-License-Identifier: GPL-3.0-or-later
// What tests of the window share: settings of their own, no warning let through, finding things by
// name.
#pragma once

#include <QAbstractButton>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QDialogButtonBox>
#include <QKeySequence>
#include <QLabel>
#include <QMap>
#include <QMenu>
#include <QRegularExpression>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QWidget>

namespace espalier::test {

/// Settings, and runs that can be continued, in a folder of their own, gone with this object.
class OwnSettings {
public:
    OwnSettings() {
        QCoreApplication::setOrganizationName(QStringLiteral("EspalierTest"));
        QCoreApplication::setApplicationName(QStringLiteral("EspalierTest"));
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder.path());
        qputenv("XDG_STATE_HOME", m_folder.path().toUtf8());
    }
    static void clear() { QSettings().clear(); }

private:
    QTemporaryDir m_folder;
};

/// Any warning that is logged from now on fails the running test function; not those about the
/// missing screen.
inline void failOnAnyWarning() {
    QTest::failOnWarning(QRegularExpression(QStringLiteral(
        "^(?!This plugin does not support|QStandardPaths: XDG_RUNTIME_DIR not set).*")));
}

/// The one child of `parent` with this object name; a missing one fails the test by a null access
/// it names first.
template <class Child>
Child* find(const QObject& parent, const char* name) {
    auto* child = parent.findChild<Child*>(QString::fromLatin1(name));
    if (!child) qFatal("No %s named %s", Child::staticMetaObject.className(), name);
    return child;
}

/// Visible widgets that take the keyboard focus and tell assistive technology nothing.
inline QStringList focusableWithoutName(const QWidget& window) {
    QStringList found;
    for (auto* widget : window.findChildren<QWidget*>()) {
        if (!widget->isVisibleTo(&window) || !(widget->focusPolicy() & Qt::TabFocus)) continue;
        if (widget->focusProxy()) continue;  // a field that speaks through its spin box
        QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
        if (accessible && !accessible->text(QAccessible::Name).isEmpty()) continue;
        found << QStringLiteral("%1 %2 in %3")
                     .arg(QString::fromLatin1(widget->metaObject()->className()),
                          widget->objectName(), widget->parentWidget()->objectName());
    }
    return found;
}

/// Visible widgets that take the keyboard focus and say in a word what they are, but not what for.
/// Buttons that only leave a dialog need not.
inline QStringList focusableWithoutDescription(const QWidget& window) {
    QStringList found;
    for (auto* widget : window.findChildren<QWidget*>()) {
        if (!widget->isVisibleTo(&window) || !(widget->focusPolicy() & Qt::TabFocus)) continue;
        const auto* box = qobject_cast<QDialogButtonBox*>(widget->parentWidget());
        auto* button = qobject_cast<QAbstractButton*>(widget);
        const bool onlyLeaves =
            box && button && box->buttonRole(button) == QDialogButtonBox::RejectRole;
        if (widget->focusProxy() || onlyLeaves) continue;
        QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
        const bool isTold = accessible && !accessible->text(QAccessible::Description).isEmpty();
        // What Qt does not hand on of tab bars and lists.
        const bool isGiven =
            !widget->accessibleDescription().isEmpty() || !widget->toolTip().isEmpty();
        if (isTold || isGiven) continue;
        found << QStringLiteral("%1 %2 \"%3\" in %4 has no description")
                     .arg(QString::fromLatin1(widget->metaObject()->className()),
                          widget->objectName(),
                          accessible ? accessible->text(QAccessible::Name) : QString(),
                          widget->parentWidget()->objectName());
    }
    return found;
}

/// Visible labels and buttons whose text does not fit into them.
inline QStringList clippedTexts(const QWidget& window) {
    QStringList found;
    const auto check = [&](const QWidget* widget, const QString& text) {
        if (text.isEmpty() || !widget->isVisible()) return;
        const QSize wanted =
            widget->minimumSizeHint() - QSize(2, 2);  // that much is the font's own leading
        if (widget->width() >= wanted.width() && widget->height() >= wanted.height()) return;
        found << QStringLiteral("%1 \"%2\" needs %3x%4 and has %5x%6")
                     .arg(widget->objectName(), text)
                     .arg(wanted.width())
                     .arg(wanted.height())
                     .arg(widget->width())
                     .arg(widget->height());
    };
    for (const auto* label : window.findChildren<QLabel*>()) {
        if (label->objectName() != QLatin1String("hoverText")) check(label, label->text());
    }
    for (const auto* button : window.findChildren<QAbstractButton*>())
        check(button, button->text());
    return found;
}

/// Entries of `menu`, and of the menus below it, without a letter or with one that another has.
inline QStringList withoutOwnLetter(const QString& menu, const QList<QAction*>& entries) {
    QStringList found;
    QMap<QString, QString> owners;
    for (const QAction* entry : entries) {
        if (entry->isSeparator()) continue;
        const QString letter = QKeySequence::mnemonic(entry->text()).toString();
        const QString place = menu + QStringLiteral(" > ") + entry->text();
        const bool isTaken = owners.contains(letter);
        if (letter.isEmpty()) found << place + QStringLiteral(" has no letter");
        if (!letter.isEmpty() && isTaken) found << place + QStringLiteral(" as ") + owners[letter];
        owners[letter] = entry->text();
        if (entry->menu()) found << withoutOwnLetter(entry->text(), entry->menu()->actions());
    }
    return found;
}

}  // namespace espalier::test
