// SPDX-License-Identifier: GPL-3.0-or-later
// The rule of the selected layers as numbers, the criterion, and the statistics of the layer that
// is looked at.
#pragma once

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;

namespace espalier::ui {

class CutEditor;
class Document;
class GroupSection;
class LayerStatistics;
class Workbench;

class LayerSettingsPanel : public QWidget {
    Q_OBJECT
public:
    explicit LayerSettingsPanel(Workbench* workbench, QWidget* parent = nullptr);

private:
    QWidget* buildContents();
    void buildCriterion();
    void refresh();
    void refreshHeading();
    void refreshCriterion();

    Workbench* m_workbench;
    Document* m_document;
    QLabel* m_heading;
    QLabel* m_reason;
    QComboBox* m_criterion;
    CutEditor* m_cut;
    QCheckBox* m_lock;
    QPushButton* m_reset;
    GroupSection* m_group;
    LayerStatistics* m_statistics;
    QWidget* m_contents;
    QLabel* m_empty;
};

}  // namespace espalier::ui
