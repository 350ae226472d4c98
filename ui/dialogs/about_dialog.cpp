// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/about_dialog.h"

#include <QClipboard>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/base/process.h"
#include "ui/dialogs/fit_height.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kPictureSize = 64;

}  // namespace

AboutDialog::AboutDialog(const QString& versions, QWidget* parent) : QDialog(parent) {
    setObjectName(QStringLiteral("aboutDialog"));
    setWindowTitle(tr("About Espalier"));
    auto* picture = new QLabel;
    picture->setPixmap(
        style::applicationIcon().pixmap(QSize(kPictureSize, kPictureSize), devicePixelRatioF()));
    picture->setAlignment(Qt::AlignTop);
    auto* title = new QLabel(tr("Espalier %1").arg(QString::fromStdString(version())));
    title->setFont(style::font(style::FontSize::Large));
    auto* text =
        new QLabel(tr("Interactive pruning of TorchScript neural networks.\n\n"
                      "Free software under the GNU General Public License, version 3 or later. "
                      "It comes with no warranty. Your models and data stay on this machine."));
    text->setWordWrap(true);
    auto* libraries = new QLabel(versions);
    libraries->setObjectName(QStringLiteral("aboutVersions"));
    libraries->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* copy = buttons->addButton(tr("Copy versions"), QDialogButtonBox::ActionRole);
    copy->setObjectName(QStringLiteral("aboutCopy"));
    copy->setToolTip(tr("Puts them on the clipboard, for a report of a fault"));

    auto* words = new QVBoxLayout;
    words->setSpacing(style::kSpacePanel);
    for (QLabel* label : {title, text, libraries}) words->addWidget(label);
    auto* top = new QHBoxLayout;
    top->setSpacing(style::kSpaceGroup);
    top->addWidget(picture);
    top->addLayout(words, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpaceGroup);
    layout->addLayout(top);
    layout->addStretch();
    layout->addWidget(buttons);
    fitHeight(*this, 460);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(copy, &QPushButton::clicked, this,
            [versions] { QGuiApplication::clipboard()->setText(versions); });
}

}  // namespace espalier::ui
