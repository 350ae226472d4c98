// SPDX-License-Identifier: GPL-3.0-or-later
// One sparsity for the whole model, with a preview of what it leaves.
#pragma once

#include "ui/dialogs/spread_dialog.h"

namespace espalier::ui {

class PruneDialog : public SpreadDialog {
    Q_OBJECT
public:
    PruneDialog(const Document* document, JobRunner* jobs, QWidget* parent = nullptr);

protected:
    Job previewJob() override;
    QString described(const Preview& preview, const prune::Footprint& dense) override;
};

}  // namespace espalier::ui
