//===- ElementType.h - element types of buffers and scalars -------------------===//
//
// What a launch file may call an element, how the two file formats call it, and the way between numbers and bits. A
// `long double` holds every value of every type exactly.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_ELEMENTTYPE_H
#define THRIFTJIT_TOOLS_PTXSIM_ELEMENTTYPE_H

#include "tools/npy/Npy.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thrift::ptxsim {

enum class ElementKind { Float, Signed, Unsigned, Bool };

struct ElementType {
  std::string_view name;     ///< "f16"
  std::string_view ptxNames; ///< further names, as PTX spells them: " u32 b32 "
  int bytes;
  ElementKind kind;
  int fractionBits, minExponent; ///< of floats: binary16 has 10 and -14
  long double largest;           ///< of floats, finite
  std::string_view safetensors;  ///< "F16"
  NpyElement npy;                ///< how it is written
  /// How it may arrive, apart from `npy`: NumPy has no bfloat16, so its bits come as u2 or V2.
  std::string_view npyToo;

  bool isFloat() const { return kind == ElementKind::Float; }
};

/// By any of its names, or null.
const ElementType *findElementType(std::string_view name);
const ElementType *elementTypeOfSafetensors(std::string_view name);
/// The type that a NumPy element means by itself; null for raw bytes.
const ElementType *elementTypeOfNpy(const NpyElement &element);
bool canHold(const ElementType &type, const NpyElement &element);
/// "f16, bf16, ..."
std::string elementTypeNames();

/// The bits of a number, rounded to nearest even; nothing where the type cannot hold it: a fraction or a number out of
/// range for integers, a finite number that would become infinite for floats. e4m3 has no infinity.
std::optional<uint64_t> encode(const ElementType &type, long double value);
/// Exact.
long double decode(const ElementType &type, uint64_t bits);

/// Element `index` of an array of this type.
uint64_t loadBits(const ElementType &type, const void *data, uint64_t index);
void storeBits(const ElementType &type, void *data, uint64_t index, uint64_t bits);

/// The shortest text that reads back as the same value: "0.1" for an f32, "-3", "nan".
std::string printElement(const ElementType &type, uint64_t bits);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_ELEMENTTYPE_H
