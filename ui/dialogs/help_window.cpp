// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/help_window.h"

#include <QDir>
#include <QEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QTextBrowser>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/dialogs/dialogs.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr QSize kSize(760, 640);
const QString kFirstPage = QStringLiteral("README.md");

/// Pictures no wider than the window.
class Page : public QTextBrowser {
public:
    QVariant loadResource(int type, const QUrl& name) override {
        const QVariant resource = QTextBrowser::loadResource(type, name);
        if (type != QTextDocument::ImageResource) return resource;
        QImage image;
        if (resource.canConvert<QImage>()) image = resource.value<QImage>();
        if (image.isNull()) image.loadFromData(resource.toByteArray());
        const int room = viewport()->width() - 4 * style::kSpaceGroup;
        return image.width() > room ? image.scaledToWidth(room, Qt::SmoothTransformation) : image;
    }
};

}  // namespace

HelpWindow::HelpWindow(const QString& folder, QWidget* parent)
    : QDialog(parent), m_browser(new Page) {
    setObjectName(QStringLiteral("helpWindow"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Documentation"));
    m_browser->setObjectName(QStringLiteral("helpBrowser"));
    m_browser->setAccessibleName(tr("Documentation"));
    m_browser->setAccessibleDescription(
        tr("A page of the guide; Tab goes from link to link, Enter follows one"));
    m_browser->setOpenLinks(false);
    m_browser->setFrameShape(QFrame::NoFrame);
    m_browser->document()->setDocumentMargin(style::kSpaceGroup);
    auto* line = new QHBoxLayout;
    line->setContentsMargins(style::kSpacePanel, style::kSpacePanel, style::kSpacePanel, 0);
    line->setSpacing(style::kSpaceRelated);
    const auto addButton = [this, line](const char* name, const QString& text, const QString& tip,
                                        auto slot) {
        auto* button = new QToolButton;
        button->setObjectName(QString::fromLatin1(name));
        button->setText(text);
        button->setToolTip(tip);
        button->setFocusPolicy(Qt::StrongFocus);
        connect(button, &QToolButton::clicked, m_browser, slot);
        line->addWidget(button);
        return button;
    };
    auto* back =
        addButton("helpBack", tr("Back"), tr("To the page before"), &QTextBrowser::backward);
    addButton("helpHome", tr("Contents"), tr("To the list of all pages"), &QTextBrowser::home);
    line->addStretch();
    back->setEnabled(false);
    connect(m_browser, &QTextBrowser::backwardAvailable, back, &QWidget::setEnabled);
    connect(m_browser, &QTextBrowser::anchorClicked, this, &HelpWindow::open);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(style::kSpacePanel);
    layout->addLayout(line);
    layout->addWidget(m_browser, 1);
    resize(kSize);
    m_browser->setSource(QUrl::fromLocalFile(QDir(folder).filePath(kFirstPage)),
                         QTextDocument::MarkdownResource);
}

QString HelpWindow::page() const {
    return m_browser->source().fileName();
}

void HelpWindow::open(const QUrl& link) {
    const QUrl target = m_browser->source().resolved(link);
    const bool isPage = target.isLocalFile() && target.path().endsWith(QLatin1String(".md"));
    if (isPage && QFileInfo::exists(target.toLocalFile())) {
        m_browser->setSource(target, QTextDocument::MarkdownResource);
    } else if (target.isLocalFile()) {
        dialogs::openExternally(target.toLocalFile());
    }
}

// Markdown is laid out in the colours of its time.
void HelpWindow::changeEvent(QEvent* event) {
    QDialog::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) m_browser->reload();
}

}  // namespace espalier::ui
