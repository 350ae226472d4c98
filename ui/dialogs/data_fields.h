// SPDX-License-Identifier: GPL-3.0-or-later
// How data is read, as fields of a form.
#pragma once

#include <optional>

#include <QWidget>

#include "core/data/dataset.h"

class QComboBox;
class QDoubleSpinBox;
class QGridLayout;
class QLineEdit;

namespace espalier::ui {

/// Everything in a DataSpec but its path, in two columns.
class DataFields : public QWidget {
    Q_OBJECT
public:
    explicit DataFields(const data::DataSpec& initial, QWidget* parent = nullptr);

    /// With an empty path.
    data::DataSpec spec() const;
    /// What is wrong with what was typed; empty when all can be read.
    QString problem() const;
    /// A field of somebody else, at the end of the second column.
    void addRow(const QString& text, QWidget* field);

Q_SIGNALS:
    void changed();

private:
    void makeImageFields(const data::DataSpec& initial);
    void addField(int column, const QString& text, QWidget* field);

    data::DataSpec m_initial;  // fields that are not shown keep their values
    QGridLayout* m_grid;
    QComboBox* m_preset;
    QLineEdit* m_mean;
    QLineEdit* m_deviation;
    QLineEdit* m_resize;
    QLineEdit* m_crop;
    QComboBox* m_augment;
    QDoubleSpinBox* m_validation;
};

}  // namespace espalier::ui
