// SPDX-License-Identifier: GPL-3.0-or-later
// One sparsity for the whole model, with a preview of what it leaves.
#pragma once

#include "ui/dialogs/spread_dialog.h"

namespace espalier::ui {

class PruneDialog : public SpreadDialog {
    Q_OBJECT
public:
    enum class Purpose {
        Prune,
        PruneAndTune  ///< what training is to make up for: a higher sparsity to start from
    };

    PruneDialog(const Document* document, JobRunner* jobs, QWidget* parent = nullptr,
                Purpose purpose = Purpose::Prune);

protected:
    Job previewJob() override;
    QString described(const Preview& preview, const prune::Footprint& dense) override;
};

}  // namespace espalier::ui
