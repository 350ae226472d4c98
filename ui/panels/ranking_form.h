// SPDX-License-Identifier: GPL-3.0-or-later
// How channels are compared and counted for the whole plan: what is seldom changed.
#pragma once

#include <QWidget>

class QCheckBox;
class QComboBox;
class QFormLayout;

namespace espalier::ui {

class Channels;
class Document;
class ExactSpinBox;

class RankingForm : public QWidget {
    Q_OBJECT
public:
    explicit RankingForm(Document* document, QWidget* parent = nullptr);

private:
    QComboBox* addChoice(QFormLayout* form, const QString& name, const QString& title,
                         const QString& tip);
    void take();
    void refresh();

    Document* m_document;
    Channels* m_channels;
    QComboBox* m_reduction;
    QCheckBox* m_consumers;
    QComboBox* m_normalise;
    ExactSpinBox* m_floor;
    QComboBox* m_heads;
};

}  // namespace espalier::ui
