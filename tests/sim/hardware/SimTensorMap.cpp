//===- SimTensorMap.cpp - a form's tensor map for the simulator -------------===//

#include "tests/sim/hardware/SimTensorMap.h"

namespace thrift::sim::hardware {

/// The driver's numbers and tensormap.replace's name the types in different orders.
static TensorElement elementOf(TensorType type) {
  switch (type) {
  case TensorType::U8:
    return TensorElement::U8;
  case TensorType::U16:
    return TensorElement::U16;
  case TensorType::U32:
    return TensorElement::U32;
  case TensorType::S32:
    return TensorElement::S32;
  case TensorType::U64:
    return TensorElement::U64;
  case TensorType::S64:
    return TensorElement::S64;
  case TensorType::F16:
    return TensorElement::F16;
  case TensorType::F32:
    return TensorElement::F32;
  case TensorType::F64:
    return TensorElement::F64;
  case TensorType::BF16:
    return TensorElement::BF16;
  case TensorType::F32Ftz:
    return TensorElement::F32Ftz;
  case TensorType::TF32:
    return TensorElement::TF32;
  case TensorType::TF32Ftz:
    return TensorElement::TF32Ftz;
  }
  return TensorElement::U8;
}

Result<TensorMapBytes> simulatedTensorMap(const TensorMap &map, uint64_t address) {
  TensorMapDescription description;
  description.element = elementOf(map.type);
  description.rank = map.rank;
  description.address = address;
  for (uint32_t i = 0; i < map.rank; ++i) {
    description.dims[i] = map.dims[i];
    description.box[i] = map.box[i];
    description.elementStrides[i] = map.steps[i];
    if (i + 1 < map.rank)
      description.strides[i] = map.strides[i];
  }
  description.swizzle = static_cast<SwizzleMode>(map.swizzle);
  description.fill = map.fill == hardware::TensorFill::NaN ? sim::TensorFill::NaN : sim::TensorFill::Zero;
  return encodeTensorMap(description);
}

} // namespace thrift::sim::hardware
