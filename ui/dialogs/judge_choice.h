// SPDX-License-Identifier: GPL-3.0-or-later
// Which loss or metric judges a model: one that is known by name, or a TorchScript file.
#pragma once

#include <string>
#include <vector>

#include <QComboBox>

namespace espalier::ui {

/// Holds what MetricOptions do: empty for what follows from the data, a name, or a file's path.
class JudgeChoice : public QComboBox {
    Q_OBJECT
public:
    struct Words {
        QString title;   ///< the accessible name
        QString byData;  ///< the first entry
        QString tip;
    };
    /// `known`: the names; `current` may be a file.
    JudgeChoice(const Words& words, const std::vector<std::string>& known,
                const std::string& current, QWidget* parent = nullptr);

    std::string chosen() const;

Q_SIGNALS:
    void chosenChanged();

private:
    void take(int index);
    void pickFile();
    int addFile(const QString& path);

    int m_taken = 0;  // to go back to when no file is picked
};

}  // namespace espalier::ui
