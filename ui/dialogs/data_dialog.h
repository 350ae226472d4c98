// SPDX-License-Identifier: GPL-3.0-or-later
// Which data to attach and how it is read, with a look at what is there.
#pragma once

#include <optional>

#include <QDialog>

#include "core/data/preview.h"
#include "core/measure/metric.h"
#include "core/measure/model_output.h"
#include "core/model/snapshot.h"

class QComboBox;
class QLineEdit;
class QPushButton;

namespace espalier::ui {

class DataFields;
class InlineMessage;
class JudgeChoice;
class JobRunner;
class SampleStrip;

/// What the look at the data found.
struct DataLook {
    data::DatasetInfo info;
    data::Preview preview;
    std::optional<Error> misfit;                  ///< why the model cannot run on it
    std::vector<measure::ModelOutput> outputs{};  ///< that the model returns for it
    std::optional<measure::Metric> metric{};      ///< that the options come to on it
    std::vector<std::string> notes{};             ///< what model and data leave open: measure::Fit
};

/// Looks at the data, and tries the model on it, in a job whenever a field changes; "Attach data"
/// can be pressed once that went well.
class DataDialog : public QDialog {
    Q_OBJECT
public:
    /// `snapshot` may be null: then nothing is tried on the data.
    DataDialog(JobRunner* jobs, model::SnapshotPtr snapshot, const data::DataSpec& initial,
               QWidget* parent = nullptr, const measure::MetricOptions& metrics = {});
    ~DataDialog() override;

    data::DataSpec spec() const;
    /// Which of the model's outputs is judged, and by what.
    measure::MetricOptions metrics() const;
    bool isReady() const { return m_isReady; }

Q_SIGNALS:
    void previewed();  ///< the look at the data is over, well or not

private:
    void makePath(const data::DataSpec& initial);
    QLayout* makePathLine();
    void pick(const QString& path);
    void makeOutput();
    void makeJudges();
    void showOutputs(const std::vector<measure::ModelOutput>& outputs);
    void preview();
    void showLook(const Result<DataLook>& look);

    JobRunner* m_jobs;
    model::SnapshotPtr m_snapshot;
    bool m_isReady = false;
    QLineEdit* m_path;
    DataFields* m_fields;
    measure::MetricOptions m_metrics;
    QComboBox* m_output;
    JudgeChoice* m_loss;
    JudgeChoice* m_metric;
    SampleStrip* m_samples;
    InlineMessage* m_message;
    QPushButton* m_accept;
};

/// "IDX files · 1 × 28 × 28 · 10 classes" and the samples of each split, for people.
QString describeDataset(const data::DatasetInfo& info);

}  // namespace espalier::ui
