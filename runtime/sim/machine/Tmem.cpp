//===- Tmem.cpp - tensor memory -----------------------------------------------===//

#include "runtime/sim/machine/Tmem.h"

#include "runtime/sim/machine/Cta.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim {

static_assert(kTmemBlocks == 16, "a bit of taken_ per block");

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

void TmemRegion::addLanes(uint32_t firstLane, uint32_t laneCount) {
  for (uint32_t lane = firstLane; lane < firstLane + laneCount && lane < kTmemLanes; ++lane)
    lanes[lane / 64] |= 1ull << (lane % 64);
}

TmemRegion TmemRegion::of(uint32_t firstLane, uint32_t laneCount, uint32_t column, uint32_t columns) {
  TmemRegion region;
  region.addLanes(firstLane, laneCount);
  region.column = column;
  region.columns = columns;
  return region;
}

TmemRegion TmemRegion::ofQuadrants(uint32_t firstLane, uint32_t laneCount, uint32_t column, uint32_t columns) {
  TmemRegion region = of(firstLane, laneCount, column, columns);
  for (uint32_t quadrant = 1; quadrant < 4; ++quadrant)
    region.addLanes(firstLane + 32 * quadrant, laneCount);
  return region;
}

std::string describeTmemCell(uint32_t cell) {
  return "TMEM lane " + std::to_string(cell % kTmemLanes) + ", column " + std::to_string(cell / kTmemLanes);
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

static bool overlap(const std::vector<TmemRegion> &a, const std::vector<TmemRegion> &b) {
  for (const TmemRegion &x : a)
    for (const TmemRegion &y : b)
      if (x.overlaps(y))
        return true;
  return false;
}

bool findCommonCell(const std::vector<TmemRegion> &a, const std::vector<TmemRegion> &b, uint32_t &cell) {
  for (const TmemRegion &x : a)
    for (const TmemRegion &y : b)
      if (x.overlaps(y)) {
        uint32_t lane = 0;
        while (!x.hasLane(lane) || !y.hasLane(lane))
          ++lane;
        cell = tmemCell(lane, std::max(x.column, y.column));
        return true;
      }
  return false;
}

bool TmemOperation::conflictsWith(const TmemOperation &other) const {
  return overlap(writes, other.writes) || overlap(writes, other.reads) || overlap(reads, other.writes);
}

/// The pipelines of the ISA (9.7.16.6.2), and never a different result: operations on the same cells stay in order.
bool TmemOperation::mustFollow(const AsyncOperation &earlier) const {
  if (!isTmemKind(earlier.kind))
    return false;
  const auto &other = static_cast<const TmemOperation &>(earlier);
  if (warp == other.warp && lane == other.lane) {
    if (kind == AsyncKind::TmemCommit && (isTrackedKind(other.kind) || other.kind == AsyncKind::TmemCommit))
      return true;
    if (kind == AsyncKind::TmemMma && other.kind == AsyncKind::TmemCopy)
      return true;
  }
  return conflictsWith(other);
}

TmemOrder orderOf(const TmemOperation &earlier, const TmemOperation &later) {
  bool tensorCore = isTrackedKind(earlier.kind) && isTrackedKind(later.kind);
  bool readsResult = overlap(earlier.writes, later.reads);
  bool rewrites = overlap(earlier.writes, later.writes);
  bool overwritesSource = overlap(earlier.reads, later.writes);
  if (!readsResult && !rewrites && !overwritesSource)
    return TmemOrder::Ordered;
  if (!tensorCore)
    return TmemOrder::Unordered;
  bool isMma = later.kind == AsyncKind::TmemMma;
  if (earlier.kind == AsyncKind::TmemCopy)
    return isMma ? TmemOrder::Ordered : TmemOrder::ByPractice;
  if (readsResult)
    return TmemOrder::Unordered;
  if (rewrites) // the same accumulator in the same shape, or else
    if (!isMma || earlier.accumulator != later.accumulator)
      return TmemOrder::Unordered;
  // PTX ISA 9.2 orders a copy behind the mma whose operands it overwrites.
  return overwritesSource && isMma ? TmemOrder::ByPractice : TmemOrder::Ordered;
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

LoadedRegisters::LoadedRegisters(Warp &warp, const Inst &inst, std::vector<uint32_t> places, Epoch epoch)
    : AsyncOperation(AsyncKind::TmemLoad, warp, inst, -1), places_(std::move(places)), epoch_(epoch) {
  for (uint32_t place : places_)
    warp.lock(place, *this);
}

void LoadedRegisters::release() {
  for (uint32_t place : places_)
    warp->unlock(place, *this);
  places_.clear();
}

Step LoadedRegisters::onTouch(Warp &toucher, const Inst &inst) {
  const Program &program = toucher.program;
  uint32_t at = toucher.indexOf(inst);
  for (uint32_t i = program.touchedFrom[at]; i < program.touchedFrom[at + 1]; ++i) {
    auto found = std::find(places_.begin(), places_.end(), program.touched[i]);
    if (found == places_.end())
      continue;
    toucher.unlock(*found, *this);
    *found = places_.back();
    places_.pop_back();
  }
  if (!places_.empty())
    return Step::Next;
  Cta &cta = toucher.cta;
  auto &all = cta.tmem->loaded;
  all.erase(std::find_if(all.begin(), all.end(), [&](const auto &each) { return each.get() == this; }));
  cta.tmem->learnLoads(cta, toucher);
  return Step::Next;
}

void Tmem::learnLoads(Cta &cta, Warp &warp) const {
  AgentId stream = cta.races->streamOf(warp.index, Stream::TmemLoad);
  uint32_t known = clockOf(cta.races->latest(stream));
  for (const auto &each : loaded)
    if (each->warp == &warp)
      known = std::min(known, clockOf(each->epoch()) - 1);
  if (const AsyncOperation *pending = cta.async.find(
          [&](const AsyncOperation &each) { return each.kind == AsyncKind::TmemLoad && each.warp == &warp; }))
    known = std::min(known, clockOf(static_cast<const TmemOperation *>(pending)->epoch) - 1);
  cta.races->learn(warp.index, makeEpoch(stream, known));
}

void Tmem::dropLoaded(const Warp &warp) {
  for (auto &each : loaded)
    if (each->warp == &warp)
      each->release();
  loaded.erase(std::remove_if(loaded.begin(), loaded.end(), [&](const auto &each) { return each->warp == &warp; }),
               loaded.end());
}

//===----------------------------------------------------------------------===//
// Allocation
//===----------------------------------------------------------------------===//

void Tmem::reset() {
  allocations_.clear();
  taken_ = 0;
  relinquished = false;
  std::fill(threads_.begin(), threads_.end(), Thread());
  loaded.clear();
}

bool Tmem::finish(Cta &cta) const {
  for (size_t i = 0; i < threads_.size(); ++i)
    if (const Thread &thread = threads_[i]; thread.uncommitted != 0) {
      cta.report(thread.pc, cta.warps[i / kWarpSize].get(), static_cast<int>(i % kWarpSize), Severity::Error,
                 Check::AsyncInFlight,
                 "the CTA ends while " + std::to_string(thread.uncommitted) +
                     " tcgen05 operations of the thread are in flight: it has not committed them");
      return false;
    }
  for (const Allocation &allocation : allocations_) {
    cta.report(allocation.pc, nullptr, -1, Severity::Error, Check::TmemLeak,
               "the CTA ends without deallocating the " + std::to_string(allocation.columns) +
                   " columns of TMEM that it allocated at column " + std::to_string(allocation.column));
    return false;
  }
  return true;
}

static uint16_t blockMask(uint32_t column, uint32_t columns) {
  return static_cast<uint16_t>(((1u << columns / kTmemBlock) - 1) << column / kTmemBlock);
}

bool Tmem::allocate(uint32_t columns, uint32_t pc, bool zeroed, std::mt19937_64 *random, uint32_t &address) {
  std::vector<uint32_t> places;
  for (uint32_t column = 0; column < kTmemColumns; column += columns)
    if (!(taken_ & blockMask(column, columns)))
      places.push_back(column);
  if (places.empty())
    return false;
  address = places[random ? (*random)() % places.size() : 0];
  taken_ |= blockMask(address, columns);
  allocations_.push_back({address, columns, pc});
  std::fill_n(written_.begin() + tmemCell(0, address), columns * kTmemLanes, zeroed ? kWritten : kUnwritten);
  std::fill_n(cells_.begin() + tmemCell(0, address), columns * kTmemLanes, zeroed ? 0 : kRegisterCanary);
  return true;
}

std::string Tmem::release(uint32_t address, uint32_t columns) {
  for (size_t i = 0; i < allocations_.size(); ++i) {
    const Allocation &allocation = allocations_[i];
    if (allocation.column != address)
      continue;
    if (allocation.columns != columns)
      return "deallocation of " + std::to_string(columns) + " columns at " + std::to_string(address) + ", where " +
             std::to_string(allocation.columns) + " were allocated";
    taken_ &= static_cast<uint16_t>(~blockMask(address, columns));
    allocations_.erase(allocations_.begin() + static_cast<ptrdiff_t>(i));
    return "";
  }
  return "no allocation begins at TMEM lane " + std::to_string(tmemLane(address)) + ", column " +
         std::to_string(tmemColumn(address));
}

uint32_t Tmem::freeColumns() const {
  return kTmemColumns - kTmemBlock * static_cast<uint32_t>(__builtin_popcount(taken_));
}

std::string Tmem::checkAllocated(const TmemRegion &region) const {
  if (region.column + region.columns > kTmemColumns)
    return "columns " + std::to_string(region.column) + " to " + std::to_string(region.column + region.columns - 1) +
           "; TMEM has " + std::to_string(kTmemColumns);
  for (uint32_t column = region.column; column < region.column + region.columns; ++column)
    if (!(taken_ >> column / kTmemBlock & 1))
      return "columns " + std::to_string(region.column) + " to " + std::to_string(region.column + region.columns - 1) +
             "; column " + std::to_string(column) + " is not allocated";
  return "";
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

bool Tmem::isWritten(const TmemRegion &region, uint32_t &cell) const {
  return region.forEachRun([&](uint32_t first, uint32_t count) {
    const void *hole = std::memchr(written_.data() + first, kUnwritten, count);
    if (hole)
      cell = static_cast<uint32_t>(static_cast<const uint8_t *>(hole) - written_.data());
    return !hole;
  });
}

void Tmem::markWritten(const TmemRegion &region) {
  region.forEachRun([&](uint32_t first, uint32_t count) {
    std::memset(written_.data() + first, kWritten, count);
    return true;
  });
}

} // namespace thrift::sim
