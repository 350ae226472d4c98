// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/proof_torch.h"

#include <algorithm>
#include <set>
#include <string>

#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/channels/proof_inputs.h"
#include "core/channels/proof_methods_torch.h"
#include "core/channels/proof_numbers_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

namespace {

using script::InputSpec;
using script::Program;

constexpr auto kWhat = "The cut model could not be proved";

struct Models {
    Program original;
    Program twin;
    Program cut;
};

Program programInDouble(const Program& program) {
    Program result = program;
    result.schema = script::schemaOf(program);
    result.module = model::cloneModule(program.module);
    result.module.to(at::kDouble);
    return result;
}

class Prover {
public:
    Prover(const Claim& claim, RunControl& control)
        : m_claim(claim), m_control(control), m_models{*claim.original, *claim.twin, *claim.cut} {}

    Result<Proof> run() {
        m_proof.alreadyZero = m_claim.alreadyZero;
        auto result = compareAll();
        const bool isClose = m_proof.maxRelativeDifference < 1e-2;
        if (!result && result.error().kind == Error::Kind::Failed && isClose &&
            m_proof.dtype == "float32" && compareInDouble()) {
            result = Result<void>();
        }
        if (!result) return result.error();
        if (auto checked = checkMeaning(); !checked) return checked.error();
        if (m_claim.module != nullptr) {
            const MethodCheck check{m_claim, m_control, std::max(m_proof.tolerance, 1e-5), m_taken};
            auto checked = check.run();
            if (!checked) return checked.error();
            for (auto& line : *checked) m_proof.unproved.push_back(std::move(line));
        }
        return std::move(m_proof);
    }

private:
    Result<Tensors> outputs(const Program& program, std::span<const InputSpec> specs,
                            std::uint64_t seed = 0) {
        const at::NoGradGuard noGrad;
        auto inputs = script::exampleInputs(specs, seed);
        if (m_isDouble) {
            for (auto& input : inputs) input = inDouble(input);
        }
        return observedOutputs(program, std::move(inputs), m_control);
    }

    Result<void> compareAll() {
        m_proof.maxRelativeDifference = 0;
        m_proof.inputs.clear();
        m_refused.clear();
        m_taken.clear();
        m_takenNames.clear();
        for (const auto& trial : proofInputs(m_claim.inputs)) {
            if (auto compared = compare(trial); !compared) return compared;
        }
        return {};
    }

    Result<void> compare(const ProofInputs& trial) {
        const auto expected = outputs(m_models.twin, trial.specs);
        if (!expected) return refused(trial, expected.error());
        const auto actual = outputs(m_models.cut, trial.specs);
        if (!actual && actual.error().kind == Error::Kind::Cancelled) return actual.error();
        const auto where = cat(" on ", describe(trial.specs));
        if (!actual) return notProved(cat("it fails", where, ": ", actual.error().why));
        if (trial.isGiven) {
            const auto type = typeOf(*expected);
            m_proof.dtype = c10::getDtypeNames(type).first;
            m_proof.tolerance = toleranceOf(type);
            m_twinOutputs = *expected;
        }
        if (!isFinite(*expected))
            return notProved(cat("the model's outputs are not finite", where));
        const double apart = difference(*expected, *actual);
        m_proof.maxRelativeDifference = std::max(m_proof.maxRelativeDifference, apart);
        m_proof.inputs.push_back(describe(trial.specs));
        m_taken.push_back(trial.specs);
        m_takenNames.insert(trial.name);
        if (apart <= m_proof.tolerance) return {};
        return notProved(cat("its outputs", where, " differ from the masked model's by ", apart,
                             " (", m_proof.tolerance, " is allowed)"));
    }

    /// The twin does not take these inputs: then the original must not take them either.
    Result<void> refused(const ProofInputs& trial, const Error& error) {
        if (error.kind == Error::Kind::Cancelled) return error;
        if (trial.isGiven) return notProved("the masked model fails: " + error.why);
        const auto whole = outputs(m_models.original, trial.specs);
        if (!whole && whole.error().kind == Error::Kind::Cancelled) return whole.error();
        if (whole) {
            return notProved(cat("the masked model fails on ", describe(trial.specs),
                                 ", which the original takes: ", error.why));
        }
        m_refused.insert(trial.name);
        return {};
    }

    /// True when the models run in float64 and agree there; they stay in it.
    bool compareInDouble() {
        const Proof single = m_proof;
        const Models singles = m_models;
        m_models = {programInDouble(singles.original), programInDouble(singles.twin),
                    programInDouble(singles.cut)};
        m_isDouble = true;
        if (compareAll() && m_proof.dtype == "float64") {
            m_proof.unproved.push_back(cat(
                "Agreement in float32 beyond rounding: there the two differ by ",
                single.maxRelativeDifference, ", in float64 by ", m_proof.maxRelativeDifference));
            return true;
        }
        m_isDouble = false;
        m_models = singles;
        m_proof = single;
        return false;
    }

    /// The comparison would be empty if the output were always the same, or if what was removed had
    /// no part in it.
    Result<void> checkMeaning() {
        const auto whole = outputs(m_models.original, m_claim.inputs);
        if (!whole) return whole.error();
        const auto cut = outputs(m_models.cut, m_claim.inputs);
        const auto other = outputs(m_models.cut, m_claim.inputs, 1);
        if (!cut || !other) return (cut ? other : cut).error();
        if (!m_claim.inputs.empty() && difference(*cut, *other) == 0) {
            m_proof.isVacuous = true;
            m_proof.unproved.push_back("The output was the same for two different inputs");
        }
        const bool isDifferent = difference(*whole, m_twinOutputs) > 10 * m_proof.tolerance;
        if (!isDifferent && !m_proof.alreadyZero) {
            m_proof.isVacuous = true;
            m_proof.unproved.push_back(
                "What was removed made no difference to the outputs of the example");
        }
        for (const auto& name : m_refused) {
            if (m_takenNames.contains(name)) continue;
            m_proof.unproved.push_back(cat(name, ": the original model does not take it"));
        }
        return {};
    }

    const Claim& m_claim;
    RunControl& m_control;
    Models m_models;  ///< in the precision that is compared
    bool m_isDouble = false;
    Proof m_proof;
    Tensors m_twinOutputs;  ///< of the given inputs
    std::vector<std::vector<InputSpec>> m_taken;
    std::set<std::string> m_refused;
    std::set<std::string> m_takenNames;
};

}  // namespace

Result<Proof> prove(const Claim& claim, RunControl& control) {
    return guarded(kWhat, [&] { return Prover(claim, control).run(); });
}

}  // namespace espalier::channels
