//===- RunInput.h - Q, K and V from a file ------------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_RUNINPUT_H
#define THRIFTJIT_TOOLS_THRIFTJIT_RUNINPUT_H

#include "runtime/Arguments.h"
#include "runtime/reference/AttentionProblem.h"
#include "tools/safetensors/Safetensors.h"
#include "tools/thriftjit/SpecOptions.h"

namespace thrift {

/// Three tensors that fit together, of one type, f16 or bf16, with at least one element in every dimension.
struct RunInput {
  SafetensorsFile file;              ///< holds what the views show
  std::vector<AlignedBytes> rounded; ///< or these, where the file is in f32
  AttentionInputs tensors;
  AttentionShape shape; ///< extents; mask and scale are the caller's
  bool fromF32 = false;

  Extents extents() const { return {shape.batch, shape.qHeads, shape.kvHeads, shape.qLen, shape.kvLen}; }
};

struct RunInputOptions {
  /// Lets a file in f32 in: its tensors are rounded to this type, to nearest even. Without it f32 is refused.
  std::optional<DType> round;
  /// Refuse infinities and NaN, also those that rounding makes.
  bool requireFinite = true;
};

/// The tensors `q`, `k` and `v` of a .safetensors file; others are left alone. Messages start with the path.
Result<RunInput> readRunInput(const std::string &path, const RunInputOptions &options);

/// Sets dims and type of `request.spec` from the file. An option that says otherwise is refused, with both values.
Status reconcile(SpecRequest &request, const RunInput &input);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_RUNINPUT_H
