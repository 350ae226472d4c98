// SPDX-License-Identifier: GPL-3.0-or-later
// Shows what an export will write before a file name is asked for.
#pragma once

#include <QDialog>

class QTreeWidget;

namespace espalier::ui {

class Document;

class ExportDialog : public QDialog {
    Q_OBJECT
public:
    explicit ExportDialog(const Document* document, QWidget* parent = nullptr);

private:
    QTreeWidget* makeLayerList(const Document& document);
};

}  // namespace espalier::ui
