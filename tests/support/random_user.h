// SPDX-License-Identifier: GPL-3.0-or-later
// Somebody who does anything at all to a window: its commands, its widgets, its plots, and answers
// to whatever asks. Dialogs are shown for real and are answered from inside their own loops.
#pragma once

#include <random>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QContextMenuEvent>
#include <QDialog>
#include <QDir>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QRegularExpression>
#include <QTabBar>
#include <QTest>
#include <QTimer>

#include "app/gui/actions.h"
#include "tests/support/drag.h"
#include "ui/plots/plot_view.h"
#include "ui/plots/qcp.h"

namespace espalier::test {

class RandomUser : public QObject {
public:
    /// Files are opened from and written into `folder`.
    RandomUser(QWidget& window, QString folder, unsigned seed)
        : m_window(window), m_folder(std::move(folder)), m_random(seed) {
        look();
    }

    int below(int count) { return static_cast<int>(m_random() % static_cast<unsigned>(count)); }
    bool isLucky(int percent) { return below(100) < percent; }
    template <class List>
    auto& anyOf(List& list) {
        return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
    }

    /// Says what is done now, for who reads why a test failed.
    void note(const QString& what) {
        m_trail << what;
        while (m_trail.size() > 25) m_trail.removeFirst();
    }
    QString trail() const { return m_trail.join(QStringLiteral(" | ")); }
    /// Title of a dialog that would not go away; empty: none.
    const QString& hanging() const { return m_hanging; }

    /// Any command that can be used now; to quit ends the game and is not one of them.
    void command() {
        QList<QAction*> usable;
        for (const gui::ActionSpec& spec : gui::actionTable()) {
            auto* action = m_window.findChild<QAction*>(QString::fromLatin1(spec.id));
            const bool ends = action->objectName() == QLatin1String("file.quit");
            if (action->isEnabled() && !ends) usable << action;
        }
        QAction* chosen = anyOf(usable);
        note(chosen->objectName());
        chosen->trigger();
    }

    /// Something to a widget of `top` that can be seen and used.
    void poke(QWidget& top) {
        QList<QWidget*> reachable;
        for (auto* widget : top.findChildren<QWidget*>()) {
            if (widget->window() == &top && widget->isVisible() && widget->isEnabled() &&
                isTouchable(*widget))
                reachable << widget;
        }
        if (reachable.isEmpty()) return;
        QWidget* widget = anyOf(reachable);
        note(QStringLiteral("%1 %2").arg(QString::fromLatin1(widget->metaObject()->className()),
                                         widget->objectName()));
        touch(*widget);
    }

private:
    static constexpr int kLookMs = 10;
    static constexpr int kPatience = 500;  // looks at one dialog that is to go

    static bool isTouchable(const QWidget& widget) {
        return qobject_cast<const QAbstractButton*>(&widget) ||
               qobject_cast<const QComboBox*>(&widget) ||
               qobject_cast<const QAbstractSpinBox*>(&widget) ||
               qobject_cast<const QAbstractSlider*>(&widget) ||
               qobject_cast<const QLineEdit*>(&widget) ||
               qobject_cast<const QAbstractItemView*>(&widget) ||
               qobject_cast<const QTabBar*>(&widget) || qobject_cast<const QCustomPlot*>(&widget);
    }

    void touch(QWidget& widget) {
        if (auto* button = qobject_cast<QAbstractButton*>(&widget)) return button->click();
        if (auto* tabs = qobject_cast<QTabBar*>(&widget)) {
            return tabs->count() > 0 ? tabs->setCurrentIndex(below(tabs->count())) : void();
        }
        if (qobject_cast<QCustomPlot*>(&widget)) return touchPlot(widget);
        if (qobject_cast<QLineEdit*>(&widget) && isLucky(80)) return type(widget);
        if (qobject_cast<QAbstractSpinBox*>(&widget) && isLucky(60)) return type(widget);
        if (qobject_cast<QAbstractItemView*>(&widget) && isLucky(20)) return askMenu(widget);
        press(widget);
    }

    void press(QWidget& widget) {
        static constexpr Qt::Key kKeys[] = {
            Qt::Key_Up,  Qt::Key_Down,   Qt::Key_PageUp, Qt::Key_PageDown, Qt::Key_Home,
            Qt::Key_End, Qt::Key_Left,   Qt::Key_Right,  Qt::Key_Space,    Qt::Key_Return,
            Qt::Key_F2,  Qt::Key_Delete, Qt::Key_Plus,   Qt::Key_Minus,    Qt::Key_P,
            Qt::Key_L,   Qt::Key_1};
        static constexpr Qt::KeyboardModifier kModifiers[] = {
            Qt::NoModifier, Qt::NoModifier, Qt::NoModifier, Qt::ShiftModifier, Qt::ControlModifier};
        const QPointer<QWidget> alive = &widget;
        for (int times = 1 + below(4); times > 0 && alive; --times)
            QTest::keyClick(alive, anyOf(kKeys), anyOf(kModifiers));
    }

    void type(QWidget& field) {
        static const char* const kTexts[] = {"0",    "1",   "3",     "0.25",       "90",
                                             "-1",   "1e9", "words", "conv",       "sparsity<0.5",
                                             "12,5", "",    "½ %",   "params>10k", "fc1.weight"};
        const QPointer<QWidget> alive = &field;
        QTest::keyClick(&field, Qt::Key_A, Qt::ControlModifier);
        if (alive) QTest::keyClicks(alive, QString::fromUtf8(anyOf(kTexts)));
        if (alive) QTest::keyClick(alive, isLucky(80) ? Qt::Key_Return : Qt::Key_Escape);
    }

    void touchPlot(QWidget& canvas) {
        const auto anywhere = [&] {
            return QPoint(below(std::max(1, canvas.width())), below(std::max(1, canvas.height())));
        };
        const int what = below(5);
        if (what == 0) return press(canvas);
        if (what == 1) return askMenu(canvas);
        if (what == 2) return QTest::mouseClick(&canvas, Qt::LeftButton, {}, anywhere());
        const QPoint from = anywhere();
        drag(&canvas, from, anywhere());
    }

    void askMenu(QWidget& widget) {
        const QPoint at = widget.rect().center();
        QContextMenuEvent asked(QContextMenuEvent::Mouse, at, widget.mapToGlobal(at));
        QApplication::sendEvent(&widget, &asked);
    }

    /// Answers what is in the way, every now and then, from inside whatever loop it runs.
    void look() {
        // Anew each time: a timer does not fire while what it called has not come back.
        QTimer::singleShot(kLookMs, this, [this] { look(); });
        if (QWidget* popup = QApplication::activePopupWidget()) return answerPopup(*popup);
        auto* dialog = qobject_cast<QDialog*>(QApplication::activeModalWidget());
        if (!dialog) return;
        if (dialog != m_dialog) {
            m_dialog = dialog;
            m_looks = 0;
            m_goesAfter = below(8);
            note(QStringLiteral("[%1]").arg(dialog->windowTitle()));
        }
        ++m_looks;
        if (m_looks > kPatience) {
            m_hanging = dialog->windowTitle();
            return dialog->done(QDialog::Rejected);
        }
        answer(*dialog);
    }

    void answerPopup(QWidget& popup) {
        auto* menu = qobject_cast<QMenu*>(&popup);
        QList<QAction*> usable;
        for (QAction* action : menu ? menu->actions() : QList<QAction*>()) {
            if (action->isEnabled() && !action->isSeparator() && !action->menu()) usable << action;
        }
        const QPointer<QAction> chosen = usable.isEmpty() || isLucky(30) ? nullptr : anyOf(usable);
        popup.close();
        if (!chosen) return;
        note(QStringLiteral("menu: %1").arg(chosen->text()));
        chosen->trigger();
    }

    void answer(QDialog& dialog) {
        if (auto* files = qobject_cast<QFileDialog*>(&dialog)) return chooseFile(*files);
        if (auto* box = qobject_cast<QMessageBox*>(&dialog)) {
            auto buttons = box->buttons();
            QAbstractButton* button = anyOf(buttons);
            note(button->text());
            return button->click();
        }
        if (m_looks < m_goesAfter) return poke(dialog);
        const bool isLate = m_looks > m_goesAfter + 20;
        auto buttons = dialog.findChildren<QPushButton*>();
        buttons.removeIf(
            [](const auto* button) { return !button->isVisible() || !button->isEnabled(); });
        if (isLate || buttons.isEmpty() || isLucky(20)) return dialog.reject();
        QPushButton* button = anyOf(buttons);
        note(button->text());
        button->click();
    }

    void chooseFile(QFileDialog& dialog) {
        if (m_looks > 5 || isLucky(20)) return dialog.reject();
        auto* field = dialog.findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        field->setText(dialog.acceptMode() == QFileDialog::AcceptSave ? fileToWrite(dialog)
                                                                      : fileToRead(dialog));
        note(QFileInfo(field->text()).fileName());
        static_cast<QDialog&>(dialog).accept();
    }

    QString fileToWrite(const QFileDialog& dialog) {
        static const QRegularExpression pattern(QStringLiteral("\\*(\\.[\\w.-]+)"));
        const QString suffix =
            pattern.match(dialog.nameFilters().join(QLatin1Char(' '))).captured(1);
        return QStringLiteral("%1/written%2%3").arg(m_folder).arg(below(4)).arg(suffix);
    }

    QString fileToRead(const QFileDialog& dialog) {
        if (dialog.fileMode() == QFileDialog::Directory) return m_folder;
        const QStringList files = QDir(m_folder).entryList(QDir::Files, QDir::Name);
        return m_folder + QLatin1Char('/') + anyOf(files);
    }

    QWidget& m_window;
    QString m_folder;
    std::mt19937 m_random;
    QStringList m_trail;
    QString m_hanging;
    QPointer<QDialog> m_dialog;
    int m_looks = 0;
    int m_goesAfter = 0;
};

}  // namespace espalier::test
