// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that stops and asks: the one place that opens something modal, with a seam for tests.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <QString>
#include <QStringList>

class QDialog;
class QInputDialog;
class QMessageBox;
class QWidget;

namespace espalier::ui {

/// What a file dialog asks for.
struct FileRequest {
    QString title;
    QString path;    ///< a suggested file or a folder; empty: where the user was last
    QString filter;  ///< "TorchScript models (*.pt *.pth);;All files (*)"
};

/// A question with verbs for answers.
struct Question {
    QString title;
    QString text;
    QString detail;
    QStringList answers;  ///< "Export…", "Discard", "Cancel"
    int safeAnswer = 0;   ///< what Esc and closing the box mean
    int mainAnswer = 0;   ///< what Enter means
};

namespace dialogs {

/// Each returns an empty string when the user declined.
QString openFile(QWidget* parent, const FileRequest& request);
QString openFolder(QWidget* parent, const FileRequest& request);
QString saveFile(QWidget* parent, const FileRequest& request);

/// Index into `question.answers`.
int ask(QWidget* parent, const Question& question);

/// A line of text; none when the user declined.
std::optional<QString> askText(QWidget* parent, const QString& title, const QString& label,
                               const QString& suggestion);

/// What `ask` and `askText` show.
std::unique_ptr<QMessageBox> makeQuestion(QWidget* parent, const Question& question);
std::unique_ptr<QInputDialog> makeTextQuestion(QWidget* parent, const QString& title,
                                               const QString& label, const QString& suggestion);

/// Runs a dialog of one's own; true when it was accepted.
bool run(QDialog& dialog);

/// Opens a file's folder, or a file, in the desktop's own program.
void showInFolder(const QString& path);
void openExternally(const QString& path);

}  // namespace dialogs

/// For tests: while one lives nothing is shown, and answers come from here in the order they were
/// given.
///
/// A dialog that nobody expected is declined with a warning, so that a test fails and never hangs.
class DialogScript {
public:
    DialogScript();
    ~DialogScript();
    DialogScript(const DialogScript&) = delete;
    DialogScript& operator=(const DialogScript&) = delete;

    void nextFile(const QString& path);  ///< for openFile, openFolder and saveFile
    void nextAnswer(int answer);
    void nextText(const QString& text);
    /// Fills in a dialog and says whether it is accepted.
    void nextDialog(std::function<bool(QDialog&)> act);

    /// Titles of what was shown, and files handed to the desktop.
    QStringList shown() const;
    /// Whether every answer was asked for.
    bool isUsedUp() const;

    struct State;

private:
    std::unique_ptr<State> m_state;
};

}  // namespace espalier::ui
