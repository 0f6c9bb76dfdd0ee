//===- MmaScaled.cpp - mma.sync with block scaling --------------------------===//
//
// PTX ISA "Block Scaling for mma.sync": D = (A scale_A) (B scale_B) + C, where a row of A and a column of B have 1, 2
// or 4 scales along k. A lane hands over four scales in one register; which lanes and which bytes of it count is chosen
// by {byte-id, thread-id}:
//
//   lane of a quad      0        1        2        3
//   scale_A, id 0     row g   row g+8      -        -       A takes a pair of lanes
//            id 1       -        -      row g   row g+8
//   scale_B, id t                column g of lane t         B takes one lane
//
//   byte of the register    0     1     2     3
//   .scale_vec::1X         one of them: byte-id 0 .. 3      k 0-31
//   .scale_vec::2X         k0    k32    |  byte-id 2: k0 k32
//   .scale_vec::4X         k0    k16   k32   k48
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MmaScaled.h"

#include "runtime/sim/arith/Mma.h"
#include "runtime/sim/ops/Members.h"
#include "runtime/sim/ops/MmaFragments.h"

namespace thrift::sim {

namespace {

constexpr int kM = kMmaM, kN = kMmaN, kMaxK = 64, kMaxScales = 4;

/// Legal forms: PTX ISA, table of scale vectors and kinds. `isDefault`: .scale_vec may be left out.
struct ScaledForm {
  std::string_view kind;
  int k, scales;
  bool isDefault;
  Ty scaleType;
  MmaScaleFormat format;
};
constexpr ScaledForm kScaledForms[] = {
    {"kind::mxf8f6f4", 32, 1, true, Ty::UE8M0, MmaScaleFormat::UE8M0},
    {"kind::mxf4", 64, 2, true, Ty::UE8M0, MmaScaleFormat::UE8M0},
    {"kind::mxf4nvf4", 64, 2, false, Ty::UE8M0, MmaScaleFormat::UE8M0},
    {"kind::mxf4nvf4", 64, 4, false, Ty::UE4M3, MmaScaleFormat::UE4M3},
    {"kind::mxf4nvf4", 64, 4, false, Ty::UE8M0, MmaScaleFormat::UE8M0}, // since PTX 9.1
};

/// Which byte-ids a number of scales allows: multiples of the number.
bool isByteId(uint32_t id, int scales) { return id < 4 && id % static_cast<uint32_t>(scales) == 0; }
const char *allowedByteIds(int scales) { return scales == 1 ? "0, 1, 2, 3" : scales == 2 ? "0, 2" : "0"; }

bool elementNamed(Ty type, MmaElement &element) {
  switch (type) {
  case Ty::E4M3:
    element = MmaElement::E4M3;
    return true;
  case Ty::E5M2:
    element = MmaElement::E5M2;
    return true;
  case Ty::E3M2:
    element = MmaElement::E3M2;
    return true;
  case Ty::E2M3:
    element = MmaElement::E2M3;
    return true;
  case Ty::E2M1:
    element = MmaElement::E2M1;
    return true;
  default:
    return false;
  }
}

/// Inst: list = fragments, then the planes of scale_A, byte-id-a, thread-id-a, scale_B, byte-id-b, thread-id-b; imm =
/// row of kScaledForms, flags = elements of A and B.
constexpr unsigned kElementBShift = 8;

struct Selector {
  std::string_view name;
  uint32_t place;
  uint32_t limit; ///< of thread ids; 0: a byte id
};

/// The value of a selector, which all lanes must agree on.
Step readSelector(Warp &warp, const Inst &inst, const Selector &selector, int scales, uint32_t &value) {
  const uint32_t *plane = warp.plane<uint32_t>(selector.place);
  value = plane[0];
  for (unsigned lane = 1; lane < kWarpSize; ++lane)
    if (plane[lane] != value)
      return warp.fault(inst, Check::BadOperand, static_cast<int>(lane),
                        std::string(selector.name) + " is " + std::to_string(plane[lane]) + " here and " +
                            std::to_string(value) + " in lane 0");
  bool legal = selector.limit ? value < selector.limit : isByteId(value, scales);
  if (legal)
    return Step::Next;
  std::string allowed = selector.limit == 2 ? "0, 1" : selector.limit == 4 ? "0, 1, 2, 3" : allowedByteIds(scales);
  return warp.fault(inst, Check::BadOperand, 0,
                    std::string(selector.name) + " is " + std::to_string(value) + "; allowed: " + allowed);
}

/// The scales of one outer index: `scales` bytes of `word` from byte `first` on.
void takeScales(uint32_t word, uint32_t first, int scales, uint8_t *codes) {
  for (int j = 0; j < scales; ++j)
    codes[j] = static_cast<uint8_t>(word >> 8 * (first + static_cast<uint32_t>(j)));
}

Step runScaledMma(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  const ScaledForm &form = kScaledForms[inst.imm];
  auto elementA = static_cast<MmaElement>(inst.flags & 0xFF);
  auto elementB = static_cast<MmaElement>(inst.flags >> kElementBShift & 0xFF);
  bool packed = form.k == 64; // E2M1 without containers
  constexpr int kWords = 8;
  FragmentLists lists(inst, kWords, false);

  const uint32_t *scalePlaces = lists.end(false);
  uint32_t byteA, threadA, byteB, threadB;
  for (auto [selector, value] : {std::pair<Selector, uint32_t *>{{"byte-id-a", scalePlaces[1], 0}, &byteA},
                                 {{"thread-id-a", scalePlaces[2], 2}, &threadA},
                                 {{"byte-id-b", scalePlaces[4], 0}, &byteB},
                                 {{"thread-id-b", scalePlaces[5], 4}, &threadB}})
    if (Step step = readSelector(warp, inst, selector, form.scales, *value); step != Step::Next)
      return step;
  uint8_t codesA[kM * kMaxScales], codesB[kN * kMaxScales];
  const uint32_t *scaleA = warp.plane<uint32_t>(scalePlaces[0]), *scaleB = warp.plane<uint32_t>(scalePlaces[3]);
  for (unsigned g = 0; g < 8; ++g) {
    takeScales(scaleA[4 * g + 2 * threadA], byteA, form.scales, codesA + kMaxScales * g);
    takeScales(scaleA[4 * g + 2 * threadA + 1], byteA, form.scales, codesA + kMaxScales * (g + 8));
    takeScales(scaleB[4 * g + threadB], byteB, form.scales, codesB + kMaxScales * g);
  }

  alignas(64) uint32_t a[kM * kWords], b[kN * kWords];
  alignas(64) float c[kM * kN], wideA[kM * kMaxK], wideB[kN * kMaxK];
  gatherA(warp, lists.a, kWords, a);
  gatherB(warp, lists.b, kWords, b);
  gatherC(warp, lists.c, false, c);
  if (packed) {
    widenPackedE2m1(reinterpret_cast<const uint8_t *>(a), wideA, kM * kMaxK);
    widenPackedE2m1(reinterpret_cast<const uint8_t *>(b), wideB, kN * kMaxK);
  } else {
    widenContainers(elementA, a, kM * form.k, wideA);
    widenContainers(elementB, b, kN * form.k, wideB);
  }
  int width = form.k / form.scales;
  mmaScaled(packed ? kMmaMxf4 : kMmaFp8, {kM, kN, form.k}, {elementA, {wideA, form.k, 1}},
            {form.format, width, codesA, kMaxScales}, {elementB, {wideB, 1, form.k}},
            {form.format, width, codesB, kMaxScales}, {c, 1, kM}, {c, 1, kM});
  scatterD(warp, lists.d, false, c);
  countMma(warp, form.k);
  return Step::Next;
}

/// The register with the scales, and {byte-id, thread-id}.
void takeScaleOperands(Form &form, std::vector<uint32_t> &places, size_t index, int scales, uint32_t threads) {
  const ptx::Operand &operand = form.operand(index);
  bool inBraces = operand.kind == ptx::OperandKind::Vector && form.elementsOf(operand).size() == 1; // ptxas takes both
  const ptx::Operand &scale = inBraces ? *form.elementsOf(operand).begin() : operand;
  if (scale.kind != ptx::OperandKind::Register)
    return form.invalid("operand " + std::to_string(index + 1) + " is not a register");
  places.push_back(form.source(scale, Ty::B32));
  const ptx::Operand &selectors = form.operand(index + 1);
  auto elements = form.elementsOf(selectors);
  if (selectors.kind != ptx::OperandKind::Vector || elements.size() != 2)
    return form.invalid("operand " + std::to_string(index + 2) + " is not a pair {byte-id, thread-id}");
  for (size_t i = 0; i < 2; ++i) {
    const ptx::Operand &element = elements.begin()[i];
    places.push_back(form.source(element, Ty::U16));
    if (element.kind != ptx::OperandKind::Immediate)
      continue;
    if (i == 0 && (element.value >= 4 || !isByteId(static_cast<uint32_t>(element.value), scales)))
      form.invalid("byte-id " + std::to_string(static_cast<int64_t>(element.value)) +
                   "; allowed: " + allowedByteIds(scales));
    if (i == 1 && element.value >= threads)
      form.invalid("thread-id " + std::to_string(static_cast<int64_t>(element.value)) + "; allowed: 0 to " +
                   std::to_string(threads - 1));
  }
}

} // namespace

void decodeScaledMma(Form &form) {
  form.take("block_scale");
  int kind = form.takeOne({"kind::mxf8f6f4", "kind::mxf4", "kind::mxf4nvf4"});
  int shape = form.takeOne({"m16n8k32", "m16n8k64"});
  int vector = form.takeOne({"scale_vec::1X", "scale_vec::2X", "scale_vec::4X"});
  if (kind < 0 || shape < 0 || !form.take("row") || !form.take("col"))
    return form.unsupported("this kind, shape or layout");
  // Types in the order D A B C scale.
  Ty typeD = form.type(), typeA = form.type(), typeB = form.type(), typeC = form.type(), scaleType = form.type();
  static constexpr std::string_view kKinds[] = {"kind::mxf8f6f4", "kind::mxf4", "kind::mxf4nvf4"};
  const ScaledForm *facts = nullptr;
  for (const ScaledForm &row : kScaledForms)
    if (row.kind == kKinds[kind] && row.k == 32 << shape && row.scaleType == scaleType &&
        (vector < 0 ? row.isDefault : row.scales == 1 << vector))
      facts = &row;
  MmaElement elementA, elementB;
  if (!facts || typeD != Ty::F32 || typeC != Ty::F32 || !elementNamed(typeA, elementA) ||
      !elementNamed(typeB, elementB))
    return form.noSuchForm();
  if (facts->k == 64 && (typeA != Ty::E2M1 || typeB != Ty::E2M1))
    return form.noSuchForm();

  std::vector<uint32_t> places = takeFragments(form, 8, false);
  takeScaleOperands(form, places, 4, facts->scales, 2);
  takeScaleOperands(form, places, 6, facts->scales, 4);
  form.list(std::move(places));
  form.inst.imm = facts - kScaledForms;
  form.inst.flags = static_cast<uint32_t>(elementA) | static_cast<uint32_t>(elementB) << kElementBShift;
  form.use(&runScaledMma);
}

} // namespace thrift::sim
