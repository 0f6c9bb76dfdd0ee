//===- HappensBefore.h - who knows what has happened ------------------------===//
//
// Vector clocks over the agents of a CTA, and the last accesses of every word of shared memory and TMEM. Two accesses
// to a word, one of them a write, must be ordered by synchronisation that the program asked for; that they happened in
// a good order this time is luck. The method is FastTrack's (Flanagan and Freund, PLDI 2009), with three additions:
//
//   streams   what is asynchronous is an agent of its own: the copies that an mbarrier counts, the wgmmas of a
//             warpgroup, the tcgen05 operations of a thread. Knowing an epoch of a stream means knowing all before it.
//   tensor    a third clock holds what tcgen05.fence has made visible to the tcgen05 operations of other threads: a
//   pair
//             of fences, before the release and after the acquire. NVIDIA's own kernels do without; so it is a lint.
//   proxies   a second clock holds what is visible to the async proxy as well: fence.proxy.async copies the first
//             clock into it. An asynchronous read of a generic write needs the second.
//
// Lanes of one warp are not told apart.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_HAPPENSBEFORE_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_HAPPENSBEFORE_H

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace thrift::sim {

using AgentId = uint16_t;

/// A moment of an agent: agent << 21 | clock. The top bit is free.
using Epoch = uint32_t;
constexpr Epoch kNoEpoch = 0;
constexpr unsigned kClockBits = 21;
constexpr uint32_t kMaxClock = (1u << kClockBits) - 1;
constexpr unsigned kMaxAgents = 1u << 10;

constexpr AgentId agentOf(Epoch epoch) { return static_cast<AgentId>(epoch >> kClockBits); }
constexpr uint32_t clockOf(Epoch epoch) { return epoch & kMaxClock; }
constexpr Epoch makeEpoch(AgentId agent, uint32_t clock) { return uint32_t(agent) << kClockBits | clock; }

/// The latest moment of each agent that is known.
class Clock {
public:
  uint32_t operator[](AgentId agent) const { return agent < clocks_.size() ? clocks_[agent] : 0; }
  bool covers(Epoch epoch) const { return clockOf(epoch) <= (*this)[agentOf(epoch)]; }
  void learn(Epoch epoch) {
    AgentId agent = agentOf(epoch);
    if (agent >= clocks_.size())
      clocks_.resize(agent + 1u);
    clocks_[agent] = std::max(clocks_[agent], clockOf(epoch));
  }
  void join(const Clock &other) {
    if (other.clocks_.size() > clocks_.size())
      clocks_.resize(other.clocks_.size());
    for (size_t i = 0; i < other.clocks_.size(); ++i)
      clocks_[i] = std::max(clocks_[i], other.clocks_[i]);
  }
  void forget(AgentId agent) {
    if (agent < clocks_.size())
      clocks_[agent] = 0;
  }
  void clear() { clocks_.clear(); }

private:
  std::vector<uint32_t> clocks_;
};

/// What an agent knows, or what passes through a barrier.
struct Knowledge {
  Clock ordered; ///< what happened before
  Clock proxied; ///< the part of it that the async proxy sees
  Clock tensor;  ///< the part of it that tcgen05 operations may rely on by the letter of the ISA

  void join(const Knowledge &other) {
    ordered.join(other.ordered);
    proxied.join(other.proxied);
    tensor.join(other.tensor);
  }
  /// An asynchronous operation is complete; it needs no proxy fence.
  void learn(Epoch epoch) {
    if (epoch == kNoEpoch)
      return;
    ordered.learn(epoch);
    proxied.learn(epoch);
    tensor.learn(epoch);
  }
  void clear() {
    ordered.clear();
    proxied.clear();
    tensor.clear();
  }
};

/// The asynchronous streams of a warp.
enum class Stream : uint8_t {
  CopyAsync, ///< cp.async
  Bulk,      ///< cp.async.bulk to global memory
  Wgmma,     ///< of its warpgroup; the first warp's counts
  TmemLoad,  ///< tcgen05.ld
  TmemStore, ///< tcgen05.st
  Tcgen05,   ///< tcgen05.mma, cp and commit
};
constexpr unsigned kNumStreams = 6;

/// Who accesses memory now.
struct Actor {
  Epoch epoch = kNoEpoch;
  const Knowledge *known = nullptr;
  bool async = false; ///< through the async proxy
  uint32_t pc = 0;
};

/// Two accesses that are not ordered.
struct Conflict {
  uint32_t cell = 0;
  Epoch earlier = kNoEpoch;
  uint32_t earlierPc = 0;
  bool earlierWrites = false;
  bool proxyOnly = false;    ///< ordered, but not for the async proxy
  bool fenceMissing = false; ///< ordered, but not by tcgen05.fence; set by accesses that succeed
  /// An asynchronous write over a generic one without proxy fence. The ISA demands the fence here as well; compilers
  /// leave it out (Triton copies over the place where tcgen05.alloc wrote), so this is for lints alone.
  bool lintOnly = false;
};

/// The accesses to the words of one memory.
class AccessHistory {
public:
  explicit AccessHistory(size_t cells) : cells_(cells) {}
  void reset();
  void resize(size_t cells) { cells_.resize(cells); }
  /// False, and a conflict, if the access is not ordered after those that it conflicts with; see Conflict::lintOnly.
  bool read(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict);
  bool write(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict);
  /// The same for bytes of a memory that has a cell for each 4 of them: a word whose bytes were accessed apart has a
  /// history for each byte, so that neighbours do not count as conflicts.
  bool readBytes(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict);
  bool writeBytes(const Actor &actor, uint32_t first, uint32_t count, Conflict &conflict);
  /// Forgets: the words begin a new life.
  void forget(uint32_t first, uint32_t count);

  /// What kinds of agents there are, by AgentId; HappensBefore fills it.
  struct AgentFacts {
    bool inOrder = false; ///< its earlier accesses are ordered before its later ones; not so for an mbarrier's copies
    bool generic = false; ///< it writes through the generic proxy, which asynchronous readers do not see by themselves
    unsigned warp = 0;    ///< whose it is; kNoWarp for the copies of an mbarrier
  };
  static constexpr unsigned kNoWarp = 0xFFFFFFFFu;
  std::vector<AgentFacts> agents;
  bool lints = false;             ///< report conflicts that are lintOnly
  bool wantsTensorFences = false; ///< notes accesses that only tcgen05.fence would order

private:
  struct Read {
    Epoch epoch;
    uint32_t pc;
  };
  struct Cell {
    Epoch write = kNoEpoch; ///< or kShared | index into words_, of a cell for each byte
    uint32_t writePc = 0;
    uint32_t read = kNoEpoch; ///< an epoch, or kShared | index into sets_
    uint32_t readPc = 0;
  };
  static constexpr uint32_t kShared = 0x80000000u;

  bool knows(const Actor &actor, Epoch epoch) const {
    return actor.known->ordered.covers(epoch) ||
           (agentOf(epoch) == agentOf(actor.epoch) && agents[agentOf(epoch)].inOrder);
  }
  void lint(const Actor &actor, Epoch epoch, uint32_t pc, bool isWrite, Conflict &conflict) const;
  bool checkWrite(const Actor &actor, const Cell &cell, Conflict &conflict) const;
  bool checkReads(const Actor &actor, const Cell &cell, Conflict &conflict) const;
  void addRead(const Actor &actor, Cell &cell);
  void dropReads(Cell &cell);
  bool readCell(const Actor &actor, Cell &cell, Conflict &conflict);
  bool writeCell(const Actor &actor, Cell &cell, uint32_t word, Conflict &conflict);
  bool readWord(const Actor &actor, uint32_t word, Conflict &conflict);
  bool writeWord(const Actor &actor, uint32_t word, Conflict &conflict);
  Cell &cellOfByte(uint32_t byte);
  void split(Cell &cell);
  void join(Cell &cell);

  std::vector<Cell> cells_;
  std::vector<std::vector<Read>> sets_;
  std::vector<uint32_t> freeSets_;
  std::vector<std::array<Cell, 4>> words_;
  std::vector<uint32_t> freeWords_;
};

/// The clocks of one CTA.
class HappensBefore {
public:
  HappensBefore(unsigned warps, uint32_t sharedBytes);
  void reset();

  Knowledge &of(unsigned warp) { return knowledge_[warp]; }
  AgentId streamOf(unsigned warp, Stream stream) const {
    return static_cast<AgentId>(warps_ + warp * kNumStreams + static_cast<unsigned>(stream));
  }
  /// The copies that complete on the mbarrier at this offset.
  AgentId barrierAgent(uint32_t offset);
  /// The phases of that mbarrier.
  AgentId phaseAgent(uint32_t offset);
  bool isStream(AgentId agent) const { return agent >= warps_; }

  /// An operation of a stream begins: its epoch.
  Epoch begin(AgentId stream);
  /// The latest epoch that a stream has begun.
  Epoch latest(AgentId stream) const { return makeEpoch(stream, clocks_[stream]); }

  /// The warp publishes all it knows to `sync`; what it does later is not part of it.
  void release(unsigned warp, Knowledge &sync);
  void acquire(unsigned warp, const Knowledge &sync);
  /// An operation is complete, and the warp waited for it.
  void learn(unsigned warp, Epoch done) { knowledge_[warp].learn(done); }
  /// A fence before a relaxed arrival publishes what the warp knows at the fence, one after a relaxed wait makes what
  /// was waited for known (PTX ISA, "Release and Acquire Patterns").
  void releaseFence(unsigned warp) { release(warp, fenced_[warp]); }
  void acquireFence(unsigned warp) { acquire(warp, observed_[warp]); }
  void releaseRelaxed(unsigned warp, Knowledge &sync) { sync.join(fenced_[warp]); }
  void acquireRelaxed(unsigned warp, const Knowledge &sync) { observed_[warp].join(sync); }
  /// The same fence for one epoch alone, which the async proxy sees as well.
  void releaseEpoch(unsigned warp, Epoch epoch) {
    knowledge_[warp].learn(epoch);
    fenced_[warp].learn(epoch);
  }
  /// What the warp has learnt from others: an operation that it issues comes after that, but publishes nothing that the
  /// warp itself did.
  Knowledge learntBy(unsigned warp) const {
    Knowledge known = knowledge_[warp];
    known.ordered.forget(static_cast<AgentId>(warp));
    known.proxied.forget(static_cast<AgentId>(warp));
    return known;
  }
  /// tcgen05.fence::before_thread_sync: what the warp knows may be published to the tcgen05 operations of others.
  void fenceBeforeSync(unsigned warp) { published_[warp].join(knowledge_[warp].ordered); }
  /// tcgen05.fence::after_thread_sync: what others have published so is there for the warp's tcgen05 operations.
  void fenceAfterSync(unsigned warp) { knowledge_[warp].tensor.join(received_[warp]); }
  /// fence.proxy.async
  void fenceProxy(unsigned warp) { knowledge_[warp].proxied.join(knowledge_[warp].ordered); }
  /// An atomic or a strong access: orders the warp after, and before, every other one. More than the ISA promises, so
  /// that flags in memory never make a false report.
  void synchronize(unsigned warp);

  /// A generic access of a warp.
  Actor warpActor(unsigned warp, uint32_t pc) const {
    return {makeEpoch(static_cast<AgentId>(warp), clocks_[warp]), &knowledge_[warp], false, pc};
  }

  AccessHistory shared; ///< a cell per 4 bytes
  AccessHistory tmem;   ///< a cell per lane and column: tmemCell(), once somebody resizes it; no proxies

private:
  AgentId newAgent(const AccessHistory::AgentFacts &facts);

  unsigned warps_;
  std::vector<uint32_t> clocks_; ///< by agent
  std::vector<Knowledge> knowledge_;
  std::vector<Knowledge> fenced_;           ///< by warp: known at its latest fence
  std::vector<Knowledge> observed_;         ///< by warp: what it waited for, relaxed
  std::vector<Clock> published_, received_; ///< by warp: on their way from one tcgen05.fence to the other
  std::map<uint32_t, AgentId> barrierAgents_, phaseAgents_;
  Knowledge strong_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_HAPPENSBEFORE_H
