// SPDX-License-Identifier: GPL-3.0-or-later
// Shows what cutting the model will give, cuts it, and shows the proof before a file is asked for.
#pragma once

#include <QDialog>

#include "core/exchange/export.h"
#include "core/prune/footprint.h"

class QLabel;
class QProgressBar;
class QPushButton;
class QTreeWidget;

namespace espalier::ui {

class Document;
class InlineMessage;
class Workbench;

/// "identical to the masked model: max relative difference 3e-7 on 4 random inputs".
QString proofText(const channels::Proof& proof);

class CutDialog : public QDialog {
    Q_OBJECT
public:
    /// Starts to cut at once; a dialog that is closed stops it.
    explicit CutDialog(Workbench* workbench, QWidget* parent = nullptr);
    ~CutDialog() override;

    /// Null until the proof has held.
    const channels::CutModelPtr& model() const { return m_model; }

private:
    QTreeWidget* makeFigures();
    void fillFigures(const prune::Footprint& after);
    QTreeWidget* makeGroupList(const Document& document);
    void start();
    void finish(const Result<exchange::CutPlan>& result);
    QWidget* makeProved();
    void showLeftWhole();

    Workbench* m_workbench;
    QTreeWidget* m_figures;
    QTreeWidget* m_groups;
    QProgressBar* m_progress;
    InlineMessage* m_proof;
    QWidget* m_proved;
    QLabel* m_unproved;
    QPushButton* m_accept;
    channels::CutModelPtr m_model;
};

}  // namespace espalier::ui
