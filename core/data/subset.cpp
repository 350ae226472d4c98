// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/subset_torch.h"

#include <utility>

namespace espalier::data {
namespace {

class Subset final : public Dataset {
public:
    Subset(DatasetPtr dataset, Split split, std::vector<std::int64_t> indices)
        : m_dataset(std::move(dataset)),
          m_split(split),
          m_indices(std::move(indices)),
          m_info(m_dataset->info()) {
        const auto count = [&](Split each) { return each == m_split ? std::ssize(m_indices) : 0; };
        m_info.train = count(Split::Train);
        m_info.validation = count(Split::Validation);
        m_info.test = count(Split::Test);
    }

    const DatasetInfo& info() const override { return m_info; }
    const DataSpec& spec() const override { return m_dataset->spec(); }
    bool readsFiles() const override { return m_dataset->readsFiles(); }
    Batch batch(Split split, std::span<const std::int64_t> indices) const override {
        return m_dataset->batch(split, chosen(indices));
    }
    Batch augmented(Split split, std::span<const std::int64_t> indices,
                    std::uint64_t seed) const override {
        return m_dataset->augmented(split, chosen(indices), seed);
    }
    std::vector<std::int64_t> labels(Split split) const override {
        std::vector<std::int64_t> labels;
        if (split != m_split || m_info.targets != Targets::Classes) return labels;
        const auto all = m_dataset->labels(split);
        for (const std::int64_t index : m_indices)
            labels.push_back(all.at(static_cast<std::size_t>(index)));
        return labels;
    }
    std::string sampleName(Split split, std::int64_t index) const override {
        return m_dataset->sampleName(split, m_indices.at(static_cast<std::size_t>(index)));
    }
    /// There is no training split to hold anything out of.
    DatasetPtr withValidation(double /*share*/) const override {
        return std::make_shared<Subset>(*this);
    }

private:
    std::vector<std::int64_t> chosen(std::span<const std::int64_t> indices) const {
        std::vector<std::int64_t> chosen;
        for (const std::int64_t index : indices)
            chosen.push_back(m_indices.at(static_cast<std::size_t>(index)));
        return chosen;
    }

    DatasetPtr m_dataset;
    Split m_split;
    std::vector<std::int64_t> m_indices;
    DatasetInfo m_info;
};

}  // namespace

DatasetPtr subset(DatasetPtr dataset, Split split, std::vector<std::int64_t> indices) {
    return std::make_shared<Subset>(std::move(dataset), split, std::move(indices));
}

DatasetPtr stratifiedSubset(DatasetPtr dataset, Split split, std::int64_t count) {
    auto labels = dataset->labels(split);
    if (labels.empty()) labels.resize(static_cast<std::size_t>(sampleCount(*dataset, split)));
    return subset(std::move(dataset), split, stratifiedSample(labels, count));
}

}  // namespace espalier::data
