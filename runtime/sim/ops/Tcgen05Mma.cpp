//===- Tcgen05Mma.cpp - tcgen05.mma --------------------------------------------===//
//
// PTX ISA "tcgen05.mma": D = A B + D, dense, cta_group::1, of the floating-point kinds with and without block scaling.
// A thread issues it, the tensor core performs it whenever it likes, in the order of what touches the same cells
// (TmemOperation::mustFollow). Arithmetic: arith/Mma.h; operands: Tcgen05Operand.h.
//
// scale-input-d multiplies what was in D by a power of two before it is added. It is not known how the hardware rounds
// where that makes f32 subnormal; here it is to nearest.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Tcgen05.h"
#include "runtime/sim/ops/Tcgen05Operand.h"

#include "dialect/formats/Float16.h"

#include <cmath>
#include <cstring>

namespace thrift::sim {

namespace {

/// Inst: list as below, predicate c, the scale of D in imm, kind and scale vector in flags.
constexpr uint32_t kKindMask = 0xF, kAInTmem = 0x100, kDisablesLanes = 0x200;
constexpr unsigned kScaleVectorShift = 4;
enum Slot { kD, kDOffset, kA, kAOffset, kB, kDescriptor, kScaleA, kScaleAOffset, kScaleB, kScaleBOffset, kDisabled };
constexpr int64_t kMaxInputScale = 15;

MmaKind kindOf(const Inst &inst) { return static_cast<MmaKind>(inst.flags & kKindMask); }
unsigned scaleVectorOf(const Inst &inst) { return inst.flags >> kScaleVectorShift & 0xF; }

const MmaModel &modelOf(MmaKind kind, bool f16Accumulator) {
  switch (kind) {
  case MmaKind::F16:
    return f16Accumulator ? kMmaF16ToF16 : kMmaF16;
  case MmaKind::TF32:
    return kMmaTf32;
  case MmaKind::F8F6F4:
    return f16Accumulator ? kMmaFp8ToF16 : kMmaFp8;
  case MmaKind::MxF8F6F4:
    return kMmaFp8;
  default:
    return kMmaMxf4;
  }
}

class TmemMma : public TmemOperation {
public:
  TmemMma(Warp &warp, const Inst &inst, int lane) : TmemOperation(AsyncKind::TmemMma, warp, inst, lane) {}

  MmaKind mmaKind = MmaKind::F16;
  InstructionDescriptor descriptor;
  Multiplicand a, b;
  ScaleFactors scalesA, scalesB;
  unsigned scaleVector = 0;
  uint32_t d = 0; ///< the address
  uint64_t disabled[2] = {0, 0};
  int inputScale = 0;

  bool perform(Cta &cta) override;

private:
  void multiply(Matrix place, int first, int rows, const float *aValues, bool aRowMajor, const float *bValues,
                bool bRowMajor) const;
  void prepare(float *sums, int count) const;
  /// Whether the columns of D are columns of the sums.
  bool isDirect() const { return !descriptor.f16Accumulator && (disabled[0] | disabled[1]) == 0; }
  bool isEnabled(uint32_t tmemLane) const { return !(disabled[tmemLane / 64] >> tmemLane % 64 & 1); }
  void readD(Tmem &tmem, float *sums) const;
  void writeD(Tmem &tmem, const float *sums) const;

  const uint8_t *codesA_ = nullptr, *codesB_ = nullptr;
};

/// D[m][n] as sums[n][m].
void TmemMma::readD(Tmem &tmem, float *sums) const {
  for (int n = 0; n < descriptor.n; ++n) {
    const uint32_t *cells = tmem.cells(tmemLane(d), tmemColumn(d) + static_cast<uint32_t>(n));
    for (int m = 0; m < descriptor.m; ++m) {
      uint32_t cell = cells[laneOfRow(descriptor.m, m)];
      float value;
      if (descriptor.f16Accumulator)
        value = f32FromF16(static_cast<uint16_t>(cell));
      else
        std::memcpy(&value, &cell, sizeof value);
      sums[n * descriptor.m + m] = value;
    }
  }
}

void TmemMma::writeD(Tmem &tmem, const float *sums) const {
  for (int n = 0; n < descriptor.n; ++n) {
    uint32_t *cells = tmem.cells(0, tmemColumn(d) + static_cast<uint32_t>(n));
    for (int m = 0; m < descriptor.m; ++m) {
      uint32_t lane = tmemLane(d) + laneOfRow(descriptor.m, m);
      float value = sums[n * descriptor.m + m];
      if (!isEnabled(lane))
        continue;
      if (descriptor.f16Accumulator)
        cells[lane] = f16FromF32(value);
      else
        std::memcpy(&cells[lane], &value, sizeof value);
    }
  }
}

/// The rows first .. first+rows-1 of D, which `place` holds.
void TmemMma::multiply(Matrix place, int first, int rows, const float *aValues, bool aRowMajor, const float *bValues,
                       bool bRowMajor) const {
  const InstructionDescriptor &s = descriptor;
  aValues += aRowMajor ? first * s.k : first;
  MmaOperand x{s.a, {aValues, aRowMajor ? s.k : 1, aRowMajor ? 1 : s.m}};
  MmaOperand y{s.b, {bValues, bRowMajor ? 1 : s.n, bRowMajor ? s.k : 1}};
  const MmaModel &model = modelOf(mmaKind, s.f16Accumulator);
  if (!isScaled(mmaKind))
    return mma(model, {rows, s.n, s.k}, x, y, place, place);
  int width = s.k / static_cast<int>(scaleVector);
  MmaScales scalesOfA{s.scales, width, codesA_ + 4 * first, 4}, scalesOfB{s.scales, width, codesB_, 4};
  mmaScaled(model, {rows, s.n, s.k}, x, scalesOfA, y, scalesOfB, place, place);
}

/// What is added to: zeros, or what was there, scaled.
void TmemMma::prepare(float *sums, int count) const {
  if (!updates)
    std::fill_n(sums, count, 0.0f);
  else if (inputScale != 0)
    for (int i = 0; i < count; ++i)
      sums[i] = std::ldexp(sums[i], -inputScale);
}

bool TmemMma::perform(Cta &cta) {
  Tmem &tmem = *cta.tmem;
  alignas(64) float aValues[kMaxM * kMaxK], bValues[kMaxN * kMaxK];
  uint8_t codesA[4 * kMaxM], codesB[4 * kMaxN];
  bool aRowMajor, bRowMajor;
  a.gather(cta, aValues, aRowMajor);
  b.gather(cta, bValues, bRowMajor);
  if (isScaled(mmaKind)) {
    std::string error = scalesA.gather(tmem, codesA);
    const char *which = "A";
    if (error.empty()) {
      error = scalesB.gather(tmem, codesB);
      which = "B";
    }
    if (!error.empty()) {
      cta.report(pc, warp, lane, Severity::Error, Check::TmemMisuse,
                 "the scale factors of " + std::string(which) + ": " + error);
      return false;
    }
    codesA_ = codesA;
    codesB_ = codesB;
  }
  const int m = descriptor.m, n = descriptor.n;
  if (isDirect()) { // rows that are neighbours in TMEM at once
    const int rows = m == 64 ? 16 : m;
    for (int first = 0; first < m; first += rows) {
      auto *cells = reinterpret_cast<float *>(tmem.cells(tmemLane(d) + laneOfRow(m, first), tmemColumn(d)));
      for (int column = 0; column < n; ++column)
        prepare(cells + column * static_cast<int>(kTmemLanes), rows);
      multiply({cells, 1, kTmemLanes}, first, rows, aValues, aRowMajor, bValues, bRowMajor);
    }
    return true;
  }
  alignas(64) float sums[kMaxM * kMaxN];
  if (updates)
    readD(tmem, sums);
  prepare(sums, m * n);
  multiply({sums, 1, m}, 0, m, aValues, aRowMajor, bValues, bRowMajor);
  writeD(tmem, sums);
  return true;
}

//===----------------------------------------------------------------------===//
// Issue
//===----------------------------------------------------------------------===//

/// A lane issues an mma: takes its operands apart and checks them.
class Issue {
public:
  Issue(Warp &warp, const Inst &inst, unsigned lane) : warp_(warp), inst_(inst), lane_(lane) {}
  Step run();

private:
  uint32_t word(Slot slot) const { return warp_.plane<uint32_t>(inst_.list[slot])[lane_]; }
  uint32_t address(Slot slot, Slot offset) const { return word(slot) + inst_.list[offset]; }
  Step fail(Check check, std::string message) {
    return warp_.fault(inst_, check, static_cast<int>(lane_), std::move(message));
  }
  Step placeShared(Multiplicand &matrix, Slot slot, const char *name);
  Step checkLanes();
  void takeDisabled();
  Step checkShared(const Multiplicand &matrix);

  Warp &warp_;
  const Inst &inst_;
  unsigned lane_;
  std::unique_ptr<TmemMma> mma_;
};

Step Issue::placeShared(Multiplicand &matrix, Slot slot, const char *name) {
  MatrixLayout layout;
  uint64_t bits = warp_.plane<uint64_t>(inst_.list[slot])[lane_];
  if (std::string error = decodeTcgen05Descriptor(bits, layout); !error.empty())
    return fail(Check::BadDescriptor, std::string(name) + ": " + error);
  matrix.placeInShared(layout);
  return Step::Next;
}

/// D, A and the scale factors begin in the lanes that their layouts allow.
Step Issue::checkLanes() {
  auto bad = [&](const char *what, uint32_t lane, const char *allowed) {
    return fail(Check::TmemMisuse, "the TMEM address of " + std::string(what) + " begins in lane " +
                                       std::to_string(lane) + "; allowed: " + allowed);
  };
  uint32_t lane = tmemLane(mma_->d);
  if (mma_->descriptor.m == 64 ? lane != 0 && lane != 16 : lane != 0)
    return bad("D", lane, mma_->descriptor.m == 64 ? "0 and 16, with M = 64" : "0, with M = 128");
  if (mma_->a.isInTmem())
    if (uint32_t laneA = tmemLane(address(kA, kAOffset)); laneA != lane)
      return bad("A", laneA, lane == 0 ? "0, as for D" : "16, as for D");
  if (!isScaled(mma_->mmaKind))
    return Step::Next;
  if (mma_->scalesA.lane() != 0)
    return bad("the scale factors of A", mma_->scalesA.lane(), "0");
  if (mma_->scalesB.lane() != 0)
    return bad("the scale factors of B", mma_->scalesB.lane(), "0");
  return Step::Next;
}

void Issue::takeDisabled() {
  if (!(inst_.flags & kDisablesLanes))
    return;
  for (unsigned i = 0; i < 4; ++i)
    mma_->disabled[i / 2] |= uint64_t(warp_.plane<uint32_t>(inst_.list[kDisabled + i])[lane_]) << (32 * (i % 2));
}

Step Issue::checkShared(const Multiplicand &matrix) {
  if (matrix.isInTmem())
    return Step::Next;
  uint32_t addresses[kMaxChunks];
  size_t count = matrix.chunks(addresses);
  for (size_t i = 0; i < count; ++i)
    if (Step step = readShared(warp_, inst_, *mma_, addresses[i], matrix.bytesPerChunk()); step != Step::Next)
      return step;
  warp_.cta.stats.sharedReadBytes += count * matrix.bytesPerChunk();
  return Step::Next;
}

Step Issue::run() {
  Cta &cta = warp_.cta;
  mma_ = std::make_unique<TmemMma>(warp_, inst_, static_cast<int>(lane_));
  TmemMma &mma = *mma_;
  MmaKind kind = mma.mmaKind = kindOf(inst_);
  mma.scaleVector = scaleVectorOf(inst_);
  if (std::string error = decodeInstructionDescriptor(kind, mma.scaleVector, word(kDescriptor), mma.descriptor);
      !error.empty())
    return fail(Check::BadDescriptor, std::move(error));
  const InstructionDescriptor &s = mma.descriptor;
  mma.a = Multiplicand(kind, s.a, s.transposeA, s.negateA, s.m);
  mma.b = Multiplicand(kind, s.b, s.transposeB, s.negateB, s.n);
  if (inst_.flags & kAInTmem) {
    if (s.transposeA)
      return fail(Check::BadDescriptor, "the transposition of A is set while A is in TMEM; allowed: 0");
    mma.a.placeInTmem(address(kA, kAOffset));
    mma.reads.push_back(mma.a.region());
  } else if (Step step = placeShared(mma.a, kA, "A"); step != Step::Next) {
    return step;
  }
  if (Step step = placeShared(mma.b, kB, "B"); step != Step::Next)
    return step;
  mma.d = address(kD, kDOffset);
  if (isScaled(kind)) {
    mma.scalesA = ScaleFactors(address(kScaleA, kScaleAOffset), s.m, mma.scaleVector, s.scaleIdA);
    mma.scalesB = ScaleFactors(address(kScaleB, kScaleBOffset), s.n, mma.scaleVector, s.scaleIdB);
    mma.scalesA.addRegions(mma.reads);
    mma.scalesB.addRegions(mma.reads);
  }
  if (Step step = checkLanes(); step != Step::Next)
    return step;
  takeDisabled();
  mma.updates = warp_.condition(inst_.c) >> lane_ & 1;
  mma.inputScale = static_cast<int>(inst_.imm);
  mma.accumulator = uint64_t(mma.d) << 32 | static_cast<uint32_t>(s.m) << 16 | static_cast<uint32_t>(s.n);
  TmemRegion result = rowsInTmem(s.m, tmemLane(mma.d), tmemColumn(mma.d), static_cast<uint32_t>(s.n));
  result.lanes[0] &= ~mma.disabled[0];
  result.lanes[1] &= ~mma.disabled[1];
  mma.writes = {result};

  if (Step step = admit(warp_, inst_, mma, Stream::Tcgen05); step != Step::Next)
    return step;
  for (const Multiplicand *matrix : {&mma.a, &mma.b})
    if (Step step = checkShared(*matrix); step != Step::Next)
      return step;
  ++cta.stats.mmaInstructions;
  cta.stats.mmaMacs += uint64_t(static_cast<unsigned>(s.m * s.n)) * static_cast<unsigned>(s.k);
  Tmem::Thread &thread = cta.tmem->thread(warp_, lane_);
  ++thread.uncommitted;
  thread.pc = mma.pc;
  return cta.async.issue(cta, std::move(mma_)) ? Step::Next : Step::Fault;
}

Step runMma(Warp &warp, const Inst &inst, uint32_t mask) {
  for (LaneIterator lane(mask); lane; ++lane)
    if (Step step = Issue(warp, inst, *lane).run(); step != Step::Next)
      return step;
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// How many scales a row has in one instruction; 0 after a failure.
unsigned takeScaleVector(Form &form, MmaKind kind) {
  struct Spelling {
    const char *name;
    unsigned mxf8f6f4, mxf4, mxf4nvf4;
  };
  static constexpr Spelling kSpellings[] = {
      {"scale_vec::1X", 1, 0, 0}, {"scale_vec::2X", 0, 2, 2}, {"scale_vec::4X", 0, 0, 4},
      {"block32", 1, 2, 2},       {"block16", 0, 0, 4},       {"", 1, 2, 0}, // the defaults
  };
  for (const Spelling &spelling : kSpellings) {
    if (*spelling.name && !form.take(spelling.name))
      continue;
    unsigned count = kind == MmaKind::MxF8F6F4 ? spelling.mxf8f6f4
                     : kind == MmaKind::MxF4   ? spelling.mxf4
                                               : spelling.mxf4nvf4;
    if (count == 0)
      form.invalid(*spelling.name ? "." + std::string(spelling.name) + " does not exist for kind::" + nameOf(kind)
                                  : "kind::mxf4nvf4 needs a .scale_vec or a .block");
    return count;
  }
  return 0;
}

bool refuseVariants(Form &form) {
  static constexpr const char *kVariants[] = {"sp", "ws", "ashift", "kind::i8"};
  for (const char *variant : kVariants)
    if (form.opcode().has(variant)) {
      form.unsupported("tcgen05.mma with ." + std::string(variant));
      return true;
    }
  return false;
}

} // namespace

void decodeTcgen05Mma(Form &form) {
  form.inst.cls = InstructionClass::Matrix;
  if (refuseVariants(form))
    return;
  takeCtaGroup(form);
  int kindIndex =
      form.takeOne({"kind::f16", "kind::tf32", "kind::f8f6f4", "kind::mxf8f6f4", "kind::mxf4", "kind::mxf4nvf4"});
  if (kindIndex < 0)
    return form.noSuchForm();
  auto kind = static_cast<MmaKind>(kindIndex);
  form.inst.flags = static_cast<uint32_t>(kindIndex);
  if (isScaled(kind)) {
    if (!form.take("block_scale")) // an example of the ISA leaves it out, ptxas does not take it
      return form.invalid("the modifier .block_scale is missing");
    form.inst.flags |= takeScaleVector(form, kind) << kScaleVectorShift;
  }
  // Which matrix the collector keeps is a hint: the sources must stay as they are until the mma is complete.
  form.takeOne({"collector::a::fill", "collector::a::use", "collector::a::lastuse", "collector::a::discard"});

  std::vector<uint32_t> list(kDisabled);
  takeTmemAddress(form, 0, list[kD], list[kDOffset]);
  if (form.operand(1).kind == ptx::OperandKind::Address) {
    form.inst.flags |= kAInTmem;
    takeTmemAddress(form, 1, list[kA], list[kAOffset]);
  } else {
    list[kA] = form.source(1, Ty::B64);
  }
  list[kB] = form.source(2, Ty::B64);
  list[kDescriptor] = form.source(3, Ty::B32);
  size_t next = 4;
  if (isScaled(kind)) {
    takeTmemAddress(form, next++, list[kScaleA], list[kScaleAOffset]);
    takeTmemAddress(form, next++, list[kScaleB], list[kScaleBOffset]);
  } else if (form.operand(next).kind == ptx::OperandKind::Vector) {
    auto masks = form.elementsOf(form.operand(next++));
    if (masks.size() != 4)
      return form.invalid("the mask of lanes has " + std::to_string(masks.size()) + " registers; allowed: 4");
    form.inst.flags |= kDisablesLanes;
    for (const ptx::Operand &mask : masks)
      list.push_back(form.source(mask, Ty::B32));
  }
  form.inst.c = form.predicateSource(next++);
  if (next < form.operandCount()) {
    form.inst.imm = form.immediate(next);
    if (kind != MmaKind::F16 && kind != MmaKind::TF32)
      return form.invalid("a scale of the input D with kind::" + std::string(nameOf(kind)) +
                          "; allowed: kind::f16 and kind::tf32");
    if (form.inst.imm < 0 || form.inst.imm > kMaxInputScale)
      return form.invalid("the scale of the input D is " + std::to_string(form.inst.imm) + "; allowed: 0 to 15");
  }
  form.list(std::move(list));
  form.use(&runMma);
}

} // namespace thrift::sim
