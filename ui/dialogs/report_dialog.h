// SPDX-License-Identifier: GPL-3.0-or-later
// What can be pruned in this model, layer by layer, and if not, why.
#pragma once

#include <QDialog>

class QTreeWidget;

namespace espalier::ui {

class Document;

/// One line: "6 of 8 layers can lose weights, 5 can lose channels, in 3 groups."
QString prunabilitySummary(const Document& document);

class ReportDialog : public QDialog {
    Q_OBJECT
public:
    explicit ReportDialog(Document* document, QWidget* parent = nullptr);

private:
    void fill();
    void copy() const;

    Document* m_document;
    QTreeWidget* m_table;
};

}  // namespace espalier::ui
