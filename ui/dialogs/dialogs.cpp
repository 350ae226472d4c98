// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/dialogs.h"

#include <deque>

#include <QDesktopServices>
#include <QDialog>
#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QUrl>

#include "ui/style/tab_order.h"

namespace espalier::ui {

struct DialogScript::State {
    std::deque<QString> files;
    std::deque<int> answers;
    std::deque<QString> texts;
    std::deque<std::function<bool(QDialog&)>> dialogs;
    QStringList shown;
};

namespace {

constexpr const char* kAnswer = "answer";  // property of a button: its place
const QString kLastFolder = QStringLiteral("folders/last");

DialogScript::State*& script() {
    static DialogScript::State* current = nullptr;
    return current;
}

/// The next scripted answer, or `declined` and a warning.
template <class Answer>
Answer next(std::deque<Answer>& answers, const QString& title, Answer declined) {
    script()->shown << title;
    if (answers.empty()) {
        qWarning("A dialog that the test did not expect: %s", qPrintable(title));
        return declined;
    }
    Answer answer = std::move(answers.front());
    answers.pop_front();
    return answer;
}

QString startPath(const FileRequest& request) {
    const QString folder = QSettings().value(kLastFolder).toString();
    if (request.path.isEmpty()) return folder;
    const QFileInfo wanted(request.path);
    return wanted.isAbsolute() || folder.isEmpty() ? request.path
                                                   : folder + QLatin1Char('/') + request.path;
}

QString remembered(const QString& path) {
    if (!path.isEmpty()) {
        const QFileInfo info(path);
        QSettings().setValue(kLastFolder,
                             info.isDir() ? info.absoluteFilePath() : info.absolutePath());
    }
    return path;
}

}  // namespace

namespace dialogs {

QString openFile(QWidget* parent, const FileRequest& request) {
    if (script()) return next(script()->files, request.title, QString());
    return remembered(
        QFileDialog::getOpenFileName(parent, request.title, startPath(request), request.filter));
}

QString openFolder(QWidget* parent, const FileRequest& request) {
    if (script()) return next(script()->files, request.title, QString());
    return remembered(QFileDialog::getExistingDirectory(parent, request.title, startPath(request)));
}

QString saveFile(QWidget* parent, const FileRequest& request) {
    if (script()) return next(script()->files, request.title, QString());
    return remembered(
        QFileDialog::getSaveFileName(parent, request.title, startPath(request), request.filter));
}

std::unique_ptr<QMessageBox> makeQuestion(QWidget* parent, const Question& question) {
    auto box = std::make_unique<QMessageBox>(QMessageBox::Question, question.title, question.text,
                                             QMessageBox::NoButton, parent);
    box->setInformativeText(question.detail);
    for (int i = 0; i < question.answers.size(); ++i) {
        const bool isSafe = i == question.safeAnswer;
        auto* button = box->addButton(question.answers[i],
                                      isSafe ? QMessageBox::RejectRole : QMessageBox::AcceptRole);
        button->setProperty(kAnswer, i);
        button->setAccessibleDescription(question.text);
        if (isSafe) box->setEscapeButton(button);
        if (i == question.mainAnswer) box->setDefaultButton(button);
    }
    return box;
}

int ask(QWidget* parent, const Question& question) {
    if (script()) return next(script()->answers, question.title, question.safeAnswer);
    const auto box = makeQuestion(parent, question);
    box->exec();
    const QAbstractButton* clicked = box->clickedButton();
    return clicked ? clicked->property(kAnswer).toInt() : question.safeAnswer;
}

std::unique_ptr<QInputDialog> makeTextQuestion(QWidget* parent, const QString& title,
                                               const QString& label, const QString& suggestion) {
    auto dialog = std::make_unique<QInputDialog>(parent);
    dialog->setWindowTitle(title);
    dialog->setLabelText(label);
    dialog->setTextValue(suggestion);
    auto* edit = dialog->findChild<QLineEdit*>();
    edit->setAccessibleName(label);
    edit->setAccessibleDescription(title);
    edit->selectAll();
    (void)dialog->sizeHint();  // makes the buttons
    for (auto* button : dialog->findChildren<QAbstractButton*>())
        button->setAccessibleDescription(title);
    return dialog;
}

std::optional<QString> askText(QWidget* parent, const QString& title, const QString& label,
                               const QString& suggestion) {
    if (script()) {
        const QString text = next(script()->texts, title, QString());
        return text.isEmpty() ? std::nullopt : std::optional(text);
    }
    const auto dialog = makeTextQuestion(parent, title, label, suggestion);
    const bool isAccepted = dialog->exec() == QDialog::Accepted;
    const QString text = dialog->textValue().trimmed();
    return isAccepted && !text.isEmpty() ? std::optional(text) : std::nullopt;
}

bool run(QDialog& dialog) {
    style::tabAsLaidOut(dialog);
    if (!script()) return dialog.exec() == QDialog::Accepted;
    const auto act =
        next<std::function<bool(QDialog&)>>(script()->dialogs, dialog.windowTitle(), {});
    dialog.show();
    const bool accepted = act && act(dialog);
    if (dialog.isVisible()) dialog.done(accepted ? QDialog::Accepted : QDialog::Rejected);
    return accepted;
}

void showInFolder(const QString& path) {
    openExternally(QFileInfo(path).absolutePath());
}

void openExternally(const QString& path) {
    if (script()) {
        script()->shown << path;
        return;
    }
    QDesktopServices::openUrl(QUrl::fromLocalFile(path));
}

}  // namespace dialogs

DialogScript::DialogScript() : m_state(std::make_unique<State>()) {
    script() = m_state.get();
}

DialogScript::~DialogScript() {
    script() = nullptr;
}

void DialogScript::nextFile(const QString& path) {
    m_state->files.push_back(path);
}

void DialogScript::nextAnswer(int answer) {
    m_state->answers.push_back(answer);
}

void DialogScript::nextText(const QString& text) {
    m_state->texts.push_back(text);
}

void DialogScript::nextDialog(std::function<bool(QDialog&)> act) {
    m_state->dialogs.push_back(std::move(act));
}

QStringList DialogScript::shown() const {
    return m_state->shown;
}

bool DialogScript::isUsedUp() const {
    return m_state->files.empty() && m_state->answers.empty() && m_state->texts.empty() &&
           m_state->dialogs.empty();
}

}  // namespace espalier::ui
