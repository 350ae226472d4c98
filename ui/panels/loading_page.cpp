// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/loading_page.h"

#include <QFileInfo>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

constexpr int kColumnWidth = 360;

}  // namespace

LoadingPage::LoadingPage(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("loadingPage"));
    setAccessibleName(tr("Opening a model"));
    m_title = new QLabel(this);
    m_title->setObjectName(QStringLiteral("loadingTitle"));
    m_title->setFont(style::font(style::FontSize::Large));
    m_step = new QLabel(this);
    m_step->setObjectName(QStringLiteral("loadingStep"));
    m_progress = new QProgressBar(this);
    m_progress->setObjectName(QStringLiteral("loadingProgress"));
    m_progress->setAccessibleName(tr("Progress of opening the model"));
    m_progress->setTextVisible(false);
    m_progress->setFixedWidth(kColumnWidth);
    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setObjectName(QStringLiteral("loadingCancel"));
    cancel->setToolTip(tr("Stops opening; what was open before stays open"));
    connect(cancel, &QPushButton::clicked, this, &LoadingPage::cancelRequested);

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(style::kSpacePanel);
    layout->addStretch(2);
    for (QWidget* part : std::initializer_list<QWidget*>{m_title, m_progress, m_step, cancel}) {
        layout->addWidget(part, 0, Qt::AlignHCenter);
    }
    layout->addStretch(3);
}

void LoadingPage::start(const QString& path) {
    m_title->setText(tr("Opening %1").arg(QFileInfo(path).fileName()));
    m_step->setText(tr("Checking the file"));
    m_progress->setRange(0, 0);
}

void LoadingPage::setProgress(const Progress& progress) {
    if (!progress.step.empty()) m_step->setText(QString::fromStdString(progress.step));
    m_progress->setRange(0, static_cast<int>(std::max<std::int64_t>(0, progress.total)));
    m_progress->setValue(static_cast<int>(progress.done));
}

}  // namespace espalier::ui
