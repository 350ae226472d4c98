// SPDX-License-Identifier: GPL-3.0-or-later
// Which data to attach and how it is read, with a look at what is there.
#pragma once

#include <QDialog>

#include "core/data/dataset.h"

class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QPushButton;

namespace espalier::ui {

class InlineMessage;
class JobRunner;

/// Looks at the data in a job whenever a field changes; "Attach data" can be pressed once that went
/// well.
class DataDialog : public QDialog {
    Q_OBJECT
public:
    DataDialog(JobRunner* jobs, const data::DataSpec& initial, QWidget* parent = nullptr);
    ~DataDialog() override;

    data::DataSpec spec() const;
    bool isReady() const { return m_isReady; }

Q_SIGNALS:
    void previewed();  ///< the look at the data is over, well or not

private:
    void makeFields(const data::DataSpec& initial);
    QLayout* makePathLine();
    void pick(const QString& path);
    void preview();
    void showPreview(const Result<data::DatasetPtr>& dataset);

    JobRunner* m_jobs;
    bool m_isReady = false;
    QLineEdit* m_path;
    QComboBox* m_preset;
    QLineEdit* m_mean;
    QLineEdit* m_deviation;
    QDoubleSpinBox* m_validation;
    InlineMessage* m_message;
    QPushButton* m_accept;
};

/// "IDX files · 1 × 28 × 28 · 10 classes" and the samples of each split, for people.
QString describeDataset(const data::DatasetInfo& info);

}  // namespace espalier::ui
