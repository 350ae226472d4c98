// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/run_state_torch.h"

#include <ATen/core/List.h>
#include <ATen/core/grad_mode.h>

namespace espalier::train {

c10::IValue stored(const std::vector<at::Tensor>& tensors) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : tensors)
        list.push_back(tensor.detach().to(at::kCPU, /*non_blocking=*/false, /*copy=*/true));
    return list;
}

void restore(const std::vector<at::Tensor>& tensors, const c10::IValue& values,
             std::string_view what) {
    const at::NoGradGuard noGradients;
    const auto refuse = [&what] {
        throw std::runtime_error(cat("the ", what, " in the checkpoint are not those of this run"));
    };
    if (!values.isTensorList() || values.toTensorList().size() != tensors.size()) refuse();
    const c10::List<at::Tensor> list = values.toTensorList();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const at::Tensor value = list.get(i);
        if (value.sizes() != tensors[i].sizes() ||
            value.scalar_type() != tensors[i].scalar_type()) {
            refuse();
        }
        tensors[i].detach().copy_(value);
    }
}

}  // namespace espalier::train
