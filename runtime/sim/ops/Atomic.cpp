//===- Atomic.cpp - atom and red --------------------------------------------===//
//
// PTX ISA "atom", "red". Global memory is shared by host threads, so that these are host atomics; the lanes of a warp
// take turns in ascending order. Orderings and scopes are accepted: host atomics are sequentially consistent.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Half.h"
#include "runtime/sim/ops/HalfMath.h"
#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

namespace {

//===----------------------------------------------------------------------===//
// What a word becomes: apply(old, b, c)
//===----------------------------------------------------------------------===//

struct Exchange {
  template <typename T>
  static T apply(T, T b, T) {
    return b;
  }
};
struct CompareSwap {
  template <typename T>
  static T apply(T old, T compare, T value) {
    return old == compare ? value : old;
  }
};
struct Add {
  template <typename T>
  static T apply(T old, T b, T) {
    return static_cast<T>(old + b);
  }
};
struct AddF32 {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    return bitsOf(canonical(floatOf<float>(old) + floatOf<float>(b)));
  }
};
// atom.add.f32 on global memory flushes subnormals, on shared memory it does not (PTX ISA).
struct AddF32Ftz {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    float sum = flushSubnormal(floatOf<float>(old)) + flushSubnormal(floatOf<float>(b));
    return bitsOf(flushSubnormal(canonical(sum)));
  }
};
struct AddF64 {
  static uint64_t apply(uint64_t old, uint64_t b, uint64_t) {
    return bitsOf(chooseNan(floatOf<double>(old) + floatOf<double>(b), floatOf<double>(old), floatOf<double>(b)));
  }
};
/// In global memory a NaN stays as it is, signalling or not (seen on an H100).
struct AddF64Global {
  static uint64_t apply(uint64_t old, uint64_t b, uint64_t) {
    double x = floatOf<double>(old), y = floatOf<double>(b);
    return y != y ? b : x != x ? old : bitsOf(x + y);
  }
};
template <typename H>
uint16_t addHalf(uint16_t a, uint16_t b) {
  return H::round(roundToOddF32(fmaToOdd(H{a}.value(), 1.0, H{b}.value()))).bits;
}
template <typename H>
struct AddHalf {
  static uint16_t apply(uint16_t old, uint16_t b, uint16_t) { return addHalf<H>(old, b); }
};
template <typename H>
struct AddHalves {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    return packHalves(addHalf<H>(lowHalf(old), lowHalf(b)), addHalf<H>(highHalf(old), highHalf(b)));
  }
};
struct And {
  template <typename T>
  static T apply(T old, T b, T) {
    return old & b;
  }
};
struct Or {
  template <typename T>
  static T apply(T old, T b, T) {
    return old | b;
  }
};
struct Xor {
  template <typename T>
  static T apply(T old, T b, T) {
    return old ^ b;
  }
};
struct Increment {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) { return old >= b ? 0 : old + 1; }
};
struct Decrement {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) { return old == 0 || old > b ? b : old - 1; }
};
template <typename S>
struct Min {
  template <typename T>
  static T apply(T old, T b, T) {
    return static_cast<S>(b) < static_cast<S>(old) ? b : old;
  }
};
template <typename S>
struct Max {
  template <typename T>
  static T apply(T old, T b, T) {
    return static_cast<S>(b) > static_cast<S>(old) ? b : old;
  }
};

/// min and max of f16 and bf16: a number wins against a NaN.
template <typename H, typename Which>
uint16_t extremumOfHalves(uint16_t a, uint16_t b) {
  float x = H{a}.value(), y = H{b}.value();
  float value = extremum<Which, false>(x, y);
  return value != value ? kCanonicalNan16 : bitsOf(value) == bitsOf(x) ? a : b;
}
template <typename H, typename Which>
struct HalfExtremum {
  static uint16_t apply(uint16_t old, uint16_t b, uint16_t) { return extremumOfHalves<H, Which>(old, b); }
};
template <typename H, typename Which>
struct HalvesExtremum {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    return packHalves(extremumOfHalves<H, Which>(lowHalf(old), lowHalf(b)),
                      extremumOfHalves<H, Which>(highHalf(old), highHalf(b)));
  }
};

template <typename Op, typename T>
T update(uint8_t *place, T b, T c) {
  T *word = reinterpret_cast<T *>(place);
  T old = __atomic_load_n(word, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(word, &old, Op::apply(old, b, c), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
  }
  return old;
}

constexpr uint32_t kDiscards = 8; ///< red: no result

/// Several elements only for vectors of red and atom (sm_90), each of which is atomic; list: results, then operands b.
template <typename Op, typename T, typename OpOnShared = Op>
Step run(Warp &warp, const Inst &inst, uint32_t mask) {
  Places places;
  uint32_t bytes = inst.count * sizeof(T);
  Step step = resolve(windowOf(inst), warp, inst, mask, bytes, bytes, true, places);
  if (step == Step::Next)
    step = checkWritten(warp, inst, mask, places, bytes);
  if (step != Step::Next)
    return step;
  if (inst.count > 1 && places.isShared)
    return warp.fault(inst, Check::BadOperand, static_cast<int>(lowestLane(mask)),
                      "a vector of atomics in shared memory; it must be in global memory");
  uint64_t total = uint64_t(static_cast<unsigned>(__builtin_popcount(mask))) * bytes;
  Statistics &stats = warp.cta.stats;
  (places.isShared ? stats.sharedReadBytes : stats.globalReadBytes) += total;
  (places.isShared ? stats.sharedWriteBytes : stats.globalWriteBytes) += total;
  for (LaneIterator it(mask); it; ++it) {
    unsigned lane = *it;
    for (unsigned i = 0; i < inst.count; ++i) {
      T b = fromLane<T>(warp.plane<LaneOf<T>>(inst.list[inst.count + i])[lane]);
      T c = fromLane<T>(warp.plane<LaneOf<T>>(inst.c)[lane]);
      uint8_t *place = places.data(lane) + i * sizeof(T);
      T old = places.isShared ? update<OpOnShared, T>(place, b, c) : update<Op, T>(place, b, c);
      if (!(inst.flags & kDiscards))
        warp.plane<LaneOf<T>>(inst.list[i])[lane] = toLane<T>(old);
    }
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

template <typename Op, typename T>
void useFor(Form &form) {
  form.use(&run<Op, T>);
}

/// 32 or 64 bits.
template <typename Op>
void useWords(Form &form, Ty type) {
  if (bitsOf(type) == 32)
    return useFor<Op, uint32_t>(form);
  if (bitsOf(type) == 64)
    useFor<Op, uint64_t>(form);
}

void useAdd(Form &form, Ty type) {
  switch (type) {
  case Ty::F32:
    return form.use(&run<AddF32Ftz, uint32_t, AddF32>);
  case Ty::F64:
    return windowOf(form.inst) == Window::Global ? useFor<AddF64Global, uint64_t>(form)
                                                 : useFor<AddF64, uint64_t>(form);
  case Ty::F16:
    return useFor<AddHalf<F16>, uint16_t>(form);
  case Ty::BF16:
    return useFor<AddHalf<BF16>, uint16_t>(form);
  case Ty::F16x2:
    return useFor<AddHalves<F16>, uint32_t>(form);
  case Ty::BF16x2:
    return useFor<AddHalves<BF16>, uint32_t>(form);
  default:
    return isInteger(type) && type != Ty::S64 ? useWords<Add>(form, type) : form.noSuchForm();
  }
}

template <template <typename> class Which, typename OfFloats>
void useExtremum(Form &form, Ty type) {
  bool isVector = form.inst.count > 1; // the 16-bit floats have these as vectors only
  switch (type) {
  case Ty::F16:
    return isVector ? useFor<HalfExtremum<F16, OfFloats>, uint16_t>(form) : form.noSuchForm();
  case Ty::BF16:
    return isVector ? useFor<HalfExtremum<BF16, OfFloats>, uint16_t>(form) : form.noSuchForm();
  case Ty::F16x2:
    return isVector ? useFor<HalvesExtremum<F16, OfFloats>, uint32_t>(form) : form.noSuchForm();
  case Ty::BF16x2:
    return isVector ? useFor<HalvesExtremum<BF16, OfFloats>, uint32_t>(form) : form.noSuchForm();
  case Ty::U32:
    return useFor<Which<uint32_t>, uint32_t>(form);
  case Ty::S32:
    return useFor<Which<int32_t>, uint32_t>(form);
  case Ty::U64:
    return useFor<Which<uint64_t>, uint64_t>(form);
  case Ty::S64:
    return useFor<Which<int64_t>, uint64_t>(form);
  default:
    return form.noSuchForm();
  }
}

enum Operation { kExch, kCas, kAdd, kAnd, kOr, kXor, kInc, kDec, kMin, kMax };

void useOperation(Form &form, int operation, Ty type) {
  switch (operation) {
  case kExch:
    return isBits(type) ? useWords<Exchange>(form, type) : form.noSuchForm();
  case kCas:
    if (type == Ty::B16)
      return useFor<CompareSwap, uint16_t>(form);
    return isBits(type) ? useWords<CompareSwap>(form, type) : form.noSuchForm();
  case kAdd:
    return useAdd(form, type);
  case kAnd:
    return isBits(type) ? useWords<And>(form, type) : form.noSuchForm();
  case kOr:
    return isBits(type) ? useWords<Or>(form, type) : form.noSuchForm();
  case kXor:
    return isBits(type) ? useWords<Xor>(form, type) : form.noSuchForm();
  case kInc:
    return type == Ty::U32 ? useFor<Increment, uint32_t>(form) : form.noSuchForm();
  case kDec:
    return type == Ty::U32 ? useFor<Decrement, uint32_t>(form) : form.noSuchForm();
  case kMin:
    return useExtremum<Min, Minimum>(form, type);
  case kMax:
    return useExtremum<Max, Maximum>(form, type);
  default:
    return form.noSuchForm();
  }
}

/// Places of an operand that is a register or a vector of them.
void addPlaces(Form &form, size_t index, Ty type, bool isDestination, std::vector<uint32_t> &places) {
  const ptx::Operand &operand = form.operand(index);
  auto add = [&](const ptx::Operand &element) {
    places.push_back(isDestination ? form.destination(element, bitsOf(type)) : form.source(element, type));
  };
  if (operand.kind == ptx::OperandKind::Vector)
    for (const ptx::Operand &element : form.elementsOf(operand))
      add(element);
  else
    add(operand);
}

void decodeAtomic(Form &form, bool hasResult) {
  // The operation comes after the space; ".and" and ".or" are no modifiers of anything else here.
  Window window = takeWindow(form, hasResult ? 1 : 0);
  int operation = form.takeOne({"exch", "cas", "add", "and", "or", "xor", "inc", "dec", "min", "max"});
  bool noFtz = form.take("noftz");
  int vector = form.takeOne({"v2", "v4", "v8"});
  unsigned width = vector < 0 ? 1 : 2u << vector;
  Ty type = form.type();
  bool isHalf = type == Ty::F16 || type == Ty::BF16 || type == Ty::F16x2 || type == Ty::BF16x2;
  if (window == Window::Local || window == Window::KernelParameter)
    return form.noSuchForm();
  bool mayBeVector = (window == Window::Global || window == Window::Generic) && (isHalf || type == Ty::F32);
  if (isHalf != noFtz || (width > 1 && !mayBeVector) || bitsOf(type) * width > 128)
    return form.noSuchForm();
  takeMemoryModifiers(form);
  form.inst.flags |= kStrongAccess;
  size_t address = hasResult ? 1 : 0;
  std::vector<uint32_t> places;
  if (hasResult)
    addPlaces(form, 0, type, true, places);
  else
    places.assign(width, form.sinkPlane());
  addPlaces(form, address + 1, type, false, places);
  if (places.size() != 2 * width)
    return form.invalid("the number of registers does not fit the vector width");
  form.list(std::move(places));
  form.inst.count = static_cast<uint16_t>(width);
  takeAddress(form, address);
  if (operation == kCas)
    form.c(address + 2, type);
  else
    form.inst.c = form.constant(0, bitsOf(type) == 64);
  if (!hasResult) {
    form.inst.flags |= kDiscards;
    if (operation == kExch || operation == kCas)
      return form.noSuchForm();
  }
  useOperation(form, operation, type);
}
void decodeAtom(Form &form) { decodeAtomic(form, true); }
void decodeRed(Form &form) { decodeAtomic(form, false); }

constexpr OpcodeEntry kOpcodes[] = {
    {"atom", Domain::Any, InstructionClass::Atomic, decodeAtom},
    {"red", Domain::Any, InstructionClass::Atomic, decodeRed},
};

} // namespace

OpcodeTable atomicOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
