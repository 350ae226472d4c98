// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/sample_strip.h"

#include <QIcon>
#include <QImage>
#include <QPixmap>
#include <QStyle>

namespace espalier::ui {
namespace {

constexpr int kSide = 64;       // of a picture, in pixels
constexpr int kCellWidth = 96;  // of a picture with its label

QImage imageOf(const data::SamplePreview& sample) {
    const auto width = static_cast<int>(sample.width);
    const auto height = static_cast<int>(sample.height);
    const auto format = sample.channels == 1 ? QImage::Format_Grayscale8 : QImage::Format_RGB888;
    const QImage view(sample.pixels.data(), width, height,
                      static_cast<qsizetype>(sample.width * sample.channels), format);
    // Small pictures show their pixels, large ones are smoothed.
    const auto mode =
        std::max(width, height) > kSide ? Qt::SmoothTransformation : Qt::FastTransformation;
    return view.copy().scaled(kSide, kSide, Qt::KeepAspectRatio, mode);
}

}  // namespace

SampleStrip::SampleStrip(QWidget* parent) : QListWidget(parent) {
    setObjectName(QStringLiteral("dataSamples"));
    setAccessibleName(tr("Samples"));
    setToolTip(
        tr("Samples from all over the data, as the model gets them; pictures are stretched "
           "from the lowest to the highest value"));
    setViewMode(QListView::IconMode);
    setFlow(QListView::LeftToRight);
    setWrapping(false);
    setMovement(QListView::Static);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);  // labels are never cut off
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setIconSize({kSide, kSide});
    setSelectionMode(QAbstractItemView::NoSelection);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
}

QSize SampleStrip::sizeHint() const {
    const int scrollBar = style()->pixelMetric(QStyle::PM_ScrollBarExtent, nullptr, this);
    return {6 * kSide, cellHeight() + scrollBar + 2 * frameWidth()};
}

int SampleStrip::cellHeight() const {
    return kSide + 2 * fontMetrics().lineSpacing();
}

void SampleStrip::setPreview(const data::Preview& preview) {
    clear();
    const bool arePictures = !preview.samples.empty() && !preview.samples.front().pixels.empty();
    setGridSize(arePictures ? QSize(kCellWidth, cellHeight()) : QSize());
    for (const data::SamplePreview& sample : preview.samples) add(sample);
}

void SampleStrip::add(const data::SamplePreview& sample) {
    const QString label = QString::fromStdString(sample.label);
    const QString numbers = QString::fromStdString(sample.numbers);
    auto* item = new QListWidgetItem(this);
    if (sample.pixels.empty()) {
        item->setText(label.isEmpty() ? numbers : tr("%1\n→ %2").arg(numbers, label));
        item->setToolTip(item->text());
        return;
    }
    item->setIcon(QIcon(QPixmap::fromImage(imageOf(sample))));
    item->setText(fontMetrics().elidedText(label, Qt::ElideMiddle, kCellWidth - kSide / 8));
    item->setToolTip(label);
}

}  // namespace espalier::ui
