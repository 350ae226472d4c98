// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/start_page.h"

#include <algorithm>
#include <initializer_list>

#include <QDir>
#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/document/autosave_folder.h"
#include "ui/style/colors.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kColumnWidth = 680;
constexpr int kPictureSize = 72;
constexpr int kShownSessions = 5;
constexpr int kShownFiles = 6;       // without sessions
constexpr int kFewestFiles = 3;      // whatever is offered above them
constexpr int kSessionsForFree = 1;  // that take no file's place

QPushButton* bigButton(const QString& name, const QString& text, style::Icon icon,
                       const QString& tip) {
    auto* button = new QPushButton(style::icon(icon), text);
    button->setObjectName(name);
    button->setToolTip(tip);
    button->setAutoDefault(true);
    button->setMinimumHeight(36);
    return button;
}

/// As tall as a line of text needs: there may be several.
QPushButton* smallButton(const QString& name, const QString& text, style::Icon icon,
                         const QString& tip) {
    auto* button = new QPushButton(style::icon(icon), text);
    button->setObjectName(name);
    button->setToolTip(tip);
    button->setAutoDefault(true);
    return button;
}

/// "~/models/lenet5.pt" rather than the whole home folder.
QString shortFolder(const QFileInfo& file) {
    QString folder = file.absolutePath();
    if (folder.startsWith(QDir::homePath()))
        folder.replace(0, QDir::homePath().size(), QStringLiteral("~"));
    return folder;
}

QPushButton* recentButton(const QString& path, int position) {
    const QFileInfo file(path);
    auto* button = new QPushButton(style::icon(style::Icon::Model), file.fileName());
    button->setObjectName(QStringLiteral("startRecent%1").arg(position));
    button->setFlat(true);
    button->setAutoDefault(true);  // Enter opens it, too
    button->setStyleSheet(QStringLiteral("text-align: left; padding: 4px 8px;"));
    button->setAccessibleName(StartPage::tr("Open %1").arg(file.fileName()));
    button->setEnabled(file.exists());
    button->setToolTip(file.exists() ? path : StartPage::tr("%1 is no longer there").arg(path));
    return button;
}

QLabel* offerText(const QString& name) {
    auto* text = new QLabel;
    text->setObjectName(name);
    text->setWordWrap(true);
    return text;
}

/// A line with a question and the ways to answer it.
QWidget* offer(const QString& name, QLabel* text, std::initializer_list<QPushButton*> answers) {
    auto* row = new QWidget;
    row->setObjectName(name);
    auto* line = new QHBoxLayout(row);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(style::kSpacePanel);
    line->addWidget(text, 1);
    for (QPushButton* answer : answers) line->addWidget(answer);
    return row;
}

}  // namespace

StartPage::StartPage(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("startPage"));
    setAccessibleName(tr("Start page"));
    m_recentTitle = new QLabel(tr("Recent models and sessions"), this);
    m_recentTitle->setFont(style::font(style::FontSize::Small));
    m_recent = new QVBoxLayout;
    m_recent->setSpacing(0);
    m_dropHint =
        new QLabel(tr("Or drop a TorchScript model, a session, a plan or a recipe anywhere on this "
                      "window. Nothing leaves your machine."));
    m_dropHint->setObjectName(QStringLiteral("startDropHint"));
    m_dropHint->setWordWrap(true);

    m_lost = new QWidget;
    m_lost->setObjectName(QStringLiteral("startLostSessions"));
    auto* lost = new QVBoxLayout(m_lost);
    lost->setContentsMargins({});
    lost->setSpacing(style::kSpaceRelated);

    auto* column = new QWidget(this);
    column->setMaximumWidth(kColumnWidth);
    auto* lines = new QVBoxLayout(column);
    lines->setSpacing(style::kSpaceGroup);
    lines->addLayout(makeHeader());
    lines->addWidget(makeWaiting());
    lines->addWidget(makeBrokenRun());
    lines->addWidget(m_lost);
    lines->addLayout(makeButtons());
    lines->addWidget(m_dropHint);
    auto* recent = new QVBoxLayout;
    recent->setSpacing(style::kSpaceRelated);
    recent->addWidget(m_recentTitle);
    recent->addLayout(m_recent);
    lines->addLayout(recent);

    auto* across = new QHBoxLayout;
    across->addStretch(1);
    across->addWidget(column, 4);
    across->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->addStretch(2);
    layout->addLayout(across);
    layout->addStretch(3);
    setRecentFiles({});
    setBrokenRun({});
    setWaiting({});
    setLostSessions({});
    refreshColors();
}

QLayout* StartPage::makeHeader() {
    m_picture = new QLabel;
    auto* title = new QLabel(QStringLiteral("Espalier"));
    title->setFont(style::font(style::FontSize::Large));
    m_summary =
        new QLabel(tr("See where a model's weights can go, take them away, "
                      "fine-tune what is left, and export it."));
    m_summary->setWordWrap(true);
    auto* words = new QVBoxLayout;
    words->setSpacing(style::kSpaceRelated);
    words->addStretch();
    words->addWidget(title);
    words->addWidget(m_summary);
    words->addStretch();
    auto* header = new QHBoxLayout;
    header->setSpacing(style::kSpaceGroup);
    header->addWidget(m_picture);
    header->addLayout(words, 1);
    return header;
}

QLayout* StartPage::makeButtons() {
    m_open = bigButton(QStringLiteral("startOpen"), tr("Open model…"), style::Icon::Open,
                       tr("Opens a TorchScript file, as written by torch.jit.save"));
    auto* example = bigButton(
        QStringLiteral("startExample"), tr("Try the example"), style::Icon::Start,
        tr("Opens a small trained LeNet-5 with its MNIST data: everything is on this disk"));
    m_open->setDefault(true);
    connect(m_open, &QPushButton::clicked, this, &StartPage::openRequested);
    connect(example, &QPushButton::clicked, this, &StartPage::exampleRequested);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(style::kSpacePanel);
    buttons->addWidget(m_open, 1);
    buttons->addWidget(example, 1);
    return buttons;
}

QWidget* StartPage::makeBrokenRun() {
    auto* proceed = bigButton(QStringLiteral("startContinue"), tr("Continue"), style::Icon::Train,
                              tr("Opens its session or, where there is none, model and data again, "
                                 "restores plan, curves and history, and goes on with the training "
                                 "from its last checkpoint"));
    m_recoverRun =
        bigButton(QStringLiteral("startRecoverRun"), tr("Recover only"), style::Icon::Undo,
                  tr("Opens the session that the training belongs to as it was last "
                     "kept; the training can be continued in it"));
    auto* discard = bigButton(QStringLiteral("startDiscard"), tr("Discard"), style::Icon::Remove,
                              tr("Deletes the checkpoint of this training; models and sessions "
                                 "stay"));
    connect(proceed, &QPushButton::clicked, this, &StartPage::continueRequested);
    connect(m_recoverRun, &QPushButton::clicked, this, &StartPage::recoverRunRequested);
    connect(discard, &QPushButton::clicked, this, &StartPage::discardRequested);
    m_brokenText = offerText(QStringLiteral("startBrokenRunText"));
    m_broken =
        offer(QStringLiteral("startBrokenRun"), m_brokenText, {proceed, m_recoverRun, discard});
    return m_broken;
}

QWidget* StartPage::makeWaiting() {
    auto* forget = smallButton(QStringLiteral("startForgetWaiting"), tr("Forget"),
                               style::Icon::Remove, tr("Leaves these files where they are"));
    connect(forget, &QPushButton::clicked, this, &StartPage::forgetWaitingRequested);
    m_waitingText = offerText(QStringLiteral("startWaitingText"));
    m_waiting = offer(QStringLiteral("startWaiting"), m_waitingText, {forget});
    return m_waiting;
}

QWidget* StartPage::makeLostSession(const LostSession& session, int position) {
    const auto numbered = [position](const char* name) {
        return QLatin1String(name) + QString::number(position);
    };
    const QString folder = QString::fromStdString(session.folder.string());
    auto* recover = smallButton(numbered("startRecover"), tr("Recover"), style::Icon::Undo,
                                tr("Opens the session as the program last kept it by itself, with "
                                   "its history, plans and weights"));
    auto* discard =
        smallButton(numbered("startDiscardSession"), tr("Discard"), style::Icon::Remove,
                    tr("Deletes what was kept of this session; models and saved sessions stay"));
    recover->setAccessibleName(tr("Recover %1").arg(describe(session)));
    discard->setAccessibleName(tr("Discard %1").arg(describe(session)));
    connect(recover, &QPushButton::clicked, this,
            [this, folder] { Q_EMIT recoverRequested(folder); });
    connect(discard, &QPushButton::clicked, this,
            [this, folder] { Q_EMIT discardSessionRequested(folder); });
    QLabel* text = offerText(numbered("startLostSessionText"));
    text->setText(tr("Recover %1?").arg(describe(session)));
    return offer(numbered("startLostSession"), text, {recover, discard});
}

void StartPage::setLostSessions(const std::vector<LostSession>& sessions) {
    while (QLayoutItem* item = m_lost->layout()->takeAt(0)) {
        item->widget()->hide();
        item->widget()->setParent(nullptr);
        item->widget()->deleteLater();  // it may hold the button that was clicked
        delete item;
    }
    m_lostCount = std::min(kShownSessions, static_cast<int>(sessions.size()));
    for (int i = 0; i < m_lostCount; ++i)
        m_lost->layout()->addWidget(makeLostSession(sessions[static_cast<std::size_t>(i)], i));
    m_lost->setVisible(m_lostCount > 0);
    showRecentFiles();
}

void StartPage::setBrokenRun(const QString& run, bool hasSession) {
    m_brokenText->setText(run.isEmpty() ? QString() : tr("Continue %1?").arg(run));
    m_recoverRun->setVisible(hasSession);
    m_broken->setVisible(!run.isEmpty());
}

void StartPage::setWaiting(const QString& files) {
    m_waitingText->setText(files);
    m_waiting->setVisible(!files.isEmpty());
}

void StartPage::setOpenToolTip(const QString& tip) {
    m_open->setToolTip(tip);
}

void StartPage::setRecentFiles(const QStringList& paths) {
    m_recentFiles = paths;
    showRecentFiles();
}

void StartPage::showRecentFiles() {
    while (QLayoutItem* item = m_recent->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_recentTitle->setVisible(!m_recentFiles.isEmpty());
    const int room = kShownFiles - std::max(0, m_lostCount - kSessionsForFree);
    const QStringList shown = m_recentFiles.mid(0, std::max(kFewestFiles, room));
    for (int i = 0; i < static_cast<int>(shown.size()); ++i) {
        auto* button = recentButton(shown[i], i);
        button->setText(QStringLiteral("%1   —   %2")
                            .arg(QFileInfo(shown[i]).fileName(), shortFolder(QFileInfo(shown[i]))));
        connect(button, &QPushButton::clicked, this,
                [this, path = shown[i]] { Q_EMIT recentRequested(path); });
        m_recent->addWidget(button);
    }
}

void StartPage::refreshColors() {
    const style::Colors& colors = style::colorsFor(palette());
    for (QLabel* label : {m_summary, m_dropHint, m_recentTitle}) {
        QPalette muted = palette();
        muted.setColor(QPalette::WindowText, colors.mutedText);
        label->setPalette(muted);
    }
    m_picture->setPixmap(
        style::applicationIcon().pixmap(QSize(kPictureSize, kPictureSize), devicePixelRatioF()));
}

void StartPage::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) {
        refreshColors();
        showRecentFiles();  // those with a style sheet would keep the colours they had
    }
    QWidget::changeEvent(event);
}

}  // namespace espalier::ui
