// SPDX-License-Identifier: GPL-3.0-or-later
// One line of news inside the window: what failed and what to do, or what is done. Never modal.
#pragma once

#include <functional>

#include <QFrame>
#include <QString>

class QLabel;
class QToolButton;

namespace espalier::ui {

/// News for the message bar.
struct Message {
    enum class Level { Info, Success, Warning, Error };
    Level level = Level::Info;
    QString text;        ///< a sentence or two
    QString details;     ///< shown on demand; may be empty
    QString path;        ///< offers "Show in folder" unless empty
    QString actionText;  ///< a button of its own unless empty: "Type the input shape…"
    std::function<void()> action;
};

/// Shows the latest message until it is dismissed (Esc or the button) or replaced. Hidden when
/// there is none.
class MessageBar : public QFrame {
    Q_OBJECT
public:
    explicit MessageBar(QWidget* parent = nullptr);

    void post(Message message);
    void dismiss();
    bool hasMessage() const { return m_hasMessage; }
    const Message& message() const { return m_message; }

Q_SIGNALS:
    void posted();
    void dismissed();
    /// How much of what lies below it is hidden, in pixels; 0 while there is no message.
    void coverChanged(int height);

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QToolButton* addButton(const QString& name, const QString& text, const QString& tip);
    void refresh();
    QColor levelColor() const;

    Message m_message;
    bool m_hasMessage = false;
    QLabel* m_icon;
    QLabel* m_text;
    QLabel* m_details;
    QToolButton* m_action;
    QToolButton* m_folder;
    QToolButton* m_detailsButton;
    QToolButton* m_close;
};

}  // namespace espalier::ui
