// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/load_check_torch.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/serialization/import_read.h>
#include <torch/csrc/jit/serialization/import_source.h>

#include "core/base/format.h"
#include "core/script/archive_code.h"
#include "core/script/archive_pickle.h"

namespace espalier::script {

namespace {

using caffe2::serialize::PyTorchStreamReader;

constexpr std::string_view kHint =
    "Do not open it, unless you know why it does so; a model for pruning needs nothing of that "
    "kind.";

Error untrusted(std::string why) {
    return {Error::Kind::Untrusted, "Cannot open the model", std::move(why), std::string(kHint)};
}

/// Walks graphs and remembers what it has already judged: the same operators come thousands of
/// times.
class GraphJudge {
public:
    Result<void> graph(const torch::jit::Graph& graph) { return block(*graph.block()); }

private:
    Result<void> block(const torch::jit::Block& block) {
        for (const auto* value : block.inputs()) {
            if (auto judged = type(value->type()); !judged) return judged;
        }
        for (const auto* node : block.nodes()) {
            if (auto judged = this->node(*node); !judged) return judged;
        }
        return {};
    }

    Result<void> node(const torch::jit::Node& node) {
        if (isForbidden(node.kind())) {
            return untrusted(cat("its code calls ", node.kind().toQualString(),
                                 ", which reaches beyond the model to files or other processes"));
        }
        for (const auto* value : node.outputs()) {
            if (auto judged = type(value->type()); !judged) return judged;
        }
        for (const auto* inner : node.blocks()) {
            if (auto judged = block(*inner); !judged) return judged;
        }
        const auto subgraph = c10::attr::Subgraph;
        const bool hasSubgraph =
            node.hasAttribute(subgraph) && node.kindOf(subgraph) == torch::jit::AttributeKind::g;
        return hasSubgraph ? graph(*node.g(subgraph)) : Result<void>();
    }

    bool isForbidden(c10::Symbol kind) {
        const auto [found, isNew] = m_forbidden.emplace(kind, false);
        if (isNew) found->second = judgeOperator(kind.toQualString()) == OperatorVerdict::Forbidden;
        return found->second;
    }

    Result<void> type(const c10::TypePtr& type) {
        if (!m_types.emplace(type.get(), type).second) return {};
        if (const auto named = type->cast<c10::ClassType>(); named && named->name()) {
            constexpr std::string_view kPrefix = "__torch__.torch.classes.";
            const std::string name = named->name()->qualifiedName();
            const std::string_view rest =
                std::string_view(name).substr(std::min(name.size(), kPrefix.size()));
            if (name.starts_with(kPrefix) && !isAllowedClassSpace(rest.substr(0, rest.find('.')))) {
                return untrusted(
                    cat("it uses the class ", name,
                        ", which reaches beyond the model to devices, files or other processes"));
            }
        }
        for (const auto& inner : type->containedTypes()) {
            if (auto judged = this->type(inner); !judged) return judged;
        }
        return {};
    }

    std::unordered_map<c10::Symbol, bool> m_forbidden;
    std::unordered_map<const c10::Type*, c10::TypePtr>
        m_types;  // held, so that no address is used twice
};

std::string recordText(PyTorchStreamReader& reader, const std::string& name) {
    auto [data, size] = reader.getRecord(name);
    return {static_cast<const char*>(data.get()), size};
}

/// An object of the right type without its values: enough to compile against, and no `__setstate__`
/// is run.
c10::intrusive_ptr<c10::ivalue::Object> hollowObject(const at::StrongTypePtr& type,
                                                     const c10::IValue&) {
    const auto slots = type.type_->expect<c10::ClassType>()->numAttributes();
    return c10::ivalue::Object::create(type, slots);
}

/// The archive's code, compiled on demand.
class CodeCompiler {
public:
    explicit CodeCompiler(const std::filesystem::path& path)
        : m_reader(path.string()),
          m_unit(std::make_shared<torch::jit::CompilationUnit>()),
          m_importer(
              m_unit, &m_constants, [this](const std::string& name) { return source(name); },
              m_reader.version()) {}

    const torch::jit::CompilationUnit& compile() {
        const auto resolve = [this](const c10::QualifiedName& name) {
            return c10::StrongTypePtr(m_unit, m_importer.loadType(name));
        };
        const c10::IValue constants = torch::jit::readArchiveAndTensors(
            "constants", "", "constants/", resolve, hollowObject, c10::Device(c10::kCPU), m_reader);
        for (const auto& constant : constants.toTupleRef().elements())
            m_constants.push_back(constant);
        for (const char* pickle : {"data.pkl", "constants.pkl"}) {
            for (const auto& name : scanPickle(recordText(m_reader, pickle)).globals) {
                if (name.starts_with("__torch__.")) m_importer.loadType(c10::QualifiedName(name));
            }
        }
        return *m_unit;
    }

private:
    std::shared_ptr<torch::jit::Source> source(const std::string& qualifier) {
        std::string path = qualifier;
        std::replace(path.begin(), path.end(), '.', '/');
        path = "code/" + path + ".py";
        if (!m_reader.hasRecord(path)) return nullptr;
        return std::make_shared<torch::jit::Source>(recordText(m_reader, path), path, 1);
    }

    PyTorchStreamReader m_reader;
    std::shared_ptr<torch::jit::CompilationUnit> m_unit;
    std::vector<at::IValue> m_constants;
    torch::jit::SourceImporter m_importer;
};

}  // namespace

Result<void> checkGraphs(const torch::jit::CompilationUnit& unit) {
    GraphJudge judge;
    for (auto* function : unit.get_functions()) {
        auto* compiled = torch::jit::tryToGraphFunction(*function);
        if (!compiled) continue;
        compiled->ensure_defined();
        if (auto judged = judge.graph(*compiled->graph()); !judged) return judged;
    }
    return {};
}

Result<void> checkCodeWithoutRunning(const std::filesystem::path& path) {
    CodeCompiler compiler(path);
    return checkGraphs(compiler.compile());
}

}  // namespace espalier::script
