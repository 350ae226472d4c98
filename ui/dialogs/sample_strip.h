// SPDX-License-Identifier: GPL-3.0-or-later
// A few samples of a dataset, each with its label.
#pragma once

#include <QListWidget>

#include "core/data/preview.h"

namespace espalier::ui {

/// Pictures in a row, or the first numbers of samples that are no images.
class SampleStrip : public QListWidget {
    Q_OBJECT
public:
    explicit SampleStrip(QWidget* parent = nullptr);

    void setPreview(const data::Preview& preview);
    QSize sizeHint() const override;

private:
    void add(const data::SamplePreview& sample);
    int cellHeight() const;
};

}  // namespace espalier::ui
