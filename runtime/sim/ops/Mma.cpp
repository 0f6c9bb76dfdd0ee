//===- Mma.cpp - mma.sync ---------------------------------------------------===//
//
// PTX ISA "Matrix multiply-accumulate using mma". All shapes here are m16n8kK with A by rows and B by columns. With g =
// lane / 4, t = lane % 4 and `per` elements in a 32-bit register, all along k, the fragments are
//
//   A, register r: row g + 8 (r % 2),  elements k = (4 (r / 2) + t) per + 0 .. per-1
//   B, register r: column g,           elements k = (4 r + t) per + 0 .. per-1
//   C and D in f32: c0 c1 = row g, columns 2t 2t+1;  c2 c3 = row g + 8.  In f16 two of them share a register.
//
// so that A is an array of words [16][K/per] and B one of [8][K/per], whatever the type. sm_80 is modelled with the
// accumulation of Hopper's mma.sync.
//
// Hopper has no mma.sync on 8-bit floats: the assembler widens them to f16, the lower and the upper two of each
// register apart. Measured on an H100 (80 of 80 tiles bit-equal): the products of the elements with k % 4 < 2 are
// summed as one f16 mma with an accumulator of zero, those with k % 4 >= 2 are added to that by a second one, and C is
// added last, by an ordinary rounded addition. Targets other than sm_90 are taken to sum all products and C at once
// (Mma.h).
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Mma.h"

#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/Rounding.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Members.h"

#include <cstring>

namespace thrift::sim {

namespace {

struct MmaTypeFacts {
  Ty type;
  MmaElement element;
  MmaModel toF32, toF16;
};

constexpr MmaTypeFacts kMmaTypes[] = {
    {Ty::F16, MmaElement::F16, kMmaF16, kMmaF16ToF16},   {Ty::BF16, MmaElement::BF16, kMmaF16, kMmaF16ToF16},
    {Ty::TF32, MmaElement::TF32, kMmaTf32, kMmaTf32},    {Ty::E4M3, MmaElement::E4M3, kMmaFp8, kMmaFp8ToF16},
    {Ty::E5M2, MmaElement::E5M2, kMmaFp8, kMmaFp8ToF16},
};

const MmaTypeFacts *factsOf(Ty type) {
  for (const MmaTypeFacts &facts : kMmaTypes)
    if (facts.type == type)
      return &facts;
  return nullptr;
}

/// Legal forms: PTX ISA, table of mma shapes and types.
struct MmaShapeFacts {
  Ty type;
  int k;
  bool f16Accumulator;
};
constexpr MmaShapeFacts kMmaShapes[] = {
    {Ty::F16, 8, true},   {Ty::F16, 16, true},  {Ty::BF16, 8, false}, {Ty::BF16, 16, false}, {Ty::TF32, 4, false},
    {Ty::TF32, 8, false}, {Ty::E4M3, 16, true}, {Ty::E4M3, 32, true}, {Ty::E5M2, 16, true},  {Ty::E5M2, 32, true},
};

constexpr int kM = 16, kN = 8;
constexpr int kMaxWords = 8; ///< words along k: K/per

/// Inst: list = D, A, B, C registers in this order. count = words along k, flags = types.
constexpr uint32_t kF16Accumulator = 1, kEmulatedBytes = 2;
constexpr unsigned kTypeAShift = 8, kTypeBShift = 16;

/// Copies the words of a fragment; four lanes of one g hold neighbours.
void gatherA(Warp &warp, const uint32_t *places, int words, void *a) {
  auto *to = static_cast<uint8_t *>(a);
  for (int r = 0; r < words / 2; ++r) {
    const uint32_t *plane = warp.plane<uint32_t>(places[r]);
    for (int g = 0; g < 8; ++g)
      std::memcpy(to + 4 * ((g + 8 * (r % 2)) * words + 4 * (r / 2)), plane + 4 * g, 16);
  }
}
void gatherB(Warp &warp, const uint32_t *places, int words, void *b) {
  auto *to = static_cast<uint8_t *>(b);
  for (int r = 0; r < words / 4; ++r) {
    const uint32_t *plane = warp.plane<uint32_t>(places[r]);
    for (int g = 0; g < 8; ++g)
      std::memcpy(to + 4 * (g * words + 4 * r), plane + 4 * g, 16);
  }
}

/// C and D are held transposed, ct[n][m], as mmaM16N8K16F16 wants them. Where register r of lanes with t = 0 begins; t
/// more are two rows further each, and g counts along the row.
int columnsOf(int r) { return r % 2 * kM + 8 * (r / 2); }

/// Register r of all lanes, as f32, into ct: an 8x4 transposition, written so that it becomes shuffles.
void putRegister(const float *plane, int r, float *ct) {
  float *column0 = ct + columnsOf(r), *column2 = column0 + 2 * kM, *column4 = column2 + 2 * kM,
        *column6 = column4 + 2 * kM;
  THRIFT_SIM_LANES
  for (int g = 0; g < 8; ++g) {
    column0[g] = plane[4 * g];
    column2[g] = plane[4 * g + 1];
    column4[g] = plane[4 * g + 2];
    column6[g] = plane[4 * g + 3];
  }
}
void getRegister(float *plane, int r, const float *dt) {
  const float *column0 = dt + columnsOf(r), *column2 = column0 + 2 * kM, *column4 = column2 + 2 * kM,
              *column6 = column4 + 2 * kM;
  THRIFT_SIM_LANES
  for (int g = 0; g < 8; ++g) {
    plane[4 * g] = column0[g];
    plane[4 * g + 1] = column2[g];
    plane[4 * g + 2] = column4[g];
    plane[4 * g + 3] = column6[g];
  }
}

void gatherC(Warp &warp, const uint32_t *places, bool f16, float *ct) {
  for (int r = 0; r < 4; ++r) {
    if (!f16) {
      putRegister(warp.plane<float>(places[r]), r, ct);
      continue;
    }
    const uint32_t *pairs = warp.plane<uint32_t>(places[r / 2]);
    float wide[kWarpSize];
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      wide[lane] = f32FromF16(static_cast<uint16_t>(pairs[lane] >> (16 * (r % 2))));
    putRegister(wide, r, ct);
  }
}
void scatterD(Warp &warp, const uint32_t *places, bool f16, const float *dt) {
  for (int r = 0; r < 4; ++r) {
    if (!f16) {
      getRegister(warp.plane<float>(places[r]), r, dt);
      continue;
    }
    float wide[kWarpSize];
    getRegister(wide, r, dt);
    uint32_t *pairs = warp.plane<uint32_t>(places[r / 2]);
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      uint16_t code = f16FromF32(wide[lane]);
      pairs[lane] = r % 2 == 0 ? code : (pairs[lane] & 0xFFFF) | uint32_t(code) << 16;
    }
  }
}

/// Where the four operands begin in inst.list.
struct FragmentLists {
  const uint32_t *d, *a, *b, *c;

  FragmentLists(const Inst &inst) {
    int words = inst.count, accumulators = inst.flags & kF16Accumulator ? 2 : 4;
    d = inst.list;
    a = d + accumulators;
    b = a + words / 2;
    c = b + words / 4;
  }
};

void count(Warp &warp, int k) {
  ++warp.cta.stats.mmaInstructions;
  warp.cta.stats.mmaMacs += static_cast<uint64_t>(kM * kN) * static_cast<uint64_t>(k);
}

/// m16n8k16, f16 or bf16, f32 accumulators: the shape that our kernels live on.
template <void (*Multiply)(const uint16_t *, const uint16_t *, const float *, float *)>
Step runM16N8K16(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  alignas(64) uint16_t a[kM * 16], b[kN * 16];
  alignas(64) float c[kM * kN];
  FragmentLists lists(inst);
  gatherA(warp, lists.a, 8, a);
  gatherB(warp, lists.b, 8, b);
  gatherC(warp, lists.c, false, c);
  Multiply(a, b, c, c);
  scatterD(warp, lists.d, false, c);
  count(warp, 16);
  return Step::Next;
}

/// The columns of a[rows][k] with k % 4 in {2 half, 2 half + 1}, as rows of k / 2.
void takeHalf(const float *a, int rows, int k, int half, float *to) {
  for (int i = 0; i < rows * k / 4; ++i) {
    to[2 * i] = a[4 * i + 2 * half];
    to[2 * i + 1] = a[4 * i + 2 * half + 1];
  }
}

/// 8-bit floats on Hopper, see above. c is replaced by the result.
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
  int words = inst.count, k = words * 32 / bitsOf(typeA.element);
  alignas(64) uint32_t a[kM * kMaxWords], b[kN * kMaxWords];
  alignas(64) float c[kM * kN], wideA[kM * 32], wideB[kN * 32];
  FragmentLists lists(inst);
  gatherA(warp, lists.a, words, a);
  gatherB(warp, lists.b, words, b);
  gatherC(warp, lists.c, f16, c);
  widenElements(typeA.element, a, wideA, static_cast<size_t>(kM * k));
  widenElements(typeB.element, b, wideB, static_cast<size_t>(kN * k));
  if (inst.flags & kEmulatedBytes) {
    multiplyEmulated(wideA, wideB, k, f16, c);
    scatterD(warp, lists.d, f16, c);
    count(warp, k);
    return Step::Next;
  }
  MmaOperand operandA{typeA.element, {wideA, k, 1}}, operandB{typeB.element, {wideB, 1, k}};
  mma(f16 ? typeA.toF16 : typeA.toF32, {kM, kN, k}, operandA, operandB, {c, 1, kM}, {c, 1, kM});
  scatterD(warp, lists.d, f16, c);
  count(warp, k);
  return Step::Next;
}

void addFragment(Form &form, std::vector<uint32_t> &places, size_t index, int count, Ty type, bool isDestination) {
  const ptx::Operand &operand = form.operand(index);
  auto elements = form.elementsOf(operand);
  auto add = [&](const ptx::Operand &element) {
    places.push_back(isDestination ? form.destination(element, 32) : form.source(element, type));
  };
  if (operand.kind != ptx::OperandKind::Vector) {
    if (count != 1)
      return form.invalid("operand " + std::to_string(index + 1) + " is not a vector");
    return add(operand);
  }
  if (elements.size() != static_cast<size_t>(count))
    return form.invalid("operand " + std::to_string(index + 1) + " has " + std::to_string(elements.size()) +
                        " registers; allowed: " + std::to_string(count));
  for (const ptx::Operand &element : elements)
    add(element);
}

void decodeMma(Form &form) {
  if (!form.take("sync") || !form.take("aligned"))
    return form.noSuchForm();
  int shape = form.takeOne({"m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32"});
  if (shape < 0 || !form.take("row") || !form.take("col"))
    return form.unsupported("this shape or layout");
  int k = 4 << shape;
  // Types in the order D A B C.
  Ty typeD = form.type(), typeA = form.type(), typeB = form.type(), typeC = form.type();
  const MmaTypeFacts *factsA = factsOf(typeA), *factsB = factsOf(typeB);
  bool f16 = typeD == Ty::F16;
  bool legal = false;
  for (const MmaShapeFacts &facts : kMmaShapes)
    legal |= facts.type == typeA && facts.k == k && (typeD == Ty::F32 || (f16 && facts.f16Accumulator));
  bool isByte = typeA == Ty::E4M3 || typeA == Ty::E5M2;
  bool sameTypes = typeA == typeB || (isByte && (typeB == Ty::E4M3 || typeB == Ty::E5M2));
  if (!legal || !factsA || !factsB || !sameTypes || typeC != typeD)
    return form.noSuchForm();

  int words = k * bitsOf(factsA->element) / 32, accumulators = f16 ? 2 : 4;
  Ty accumulator = f16 ? Ty::B32 : Ty::F32;
  std::vector<uint32_t> places;
  addFragment(form, places, 0, accumulators, accumulator, true);
  addFragment(form, places, 1, words / 2, Ty::B32, false);
  addFragment(form, places, 2, words / 4, Ty::B32, false);
  addFragment(form, places, 3, accumulators, accumulator, false);
  form.list(std::move(places));
  form.inst.count = static_cast<uint16_t>(words);
  form.inst.flags = (f16 ? kF16Accumulator : 0) | static_cast<uint32_t>(factsA - kMmaTypes) << kTypeAShift |
                    static_cast<uint32_t>(factsB - kMmaTypes) << kTypeBShift;
  if (isByte && form.owner().smVersion() == 90)
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
