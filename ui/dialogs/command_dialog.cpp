// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/command_dialog.h"

#include <QClipboard>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/dialogs/dialogs.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

QString filesText(const CommandDraft& draft) {
    QStringList lines;
    for (const std::filesystem::path& file : draft.files())
        lines << QStringLiteral("• ") + QString::fromStdString(file.string());
    if (lines.isEmpty())
        return CommandDialog::tr("The plan and the recipe that it names are there already.");
    return CommandDialog::tr("It needs what is in no file yet. This is written first:\n%1")
        .arg(lines.join(QLatin1Char('\n')));
}

QPlainTextEdit* makeCommand(const QString& command) {
    auto* text = new QPlainTextEdit(command);
    text->setObjectName(QStringLiteral("commandText"));
    text->setAccessibleDescription(
        CommandDialog::tr("One line for a shell; it does what the window does"));
    text->setAccessibleName(CommandDialog::tr("Command"));
    text->setReadOnly(true);
    text->setTabChangesFocus(true);
    text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text->setWordWrapMode(QTextOption::WrapAnywhere);
    return text;
}

}  // namespace

CommandDialog::CommandDialog(const CommandDraft& draft, QWidget* parent) : QDialog(parent) {
    setObjectName(QStringLiteral("commandDialog"));
    setWindowTitle(tr("Copy as command line"));
    auto* intro = new QLabel(
        tr("In a terminal, this does the same: the same plan, recipe, seed and number of threads "
           "give the same file."));
    intro->setWordWrap(true);
    auto* files = new QLabel(filesText(draft));
    files->setObjectName(QStringLiteral("commandFiles"));
    files->setWordWrap(true);
    files->setTextInteractionFlags(Qt::TextSelectableByMouse);
    files->setFont(style::font(style::FontSize::Small));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto* accept =
        buttons->addButton(draft.files().empty() ? tr("Copy") : tr("Save files and copy"),
                           QDialogButtonBox::AcceptRole);
    accept->setObjectName(QStringLiteral("commandAccept"));
    accept->setToolTip(tr("Writes the files that the command reads, and puts it on the clipboard"));
    accept->setDefault(true);

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    layout->addWidget(intro);
    layout->addWidget(makeCommand(draft.command), 1);
    layout->addWidget(files);
    layout->addWidget(buttons);
    resize(640, 300);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

void copyCommand(Workbench* workbench, const CommandDraft& draft, QWidget* parent) {
    CommandDialog dialog(draft, parent);
    if (!dialogs::run(dialog)) return;
    QGuiApplication::clipboard()->setText(draft.command);
    writeFiles(*workbench, draft);
}

void offerCommand(QDialog& dialog, Workbench* workbench, std::function<CommandDraft()> draft) {
    auto* buttons = dialog.findChild<QDialogButtonBox*>();
    auto* button = buttons->addButton(CommandDialog::tr("Copy as command line…"),
                                      QDialogButtonBox::ActionRole);
    button->setObjectName(QStringLiteral("copyCommand"));
    button->setAutoDefault(false);
    button->setToolTip(CommandDialog::tr(
        "The command of espalier-cli that writes the same file, with the plan that it needs"));
    QObject::connect(button, &QPushButton::clicked, &dialog,
                     [&dialog, workbench, draft = std::move(draft)] {
                         copyCommand(workbench, draft(), &dialog);
                     });
}

}  // namespace espalier::ui
