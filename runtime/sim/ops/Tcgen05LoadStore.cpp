//===- Tcgen05LoadStore.cpp - between TMEM and registers ----------------------===//
//
// PTX ISA "Tensor Memory and Register Load/Store Instructions". A warp moves a fragment of its quadrant of TMEM. Where
// register r of lane t lies, relative to the address (q = r / registers per step, s = r % registers per step):
//
//                lanes  columns  registers    lane                       column
//                       per step per step
//     32x32b      32      1        1          t                          q
//     16x64b      16      2        1          t / 4 + 8 (t % 2)          2 q + t / 2 % 2
//     16x128b     16      4        2          t / 4 + 8 s                4 q + t % 4
//     16x256b     16      8        4          t / 4 + 8 (s / 2)          8 q + 2 (t % 4) + s % 2
//     16x32bx2    16      1        1          t % 16                     q, and an offset for lanes 16 to 31
//
// .pack::16b and .unpack::16b: column c of the table stands for columns 2 c and 2 c + 1, of which the lower halves
// share the register.
//
// A load is performed when a wait needs it or one of its registers is touched: the ISA respects true dependences
// (9.7.16.6.4.5). A store takes its registers at issue and writes TMEM when it is waited for.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Tcgen05.h"

#include <cstring>

namespace thrift::sim {

namespace {

struct FragmentShape {
  std::string_view name;
  uint32_t lanes, columns, registers;
};
constexpr FragmentShape kShapes[] = {
    {"32x32b", 32, 1, 1}, {"16x64b", 16, 2, 1}, {"16x128b", 16, 4, 2}, {"16x256b", 16, 8, 4}, {"16x32bx2", 16, 1, 1},
};
constexpr uint32_t k32x32b = 0, k16x64b = 1, k16x128b = 2, k16x256b = 3, k16x32bx2 = 4;
constexpr uint32_t kMaxRegisters = 128;

/// Inst: address a + e, registers in list, distance of the second half imm, shape and kPacked in flags.
constexpr uint32_t kShapeMask = 0xFF, kPacked = 0x100;

/// The table above.
struct Cell {
  uint32_t lane, column;
};
Cell cellOf(uint32_t shape, uint32_t r, uint32_t t) {
  switch (shape) {
  case k16x64b:
    return {t / 4 + 8 * (t % 2), 2 * r + t / 2 % 2};
  case k16x128b:
    return {t / 4 + 8 * (r % 2), r / 2 * 4 + t % 4};
  case k16x256b:
    return {t / 4 + 8 * (r / 2 % 2), r / 4 * 8 + 2 * (t % 4) + r % 2};
  case k16x32bx2:
    return {t % 16, r};
  default:
    return {t, r};
  }
}

/// Which cells a fragment covers, and how its registers lie in them.
class Fragment {
public:
  Fragment(const Inst &inst, uint32_t address)
      : shape_(inst.flags & kShapeMask), packed_(inst.flags & kPacked), registers_(inst.count),
        lane_(tmemLane(address)), column_(tmemColumn(address)), half_(static_cast<uint32_t>(inst.imm)) {}

  uint32_t registers() const { return registers_; }
  uint32_t lanes() const { return kShapes[shape_].lanes; }

  std::vector<TmemRegion> regions() const {
    uint32_t columns = registers_ / kShapes[shape_].registers * kShapes[shape_].columns * (packed_ ? 2 : 1);
    std::vector<TmemRegion> result = {TmemRegion::of(lane_, lanes(), column_, columns)};
    if (shape_ == k16x32bx2 && half_ != 0)
      result.push_back(TmemRegion::of(lane_, lanes(), column_ + half_, columns));
    return result;
  }

  /// Register r of all lanes.
  void get(Tmem &tmem, uint32_t r, uint32_t *plane) const {
    if (shape_ == k32x32b && !packed_) {
      std::memcpy(plane, tmem.cells(lane_, column_ + r), kPlaneBytes);
      return;
    }
    for (uint32_t t = 0; t < kWarpSize; ++t) {
      uint32_t *cell = at(tmem, r, t);
      plane[t] = packed_ ? (cell[0] & 0xFFFF) | cell[kTmemLanes] << 16 : cell[0];
    }
  }
  void put(Tmem &tmem, uint32_t r, const uint32_t *plane) const {
    if (shape_ == k32x32b && !packed_) {
      std::memcpy(tmem.cells(lane_, column_ + r), plane, kPlaneBytes);
      return;
    }
    for (uint32_t t = 0; t < kWarpSize; ++t) {
      uint32_t *cell = at(tmem, r, t);
      cell[0] = packed_ ? plane[t] & 0xFFFF : plane[t];
      if (packed_)
        cell[kTmemLanes] = plane[t] >> 16;
    }
  }

private:
  uint32_t *at(Tmem &tmem, uint32_t r, uint32_t t) const {
    Cell cell = cellOf(shape_, r, t);
    uint32_t column = column_ + (packed_ ? 2 : 1) * cell.column;
    if (shape_ == k16x32bx2 && t >= 16)
      column += half_;
    return tmem.cells(lane_ + cell.lane, column);
  }

  uint32_t shape_;
  bool packed_;
  uint32_t registers_, lane_, column_, half_;
};

class TmemLoad : public TmemOperation {
public:
  TmemLoad(Warp &warp, const Inst &inst, Fragment fragment)
      : TmemOperation(AsyncKind::TmemLoad, warp, inst, -1), fragment_(fragment), places_(inst.list) {
    reads = fragment.regions();
  }

  void lockRegisters() {
    for (uint32_t r = 0; r < fragment_.registers(); ++r)
      warp->lock(places_[r], *this);
  }

  bool perform(Cta &cta) override {
    for (uint32_t r = 0; r < fragment_.registers(); ++r) {
      fragment_.get(*cta.tmem, r, warp->plane<uint32_t>(places_[r]));
      warp->unlock(places_[r], *this);
    }
    if (cta.races)
      cta.tmem->loaded.push_back(std::make_unique<LoadedRegisters>(
          *warp, warp->code[pc], std::vector<uint32_t>(places_, places_ + fragment_.registers()), epoch));
    return true;
  }

  Step onTouch(Warp &toucher, const Inst &inst) override {
    Cta &cta = toucher.cta;
    if (!cta.async.perform(cta, *this)) // and this object is gone
      return Step::Fault;
    return cta.races ? cta.tmem->loaded.back()->onTouch(toucher, inst) : Step::Next;
  }

private:
  Fragment fragment_;
  const uint32_t *places_;
};

class TmemStore : public TmemOperation {
public:
  TmemStore(Warp &warp, const Inst &inst, Fragment fragment)
      : TmemOperation(AsyncKind::TmemStore, warp, inst, -1), fragment_(fragment),
        values_(size_t(fragment.registers()) * kWarpSize) {
    writes = fragment.regions();
    for (uint32_t r = 0; r < fragment.registers(); ++r)
      std::memcpy(&values_[r * kWarpSize], warp.plane<uint32_t>(inst.list[r]), kPlaneBytes);
  }

  bool perform(Cta &cta) override {
    for (uint32_t r = 0; r < fragment_.registers(); ++r)
      fragment_.put(*cta.tmem, r, &values_[r * kWarpSize]);
    return true;
  }

private:
  Fragment fragment_;
  std::vector<uint32_t> values_;
};

/// The address of the whole warp, checked against its quadrant.
Step takeQuadrantAddress(Warp &warp, const Inst &inst, uint32_t &address) {
  const uint32_t *lanes = warp.plane<uint32_t>(inst.a);
  for (unsigned lane = 1; lane < kWarpSize; ++lane)
    if (lanes[lane] != lanes[0])
      return warp.fault(inst, Check::Uniformity, static_cast<int>(lane),
                        "the TMEM address is " + std::to_string(lanes[lane]) + ", in lane 0 it is " +
                            std::to_string(lanes[0]) + "; allowed: the same in all lanes");
  if (lanes[0] == kRegisterCanary)
    return warp.fault(inst, Check::Uninitialized, -1, "the TMEM address comes from a register that nobody wrote");
  address = lanes[0] + inst.e;
  uint32_t first = 32 * (warp.index % 4), last = first + 31, lane = tmemLane(address);
  uint32_t count = kShapes[inst.flags & kShapeMask].lanes;
  if (lane < first || lane + count - 1 > last)
    return warp.fault(inst, Check::TmemMisuse, -1,
                      "access to TMEM lanes " + std::to_string(lane) + " to " + std::to_string(lane + count - 1) +
                          "; warp " + std::to_string(warp.index) + " may load and store lanes " +
                          std::to_string(first) + " to " + std::to_string(last));
  if (lane % 16 != 0)
    return warp.fault(inst, Check::TmemMisuse, -1,
                      "the lane of the TMEM address is " + std::to_string(lane) + "; allowed: multiples of 16");
  return Step::Next;
}

Step runLoad(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  uint32_t address;
  if (Step step = takeQuadrantAddress(warp, inst, address); step != Step::Next)
    return step;
  auto load = std::make_unique<TmemLoad>(warp, inst, Fragment(inst, address));
  if (Step step = admit(warp, inst, *load, Stream::TmemLoad); step != Step::Next)
    return step;
  load->lockRegisters();
  warp.cta.stats.tmemReadBytes += uint64_t(kPlaneBytes) * inst.count;
  return warp.cta.async.issue(warp.cta, std::move(load)) ? Step::Next : Step::Fault;
}

Step runStore(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  uint32_t address;
  if (Step step = takeQuadrantAddress(warp, inst, address); step != Step::Next)
    return step;
  auto store = std::make_unique<TmemStore>(warp, inst, Fragment(inst, address));
  if (Step step = admit(warp, inst, *store, Stream::TmemStore); step != Step::Next)
    return step;
  warp.cta.stats.tmemWriteBytes += uint64_t(kPlaneBytes) * inst.count;
  return warp.cta.async.issue(warp.cta, std::move(store)) ? Step::Next : Step::Fault;
}

void decodeTransfer(Form &form, bool isLoad) {
  if (form.opcode().has("red"))
    return form.unsupported("tcgen05.ld.red is not an instruction of sm_100a");
  takeAligned(form);
  int shape = form.takeOne({"32x32b", "16x64b", "16x128b", "16x256b", "16x32bx2"});
  int repeat = form.takeOne({"x1", "x2", "x4", "x8", "x16", "x32", "x64", "x128"});
  if (shape < 0 || repeat < 0 || !form.take("b32"))
    return form.noSuchForm();
  form.inst.flags = static_cast<uint32_t>(shape);
  if (form.take(isLoad ? "pack::16b" : "unpack::16b"))
    form.inst.flags |= kPacked;
  uint32_t registers = kShapes[shape].registers << repeat;
  if (registers > kMaxRegisters)
    return form.invalid("." + std::string(kShapes[shape].name) + " with " + std::to_string(registers) +
                        " registers; allowed: up to " + std::to_string(kMaxRegisters));

  bool hasHalf = shape == k16x32bx2;
  size_t addressOperand = isLoad ? 1 : 0, halfOperand = isLoad ? 2 : 1, data = isLoad ? 0 : hasHalf ? 2 : 1;
  takeTmemAddress(form, addressOperand, form.inst.a, form.inst.e);
  if (hasHalf)
    form.inst.imm = form.immediate(halfOperand);
  if (form.inst.imm < 0 || form.inst.imm > kTmemColumns)
    return form.invalid("the distance of the second half is " + std::to_string(form.inst.imm) +
                        " columns; allowed: 0 to " + std::to_string(kTmemColumns));
  const ptx::Operand &operand = form.operand(data);
  if (operand.kind != ptx::OperandKind::Vector)
    return form.invalid("operand " + std::to_string(data + 1) + " is not a vector");
  std::vector<uint32_t> places;
  for (const ptx::Operand &element : form.elementsOf(operand)) {
    if (element.kind != ptx::OperandKind::Register)
      return form.invalid("operand " + std::to_string(data + 1) + " holds something that is not a register");
    places.push_back(isLoad ? form.destination(element, 32) : form.source(element, Ty::B32));
  }
  if (places.size() != registers)
    return form.invalid("operand " + std::to_string(data + 1) + " has " + std::to_string(places.size()) +
                        " registers; allowed: " + std::to_string(registers));
  form.list(std::move(places));
  form.use(isLoad ? &runLoad : &runStore);
}

} // namespace

void decodeTcgen05Load(Form &form) { decodeTransfer(form, true); }
void decodeTcgen05Store(Form &form) { decodeTransfer(form, false); }

} // namespace thrift::sim
