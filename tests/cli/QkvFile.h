//===- QkvFile.h - small inputs for the command line --------------------------===//

#ifndef THRIFTJIT_TESTS_CLI_QKVFILE_H
#define THRIFTJIT_TESTS_CLI_QKVFILE_H

#include "dialect/formats/Float16.h"
#include "tools/safetensors/Safetensors.h"

#include <gtest/gtest.h>

#include <list>
#include <random>

namespace thrift {

/// Q, K and V with normally distributed values, in any shape, to be spoiled and written.
struct QkvFile {
  struct Tensor {
    std::vector<int64_t> shape;
    DType dtype = DType::F16;
    float factor = 1; ///< of the values
  };
  Tensor q{{1, 2, 100, 64}}, k{{1, 1, 200, 64}}, v{{1, 1, 200, 64}};
  std::string omit; ///< a tensor to leave out
  /// This element of q becomes this value.
  int64_t spoiledIndex = -1;
  float spoiledValue = 0;

  void setDType(DType dtype) { q.dtype = k.dtype = v.dtype = dtype; }

  std::string write(const std::string &path) const {
    std::mt19937 random(7);
    std::list<std::vector<float>> floats;
    std::list<std::vector<uint16_t>> halves;
    std::vector<NamedTensor> tensors;
    for (const auto &[name, tensor] : {std::pair("q", &q), std::pair("k", &k), std::pair("v", &v)}) {
      int64_t count = 1;
      for (int64_t extent : tensor->shape)
        count *= extent;
      std::vector<float> &values = floats.emplace_back(static_cast<size_t>(count));
      std::normal_distribution<float> normal;
      for (float &value : values)
        value = tensor->factor * normal(random);
      if (tensor == &q && spoiledIndex >= 0)
        values.at(static_cast<size_t>(spoiledIndex)) = spoiledValue;
      std::vector<uint16_t> &rounded = halves.emplace_back();
      for (float value : values)
        rounded.push_back(tensor->dtype == DType::BF16 ? bf16FromF32(value) : f16FromF32(value));
      TensorView view;
      view.data = tensor->dtype == DType::F32 ? static_cast<void *>(values.data()) : rounded.data();
      view.dtype = tensor->dtype;
      view.rank = static_cast<int>(tensor->shape.size());
      int64_t stride = 1;
      for (int dim = view.rank - 1; dim >= 0; --dim) {
        view.shape[dim] = tensor->shape[static_cast<size_t>(dim)];
        view.stride[dim] = stride;
        stride *= std::max<int64_t>(view.shape[dim], 1);
      }
      if (name != omit)
        tensors.push_back({name, view});
    }
    Status status = writeSafetensors(path, tensors);
    EXPECT_TRUE(status.isOk()) << status.message();
    return path;
  }
};

} // namespace thrift

#endif // THRIFTJIT_TESTS_CLI_QKVFILE_H
