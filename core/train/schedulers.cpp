// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
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
    double ownFactor(const Position&) const override { return 1; }
};

/// Drops by `gamma` every `stepEpochs` epochs, as torch.optim.lr_scheduler.StepLR.
class Step final : public Scheduler {
public:
    explicit Step(const SchedulerOptions& options) : m_options(options) {}

private:
    double ownFactor(const Position& position) const override {
        return std::pow(m_options.gamma, position.epoch / m_options.stepEpochs);
    }

    SchedulerOptions m_options;
};

/// Drops by `gamma` after each of the epochs `milestones`, as torch.optim.lr_scheduler.MultiStepLR.
class MultiStep final : public Scheduler {
public:
    explicit MultiStep(const SchedulerOptions& options) : m_options(options) {}

private:
    double ownFactor(const Position& position) const override {
        const auto drops = std::ranges::count_if(
            m_options.milestones, [&](int epoch) { return epoch <= position.epoch; });
        return std::pow(m_options.gamma, drops);
    }

    SchedulerOptions m_options;
};

/// Half a cosine from 1 to 0 (Loshchilov and Hutter 2017), moving with every step: runs of one or
/// two epochs, usual in fine-tuning, reach the small rates too.
class Cosine final : public Scheduler {
    double ownFactor(const Position& position) const override {
        const double share =
            static_cast<double>(position.step) / static_cast<double>(position.totalSteps);
        return 0.5 * (1 + std::cos(std::numbers::pi * share));
    }
};

/// Up to the recipe's rate and down to almost nothing along two halves of a cosine (Smith and Topin
/// 2018), moving with every step, as torch.optim.lr_scheduler.OneCycleLR with its defaults but for
/// the momentum, which stays as it is.
class OneCycle final : public Scheduler {
public:
    explicit OneCycle(const SchedulerOptions& options) : m_peak(options.peak) {}

private:
    double ownFactor(const Position& position) const override {
        const double last = static_cast<double>(position.totalSteps) - 1;
        const double top = m_peak * static_cast<double>(position.totalSteps) - 1;
        const double step = std::min(static_cast<double>(position.step), last);
        if (step < top) return between(kStart, 1, step / top);
        return last > top ? between(1, kStart * kEnd, (step - top) / (last - top)) : 1;
    }
    static double between(double from, double to, double share) {
        return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
    }

    static constexpr double kStart = 1. / 25;  // of the highest rate, at the first step
    static constexpr double kEnd = 1e-4;       // of the first rate, at the last step
    double m_peak;
};

/// Drops by `factor` when the validation loss has not improved for more than `patience` epochs,
/// as torch.optim.lr_scheduler.ReduceLROnPlateau.
class Plateau final : public Scheduler {
public:
    explicit Plateau(const SchedulerOptions& options) : m_options(options) {}
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
    double ownFactor(const Position&) const override { return m_factor; }

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
    Entry{"constant", make<Constant>},    Entry{"step", make<Step>},
    Entry{"multi_step", make<MultiStep>}, Entry{"cosine", make<Cosine>},
    Entry{"one_cycle", make<OneCycle>},   Entry{"plateau", make<Plateau>},
};

}  // namespace

double Scheduler::factor(const Position& position) const {
    const double own = ownFactor(position);
    if (position.step >= m_warmupSteps) return own;
    return own * static_cast<double>(position.step + 1) / static_cast<double>(m_warmupSteps + 1);
}

std::vector<std::string> schedulerNames() {
    std::vector<std::string> names;
    for (const Entry& entry : kSchedulers) names.emplace_back(entry.name);
    return names;
}

std::unique_ptr<Scheduler> makeScheduler(const SchedulerOptions& options) {
    for (const Entry& entry : kSchedulers) {
        if (entry.name != options.name) continue;
        auto scheduler = entry.make(options);
        scheduler->setWarmup(options.warmupSteps);
        return scheduler;
    }
    throw std::invalid_argument("there is no schedule " + options.name);
}

}  // namespace espalier::train
