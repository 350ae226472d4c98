// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/proof_torch.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <stdexcept>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/channels/proof_inputs.h"
#include "core/model/snapshot_torch.h"
#include "core/script/seeded_random_torch.h"

namespace espalier::channels {

namespace {

using c10::IValue;
using script::InputSpec;
using script::Program;
using Tensors = std::vector<at::Tensor>;

constexpr auto kWhat = "The cut model could not be proved";
constexpr double kExampleSeed = 0;

/// Recurrent operators read on when the input has other features than their weights have columns:
/// what comes out then means nothing.
struct Careful final : script::Observer {
    std::optional<std::vector<IValue>> before(const torch::jit::Node& node,
                                              std::vector<IValue>& inputs) override {
        static const std::set<std::string_view> kRecurrent = {"lstm", "gru", "rnn_tanh",
                                                              "rnn_relu"};
        const auto* schema = node.maybeSchema();
        if (schema == nullptr || !kRecurrent.contains(node.kind().toUnqualString())) return {};
        const auto index = schema->argumentIndexWithName("params");
        if (!index || !inputs[*index].isTensorList()) return {};
        const at::Tensor weight = inputs[*index].toTensorVector().at(0);
        if (inputs[0].toTensor().size(-1) == weight.size(-1)) return {};
        throw std::runtime_error(cat("its ", node.kind().toUnqualString(), " reads ",
                                     weight.size(-1), " features, not ",
                                     inputs[0].toTensor().size(-1)));
    }
    void onNode(const script::NodeEvent&) override {}
};

Error notProved(const std::string& why) {
    return {Error::Kind::Failed, kWhat, why, "Nothing was written"};
}

double toleranceOf(at::ScalarType type) {
    switch (type) {
        case at::kDouble:
            return 1e-9;
        case at::kHalf:
            return 5e-3;
        case at::kBFloat16:
            return 4e-2;
        default:
            return 1e-5;
    }
}

/// The least exact of all floating outputs decides what can be asked for.
at::ScalarType typeOf(const Tensors& outputs) {
    at::ScalarType type = at::kDouble;
    bool isFloating = false;
    for (const auto& output : outputs) {
        if (!output.is_floating_point()) continue;
        isFloating = true;
        if (toleranceOf(output.scalar_type()) > toleranceOf(type)) type = output.scalar_type();
    }
    return isFloating ? type : at::kFloat;
}

std::string nameOf(at::ScalarType type) {
    switch (type) {
        case at::kDouble:
            return "float64";
        case at::kHalf:
            return "float16";
        case at::kBFloat16:
            return "bfloat16";
        default:
            return "float32";
    }
}

double largest(const at::Tensor& tensor) {
    return tensor.numel() == 0 ? 0 : tensor.abs().max().item<double>();
}

/// max |a - b| / max |a| over all tensors, each beside its own size; infinite when shapes differ.
double difference(const Tensors& a, const Tensors& b) {
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    if (a.size() != b.size()) return kInfinite;
    double whole = 0;
    for (const auto& tensor : a) whole = std::max(whole, largest(tensor.to(at::kDouble)));
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!a[i].sizes().equals(b[i].sizes())) return kInfinite;
        const auto x = a[i].to(at::kDouble);
        const double apart = largest(x - b[i].to(at::kDouble));
        // An output that is all but zero beside the others is measured by them.
        const double size = std::max(largest(x), 1e-6 * whole);
        if (std::isnan(apart)) return kInfinite;
        if (apart > 0) worst = std::max(worst, size > 0 ? apart / size : kInfinite);
    }
    return worst;
}

bool isFinite(const Tensors& outputs) {
    return std::ranges::all_of(outputs, [](const auto& output) {
        return !output.is_floating_point() || at::isfinite(output).all().template item<bool>();
    });
}

IValue converted(const IValue& value) {
    if (value.isTensor() && value.toTensor().is_floating_point()) {
        return value.toTensor().to(at::kDouble);
    }
    if (!value.isTensorList()) return value;
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) {
        list.push_back(tensor.is_floating_point() ? tensor.to(at::kDouble) : tensor);
    }
    return list;
}

enum class Precision { AsItIs, Double };

class Prover {
public:
    Prover(const Claim& claim, RunControl& control) : m_claim(claim), m_control(control) {}

    Result<Proved> run() {
        m_proof.alreadyZero = m_claim.alreadyZero;
        auto result = compareAll(*m_claim.twin, *m_claim.cut, Precision::AsItIs);
        const bool isClose = m_proof.maxRelativeDifference < 1e-2;
        if (!result && result.error().kind == Error::Kind::Failed && isClose &&
            m_proof.dtype == "float32" && compareInDouble()) {
            result = Result<void>();
        }
        if (!result) return result.error();
        if (auto checked = checkMeaning(); !checked) return checked.error();
        if (auto checked = checkMethod(); !checked) return checked.error();
        return Proved{std::move(m_proof), m_isVacuous};
    }

private:
    Result<Tensors> outputs(const Program& program, std::span<const InputSpec> specs,
                            Precision precision, std::uint64_t seed = kExampleSeed) {
        const at::NoGradGuard noGrad;
        const script::SeededRandom seeded;
        auto inputs = script::exampleInputs(specs, seed);
        if (precision == Precision::Double) {
            for (auto& input : inputs) input = converted(input);
        }
        Careful careful;
        auto result = script::runObserved(program, std::move(inputs), careful, m_control);
        if (!result) return result.error();
        return script::tensorsIn(*result);
    }

    Result<void> compareAll(const Program& twin, const Program& cut, Precision precision) {
        m_proof.maxRelativeDifference = 0;
        m_proof.inputs.clear();
        m_refused.clear();
        for (const auto& trial : proofInputs(m_claim.inputs)) {
            if (auto compared = compare(trial, twin, cut, precision); !compared) return compared;
        }
        return {};
    }

    Result<void> compare(const ProofInputs& trial, const Program& twin, const Program& cut,
                         Precision precision) {
        const auto expected = outputs(twin, trial.specs, precision);
        if (!expected && expected.error().kind == Error::Kind::Cancelled) return expected.error();
        if (!expected) {
            if (trial.isGiven) return notProved("the masked model fails: " + expected.error().why);
            m_refused.push_back(trial.name);
            return {};
        }
        const auto actual = outputs(cut, trial.specs, precision);
        if (!actual && actual.error().kind == Error::Kind::Cancelled) return actual.error();
        const auto where = cat(" on ", describe(trial.specs));
        if (!actual) return notProved(cat("it fails", where, ": ", actual.error().why));
        if (trial.isGiven) {
            const auto type = typeOf(*expected);
            m_proof.dtype = nameOf(type);
            m_proof.tolerance = toleranceOf(type);
            m_twinOutputs = *expected;
        }
        if (!isFinite(*expected))
            return notProved(cat("the model's outputs are not finite", where));
        const double apart = difference(*expected, *actual);
        m_proof.maxRelativeDifference = std::max(m_proof.maxRelativeDifference, apart);
        m_proof.inputs.push_back(describe(trial.specs));
        if (apart <= m_proof.tolerance) return {};
        return notProved(cat("its outputs", where, " differ from the masked model's by ", apart,
                             " (", m_proof.tolerance, " is allowed)"));
    }

    static std::string describe(std::span<const InputSpec> specs) {
        std::string text;
        for (const auto& spec : specs) text += cat(text.empty() ? "" : " and ", toString(spec));
        return text;
    }

    /// True when the models run in float64 and agree there.
    bool compareInDouble() {
        const auto inDouble = [](const Program& program) {
            Program result = program;
            result.module = model::cloneModule(program.module);
            result.module.to(at::kDouble);
            return result;
        };
        const Proof single = m_proof;
        const auto compared =
            compareAll(inDouble(*m_claim.twin), inDouble(*m_claim.cut), Precision::Double);
        if (compared && m_proof.dtype == "float64") return true;
        m_proof = single;
        return false;
    }

    /// The comparison would be empty if the output were always the same, or if what was removed had
    /// no part in it.
    Result<void> checkMeaning() {
        const auto whole = outputs(*m_claim.original, m_claim.inputs, Precision::AsItIs);
        if (!whole) return whole.error();
        const auto cut = outputs(*m_claim.cut, m_claim.inputs, Precision::AsItIs);
        const auto other = outputs(*m_claim.cut, m_claim.inputs, Precision::AsItIs, 1);
        if (!cut || !other) return (cut ? other : cut).error();
        if (!m_claim.inputs.empty() && difference(*cut, *other) == 0) {
            m_isVacuous = true;
            m_proof.unproved.push_back("The output was the same for two different inputs");
        }
        const bool isDifferent = m_proof.dtype == "float64" ||
                                 difference(*whole, m_twinOutputs) > 10 * m_proof.tolerance;
        if (!isDifferent && !m_proof.alreadyZero) {
            m_isVacuous = true;
            m_proof.unproved.push_back(
                "What was removed made no difference to the outputs of the example");
        }
        for (const auto& name : m_refused) {
            m_proof.unproved.push_back(cat(name, ": the original model does not take it"));
        }
        return {};
    }

    /// What a user of the file will run is the method itself.
    Result<void> checkMethod() {
        if (m_claim.module == nullptr) return {};
        const at::NoGradGuard noGrad;
        const auto expected = outputs(*m_claim.cut, m_claim.inputs, Precision::AsItIs);
        if (!expected) return expected.error();
        const script::SeededRandom seeded;
        auto copy = model::cloneModule(*m_claim.module);
        const auto actual =
            script::tensorsIn(copy.forward(script::exampleInputs(m_claim.inputs, kExampleSeed)));
        if (difference(*expected, actual) <= std::max(m_proof.tolerance, 1e-5)) return {};
        return notProved("its forward gives something else than its graph");
    }

    const Claim& m_claim;
    RunControl& m_control;
    Proof m_proof;
    Tensors m_twinOutputs;
    std::vector<std::string> m_refused;
    bool m_isVacuous = false;
};

}  // namespace

Result<Proved> prove(const Claim& claim, RunControl& control) {
    return guarded(kWhat, [&] { return Prover(claim, control).run(); });
}

}  // namespace espalier::channels
