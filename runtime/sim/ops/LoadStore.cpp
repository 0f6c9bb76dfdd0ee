//===- LoadStore.cpp - ld and st --------------------------------------------===//
//
// PTX ISA "ld", "ld.global.nc", "ldu", "st": all spaces, types and vector widths. Cache operators, eviction and
// prefetch hints, scopes and orderings are accepted; a functional model without caches has nothing to do for them.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Access.h"
#include "runtime/sim/ops/BulkCopy.h"
#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

namespace {

void countBytes(Statistics &stats, Window window, const Places &places, uint32_t mask, uint32_t bytes, bool isStore) {
  uint64_t total = uint64_t(static_cast<unsigned>(__builtin_popcount(mask))) * bytes;
  if (window == Window::Local)
    stats.localBytes += total;
  else if (places.isShared)
    (isStore ? stats.sharedWriteBytes : stats.sharedReadBytes) += total;
  else if (window != Window::KernelParameter)
    (isStore ? stats.globalWriteBytes : stats.globalReadBytes) += total;
}

/// ld: M is what memory holds, L what a lane of the register holds. inst.count elements go to the planes in inst.list.
template <typename M, typename L>
struct Load {
  template <bool Full>
  static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    Places places;
    uint32_t bytes = inst.count * sizeof(M);
    Step step = resolve(windowOf(inst), warp, inst, mask, bytes, bytes, false, places);
    if (step != Step::Next)
      return step;
    step = checkWritten(warp, inst, mask, places, bytes);
    if (step != Step::Next)
      return step;
    countBytes(warp.cta.stats, windowOf(inst), places, mask, bytes, false);
    for (unsigned element = 0; element < inst.count; ++element) {
      L *d = warp.plane<L>(inst.list[element]);
      for (unsigned lane = 0; lane < kWarpSize; ++lane) {
        M value;
        std::memcpy(&value, places.data(lane) + element * sizeof(M), sizeof(M));
        // Sign extension stops at 32 bits where the register has 32 or fewer.
        auto wide = static_cast<L>(value);
        d[lane] = Full ? wide : blendLane(mask, lane, wide, d[lane]);
      }
    }
    return Step::Next;
  }
};

/// The same for signed types of 8 and 16 bits into a 16-bit register, whose plane must stay zero-extended.
template <typename M>
struct LoadTo16 {
  template <bool Full>
  static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    Step step = Load<M, uint32_t>::template run<Full>(warp, inst, mask);
    if (step == Step::Next)
      for (unsigned element = 0; element < inst.count; ++element) {
        uint32_t *d = warp.plane<uint32_t>(inst.list[element]);
        for (LaneIterator lane(mask); lane; ++lane)
          d[*lane] &= 0xFFFF;
      }
    return step;
  }
};

template <typename M, typename L>
struct Store {
  template <bool Full>
  static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    Places places;
    uint32_t bytes = inst.count * sizeof(M);
    Step step = resolve(windowOf(inst), warp, inst, mask, bytes, bytes, true, places);
    if (step != Step::Next)
      return step;
    step = markWritten(warp, inst, mask, places, bytes);
    if (step != Step::Next)
      return step;
    countBytes(warp.cta.stats, windowOf(inst), places, mask, bytes, true);
    for (unsigned element = 0; element < inst.count; ++element) {
      const L *a = warp.plane<L>(inst.list[element]);
      for (unsigned lane = 0; lane < kWarpSize; ++lane)
        if (Full || hasLane(mask, lane)) {
          auto value = static_cast<M>(a[lane]);
          std::memcpy(places.data(lane) + element * sizeof(M), &value, sizeof(M));
        }
    }
    return Step::Next;
  }
};

/// A vector with sinks; bit i of inst.e says that element i is written.
template <typename M>
struct StoreSome {
  template <bool Full>
  static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    Places places;
    uint32_t bytes = inst.count * sizeof(M);
    if (Step step = resolve(windowOf(inst), warp, inst, mask, bytes, bytes, true, places); step != Step::Next)
      return step;
    for (unsigned element = 0; element < inst.count; ++element) {
      if (!(inst.e >> element & 1))
        continue;
      Places one = places;
      for (unsigned lane = 0; lane < kWarpSize; ++lane) {
        one.address[lane] += element * sizeof(M);
        one.shadow[lane] += one.shadow[lane] ? element * sizeof(M) : 0;
      }
      if (Step step = markWritten(warp, inst, mask, one, sizeof(M)); step != Step::Next)
        return step;
      countBytes(warp.cta.stats, windowOf(inst), places, mask, sizeof(M), true);
      const M *a = warp.plane<M>(inst.list[element]);
      for (LaneIterator lane(mask); lane; ++lane)
        std::memcpy(one.data(*lane), &a[*lane], sizeof(M));
    }
    return Step::Next;
  }
};

/// b128: the halves of a register pair of planes.
struct Load128 {
  template <bool Full>
  static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    Places places;
    Step step = resolve(windowOf(inst), warp, inst, mask, 16 * inst.count, 16 * inst.count, false, places);
    if (step == Step::Next)
      step = checkWritten(warp, inst, mask, places, 16 * inst.count);
    if (step != Step::Next)
      return step;
    countBytes(warp.cta.stats, windowOf(inst), places, mask, 16 * inst.count, false);
    for (unsigned half = 0; half < 2u * inst.count; ++half) {
      uint64_t *d = warp.plane<uint64_t>(inst.list[half / 2] + half % 2 * 2 * kPlaneBytes);
      for (LaneIterator lane(mask); lane; ++lane)
        std::memcpy(&d[*lane], places.data(*lane) + 8 * half, 8);
    }
    return Step::Next;
  }
};
struct Store128 {
  template <bool Full>
  static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    Places places;
    Step step = resolve(windowOf(inst), warp, inst, mask, 16 * inst.count, 16 * inst.count, true, places);
    if (step == Step::Next)
      step = markWritten(warp, inst, mask, places, 16 * inst.count);
    if (step != Step::Next)
      return step;
    countBytes(warp.cta.stats, windowOf(inst), places, mask, 16 * inst.count, true);
    for (unsigned half = 0; half < 2u * inst.count; ++half) {
      const uint64_t *a = warp.plane<uint64_t>(inst.list[half / 2] + half % 2 * 2 * kPlaneBytes);
      for (LaneIterator lane(mask); lane; ++lane)
        std::memcpy(places.data(*lane) + 8 * half, &a[*lane], 8);
    }
    return Step::Next;
  }
};

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

void useLoad(Form &form, Ty type, unsigned registerBits) {
  bool wide = registerBits == 64;
  switch (type) {
  case Ty::B8:
  case Ty::U8:
    return wide ? form.usePlain<Load<uint8_t, uint64_t>>() : form.usePlain<Load<uint8_t, uint32_t>>();
  case Ty::S8:
    if (registerBits == 16)
      return form.usePlain<LoadTo16<int8_t>>();
    return wide ? form.usePlain<Load<int8_t, uint64_t>>() : form.usePlain<Load<int8_t, uint32_t>>();
  case Ty::B16:
  case Ty::U16:
    return wide ? form.usePlain<Load<uint16_t, uint64_t>>() : form.usePlain<Load<uint16_t, uint32_t>>();
  case Ty::S16:
    if (registerBits == 16)
      return form.usePlain<Load<uint16_t, uint32_t>>();
    return wide ? form.usePlain<Load<int16_t, uint64_t>>() : form.usePlain<Load<int16_t, uint32_t>>();
  case Ty::S32:
    if (wide)
      return form.usePlain<Load<int32_t, uint64_t>>();
    [[fallthrough]];
  case Ty::B32:
  case Ty::U32:
  case Ty::F32:
    return wide ? form.usePlain<Load<uint32_t, uint64_t>>() : form.usePlain<Load<uint32_t, uint32_t>>();
  case Ty::B64:
  case Ty::U64:
  case Ty::S64:
  case Ty::F64:
    return form.usePlain<Load<uint64_t, uint64_t>>();
  case Ty::B128:
    return form.usePlain<Load128>();
  default:
    return form.noSuchForm();
  }
}

void useStore(Form &form, Ty type, unsigned registerBits) {
  bool wide = registerBits == 64;
  switch (bitsOf(type)) {
  case 8:
    return wide ? form.usePlain<Store<uint8_t, uint64_t>>() : form.usePlain<Store<uint8_t, uint32_t>>();
  case 16:
    return wide ? form.usePlain<Store<uint16_t, uint64_t>>() : form.usePlain<Store<uint16_t, uint32_t>>();
  case 32:
    return wide ? form.usePlain<Store<uint32_t, uint64_t>>() : form.usePlain<Store<uint32_t, uint32_t>>();
  case 64:
    return form.usePlain<Store<uint64_t, uint64_t>>();
  case 128:
    return form.usePlain<Store128>();
  default:
    return form.noSuchForm();
  }
}

/// PTX ISA "ld", "st": 256 bits are four of 64 or eight of 32, in global memory.
bool isLegalVector(Ty type, unsigned width, Window window) {
  bool isType = isBits(type) || isInteger(type) || type == Ty::F32 || type == Ty::F64;
  unsigned bits = bitsOf(type) * width;
  if (!isType || (type == Ty::B128 && width > 1) || (width == 8 && bitsOf(type) != 32))
    return false;
  return bits <= 128 || (bits == 256 && bitsOf(type) >= 32 && (window == Window::Global || window == Window::Generic));
}

/// The planes of the value operand, a register or a vector of them; `bits` is their common width. `written` gets a bit
/// for every element that is no sink.
std::vector<uint32_t> valuePlanes(Form &form, const ptx::Operand &operand, Ty type, unsigned vectorWidth, bool isLoad,
                                  unsigned &bits, uint32_t &written) {
  std::vector<uint32_t> places;
  bits = 0, written = 0;
  bool maySkip = bitsOf(type) * vectorWidth == 256;
  auto add = [&](const ptx::Operand &element) {
    if (element.kind == ptx::OperandKind::Register) {
      unsigned width = form.registerBits(element);
      if (width < bitsOf(type) || width == 0)
        form.invalid("a register is narrower than the type in memory");
      if (bits != 0 && bits != width)
        form.unsupported("a vector of registers of different widths");
      bits = width;
      places.push_back(form.owner().place(element.id));
    } else if (element.kind == ptx::OperandKind::Sink && (isLoad ? vectorWidth > 1 : maySkip)) {
      places.push_back(form.sinkPlane());
      return;
    } else if (!isLoad) {
      places.push_back(form.source(element, type));
      bits = std::max(bits, std::max(bitsOf(type), 16u));
    } else {
      form.invalid("the destination is not a register");
      return;
    }
    written |= 1u << (places.size() - 1);
  };
  bool isVector = operand.kind == ptx::OperandKind::Vector;
  size_t elements = isVector ? form.elementsOf(operand).size() : 1;
  if (elements != vectorWidth)
    form.invalid("the vector has " + std::to_string(elements) + " elements, the modifier says " +
                 std::to_string(vectorWidth));
  else if (isVector)
    for (const ptx::Operand &element : form.elementsOf(operand))
      add(element);
  else
    add(operand);
  if (bits == 0) // sinks only
    bits = std::max(bitsOf(type), 16u);
  return places;
}

void decodeAccess(Form &form, bool isLoad) {
  takeMemoryModifiers(form);
  bool isConst = form.opcode().has("const");
  Window window = takeWindow(form, isLoad ? 1 : 0);
  int vector = form.takeOne({"v2", "v4", "v8"});
  unsigned vectorWidth = vector < 0 ? 1 : 2u << vector;
  Ty type = form.type();
  if (!isLegalVector(type, vectorWidth, window) || (isConst && bitsOf(type) * vectorWidth > 128))
    return form.noSuchForm();
  unsigned bits;
  uint32_t written;
  std::vector<uint32_t> places =
      valuePlanes(form, form.operand(isLoad ? 0 : 1), type, vectorWidth, isLoad, bits, written);
  form.list(std::move(places));
  takeAddress(form, isLoad ? 1 : 0);
  if (!isLoad && written == (1u << vectorWidth) - 1 && bits <= 64)
    form.inst.flags |= kWholeStore | (bits == 64 ? kWideValues : 0);
  if (!isLoad && written != (1u << vectorWidth) - 1) {
    if (bits != bitsOf(type))
      return form.unsupported("sinks beside registers wider than the type");
    form.inst.e = written;
    return bits == 64 ? form.usePlain<StoreSome<uint64_t>>() : form.usePlain<StoreSome<uint32_t>>();
  }
  isLoad ? useLoad(form, type, bits) : useStore(form, type, bits);
}

void decodeLoad(Form &form) { decodeAccess(form, true); }
void decodeStore(Form &form) { form.take("bulk") ? decodeStoreBulk(form) : decodeAccess(form, false); }

constexpr OpcodeEntry kOpcodes[] = {
    {"ld", Domain::Any, InstructionClass::Load, decodeLoad},
    {"ldu", Domain::Any, InstructionClass::Load, decodeLoad},
    {"st", Domain::Any, InstructionClass::Store, decodeStore},
};

} // namespace

OpcodeTable loadStoreOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
