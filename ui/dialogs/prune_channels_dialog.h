// SPDX-License-Identifier: GPL-3.0-or-later
// One share of channels for the whole model, with a preview of what it costs.
#pragma once

#include "ui/dialogs/spread_dialog.h"

namespace espalier::ui {

/// Needs groups.
class PruneChannelsDialog : public SpreadDialog {
    Q_OBJECT
public:
    PruneChannelsDialog(const Document* document, JobRunner* jobs, QWidget* parent = nullptr);

protected:
    Job previewJob() override;
    QString described(const Preview& preview, const prune::Footprint& dense) override;

private:
    QComboBox* m_multiple;
};

}  // namespace espalier::ui
