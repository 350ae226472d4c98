// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "core/train/run_state_torch.h"
#include "core/train/scheduler.h"

namespace espalier::train {
namespace {

class Constant final : public Scheduler {
public:
    double factor(const Position&) const override { return 1; }
};

/// Drops by `gamma` every `stepEpochs` epochs, as torch.optim.lr_scheduler.StepLR.
class Step final : public Scheduler {
public:
    explicit Step(const SchedulerOptions& options) : m_options(options) {}
    double factor(const Position& position) const override {
        return std::pow(m_options.gamma, position.epoch / m_options.stepEpochs);
    }

private:
    SchedulerOptions m_options;
};

/// Half a cosine from 1 to 0 (Loshchilov and Hutter 2017), moving with every step: runs of one or
/// two epochs, usual in fine-tuning, reach the small rates too.
class Cosine final : public Scheduler {
public:
    double factor(const Position& position) const override {
        const double share =
            static_cast<double>(position.step) / static_cast<double>(position.totalSteps);
        return 0.5 * (1 + std::cos(std::numbers::pi * share));
    }
};

/// Drops by `factor` when the validation loss has not improved for more than `patience` epochs,
/// as torch.optim.lr_scheduler.ReduceLROnPlateau.
class Plateau final : public Scheduler {
public:
    explicit Plateau(const SchedulerOptions& options) : m_options(options) {}
    double factor(const Position&) const override { return m_factor; }
    void epochEnded(double validationLoss) override {
        if (validationLoss < m_best * (1 - kThreshold)) {
            m_best = validationLoss;
            m_badEpochs = 0;
        } else if (++m_badEpochs > m_options.patience) {
            m_factor *= m_options.factor;
            m_badEpochs = 0;
        }
    }
    void save(RunState& state) const override {
        state.set("scheduler.best", m_best);
        state.set("scheduler.bad_epochs", m_badEpochs);
        state.set("scheduler.factor", m_factor);
    }
    void load(const RunState& state) override {
        m_best = state.get("scheduler.best").toDouble();
        m_badEpochs = static_cast<int>(state.get("scheduler.bad_epochs").toInt());
        m_factor = state.get("scheduler.factor").toDouble();
    }

private:
    static constexpr double kThreshold = 1e-4;  // relative; smaller gains count as none
    SchedulerOptions m_options;
    double m_best = std::numeric_limits<double>::infinity();
    int m_badEpochs = 0;
    double m_factor = 1;
};

template <class Kind>
std::unique_ptr<Scheduler> make(const SchedulerOptions& options) {
    if constexpr (std::is_default_constructible_v<Kind>) {
        return std::make_unique<Kind>();
    } else {
        return std::make_unique<Kind>(options);
    }
}

struct Entry {
    std::string_view name;
    std::unique_ptr<Scheduler> (*make)(const SchedulerOptions&);
};

constexpr std::array kSchedulers{
    Entry{"constant", make<Constant>},
    Entry{"step", make<Step>},
    Entry{"cosine", make<Cosine>},
    Entry{"plateau", make<Plateau>},
};

}  // namespace

std::vector<std::string> schedulerNames() {
    std::vector<std::string> names;
    for (const Entry& entry : kSchedulers) names.emplace_back(entry.name);
    return names;
}

std::unique_ptr<Scheduler> makeScheduler(const SchedulerOptions& options) {
    for (const Entry& entry : kSchedulers) {
        if (entry.name == options.name) return entry.make(options);
    }
    throw std::invalid_argument("there is no schedule " + options.name);
}

}  // namespace espalier::train
