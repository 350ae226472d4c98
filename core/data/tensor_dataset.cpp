// SPDX-License-Identifier: GPL-3.0-or-later
// Samples of any kind as tensors: token numbers, several inputs, numbers to predict.
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <limits>

#include "core/base/format.h"
#include "core/data/dataset_kind.h"
#include "core/data/dataset_torch.h"
#include "core/data/normalisation.h"
#include "core/data/partition.h"
#include "core/data/tensor_part_torch.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kEndings{".npz", ".pt", ".pth"};

/// The files of a dataset; all but one may be missing.
struct Files {
    fs::path train;
    fs::path validation;
    fs::path test;
};

fs::path tensorFileNamed(const fs::path& folder, std::initializer_list<std::string_view> names) {
    std::error_code ignored;
    for (const std::string_view name : names) {
        for (const std::string_view ending : kEndings) {
            fs::path file = folder / cat(name, ending);
            if (fs::is_regular_file(file, ignored)) return file;
        }
    }
    return {};
}

/// In a folder train.npz, val.npz, test.npz; else the one file.
Files filesAt(const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return {path, {}, {}};
    return {tensorFileNamed(path, {"train"}), tensorFileNamed(path, {"val", "valid", "validation"}),
            tensorFileNamed(path, {"test"})};
}

bool recognises(const fs::path& path) {
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored))
        return std::ranges::find(kEndings, path.extension().string()) != kEndings.end();
    const Files files = filesAt(path);
    return fs::is_directory(path, ignored) && (!files.train.empty() || !files.test.empty());
}

struct Parts {
    TensorPart train;
    TensorPart validation;
    TensorPart test;
};

class TensorData final : public Dataset {
public:
    TensorData(std::shared_ptr<const Parts> parts, DatasetInfo info, DataSpec spec,
               std::optional<Normalisation> normalisation)
        : m_parts(std::move(parts)),
          m_fullInfo(std::move(info)),
          m_info(m_fullInfo),
          m_spec(std::move(spec)),
          m_normalisation(std::move(normalisation)),
          m_partition(m_parts->train.labels(), m_parts->validation.labels(), m_parts->test.labels(),
                      m_spec.validation) {
        m_partition.describe(m_info);
    }

    const DatasetInfo& info() const override { return m_info; }
    const DataSpec& spec() const override { return m_spec; }

    Batch batch(Split split, std::span<const std::int64_t> indices) const override {
        const std::vector<std::int64_t>& places = m_partition.places(split);
        std::vector<std::int64_t> taken;
        for (const std::int64_t index : indices)
            taken.push_back(places.at(static_cast<std::size_t>(index)));
        TensorPart part = pool(split).chosen(taken);
        if (m_normalisation) part.inputs[0] = normalised(part.inputs[0]);
        return {std::move(part.inputs), std::move(part.targets)};
    }

    std::vector<std::int64_t> labels(Split split) const override {
        if (m_info.targets != Targets::Classes) return {};
        return m_partition.labels(split, pool(split).labels());
    }

    std::string sampleName(Split split, std::int64_t index) const override {
        const auto place = m_partition.places(split).at(static_cast<std::size_t>(index));
        const TensorPart& part = pool(split);
        const auto inFile =
            part.places.empty() ? place : part.places.at(static_cast<std::size_t>(place));
        return cat("sample ", inFile, " (from 0) of ", part.file);
    }

    DatasetPtr withValidation(double share) const override {
        DataSpec spec = m_spec;
        spec.validation = share;
        return std::make_shared<TensorData>(m_parts, m_fullInfo, spec, m_normalisation);
    }

private:
    const TensorPart& pool(Split split) const {
        switch (m_partition.pool(split)) {
            case Pool::Train:
                return m_parts->train;
            case Pool::Validation:
                return m_parts->validation;
            case Pool::Test:
                break;
        }
        return m_parts->test;
    }

    /// Bytes are scaled to 0..1 first, as those of images are.
    at::Tensor normalised(const at::Tensor& input) const {
        std::vector<std::int64_t> perChannel(static_cast<std::size_t>(input.dim()), 1);
        perChannel[1] = std::ssize(m_normalisation->mean);
        const auto shaped = [&perChannel](const std::vector<float>& values) {
            return at::tensor(values).reshape(perChannel);
        };
        const at::Tensor exact = input.is_floating_point() ? input : input.to(at::kFloat);
        const at::Tensor scaled = input.scalar_type() == at::kByte ? exact.div(255) : exact;
        return scaled.sub(shaped(m_normalisation->mean)).div(shaped(m_normalisation->deviation));
    }

    std::shared_ptr<const Parts> m_parts;
    DatasetInfo m_fullInfo;  // without the counts, for copies with another share
    DatasetInfo m_info;
    DataSpec m_spec;
    std::optional<Normalisation> m_normalisation;
    Partition m_partition;
};

/// The parts of one dataset hold the same kinds of samples.
bool areAlike(const TensorPart& one, const TensorPart& other) {
    if (one.inputs.size() != other.inputs.size() || one.kind() != other.kind()) return false;
    for (std::size_t i = 0; i < one.inputs.size(); ++i) {
        if (one.inputs[i].scalar_type() != other.inputs[i].scalar_type() ||
            one.inputs[i].sizes().slice(1) != other.inputs[i].sizes().slice(1)) {
            return false;
        }
    }
    return true;
}

SampleInput describe(const std::vector<const TensorPart*>& parts, std::size_t index) {
    const at::Tensor& first = parts[0]->inputs[index];
    SampleInput input{first.sizes().slice(1).vec(),
                      std::string(c10::getDtypeNames(first.scalar_type()).first)};
    if (!c10::isIntegralType(first.scalar_type(), false)) return input;
    for (const TensorPart* part : parts) {
        if (part->inputs[index].numel() == 0) continue;
        const auto low = part->inputs[index].min().item<std::int64_t>();
        const auto highest = part->inputs[index].max().item<std::int64_t>();
        const auto end = std::min(highest, std::numeric_limits<std::int64_t>::max() - 1) + 1;
        input.range = input.range ? std::pair(std::min(low, input.range->first),
                                              std::max(end, input.range->second))
                                  : std::pair(low, end);
    }
    return input;
}

std::vector<std::string> classNames(const std::vector<const TensorPart*>& parts) {
    std::int64_t most = -1;
    for (const TensorPart* part : parts) {
        if (part->samples() > 0) most = std::max(most, part->targets.max().item<std::int64_t>());
    }
    std::vector<std::string> names;
    for (std::int64_t label = 0; label <= most; ++label) names.push_back(std::to_string(label));
    return names;
}

/// None unless it is asked for. Errors: BadArgument.
Result<std::optional<Normalisation>> normalisationOf(const DataSpec& spec,
                                                     const DatasetInfo& info) {
    if (spec.preset.empty() && spec.mean.empty() && spec.deviation.empty())
        return std::optional<Normalisation>();
    if (info.sampleShape.empty()) {
        return Error{Error::Kind::BadArgument, "Cannot normalise the inputs",
                     "a sample of the first one is a single number, without channels",
                     "Leave preset, mean and standard deviation out (--preset, --mean, --std)"};
    }
    const auto channels = static_cast<std::size_t>(info.sampleShape[0]);
    DataSpec whole = spec;
    if (spec.preset.empty() && spec.mean.empty()) whole.mean.assign(channels, 0.0);
    if (spec.preset.empty() && spec.deviation.empty()) whole.deviation.assign(channels, 1.0);
    auto found = normalisationFor(whole, presetNames().front(), info.sampleShape[0]);
    if (!found) return found.error();
    return std::optional(std::move(*found));
}

Result<Parts> readParts(const Files& files, DatasetInfo& info, RunControl& control) {
    Parts parts;
    for (const auto& [file, part] :
         {std::pair(&files.train, &parts.train), std::pair(&files.validation, &parts.validation),
          std::pair(&files.test, &parts.test)}) {
        if (file->empty()) continue;
        auto read = readTensorPart(*file, control);
        if (!read) return read.error();
        *part = std::move(*read);
    }
    const bool isOneFile = files.validation.empty() && files.test.empty();
    if (!isOneFile) return parts;
    HeldOut split = holdOutTest(parts.train.labels());
    const TensorPart whole = std::move(parts.train);
    parts.test = whole.chosen(split.test);
    parts.train = whole.chosen(split.train);
    parts.test.places = std::move(split.test);
    parts.train.places = std::move(split.train);
    parts.test.file = parts.train.file = whole.file;
    info.notes.emplace_back("a tenth of each class, drawn with seed 0, is the test split");
    return parts;
}

Result<DatasetPtr> open(const DataSpec& spec, RunControl& control) {
    if (!spec.resize.empty() || !spec.crop.empty() || !spec.augment.empty()) {
        return tensorFileError(
            Error::Kind::BadArgument, spec.path,
            "scaling, cutting out and augmentation are for images, and these are tensors",
            "Prepare the tensors before they are saved, and leave these out (--resize, --crop, "
            "--augment)");
    }
    DatasetInfo info;
    auto parts = readParts(filesAt(spec.path), info, control);
    if (!parts) return parts.error();
    std::vector<const TensorPart*> filled;
    for (const TensorPart* part : {&parts->train, &parts->validation, &parts->test}) {
        if (part->inputs.empty()) continue;
        filled.push_back(part);
        if (!areAlike(*filled[0], *part))
            return tensorFileError(
                Error::Kind::Mismatch, spec.path,
                "the inputs or targets of its files differ in number, shape or type",
                "Save all splits alike");
    }
    std::error_code ignored;
    info.name = fs::weakly_canonical(spec.path, ignored).stem().string();
    info.kind = "tensor file";
    info.targets = filled[0]->kind();
    info.areTargetsWhole = info.targets == Targets::None ||
                           c10::isIntegralType(filled[0]->targets.scalar_type(), false);
    for (std::size_t i = 0; i < filled[0]->inputs.size(); ++i)
        info.inputs.push_back(describe(filled, i));
    info.sampleShape = info.inputs[0].shape;
    if (info.targets == Targets::Classes) info.classes = classNames(filled);
    auto normalisation = normalisationOf(spec, info);
    if (!normalisation) return normalisation.error();
    return DatasetPtr(std::make_shared<TensorData>(std::make_shared<const Parts>(std::move(*parts)),
                                                   std::move(info), spec,
                                                   std::move(*normalisation)));
}

}  // namespace

const DatasetKind kTensorData{
    "a file of tensors (.pt of torch.save or .npz of numpy.savez) with inputs and targets, or a "
    "folder with train and test files of that kind",
    recognises, open};

}  // namespace espalier::data
