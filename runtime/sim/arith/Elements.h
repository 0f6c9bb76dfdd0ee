//===- Elements.h - element formats of tensor-core operands -----------------===//
//
// The formats a tensor core multiplies, and their widening to f32. Every value of every format here is exactly an f32,
// so the matrix routines take plain f32 arrays plus the name of the format; the format still matters, because a
// subnormal keeps the format's smallest exponent during alignment (see Mma.h).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_ELEMENTS_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_ELEMENTS_H

#include <cstddef>
#include <cstdint>

namespace thrift::sim {

/// An element format of an MMA operand.
enum class MmaElement : uint8_t { F16, BF16, TF32, E4M3, E5M2, E3M2, E2M3, E2M1 };

/// Exponent of the smallest normal number; zeros and subnormals of the format carry it too.
constexpr int minExponent(MmaElement element) {
  switch (element) {
  case MmaElement::F16:
  case MmaElement::E5M2:
    return -14;
  case MmaElement::BF16:
  case MmaElement::TF32:
    return -126;
  case MmaElement::E4M3:
    return -6;
  case MmaElement::E3M2:
    return -2;
  case MmaElement::E2M3:
  case MmaElement::E2M1:
    return 0;
  }
  return 0;
}

/// Bits of one encoded element; formats below a byte are handed over one per byte.
constexpr int bitsOf(MmaElement element) {
  switch (element) {
  case MmaElement::F16:
  case MmaElement::BF16:
    return 16;
  case MmaElement::TF32:
    return 32; // a whole f32 register, of which the upper 19 bits are read
  case MmaElement::E4M3:
  case MmaElement::E5M2:
    return 8;
  case MmaElement::E3M2:
  case MmaElement::E2M3:
    return 6;
  case MmaElement::E2M1:
    return 4;
  }
  return 0;
}

/// The f32 value of one code; bits above the format's width are ignored. NaN codes give 0x7FFFFFFF.
/// TF32 takes f32 bits and drops the low 13 of them, as the hardware does.
float widenElement(MmaElement element, uint32_t code);

/// `count` elements at once. `codes` points to uint16_t (F16, BF16), uint32_t (TF32) or uint8_t (all others, one code
/// per byte, upper bits ignored). NaNs stay NaN, with an unspecified payload. F16 and BF16 run at memory speed on x86.
void widenElements(MmaElement element, const void *codes, float *values, size_t count);

/// `count` E2M1 elements packed two per byte, element 2i in the low nibble of byte i.
void widenPackedE2m1(const uint8_t *bytes, float *values, size_t count);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_ELEMENTS_H
