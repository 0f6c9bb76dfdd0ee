//===- HappensBefore.cpp - who knows what has happened ----------------------===//

#include "runtime/sim/machine/HappensBefore.h"

namespace thrift::sim {

//===----------------------------------------------------------------------===//
// AccessHistory
//===----------------------------------------------------------------------===//

void AccessHistory::reset() {
  std::fill(cells_.begin(), cells_.end(), Cell());
  sets_.clear();
  freeSets_.clear();
  words_.clear();
  freeWords_.clear();
}

/// The earlier access that the conflict is with.
static void blame(Conflict &conflict, Epoch epoch, uint32_t pc, bool isWrite) {
  conflict.earlier = epoch;
  conflict.earlierPc = pc;
  conflict.earlierWrites = isWrite;
}

/// The index of a free entry of the pool.
template <typename Entry>
static uint32_t takeEntry(std::vector<Entry> &pool, std::vector<uint32_t> &free) {
  if (free.empty()) {
    pool.emplace_back();
    return static_cast<uint32_t>(pool.size() - 1);
  }
  uint32_t index = free.back();
  free.pop_back();
  return index;
}

/// The earlier access is ordered before this one. Notes it if tcgen05.fence has no part in that.
void AccessHistory::lint(const Actor &actor, Epoch epoch, uint32_t pc, bool isWrite, Conflict &conflict) const {
  if (conflict.fenceMissing || actor.known->tensor.covers(epoch) ||
      agents[agentOf(epoch)].warp == agents[agentOf(actor.epoch)].warp)
    return;
  conflict.fenceMissing = true;
  blame(conflict, epoch, pc, isWrite);
}

bool AccessHistory::checkWrite(const Actor &actor, const Cell &cell, Conflict &conflict) const {
  if (cell.write == kNoEpoch)
    return true;
  bool ordered = knows(actor, cell.write);
  if (ordered && wantsTensorFences)
    lint(actor, cell.write, cell.writePc, true, conflict);
  bool crossesProxies = actor.async && agents[agentOf(cell.write)].generic;
  if (ordered && (!crossesProxies || actor.known->proxied.covers(cell.write)))
    return true;
  blame(conflict, cell.write, cell.writePc, true);
  conflict.proxyOnly = ordered;
  return false;
}

bool AccessHistory::checkReads(const Actor &actor, const Cell &cell, Conflict &conflict) const {
  auto fails = [&](Epoch epoch, uint32_t pc) {
    if (epoch == kNoEpoch)
      return false;
    if (knows(actor, epoch)) {
      if (wantsTensorFences)
        lint(actor, epoch, pc, false, conflict);
      if (!lints || !actor.async || !agents[agentOf(epoch)].generic || actor.known->proxied.covers(epoch))
        return false;
      // An asynchronous write over a generic read: the ISA wants a proxy fence, NVIDIA's own kernels refill the slots
      // of a ring without.
      blame(conflict, epoch, pc, false);
      conflict.proxyOnly = true;
      return false;
    }
    blame(conflict, epoch, pc, false);
    conflict.proxyOnly = false;
    return true;
  };
  if (!(cell.read & kShared))
    return !fails(cell.read, cell.readPc);
  for (const Read &read : sets_[cell.read & ~kShared])
    if (fails(read.epoch, read.pc))
      return false;
  return true;
}

void AccessHistory::addRead(const Actor &actor, Cell &cell) {
  if (!(cell.read & kShared)) {
    // A read that everybody who knows this one knows as well need not be kept.
    if (cell.read == kNoEpoch || agentOf(cell.read) == agentOf(actor.epoch) || knows(actor, cell.read)) {
      cell.read = actor.epoch;
      cell.readPc = actor.pc;
      return;
    }
    uint32_t index = takeEntry(sets_, freeSets_);
    sets_[index].push_back({cell.read, cell.readPc});
    cell.read = kShared | index;
  }
  std::vector<Read> &reads = sets_[cell.read & ~kShared];
  for (Read &read : reads)
    if (agentOf(read.epoch) == agentOf(actor.epoch)) {
      read = {actor.epoch, actor.pc};
      return;
    }
  reads.push_back({actor.epoch, actor.pc});
}

void AccessHistory::dropReads(Cell &cell) {
  if (cell.read & kShared) {
    sets_[cell.read & ~kShared].clear();
    freeSets_.push_back(cell.read & ~kShared);
  }
  cell.read = kNoEpoch;
}

void AccessHistory::split(Cell &cell) {
  uint32_t index = takeEntry(words_, freeWords_);
  words_[index].fill(cell);
  // A set of readers belongs to one cell.
  if (cell.read & kShared)
    for (size_t byte = 1; byte < 4; ++byte) {
      uint32_t set = takeEntry(sets_, freeSets_);
      sets_[set] = sets_[cell.read & ~kShared];
      words_[index][byte].read = kShared | set;
    }
  cell = Cell();
  cell.write = kShared | index;
}

void AccessHistory::join(Cell &cell) {
  if (!(cell.write & kShared))
    return;
  uint32_t index = cell.write & ~kShared;
  for (Cell &byte : words_[index])
    dropReads(byte);
  freeWords_.push_back(index);
  cell = Cell();
}

bool AccessHistory::readCell(const Actor &actor, Cell &cell, Conflict &conflict) {
  if (!checkWrite(actor, cell, conflict))
    return false;
  if (cell.read != actor.epoch)
    addRead(actor, cell);
  else
    cell.readPc = actor.pc;
  return true;
}

/// False after a conflict; one that is for lints alone is noted, and the write goes on.
bool AccessHistory::writeCell(const Actor &actor, Cell &cell, uint32_t word, Conflict &conflict) {
  Conflict found = conflict;
  found.cell = word;
  found.proxyOnly = found.lintOnly = false;
  bool ordered = checkWrite(actor, cell, found);
  if ((!ordered && !found.proxyOnly) || !checkReads(actor, cell, found)) {
    conflict = found;
    return false;
  }
  found.lintOnly = found.proxyOnly && lints;
  if (!conflict.lintOnly)
    conflict = found;
  if (cell.read != kNoEpoch)
    dropReads(cell);
  cell.write = actor.epoch;
  cell.writePc = actor.pc;
  return true;
}

bool AccessHistory::readWord(const Actor &actor, uint32_t word, Conflict &conflict) {
  conflict.cell = word;
  if (!(cells_[word].write & kShared))
    return readCell(actor, cells_[word], conflict);
  for (Cell &byte : words_[cells_[word].write & ~kShared])
    if (!readCell(actor, byte, conflict))
      return false;
  return true;
}

bool AccessHistory::writeWord(const Actor &actor, uint32_t word, Conflict &conflict) {
  if (cells_[word].write & kShared) {
    for (Cell &byte : words_[cells_[word].write & ~kShared])
      if (!writeCell(actor, byte, word, conflict))
        return false;
    join(cells_[word]);
  }
  return writeCell(actor, cells_[word], word, conflict);
}

AccessHistory::Cell &AccessHistory::cellOfByte(uint32_t byte) {
  if (!(cells_[byte / 4].write & kShared))
    split(cells_[byte / 4]);
  return words_[cells_[byte / 4].write & ~kShared][byte % 4];
}

bool AccessHistory::read(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict) {
  for (uint32_t i = first; i < first + count; ++i)
    if (!readWord(actor, i, conflict))
      return false;
  return true;
}

bool AccessHistory::write(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict) {
  conflict.lintOnly = false;
  // The usual life of an accumulator: the agent's own write, which nobody has read since.
  AgentId agent = agentOf(actor.epoch);
  bool inOrder = agents[agent].inOrder && !agents[agent].generic;
  for (uint32_t i = first; i < first + count; ++i) {
    Cell &cell = cells_[i];
    if (inOrder && agentOf(cell.write) == agent && cell.read == kNoEpoch) {
      cell.write = actor.epoch;
      cell.writePc = actor.pc;
    } else if (!writeWord(actor, i, conflict)) {
      return false;
    }
  }
  return !conflict.lintOnly;
}

bool AccessHistory::readBytes(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict) {
  for (uint32_t at = first, end = first + count; at < end;) {
    bool whole = at % 4 == 0 && end - at >= 4;
    conflict.cell = at / 4;
    if (!(whole ? readWord(actor, at / 4, conflict) : readCell(actor, cellOfByte(at), conflict)))
      return false;
    at += whole ? 4 : 1;
  }
  return true;
}

bool AccessHistory::writeBytes(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict) {
  conflict.lintOnly = false;
  for (uint32_t at = first, end = first + count; at < end;) {
    bool whole = at % 4 == 0 && end - at >= 4;
    if (!(whole ? writeWord(actor, at / 4, conflict) : writeCell(actor, cellOfByte(at), at / 4, conflict)))
      return false;
    at += whole ? 4 : 1;
  }
  return !conflict.lintOnly;
}

void AccessHistory::forget(uint32_t first, uint32_t count) {
  for (uint32_t i = first; i < first + count; ++i) {
    join(cells_[i]);
    dropReads(cells_[i]);
    cells_[i] = Cell();
  }
}

//===----------------------------------------------------------------------===//
// HappensBefore
//===----------------------------------------------------------------------===//

HappensBefore::HappensBefore(unsigned warps, uint32_t sharedBytes)
    : shared((sharedBytes + 3) / 4), tmem(0), warps_(warps) {}

AgentId HappensBefore::newAgent(const AccessHistory::AgentFacts &facts) {
  // Beyond the limit agents are shared: a copy of one barrier may then hide behind that of another.
  if (clocks_.size() == kMaxAgents)
    return static_cast<AgentId>(kMaxAgents - 1);
  clocks_.push_back(1);
  shared.agents.push_back(facts);
  tmem.agents.push_back({facts.inOrder, false, facts.warp});
  return static_cast<AgentId>(clocks_.size() - 1);
}

void HappensBefore::reset() {
  shared.reset();
  tmem.reset();
  clocks_.clear();
  shared.agents.clear();
  tmem.agents.clear();
  barrierAgents_.clear();
  phaseAgents_.clear();
  strong_.clear();
  for (unsigned warp = 0; warp < warps_; ++warp)
    newAgent({true, true, warp});
  for (unsigned warp = 0; warp < warps_; ++warp)
    for (unsigned stream = 0; stream < kNumStreams; ++stream)
      newAgent({stream == unsigned(Stream::Wgmma) || stream == unsigned(Stream::Tcgen05),
                stream == unsigned(Stream::CopyAsync), warp});
  knowledge_.assign(warps_, Knowledge());
  fenced_.assign(warps_, Knowledge());
  observed_.assign(warps_, Knowledge());
  published_.assign(warps_, Clock());
  received_.assign(warps_, Clock());
  for (unsigned warp = 0; warp < warps_; ++warp)
    knowledge_[warp].ordered.learn(makeEpoch(static_cast<AgentId>(warp), 1));
}

AgentId HappensBefore::barrierAgent(uint32_t offset) {
  auto [it, isNew] = barrierAgents_.try_emplace(offset, AgentId(0));
  if (isNew)
    it->second = newAgent({false, false, AccessHistory::kNoWarp});
  return it->second;
}

AgentId HappensBefore::phaseAgent(uint32_t offset) {
  auto [it, isNew] = phaseAgents_.try_emplace(offset, AgentId(0));
  if (isNew)
    it->second = newAgent({true, false, AccessHistory::kNoWarp});
  return it->second;
}

Epoch HappensBefore::begin(AgentId stream) {
  if (clocks_[stream] < kMaxClock)
    ++clocks_[stream];
  return latest(stream);
}

void HappensBefore::release(unsigned warp, Knowledge &sync) {
  sync.ordered.join(knowledge_[warp].ordered);
  sync.proxied.join(knowledge_[warp].proxied);
  sync.tensor.join(published_[warp]);
  if (clocks_[warp] < kMaxClock)
    ++clocks_[warp];
  knowledge_[warp].ordered.learn(latest(static_cast<AgentId>(warp)));
}

void HappensBefore::acquire(unsigned warp, const Knowledge &sync) {
  knowledge_[warp].ordered.join(sync.ordered);
  knowledge_[warp].proxied.join(sync.proxied);
  received_[warp].join(sync.tensor);
}

void HappensBefore::synchronize(unsigned warp) {
  acquire(warp, strong_);
  release(warp, strong_);
}

} // namespace thrift::sim
