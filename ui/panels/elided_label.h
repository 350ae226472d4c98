// SPDX-License-Identifier: GPL-3.0-or-later
// A line of text that gives way where there is no room for all of it: names of layers first.
#pragma once

#include <QLabel>

namespace espalier::ui {

class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    using QLabel::QLabel;

    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace espalier::ui
