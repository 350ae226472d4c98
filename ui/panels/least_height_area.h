// SPDX-License-Identifier: GPL-3.0-or-later
// Holds a panel, and lets it be scrolled where it has less height than it needs at its width: rows
// of options break where a screen is small or text is large.
#pragma once

#include <QScrollArea>

namespace espalier::ui {

class LeastHeightArea : public QScrollArea {
    Q_OBJECT
public:
    /// Takes `panel`, which has a layout.
    explicit LeastHeightArea(QWidget* panel);

    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fit();
};

}  // namespace espalier::ui
