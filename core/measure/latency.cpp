// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/latency.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/base/format.h"
#include "core/measure/device_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"
#include "core/script/interpreter_torch.h"

namespace espalier::measure {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kWarmUps = 3;
constexpr int kFewestRounds = 5;

double millisecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Uses another number of threads while it lives.
class ThreadCount {
public:
    explicit ThreadCount(int threads) : m_before(at::get_num_threads()) {
        if (threads > 0) at::set_num_threads(threads);
    }
    ~ThreadCount() { at::set_num_threads(m_before); }
    ThreadCount(const ThreadCount&) = delete;
    ThreadCount& operator=(const ThreadCount&) = delete;

private:
    int m_before;
};

c10::IValue moved(const c10::IValue& value, c10::Device device) {
    if (value.isTensor()) return value.toTensor().to(device);
    if (!value.isTensorList()) return value;
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(tensor.to(device));
    return list;
}

/// A model ready to be timed.
class Contestant {
public:
    Contestant(const Subject& subject, const LatencyOptions& options, c10::Device device)
        : m_name(subject.name),
          m_device(device),
          m_module(subject.masks ? prune::maskedModule(*subject.snapshot, *subject.masks)
                                 : model::cloneModule(subject.snapshot->state().module)) {
        m_module.to(device);
        const auto specs =
            options.inputs.empty() ? subject.snapshot->inputs() : std::span(options.inputs);
        for (const c10::IValue& input : script::exampleInputs(specs, 0))
            m_inputs.push_back(moved(input, device));
    }

    void run() {
        const Clock::time_point start = Clock::now();
        m_module.forward(m_inputs);
        if (!m_device.is_cpu())
            c10::impl::VirtualGuardImpl(m_device.type()).getStream(m_device).synchronize();
        m_milliseconds.push_back(millisecondsSince(start));
    }
    void forget() { m_milliseconds.clear(); }

    Latency result() const {
        std::vector<double> sorted = m_milliseconds;
        std::ranges::sort(sorted);
        return {m_name, quantile(sorted, 0.5), quantile(sorted, 0.1), quantile(sorted, 0.9),
                static_cast<int>(sorted.size())};
    }

private:
    static double quantile(const std::vector<double>& sorted, double q) {
        const double place = q * static_cast<double>(sorted.size() - 1);
        const auto low = static_cast<std::size_t>(std::floor(place));
        const std::size_t high = std::min(low + 1, sorted.size() - 1);
        return std::lerp(sorted[low], sorted[high], place - std::floor(place));
    }

    std::string m_name;
    c10::Device m_device;
    torch::jit::Module m_module;
    std::vector<c10::IValue> m_inputs;
    std::vector<double> m_milliseconds;
};

Result<void> check(const std::vector<Subject>& subjects, const LatencyOptions& options) {
    const auto refuse = [](std::string why, std::string hint) {
        return Error{Error::Kind::BadArgument, "Cannot measure latency", std::move(why),
                     std::move(hint)};
    };
    if (subjects.empty()) return refuse("there is no model", "Give at least one model");
    if (options.rounds < kFewestRounds) {
        return refuse(cat(options.rounds, " rounds say nothing"),
                      cat("Ask for at least ", kFewestRounds));
    }
    if (options.threads < 0)
        return refuse("the number of threads is negative", "Use 0 for torch's own number");
    return {};
}

/// Every contestant runs once per round, each round beginning with another one.
Result<void> runRounds(std::vector<Contestant>& contestants, const LatencyOptions& options,
                       const EventSink<>& events, RunControl& control) {
    const auto total = options.rounds + kWarmUps;
    Clock::time_point start = Clock::now();
    for (int round = 0; round < total; ++round) {
        if (round == kWarmUps) {
            for (Contestant& each : contestants) each.forget();
            start = Clock::now();
        }
        const int timed = round - kWarmUps;
        if (timed >= kFewestRounds && millisecondsSince(start) > options.maxSeconds * 1000) break;
        for (std::size_t i = 0; i < contestants.size(); ++i) {
            if (!control.keepGoing())
                return Error{Error::Kind::Cancelled, "The measurement was stopped", {}, {}};
            contestants[(i + static_cast<std::size_t>(round)) % contestants.size()].run();
        }
        events.progress({"Measuring latency", round + 1, total, -1});
    }
    return {};
}

}  // namespace

Result<std::vector<Latency>> measureLatency(const std::vector<Subject>& subjects,
                                            const LatencyOptions& options,
                                            const EventSink<>& events, RunControl& control) {
    if (auto sound = check(subjects, options); !sound) return sound.error();
    return guarded("Cannot measure latency", [&]() -> Result<std::vector<Latency>> {
        const auto device = findDevice(options.device);
        if (!device) return device.error();
        const ThreadCount threads(options.threads);
        const c10::InferenceMode noGradients;
        at::globalContext().setFlushDenormal(true);
        std::vector<Contestant> contestants;
        for (const Subject& subject : subjects) contestants.emplace_back(subject, options, *device);
        if (auto done = runRounds(contestants, options, events, control); !done)
            return done.error();
        std::vector<Latency> results;
        for (const Contestant& each : contestants) results.push_back(each.result());
        return results;
    });
}

}  // namespace espalier::measure
