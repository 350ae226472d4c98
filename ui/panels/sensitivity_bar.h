// SPDX-License-Identifier: GPL-3.0-or-later
// What the Sensitivity tab scans and how it is shown: the line above its picture.
#pragma once

#include <QTimer>
#include <QWidget>

#include "core/measure/sensitivity.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QSpinBox;
class QToolButton;

namespace espalier::ui {

class Document;
class ElidedLabel;
class ScanForecast;
class SensitivityScan;
class Workbench;

/// Says what the curves that are shown were measured with, and how long a scan of what is chosen
/// would take. Start stands at the left end and stays there, whatever is said beside it.
class SensitivityBar : public QWidget {
    Q_OBJECT
public:
    explicit SensitivityBar(Workbench* workbench, QWidget* parent = nullptr);

    measure::ScanOptions options() const;
    /// What a layer may lose alone, as Metric::drop counts.
    void setMaxDrop(double drop);
    bool isRandomWanted() const;
    /// Of the validation split; 0: all.
    void setSamples(int samples);
    /// Follows the scan and the document.
    void refresh();

Q_SIGNALS:
    void startClicked();
    void samplesChanged(int samples);
    void pictureChosen(int page);
    void randomToggled(bool wanted);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void buildChoices();
    void buildPicture();
    QWidget* buildLine();
    void fillCriteria();
    void choose();
    void askLater();
    void ask();
    void showWhatIsShown();
    void showStart();
    void nameStart(bool isRunning);
    static QString usualText();
    void showEstimate();
    bool isShownAsChosen() const;

    Document* m_document;
    SensitivityScan* m_scan;
    ScanForecast* m_forecast;
    double m_maxDrop = 0.01;
    QTimer m_settled;  // nobody turns a number any more
    QLabel* m_shown;   // where it is not what is chosen
    QComboBox* m_structure;
    QComboBox* m_criterion;
    QSpinBox* m_samples;
    QCheckBox* m_all;
    QComboBox* m_picture;
    QCheckBox* m_random;
    ElidedLabel* m_estimate;
    QToolButton* m_start;
};

}  // namespace espalier::ui
