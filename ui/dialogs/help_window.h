// SPDX-License-Identifier: GPL-3.0-or-later
// The documentation that comes with the program, to be read beside its window.
#pragma once

#include <QDialog>

class QTextBrowser;

namespace espalier::ui {

/// Not modal: one reads and works. Links between pages work; other files are handed to the desktop.
class HelpWindow : public QDialog {
    Q_OBJECT
public:
    /// `folder` holds Markdown pages; README.md is the first.
    explicit HelpWindow(const QString& folder, QWidget* parent = nullptr);

    QString page() const;  ///< file name of what is shown

protected:
    void changeEvent(QEvent* event) override;

private:
    void open(const QUrl& link);

    QTextBrowser* m_browser;
};

}  // namespace espalier::ui
