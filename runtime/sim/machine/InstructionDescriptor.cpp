//===- InstructionDescriptor.cpp - what a tcgen05.mma multiplies --------------===//

#include "runtime/sim/machine/InstructionDescriptor.h"

#include <vector>

namespace thrift::sim {

const char *nameOf(MmaKind kind) {
  static constexpr const char *kNames[] = {"f16", "tf32", "f8f6f4", "mxf8f6f4", "mxf4", "mxf4nvf4"};
  return kNames[static_cast<unsigned>(kind)];
}

namespace {

/// Sets of values of a field: a bit per value.
using ValueSet = uint64_t;
constexpr ValueSet only(unsigned value) { return ValueSet(1) << value; }
constexpr ValueSet kZero = only(0), kFlag = only(0) | only(1);
constexpr ValueSet kFp8Types = only(0) | only(1) | only(3) | only(4) | only(5);
constexpr ValueSet kAllN = ((ValueSet(1) << 33) - 1) & ~kZero; // 1 to 32

struct Field {
  const char *name;
  unsigned first, bits;
  ValueSet allowed;
  unsigned unit = 1; ///< of the value, for the message
};

std::string listOf(const Field &field) {
  std::vector<unsigned> values;
  for (unsigned value = 0; value < 64; ++value)
    if (field.allowed >> value & 1)
      values.push_back(value * field.unit);
  constexpr size_t kLongest = 6;
  if (values.size() > kLongest)
    return std::to_string(values.front()) + " to " + std::to_string(values.back()) + " in steps of " +
           std::to_string(field.unit);
  std::string text;
  for (unsigned value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

std::string complain(uint32_t bits, const std::string &what) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "instruction descriptor 0x00000000: ";
  size_t last = text.find(':') - 1;
  for (unsigned digit = 0; digit < 8; ++digit)
    text[last - digit] = kDigits[bits >> (4 * digit) & 15];
  return text + what;
}

unsigned valueOf(uint32_t bits, unsigned first, unsigned count) { return bits >> first & ((1u << count) - 1); }

/// The table at the top of the header, with what a dense mma of cta_group::1 may say.
std::vector<Field> fieldsOf(MmaKind kind, unsigned scaleVector) {
  const char *kReserved = "the reserved field";
  if (!isScaled(kind)) {
    ValueSet type = kind == MmaKind::F16 ? kFlag : kind == MmaKind::TF32 ? only(2) : kFp8Types;
    ValueSet result = kind == MmaKind::TF32 ? only(1) : kFlag;
    return {{"the sparsity selector", 0, 2, kZero}, {"the sparsity", 2, 1, kZero}, {"the saturation", 3, 1, kZero},
            {"the type of D", 4, 2, result},        {kReserved, 6, 1, kZero},      {"the type of A", 7, 3, type},
            {"the type of B", 10, 3, type},         {"N", 17, 6, kAllN, 8},        {kReserved, 23, 1, kZero},
            {"M", 24, 5, only(4) | only(8), 16},    {kReserved, 29, 1, kZero},     {"the shift of .ws", 30, 2, kZero}};
  }
  bool fp4 = isPackedFp4(kind);
  ValueSet ids = scaleVector == 4 ? kZero : scaleVector == 2 ? only(0) | only(2) : ValueSet(15);
  ValueSet scales = kind == MmaKind::MxF4NvF4 && scaleVector == 4 ? kFlag : only(1);
  ValueSet type = fp4 ? only(1) : kFp8Types;
  std::vector<Field> fields = {{kReserved, 0, 2, kZero},
                               {"the sparsity", 2, 1, kZero},
                               {kReserved, 3, 1, kZero},
                               {"the id of B's scales", 4, 2, ids},
                               {kReserved, 6, 1, kZero},
                               {"the type of A", 7, 3, type},
                               {"the type of B", 10, fp4 ? 2u : 3u, type},
                               {"N", 17, 6, kAllN, 8},
                               {"the type of the scales", 23, 1, scales},
                               {kReserved, 24, 3, kZero},
                               {"M", 27, 2, only(1), 128},
                               {"the id of A's scales", 29, 2, ids},
                               {fp4 ? "the size of K" : kReserved, 31, 1, kZero}};
  if (fp4) {
    fields.push_back({kReserved, 12, 1, kZero});
    fields.push_back({"the transposition of A", 15, 1, kZero});
    fields.push_back({"the transposition of B", 16, 1, kZero});
  }
  return fields;
}

MmaElement elementOf(MmaKind kind, unsigned code) {
  if (kind == MmaKind::F16)
    return code == 0 ? MmaElement::F16 : MmaElement::BF16;
  if (kind == MmaKind::TF32)
    return MmaElement::TF32;
  if (isPackedFp4(kind))
    return MmaElement::E2M1;
  static constexpr MmaElement kTypes[] = {MmaElement::E4M3, MmaElement::E5M2, MmaElement::E5M2,
                                          MmaElement::E2M3, MmaElement::E3M2, MmaElement::E2M1};
  return kTypes[code];
}

/// What the fields may not say together.
std::string checkTogether(MmaKind kind, const InstructionDescriptor &d) {
  if (d.f16Accumulator && kind == MmaKind::F16 && (d.a != MmaElement::F16 || d.b != MmaElement::F16))
    return "D is f16 and a multiplicand bf16; allowed: f16 for all three, or D f32";
  if (kind == MmaKind::TF32 && (d.transposeA || d.transposeB))
    return "an MN-major matrix of tf32, which needs the swizzle of 128 bytes with atoms of 32, is not simulated";
  if ((d.transposeA && bitsOf(d.a) < 8) || (d.transposeB && bitsOf(d.b) < 8))
    return "a matrix of 4- or 6-bit elements is MN-major; allowed: K-major";
  if (d.transposeB && bitsOf(d.b) == 8 && d.n % 16 != 0)
    return "N is " + std::to_string(d.n) + " with an MN-major matrix B of 8-bit elements; allowed: multiples of 16";
  return "";
}

} // namespace

std::string decodeInstructionDescriptor(MmaKind kind, unsigned scaleVector, uint32_t bits,
                                        InstructionDescriptor &descriptor) {
  for (const Field &field : fieldsOf(kind, scaleVector)) {
    unsigned value = valueOf(bits, field.first, field.bits), last = field.first + field.bits - 1;
    if (field.allowed >> value & 1)
      continue;
    std::string where = field.bits == 1 ? "bit " + std::to_string(field.first)
                                        : "bits " + std::to_string(last) + "-" + std::to_string(field.first);
    return complain(bits, std::string(field.name) + " (" + where + ") is " + std::to_string(value * field.unit) +
                              "; allowed with kind::" + nameOf(kind) + ": " + listOf(field));
  }
  InstructionDescriptor d;
  d.a = elementOf(kind, valueOf(bits, 7, 3));
  d.b = elementOf(kind, valueOf(bits, 10, isPackedFp4(kind) ? 2 : 3));
  d.negateA = valueOf(bits, 13, 1), d.negateB = valueOf(bits, 14, 1);
  d.transposeA = valueOf(bits, 15, 1), d.transposeB = valueOf(bits, 16, 1);
  d.n = static_cast<int>(valueOf(bits, 17, 6)) * 8;
  d.k = kOf(kind);
  if (isScaled(kind)) {
    d.m = static_cast<int>(valueOf(bits, 27, 2)) * 128;
    d.scales = valueOf(bits, 23, 1) ? MmaScaleFormat::UE8M0 : MmaScaleFormat::UE4M3;
    d.scaleIdA = valueOf(bits, 29, 2);
    d.scaleIdB = valueOf(bits, 4, 2);
  } else {
    d.m = static_cast<int>(valueOf(bits, 24, 5)) * 16;
    d.f16Accumulator = valueOf(bits, 4, 2) == 0;
  }
  if (std::string wrong = checkTogether(kind, d); !wrong.empty())
    return complain(bits, wrong);
  descriptor = d;
  return "";
}

} // namespace thrift::sim
