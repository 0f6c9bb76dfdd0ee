//===- Cta.cpp - a thread block: warps, shared memory, barriers -------------===//

#include "runtime/sim/machine/Cta.h"

#include "runtime/sim/ops/MBarrier.h"

#include <algorithm>
#include <random>

namespace thrift::sim {

// Instructions that a warp may run before the next one gets its turn. Long enough to amortise the switch, short enough
// that a warp that spins on a flag does not waste much.
static constexpr uint64_t kTurn = 4096;
// The same under random delivery, at most: short, so that warps interleave in many ways.
static constexpr uint64_t kRandomTurn = 256;
// A turn of no more instructions than this, in which the warp asked in vain for a phase, is one of a polling loop.
static constexpr uint64_t kPollInstructions = 64;
// Rounds in which every warp polls and nothing is on its way, until it counts as a deadlock: a loop may be bounded.
static constexpr uint32_t kMaxIdleRounds = 1u << 14;

Cta::Cta(const LaunchContext &launch) : launch(launch), program(*launch.program) {
  uint64_t threads = launch.config.block.count();
  unsigned warpCount = static_cast<unsigned>((threads + kWarpSize - 1) / kWarpSize);
  for (unsigned index = 0; index < warpCount; ++index)
    warps.push_back(std::make_unique<Warp>(*this, program, index));

  sharedBytes = launch.sharedBytes;
  // Slack behind the end lets handlers touch whole vectors of addresses that they have checked.
  constexpr size_t kSharedAlignment = 1024;
  sharedStorage.resize(sharedBytes + kSharedAlignment);
  sharedShadowStorage.resize(sharedBytes + kSharedAlignment);
  uint64_t address = reinterpret_cast<uint64_t>(sharedStorage.data());
  shared = sharedStorage.data() + (kSharedAlignment - address % kSharedAlignment) % kSharedAlignment;
  sharedShadow = sharedShadowStorage.data();

  size_t localBytes = size_t(program.info.localBytes) * kWarpSize;
  localStorage.resize(localBytes * warpCount + 16);
  localShadowStorage.resize(localBytes * warpCount + 16);
  uint64_t localAddress = reinterpret_cast<uint64_t>(localStorage.data());
  uint8_t *local = localStorage.data() + (16 - localAddress % 16) % 16;
  for (unsigned index = 0; index < warpCount; ++index) {
    warps[index]->local = local + localBytes * index;
    warps[index]->localShadow = localShadowStorage.data() + localBytes * index;
  }
  if (launch.options.checkRaces) {
    races = std::make_unique<HappensBefore>(warpCount, sharedBytes);
    races->shared.lints = launch.options.lints;
    races->tmem.wantsTensorFences = launch.options.lints;
  }
  counts.assign(program.code.size(), 0);
  order_.resize(warpCount);
}

void Cta::start(uint64_t number) {
  linear = number;
  const Dim3 &grid = launch.config.grid;
  id = {static_cast<uint32_t>(number % grid.x), static_cast<uint32_t>(number / grid.x % grid.y),
        static_cast<uint32_t>(number / grid.x / grid.y)};
  uint8_t initial = launch.options.checkUninitialized ? kUnwritten : kWritten;
  std::fill(sharedShadowStorage.begin(), sharedShadowStorage.end(), initial);
  std::fill(localShadowStorage.begin(), localShadowStorage.end(), initial);
  findings.clear();
  printed.clear();
  clock = 0;
  barriers.reset(static_cast<unsigned>(warps.size()));
  mbarriers.reset();
  cluster.reset(static_cast<unsigned>(warps.size()));
  registers.reset(*this);
  async.reset(launch.options.delivery, launch.options.seed * 0x9E3779B97F4A7C15ull + number);
  if (races)
    races->reset();
  if (tmem)
    tmem->reset();
  idleRounds_ = 0;

  uint64_t threads = launch.config.block.count();
  for (auto &warp : warps) {
    uint64_t rest = threads - uint64_t(warp->index) * kWarpSize;
    warp->start(rest >= kWarpSize ? kFullMask : (1u << rest) - 1);
    fillSpecials(*warp);
  }
  for (unsigned i = 0; i < order_.size(); ++i)
    order_[i] = i;
  if (launch.options.seed != 0) {
    std::mt19937_64 random(launch.options.seed + number);
    for (size_t i = order_.size(); i > 1; --i)
      std::swap(order_[i - 1], order_[random() % i]);
  }
  next_ = 0;
  ++stats.ctas;
}

/// Whether the warp does nothing but ask for a phase that has not come. A turn may end anywhere in its loop.
static bool onlyPolls(Warp &warp, uint64_t executed) {
  if (warp.polled)
    warp.sincePoll = executed <= kPollInstructions ? 0 : kPollInstructions + 1;
  else if (warp.sincePoll <= kPollInstructions)
    warp.sincePoll += executed;
  return warp.sincePoll <= kPollInstructions;
}

Cta::Outcome Cta::run(uint64_t &quantum) {
  const bool random = async.delivery() == Delivery::Random;
  size_t still = 0; // warps in a row that did not get on
  bool polling = false;
  while (quantum != 0) {
    Warp &warp = *warps[order_[next_]];
    next_ = next_ + 1 == order_.size() ? 0 : next_ + 1;
    bool moved = false;
    if (warp.live != 0) {
      uint64_t turn = std::min(quantum, random ? 1 + async.random()() % kRandomTurn : kTurn);
      uint64_t left = turn;
      warp.polled = false;
      Warp::Outcome outcome = warp.run(left);
      quantum -= turn - left;
      if (outcome == Warp::Outcome::Fault)
        return Outcome::Fault;
      AsyncQueue::Progress progress = random ? async.deliverByChance(*this) : AsyncQueue::Progress::None;
      if (progress == AsyncQueue::Progress::Fault)
        return Outcome::Fault;
      bool onlyPolled = onlyPolls(warp, turn - left);
      polling |= onlyPolled;
      moved = !onlyPolled && (outcome == Warp::Outcome::Ready || turn != left);
      // Whoever waited for what was delivered can run now.
      moved |= progress == AsyncQueue::Progress::Delivered;
    }
    if (moved) {
      still = 0;
      polling = false;
      idleRounds_ = 0;
      continue;
    }
    if (++still <= warps.size())
      continue;
    still = 0;
    if (Outcome outcome = whenIdle(polling); outcome != Outcome::Running)
      return outcome;
    polling = false;
  }
  return Outcome::Running;
}

/// No warp got on in a whole round: they have exited, or wait, or poll.
Cta::Outcome Cta::whenIdle(bool polling) {
  if (std::all_of(warps.begin(), warps.end(), [](const auto &warp) { return warp->live == 0; }))
    return finish() ? Outcome::Done : Outcome::Fault;
  switch (async.deliverToWaiters(*this)) {
  case AsyncQueue::Progress::Fault:
    return Outcome::Fault;
  case AsyncQueue::Progress::Delivered:
    idleRounds_ = 0;
    return Outcome::Running;
  case AsyncQueue::Progress::None:
    break;
  }
  // Waits with a time limit end without their phase where nothing else can happen: their threads may have another plan.
  if (idleRounds_ + 1 < kMaxIdleRounds && (passTimeLimits(*this) || polling)) {
    ++idleRounds_;
    return Outcome::Running;
  }
  reportDeadlock();
  return Outcome::Fault;
}

/// All threads have exited: what is still on its way must not touch the CTA's memory any more.
bool Cta::finish() {
  const AsyncOperation *late = async.find([](const AsyncOperation &operation) { return !operation.mayOutliveCta(); });
  if (late) {
    report(late->pc, late->warp, late->lane, Severity::Error, Check::AsyncInFlight,
           "the CTA ends while " + late->describe(*this) + " is in flight: nobody waited for it");
    return false;
  }
  if (!async.performAll(*this, [](const AsyncOperation &) { return true; }))
    return false;
  if (tmem && !tmem->finish(*this))
    return false;
  uint32_t pc = 0;
  unsigned warp = 0;
  if (std::string misuse = registers.atExit(pc, warp); !misuse.empty()) {
    report(pc, warps[warp].get(), -1, Severity::Error, Check::RegisterPool, std::move(misuse));
    return false;
  }
  return mbarriers.checkAtExit(*this);
}

Tmem &Cta::tensorMemory() {
  if (!tmem) {
    tmem = std::make_unique<Tmem>(static_cast<unsigned>(warps.size()));
    if (races)
      races->tmem.resize(kTmemCells);
  }
  return *tmem;
}

void Cta::lanesExited() {
  barriers.settle(*this);
  cluster.settle(*this);
}

//===----------------------------------------------------------------------===//
// Special registers
//===----------------------------------------------------------------------===//

uint64_t Cta::specialOf(ptx::SpecialRegister reg, const Warp &warp, unsigned lane) const {
  using SR = ptx::SpecialRegister;
  const Dim3 &block = launch.config.block, &grid = launch.config.grid;
  uint32_t thread = warp.index * kWarpSize + lane;
  switch (reg) {
  case SR::TidX:
    return thread % block.x;
  case SR::TidY:
    return thread / block.x % block.y;
  case SR::TidZ:
    return thread / block.x / block.y;
  case SR::NtidX:
    return block.x;
  case SR::NtidY:
    return block.y;
  case SR::NtidZ:
    return block.z;
  case SR::LaneId:
    return lane;
  case SR::WarpId:
    return warp.index;
  case SR::NwarpId:
    return warps.size();
  case SR::CtaIdX:
  case SR::ClusterIdX:
    return id.x;
  case SR::CtaIdY:
  case SR::ClusterIdY:
    return id.y;
  case SR::CtaIdZ:
  case SR::ClusterIdZ:
    return id.z;
  case SR::NctaIdX:
  case SR::NclusterIdX:
    return grid.x;
  case SR::NctaIdY:
  case SR::NclusterIdY:
    return grid.y;
  case SR::NctaIdZ:
  case SR::NclusterIdZ:
    return grid.z;
  // Every CTA is a cluster of its own.
  case SR::ClusterNctaIdX:
  case SR::ClusterNctaIdY:
  case SR::ClusterNctaIdZ:
  case SR::ClusterNctaRank:
  case SR::NsmId:
    return 1;
  case SR::LaneMaskEq:
    return 1u << lane;
  case SR::LaneMaskLt:
    return (1u << lane) - 1;
  case SR::LaneMaskLe:
    return (2ull << lane) - 1;
  case SR::LaneMaskGe:
    return kFullMask << lane;
  case SR::LaneMaskGt:
    return kFullMask & ~((2ull << lane) - 1);
  case SR::TotalSmemSize:
  case SR::AggrSmemSize:
    return sharedBytes;
  case SR::DynamicSmemSize:
    return launch.config.dynamicSharedBytes;
  default: // one SM, one grid, no graph, no reserved shared memory; clocks are read by instructions of their own
    return 0;
  }
}

void Cta::fillSpecials(Warp &warp) {
  for (const SpecialPlane &special : program.specials)
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      uint64_t value = specialOf(special.reg, warp, lane);
      if (special.wide)
        warp.plane<uint64_t>(special.place)[lane] = value;
      else
        warp.plane<uint32_t>(special.place)[lane] = static_cast<uint32_t>(value);
    }
}

} // namespace thrift::sim
