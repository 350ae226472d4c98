// SPDX-License-Identifier: GPL-3.0-or-later
// A field for a seed: any whole number of 64 bits, more than a spin box holds.
#pragma once

#include <algorithm>
#include <cstdint>

#include <QLineEdit>
#include <QValidator>

namespace espalier::ui {

class SeedEdit : public QLineEdit {
    Q_OBJECT
public:
    explicit SeedEdit(QWidget* parent = nullptr) : QLineEdit(parent) {
        setAlignment(Qt::AlignRight);
        setValidator(new Validator(this));
    }

    void setSeed(std::uint64_t seed) { setText(QString::number(seed)); }
    /// 0 while nothing is typed.
    std::uint64_t seed() const { return text().toULongLong(); }

private:
    class Validator : public QValidator {
    public:
        using QValidator::QValidator;
        State validate(QString& text, int&) const override {
            if (text.isEmpty()) return Intermediate;
            const bool isDigits =
                std::ranges::all_of(text, [](QChar c) { return c >= u'0' && c <= u'9'; });
            bool fits = false;
            text.toULongLong(&fits);
            return isDigits && fits ? Acceptable : Invalid;
        }
    };
};

}  // namespace espalier::ui
