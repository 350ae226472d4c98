// SPDX-License-Identifier: GPL-3.0-or-later
// One share for the whole model, with a preview of what it leaves: what the dialogs for weights and
// for channels have in common.
#pragma once

#include <optional>
#include <set>

#include <QDialog>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/prune/criterion.h"
#include "core/prune/goal.h"
#include "core/prune/plan.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QHBoxLayout;
class QLabel;
class QPushButton;
class QSlider;
class QVBoxLayout;

namespace espalier::ui {

class Document;
class InlineMessage;
class JobRunner;
struct JobOptions;

/// Reads the document and never changes it: the caller takes plan() once it is accepted.
///
/// Rules that are there already are replaced, which the dialog says, or kept where the person wants
/// that.
class SpreadDialog : public QDialog {
    Q_OBJECT
public:
    ~SpreadDialog() override;

    double share() const;  ///< what is to go, 0..1
    prune::Scope scope() const;
    QString criterion() const;
    /// The plan that was previewed; null while it is being computed or cannot be.
    const prune::PlanPtr& plan() const { return m_plan; }

    /// A plan and what it leaves.
    struct Preview {
        prune::Plan plan;
        prune::Footprint footprint;
        std::vector<prune::Share> shares{};  ///< per layer or group, where the dialog lists them
        double reached = 0;                  ///< of what is asked for, 0..1
        std::optional<double> drop{};        ///< estimate, 0..1, where curves were measured
    };

Q_SIGNALS:
    void previewed();

protected:
    /// What one kind of dialog is called and starts with.
    struct Kind {
        QString name;  ///< before the object names: "prune"
        QString title;
        QString share;  ///< "Sparsity"
        QString shareTip;
        double first = 0.5;
        QString keep;  ///< the offer to keep the rules that are there; empty: there are none
        QString accept = tr("Prune");
    };
    SpreadDialog(const Kind& kind, const Document* document, JobRunner* jobs, QWidget* parent);

    const Document& document() const { return *m_document; }
    QComboBox* addScopes(const QList<std::pair<QString, prune::Scope>>& scopes);
    void addCriteria(std::span<const prune::CriterionInfo> criteria, const std::string& current);
    QComboBox* addChoice(const QString& name, const QString& title);
    bool keepsRules() const;

    /// Asks for a new preview; call it once all fields are there.
    void preview();
    void refuse(const QString& why);
    using Job = std::function<Result<Preview>(const EventSink<>&, RunControl&)>;
    virtual Job previewJob() = 0;  ///< empty: refused
    virtual QString described(const Preview& preview, const prune::Footprint& dense) = 0;
    virtual void list(const Preview&) {}
    /// Where the preview is made, with its steps shown where it is visible; measuring needs the
    /// machine for itself.
    virtual JobOptions previewOptions() const;
    /// What the number is, for people, and how far it goes.
    struct Scale {
        QString title;
        QString tip;
        QString unit;
        double end = 100;  ///< of the slider; the number stays just below
        int decimals = 1;
        bool operator==(const Scale&) const = default;
    };
    void setScale(const Scale& scale, double value);  ///< asks for no preview
    /// Puts a widget beside the number.
    void addToShareLine(QWidget* widget);
    /// Puts a widget under the fields.
    void addBelow(QWidget* widget);
    QDoubleSpinBox* shareBox() const { return m_percent; }

    void keyPressEvent(QKeyEvent* event) override;

private:
    QLayout* makeShareLine();
    void showPreview(Result<Preview> preview);
    void showProgress(int job);
    QString named(const char* part) const;

    const Document* m_document;
    JobRunner* m_jobs;
    QString m_name;
    prune::PlanPtr m_plan;
    QFormLayout* m_form;
    QVBoxLayout* m_layout;
    Scale m_scale;
    QLabel* m_shareTitle;
    QSlider* m_slider;
    QDoubleSpinBox* m_percent;
    QHBoxLayout* m_line;  // of slider and number
    QComboBox* m_scope = nullptr;
    QComboBox* m_criterion = nullptr;
    QCheckBox* m_keep;
    InlineMessage* m_message;
    QPushButton* m_accept;
    int m_job = 0;                  // that makes the preview
    bool m_isAcceptWanted = false;  // once the preview is there
};

/// `plan` with the names in `kept` locked, so that spreading passes them by.
prune::Plan withLocked(prune::Plan plan, const std::set<std::string>& kept);

}  // namespace espalier::ui
