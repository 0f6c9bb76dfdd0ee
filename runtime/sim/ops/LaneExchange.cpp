//===- LaneExchange.cpp - shfl vote match redux elect activemask ------------===//
//
// PTX ISA "Parallel Synchronization and Communication Instructions" within a warp.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/FloatMath.h"
#include "runtime/sim/ops/Members.h"

namespace thrift::sim {

namespace {

//===----------------------------------------------------------------------===//
// shfl
//===----------------------------------------------------------------------===//

enum ShuffleMode : int { kUp, kDown, kBfly, kIdx };

// What a lane reads that asks a lane which takes no part.
constexpr uint32_t kNobodysValue = kRegisterCanary;

/// The source lane of each lane and whether it is in range, as the ISA computes them: c holds the clamp in bits 0-4 and
/// the segment mask in bits 8-12.
template <ShuffleMode Mode>
THRIFT_SIM_INLINE uint32_t sourceLanes(const uint32_t *b, const uint32_t *c, uint32_t *source) {
  uint32_t inRange = 0;
  THRIFT_SIM_LANES
  for (int lane = 0; lane < static_cast<int>(kWarpSize); ++lane) {
    int segment = static_cast<int>(c[lane] >> 8 & 31), clamp = static_cast<int>(c[lane] & 31);
    int offset = static_cast<int>(b[lane] & 31);
    int maxLane = (lane & segment) | (clamp & ~segment), minLane = lane & segment;
    int j = Mode == kUp     ? lane - offset
            : Mode == kDown ? lane + offset
            : Mode == kBfly ? lane ^ offset
                            : minLane | (offset & ~segment);
    bool inside = Mode == kUp ? j >= maxLane : j <= maxLane;
    source[lane] = static_cast<uint32_t>(inside ? j : lane) & 31;
    inRange |= uint32_t(inside) << lane;
  }
  return inRange;
}

/// a value, b lane or offset, c clamp and segments, list[0] members; d result, e whether the source was in range.
template <ShuffleMode Mode>
struct Shuffle {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    uint32_t ready;
    Step step = waitForMembers(warp, inst, mask, inst.list[0], ready);
    if (step != Step::Next)
      return step;
    const uint32_t *a = warp.plane<uint32_t>(inst.a);
    uint32_t *d = warp.plane<uint32_t>(inst.d);
    uint32_t source[kWarpSize], values[kWarpSize];
    uint32_t inRange = sourceLanes<Mode>(warp.plane<uint32_t>(inst.b), warp.plane<uint32_t>(inst.c), source);
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      values[lane] = a[source[lane]];
    if (ready != kFullMask || !(inst.flags & kConstantMembers))
      checkSources(warp, inst, ready, source, values);
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      d[lane] = blendLane(ready, lane, values[lane], d[lane]);
    if (inst.e != kPredSink)
      warp.setPredicate(inst.e, ready, inRange);
    return Step::Next;
  }

  /// A lane may only read from one that takes part.
  static void checkSources(Warp &warp, const Inst &inst, uint32_t ready, const uint32_t *source, uint32_t *values) {
    forEachGroup(warp, inst, inst.list[0], ready, [&](uint32_t group) {
      for (LaneIterator lane(group); lane; ++lane) {
        if (hasLane(group, source[*lane]))
          continue;
        values[*lane] = kNobodysValue;
        warp.note(inst, Check::BadMask, Severity::Warning, static_cast<int>(*lane),
                  "the lane reads from lane " + std::to_string(source[*lane]) + ", which takes no part");
      }
    });
  }
};

/// Destination `d|p` or `d`.
void takeValueAndPredicate(Form &form, size_t index) {
  const ptx::Operand &destination = form.operand(index);
  form.inst.e = kPredSink;
  if (destination.kind == ptx::OperandKind::RegisterPair) {
    form.inst.e = form.predicateRegister(destination.second);
    if (destination.id == ptx::kNone) {
      form.inst.d = form.sinkPlane();
      return;
    }
    ptx::Operand value = destination;
    value.kind = ptx::OperandKind::Register;
    form.inst.d = form.destination(value, 32);
    return;
  }
  form.inst.d = form.destination(destination, 32);
}

void decodeShfl(Form &form) {
  if (!form.take("sync"))
    return form.unsupported("only shfl.sync is");
  int mode = form.takeOne({"up", "down", "bfly", "idx"});
  Ty type = form.type();
  takeValueAndPredicate(form, 0);
  form.a(1, Ty::B32), form.b(2, Ty::B32), form.c(3, Ty::B32);
  uint32_t members;
  takeMembers(form, 4, members);
  form.list({members});
  if (type != Ty::B32)
    return form.noSuchForm();
  switch (mode) {
  case kUp:
    return form.use<Shuffle<kUp>>();
  case kDown:
    return form.use<Shuffle<kDown>>();
  case kBfly:
    return form.use<Shuffle<kBfly>>();
  case kIdx:
    return form.use<Shuffle<kIdx>>();
  default:
    return form.noSuchForm();
  }
}

//===----------------------------------------------------------------------===//
// vote, activemask, elect
//===----------------------------------------------------------------------===//

enum VoteMode : uint32_t { kAll, kAny, kUni, kBallot };

Step runVote(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t ready;
  Step step = waitForMembers(warp, inst, mask, inst.b, ready);
  if (step != Step::Next)
    return step;
  uint32_t bits = warp.condition(inst.a), mode = inst.flags & 3;
  forEachGroup(warp, inst, inst.b, ready, [&](uint32_t group) {
    uint32_t yes = bits & group;
    if (mode == kBallot) {
      uint32_t *d = warp.plane<uint32_t>(inst.d);
      for (LaneIterator lane(group); lane; ++lane)
        d[*lane] = yes;
      return;
    }
    bool value = mode == kAll ? yes == group : mode == kAny ? yes != 0 : yes == group || yes == 0;
    warp.setPredicate(inst.d, group, value ? kFullMask : 0);
  });
  return Step::Next;
}

void decodeVote(Form &form) {
  if (!form.take("sync"))
    return form.unsupported("only vote.sync is");
  int mode = form.takeOne({"all", "any", "uni", "ballot"});
  Ty type = form.type();
  if (mode < 0 || type != (mode == kBallot ? Ty::B32 : Ty::Pred))
    return form.noSuchForm();
  form.inst.d = mode == kBallot ? form.destination(0, 32) : form.predicateDestination(0);
  form.inst.a = form.predicateSource(1);
  takeMembers(form, 2, form.inst.b);
  form.inst.flags |= static_cast<uint32_t>(mode);
  form.use(&runVote);
}

Step runActivemask(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = mask;
  return Step::Next;
}
void decodeActivemask(Form &form) {
  form.type();
  form.d(0, 32);
  form.use(&runActivemask);
}

/// The leader of a member mask is always the same lane, but the ISA does not say which: the lowest, and under random
/// delivery any one, to find code that counts on the lowest.
unsigned leaderOf(const Cta &cta, uint32_t members) {
  uint32_t rest = members;
  if (cta.async.delivery() == Delivery::Random) {
    uint64_t hash = (members + cta.launch.options.seed) * 0x9E3779B97F4A7C15ull;
    for (uint64_t skip = (hash >> 32) % static_cast<unsigned>(__builtin_popcount(members)); skip != 0; --skip)
      rest &= rest - 1;
  }
  return lowestLane(rest);
}

Step runElect(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t ready;
  Step step = waitForMembers(warp, inst, mask, inst.a, ready);
  if (step != Step::Next)
    return step;
  forEachGroup(warp, inst, inst.a, ready, [&](uint32_t group) {
    uint32_t leader = leaderOf(warp.cta, group);
    uint32_t *d = warp.plane<uint32_t>(inst.d);
    for (LaneIterator lane(group); lane; ++lane)
      d[*lane] = leader;
    warp.setPredicate(inst.e, group, 1u << leader);
  });
  return Step::Next;
}
void decodeElect(Form &form) {
  if (!form.take("sync"))
    return form.noSuchForm();
  takeValueAndPredicate(form, 0);
  takeMembers(form, 1, form.inst.a);
  form.use(&runElect);
}

//===----------------------------------------------------------------------===//
// match
//===----------------------------------------------------------------------===//

template <typename T>
Step runMatch(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t ready;
  Step step = waitForMembers(warp, inst, mask, inst.b, ready);
  if (step != Step::Next)
    return step;
  const T *a = warp.plane<T>(inst.a);
  uint32_t results[kWarpSize], matches = 0;
  bool all = (inst.flags & 1) != 0;
  forEachGroup(warp, inst, inst.b, ready, [&](uint32_t group) {
    for (LaneIterator lane(group); lane; ++lane) {
      uint32_t same = 0;
      for (LaneIterator other(group); other; ++other)
        same |= uint32_t(a[*other] == a[*lane]) << *other;
      results[*lane] = all ? (same == group ? group : 0) : same;
      matches |= uint32_t(same == group) << *lane;
    }
  });
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  for (LaneIterator lane(ready); lane; ++lane)
    d[*lane] = results[*lane];
  if (all && inst.e != kPredSink)
    warp.setPredicate(inst.e, ready, matches);
  return Step::Next;
}

void decodeMatch(Form &form) {
  int mode = form.takeOne({"any", "all"});
  if (!form.take("sync") || mode < 0)
    return form.noSuchForm();
  Ty type = form.type();
  takeValueAndPredicate(form, 0);
  form.a(1, type);
  takeMembers(form, 2, form.inst.b);
  form.inst.flags |= static_cast<uint32_t>(mode);
  if (type == Ty::B32)
    return form.use(&runMatch<uint32_t>);
  if (type == Ty::B64)
    form.use(&runMatch<uint64_t>);
}

//===----------------------------------------------------------------------===//
// redux
//===----------------------------------------------------------------------===//

using Combine = uint32_t (*)(uint32_t, uint32_t);

uint32_t addU32(uint32_t a, uint32_t b) { return a + b; }
uint32_t andU32(uint32_t a, uint32_t b) { return a & b; }
uint32_t orU32(uint32_t a, uint32_t b) { return a | b; }
uint32_t xorU32(uint32_t a, uint32_t b) { return a ^ b; }
uint32_t minU32(uint32_t a, uint32_t b) { return a < b ? a : b; }
uint32_t maxU32(uint32_t a, uint32_t b) { return a > b ? a : b; }
uint32_t minS32(uint32_t a, uint32_t b) { return static_cast<int32_t>(a) < static_cast<int32_t>(b) ? a : b; }
uint32_t maxS32(uint32_t a, uint32_t b) { return static_cast<int32_t>(a) > static_cast<int32_t>(b) ? a : b; }
template <typename Which, bool Nan>
uint32_t extremumF32(uint32_t a, uint32_t b) {
  return bitsOf(extremum<Which, Nan>(floatOf<float>(a), floatOf<float>(b)));
}

constexpr uint32_t kAbsolute = 1, kIsFloat = 2;

template <Combine Function>
Step runRedux(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t ready;
  Step step = waitForMembers(warp, inst, mask, inst.b, ready);
  if (step != Step::Next)
    return step;
  const uint32_t *a = warp.plane<uint32_t>(inst.a);
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  uint32_t keep = inst.flags & kAbsolute ? 0x7FFFFFFFu : kFullMask;
  forEachGroup(warp, inst, inst.b, ready, [&](uint32_t group) {
    LaneIterator lane(group);
    uint32_t value = a[*lane] & keep;
    for (++lane; lane; ++lane)
      value = Function(value, a[*lane] & keep);
    if (inst.flags & kIsFloat) // a lane by itself has met no other yet
      value = bitsOf(canonical(floatOf<float>(value)));
    for (LaneIterator each(group); each; ++each)
      d[*each] = value;
  });
  return Step::Next;
}

void decodeRedux(Form &form) {
  if (!form.take("sync"))
    return form.noSuchForm();
  int operation = form.takeOne({"add", "min", "max", "and", "or", "xor"});
  bool absolute = form.take("abs"), nan = form.take("NaN");
  Ty type = form.type();
  form.d(0, 32), form.a(1, type);
  takeMembers(form, 2, form.inst.b);
  if (operation < 0)
    return form.noSuchForm();
  if (type == Ty::F32 && (operation == 1 || operation == 2)) {
    form.inst.flags |= kIsFloat | (absolute ? kAbsolute : 0);
    if (operation == 1)
      return form.use(nan ? &runRedux<extremumF32<Minimum, true>> : &runRedux<extremumF32<Minimum, false>>);
    return form.use(nan ? &runRedux<extremumF32<Maximum, true>> : &runRedux<extremumF32<Maximum, false>>);
  }
  if (absolute || nan)
    return form.noSuchForm();
  if (operation >= 3) {
    static constexpr Handler kLogic[] = {&runRedux<andU32>, &runRedux<orU32>, &runRedux<xorU32>};
    return type == Ty::B32 ? form.use(kLogic[operation - 3]) : form.noSuchForm();
  }
  static constexpr Handler kUnsigned[] = {&runRedux<addU32>, &runRedux<minU32>, &runRedux<maxU32>};
  static constexpr Handler kSigned[] = {&runRedux<addU32>, &runRedux<minS32>, &runRedux<maxS32>};
  if (type == Ty::U32)
    return form.use(kUnsigned[operation]);
  if (type == Ty::S32)
    form.use(kSigned[operation]);
}

constexpr InstructionClass kClass = InstructionClass::Warp;

constexpr OpcodeEntry kOpcodes[] = {
    {"activemask", Domain::Any, kClass, decodeActivemask},
    {"elect", Domain::Any, kClass, decodeElect},
    {"match", Domain::Any, kClass, decodeMatch},
    {"redux", Domain::Any, kClass, decodeRedux},
    {"shfl", Domain::Any, kClass, decodeShfl},
    {"vote", Domain::Any, kClass, decodeVote},
};

} // namespace

OpcodeTable laneOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
