//===- Mma.cpp - mma.sync ---------------------------------------------------===//
//
// PTX ISA "Multiply-and-Accumulate Instruction: mma": the floating-point shapes m16n8kK, A by rows and B by columns.
// Fragments are in MmaFragments.h, block scaling in MmaScaled.cpp. sm_80 is modelled with the accumulation of Hopper's
// mma.sync, sm_89 with that of sm_120.
//
// The data-center parts (sm_90, sm_100, sm_103, sm_110) have no mma.sync on 8-bit floats: the assembler widens them to
// f16, the lower and the upper two of each register apart, and emits two f16 products and an addition of C; for sm_90
// and for sm_100a it emits the same sequence (seen in code of ptxas 13.0). Measured on an H100 (80 of 80 tiles
// bit-equal): the products of the elements with k % 4 < 2 are summed as one f16 mma with an accumulator of zero, those
// with k % 4 >= 2 are added to that by a second one, and C is added last, by an ordinary rounded addition. sm_89 and
// sm_120 have the instruction, which sums all products and C at once (Mma.h).
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Mma.h"

#include "runtime/sim/arith/Rounding.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Members.h"
#include "runtime/sim/ops/MmaFragments.h"
#include "runtime/sim/ops/MmaScaled.h"

namespace thrift::sim {

namespace {

constexpr int kM = kMmaM, kN = kMmaN;

struct MmaTypeFacts {
  Ty type;
  MmaElement element;
  MmaModel toF32, toF16;
};

constexpr MmaTypeFacts kMmaTypes[] = {
    {Ty::F16, MmaElement::F16, kMmaF16, kMmaF16ToF16},   {Ty::BF16, MmaElement::BF16, kMmaF16, kMmaF16ToF16},
    {Ty::TF32, MmaElement::TF32, kMmaTf32, kMmaTf32},    {Ty::E4M3, MmaElement::E4M3, kMmaFp8, kMmaFp8ToF16},
    {Ty::E5M2, MmaElement::E5M2, kMmaFp8, kMmaFp8ToF16}, {Ty::E3M2, MmaElement::E3M2, kMmaFp8, kMmaFp8ToF16},
    {Ty::E2M3, MmaElement::E2M3, kMmaFp8, kMmaFp8ToF16}, {Ty::E2M1, MmaElement::E2M1, kMmaFp8, kMmaFp8ToF16},
};

const MmaTypeFacts *factsOf(Ty type) {
  for (const MmaTypeFacts &facts : kMmaTypes)
    if (facts.type == type)
      return &facts;
  return nullptr;
}

/// Whether a shape is written with .kind::f8f6f4. (With it, ptxas takes k16 too, which the ISA does not list.)
enum class Kind : uint8_t { Never, May, Must };

/// Legal forms: PTX ISA, table of mma shapes and types.
struct MmaShapeFacts {
  Ty type;
  int k;
  bool f16Accumulator;
  Kind kind;
};
constexpr MmaShapeFacts kMmaShapes[] = {
    {Ty::F16, 8, true, Kind::Never},    {Ty::F16, 16, true, Kind::Never},  {Ty::BF16, 8, false, Kind::Never},
    {Ty::BF16, 16, false, Kind::Never}, {Ty::TF32, 4, false, Kind::Never}, {Ty::TF32, 8, false, Kind::Never},
    {Ty::E4M3, 16, true, Kind::May},    {Ty::E4M3, 32, true, Kind::May},   {Ty::E5M2, 16, true, Kind::May},
    {Ty::E5M2, 32, true, Kind::May},    {Ty::E3M2, 32, true, Kind::Must},  {Ty::E2M3, 32, true, Kind::Must},
    {Ty::E2M1, 32, true, Kind::Must},
};

bool isLegal(Ty type, int k, bool f16, bool hasKind) {
  for (const MmaShapeFacts &facts : kMmaShapes)
    if (facts.type == type && facts.k == k && (!f16 || facts.f16Accumulator))
      return hasKind ? facts.kind != Kind::Never : facts.kind != Kind::Must;
  return false;
}

/// Inst: list = fragments, count = words along k, imm = k, flags = types.
constexpr uint32_t kF16Accumulator = 1, kEmulatedBytes = 2;
constexpr unsigned kTypeAShift = 8, kTypeBShift = 16;

/// m16n8k16, f16 or bf16, f32 accumulators: the shape that our kernels live on.
template <void (*Multiply)(const uint16_t *, const uint16_t *, const float *, float *)>
Step runM16N8K16(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  alignas(64) uint16_t a[kM * 16], b[kN * 16];
  alignas(64) float c[kM * kN];
  FragmentLists lists(inst, 8, false);
  gatherA(warp, lists.a, 8, a);
  gatherB(warp, lists.b, 8, b);
  gatherC(warp, lists.c, false, c);
  Multiply(a, b, c, c);
  scatterD(warp, lists.d, false, c);
  countMma(warp, 16);
  return Step::Next;
}

/// The columns of a[rows][k] with k % 4 in {2 half, 2 half + 1}, as rows of k / 2.
void takeHalf(const float *a, int rows, int k, int half, float *to) {
  for (int i = 0; i < rows * k / 4; ++i) {
    to[2 * i] = a[4 * i + 2 * half];
    to[2 * i + 1] = a[4 * i + 2 * half + 1];
  }
}

/// 8-bit floats by way of f16, see above. c is replaced by the result.
void multiplyEmulated(const float *a, const float *b, int k, bool f16, float *c) {
  alignas(64) float sum[kM * kN] = {}, halfA[kM * 16], halfB[kN * 16];
  for (int half = 0; half < 2; ++half) {
    takeHalf(a, kM, k, half, halfA);
    takeHalf(b, kN, k, half, halfB);
    MmaOperand operandA{MmaElement::F16, {halfA, k / 2, 1}}, operandB{MmaElement::F16, {halfB, 1, k / 2}};
    mma(f16 ? kMmaF16ToF16 : kMmaF16, {kM, kN, k / 2}, operandA, operandB, {sum, 1, kM}, {sum, 1, kM});
  }
  for (int i = 0; i < kM * kN; ++i)
    c[i] = addF32(c[i], sum[i], RoundingMode::Nearest);
}

Step runMma(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  const MmaTypeFacts &typeA = kMmaTypes[inst.flags >> kTypeAShift & 0xFF];
  const MmaTypeFacts &typeB = kMmaTypes[inst.flags >> kTypeBShift & 0xFF];
  bool f16 = inst.flags & kF16Accumulator;
  int words = inst.count, k = static_cast<int>(inst.imm);
  alignas(64) uint32_t a[kM * kMaxMmaWords], b[kN * kMaxMmaWords];
  alignas(64) float c[kM * kN], wideA[kM * 32], wideB[kN * 32];
  FragmentLists lists(inst, words, f16);
  gatherA(warp, lists.a, words, a);
  gatherB(warp, lists.b, words, b);
  gatherC(warp, lists.c, f16, c);
  widenContainers(typeA.element, a, kM * k, wideA);
  widenContainers(typeB.element, b, kN * k, wideB);
  if (inst.flags & kEmulatedBytes) {
    multiplyEmulated(wideA, wideB, k, f16, c);
  } else {
    MmaOperand operandA{typeA.element, {wideA, k, 1}}, operandB{typeB.element, {wideB, 1, k}};
    mma(f16 ? typeA.toF16 : typeA.toF32, {kM, kN, k}, operandA, operandB, {c, 1, kM}, {c, 1, kM});
  }
  scatterD(warp, lists.d, f16, c);
  countMma(warp, k);
  return Step::Next;
}

void decodeMma(Form &form) {
  if (!form.take("sync") || !form.take("aligned"))
    return form.noSuchForm();
  if (form.opcode().has("block_scale"))
    return decodeScaledMma(form);
  int shape = form.takeOne({"m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32"});
  if (shape < 0 || !form.take("row") || !form.take("col"))
    return form.unsupported("this shape or layout");
  int k = 4 << shape;
  bool hasKind = form.take("kind::f8f6f4");
  // Types in the order D A B C.
  Ty typeD = form.type(), typeA = form.type(), typeB = form.type(), typeC = form.type();
  if (isInteger(typeA) || typeA == Ty::F64)
    return form.unsupported("only products of floats of up to 32 bits are simulated");
  const MmaTypeFacts *factsA = factsOf(typeA), *factsB = factsOf(typeB);
  bool f16 = typeD == Ty::F16;
  if (!factsA || !factsB || typeC != typeD || (!f16 && typeD != Ty::F32))
    return form.noSuchForm();
  int bits = containerBits(factsA->element);
  bool isByte = bits == 8;
  bool sameTypes = typeA == typeB || (isByte && containerBits(factsB->element) == 8);
  if (!sameTypes || !isLegal(typeA, k, f16, hasKind) || !isLegal(typeB, k, f16, hasKind))
    return form.noSuchForm();

  int words = k * bits / 32;
  form.list(takeFragments(form, words, f16));
  form.inst.count = static_cast<uint16_t>(words);
  form.inst.imm = k;
  form.inst.flags = (f16 ? kF16Accumulator : 0) | static_cast<uint32_t>(factsA - kMmaTypes) << kTypeAShift |
                    static_cast<uint32_t>(factsB - kMmaTypes) << kTypeBShift;
  unsigned sm = form.owner().smVersion();
  if (isByte && sm >= 90 && sm < 120)
    form.inst.flags |= kEmulatedBytes;
  if (k == 16 && typeA == Ty::F16 && !f16)
    return form.use(&runM16N8K16<mmaM16N8K16F16>);
  if (k == 16 && typeA == Ty::BF16)
    return form.use(&runM16N8K16<mmaM16N8K16Bf16>);
  form.use(&runMma);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"mma", Domain::Any, InstructionClass::Matrix, decodeMma},
};

} // namespace

OpcodeTable mmaOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
