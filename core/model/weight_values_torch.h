// SPDX-License-Identifier: GPL-3.0-or-later
// A layer's weight read in short runs as float or double, whatever its own type, without a copy of
// the tensor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/model/weight_index.h"

namespace espalier::model {

/// How many weights the readers of a whole tensor take at a time: small enough for the first-level
/// cache.
inline constexpr std::int64_t kRunLength = 2048;

/// One layer's weight in row-major order, and its base mask. Thread-safe: only reads.
class WeightValues {
public:
    std::int64_t count() const { return m_values.numel(); }
    /// Whether the values need a double to be exact.
    bool isDouble() const { return m_values.scalar_type() == at::kDouble; }
    /// One byte a weight, true = kept; null when the base mask keeps all.
    const bool* kept() const { return m_kept.defined() ? m_kept.const_data_ptr<bool>() : nullptr; }
    /// The base mask itself, contiguous; undefined when it keeps all.
    const at::Tensor& keptMask() const { return m_kept; }

    /// Weights [begin, begin + out.size()) in row-major order, base-removed ones too. Exact but for
    /// float64 as float.
    void read(std::int64_t begin, std::span<float> out) const;
    void read(std::int64_t begin, std::span<double> out) const;

private:
    friend Result<WeightValues> weightValues(const Layer& layer, const at::Tensor& weight,
                                             const at::Tensor& kept);
    at::Tensor m_values;  // contiguous
    at::Tensor m_kept;    // contiguous or undefined
};

/// Errors: Unsupported for weights that are no real floating-point numbers, naming the layer and
/// the type.
Result<WeightValues> weightValues(const Snapshot& snapshot, LayerId layer);

/// The same for a part of the layer's weight, and the base mask's part (bool; undefined: all kept).
Result<WeightValues> weightValues(const Layer& layer, const at::Tensor& weight,
                                  const at::Tensor& kept);

/// Of the weights that `values` keeps: see weightStatistics.
Result<WeightStatistics> statisticsOf(const Layer& layer, const WeightValues& values,
                                      RunControl& control);

/// Calls `visit` with runs of the kept weights, in order. `Value` is float or double. False when
/// stopped.
template <class Value, class Visit>
bool forEachKeptRun(const WeightValues& values, RunControl& control, Visit visit) {
    Value run[kRunLength];
    const bool* kept = values.kept();
    for (std::int64_t begin = 0; begin < values.count(); begin += kRunLength) {
        if (!control.keepGoing()) return false;
        auto size = static_cast<std::size_t>(std::min(kRunLength, values.count() - begin));
        values.read(begin, std::span<Value>(run, size));
        if (kept) {
            std::size_t left = 0;
            for (std::size_t i = 0; i < size; ++i) {
                run[left] = run[i];
                left += kept[begin + static_cast<std::int64_t>(i)];
            }
            size = left;
        }
        visit(std::span<const Value>(run, size));
    }
    return true;
}

/// The error for a layer with NaN or infinite weights.
Error nonFiniteError(const Layer& layer, std::int64_t count);

}  // namespace espalier::model
