//===- Carry.cpp - arithmetic with the carry flag ---------------------------===//
//
// PTX ISA "Extended-Precision Integer Arithmetic Instructions". CC.CF is a predicate that every warp has. For
// subtractions it holds the borrow.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Carry.h"

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

template <typename T>
struct WithCarry {
  T value;
  bool carry;
};

struct Add {
  template <typename T>
  THRIFT_SIM_INLINE static WithCarry<T> apply(T a, T b, T carry) {
    T sum = a + b;
    T value = sum + carry;
    return {value, sum < a || value < sum};
  }
};
struct Sub {
  template <typename T>
  THRIFT_SIM_INLINE static WithCarry<T> apply(T a, T b, T borrow) {
    T difference = a - b;
    return {static_cast<T>(difference - borrow), a < b || difference < borrow};
  }
};

template <typename T>
using Wide = std::conditional_t<sizeof(T) == 8, unsigned __int128, uint64_t>;
template <typename T>
using SignedWide = std::conditional_t<sizeof(T) == 8, __int128, int64_t>;

/// The half of a product that is added.
template <typename T>
T lowHalf(T a, T b) {
  return static_cast<T>(a * b);
}
template <typename T>
T highHalf(T a, T b) {
  return static_cast<T>(Wide<T>(a) * b >> (8 * sizeof(T)));
}
template <typename T>
T highHalfSigned(T a, T b) {
  using S = std::make_signed_t<T>;
  return static_cast<T>(SignedWide<T>(S(a)) * S(b) >> (8 * sizeof(T)));
}

constexpr uint32_t kReadsCarry = 1, kWritesCarry = 2;

template <typename Op, typename T>
Step run(Warp &warp, const Inst &inst, uint32_t mask) {
  T *d = warp.plane<T>(inst.d);
  const T *a = warp.plane<T>(inst.a), *b = warp.plane<T>(inst.b);
  uint32_t carryIn = inst.flags & kReadsCarry ? warp.predicate(kPredCarry) : 0, carryOut = 0;
  for (LaneIterator it(mask); it; ++it) {
    unsigned lane = *it;
    auto [value, carry] = Op::template apply<T>(a[lane], b[lane], carryIn >> lane & 1);
    d[lane] = value;
    carryOut |= uint32_t(carry) << lane;
  }
  if (inst.flags & kWritesCarry)
    warp.setPredicate(kPredCarry, mask, carryOut);
  return Step::Next;
}

template <typename T, T (*Product)(T, T)>
Step runMad(Warp &warp, const Inst &inst, uint32_t mask) {
  T *d = warp.plane<T>(inst.d);
  const T *a = warp.plane<T>(inst.a), *b = warp.plane<T>(inst.b), *c = warp.plane<T>(inst.c);
  uint32_t carryIn = inst.flags & kReadsCarry ? warp.predicate(kPredCarry) : 0, carryOut = 0;
  for (LaneIterator it(mask); it; ++it) {
    unsigned lane = *it;
    auto [value, carry] = Add::apply<T>(Product(a[lane], b[lane]), c[lane], carryIn >> lane & 1);
    d[lane] = value;
    carryOut |= uint32_t(carry) << lane;
  }
  if (inst.flags & kWritesCarry)
    warp.setPredicate(kPredCarry, mask, carryOut);
  return Step::Next;
}

template <typename T>
void useMad(Form &form, bool high, bool isSigned) {
  form.use(!high ? &runMad<T, lowHalf<T>> : isSigned ? &runMad<T, highHalfSigned<T>> : &runMad<T, highHalf<T>>);
}

} // namespace

void decodeCarry(Form &form) {
  const std::string &base = form.opcode().base;
  if (form.opcode().has("cc")) {
    form.take("cc");
    form.inst.flags |= kWritesCarry;
  }
  if (base.back() == 'c') // addc, subc, madc
    form.inst.flags |= kReadsCarry;
  bool isMad = base.compare(0, 3, "mad") == 0;
  int half = isMad ? form.takeOne({"lo", "hi"}) : 0;
  Ty type = form.type();
  if (half < 0 || !isInteger(type) || bitsOf(type) < 32)
    return form.noSuchForm();
  bool wide = bitsOf(type) == 64;
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type);
  if (isMad) {
    form.c(3, type);
    return wide ? useMad<uint64_t>(form, half == 1, isSignedInteger(type))
                : useMad<uint32_t>(form, half == 1, isSignedInteger(type));
  }
  if (base.compare(0, 3, "add") == 0)
    return form.use(wide ? &run<Add, uint64_t> : &run<Add, uint32_t>);
  form.use(wide ? &run<Sub, uint64_t> : &run<Sub, uint32_t>);
}

} // namespace thrift::sim
