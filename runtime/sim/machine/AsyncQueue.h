//===- AsyncQueue.h - operations between issue and completion ---------------===//
//
// A bulk copy, a wgmma, a tcgen05 operation is an object from its issue until it is performed: then it reads its
// sources, writes its destination and signals, all at once. *When* is the delivery policy's choice, within what the ISA
// orders:
//
//   eager    at issue
//   lazy     when a wait needs it, or a register that it writes is touched: as late as is legal
//   random   any time between, in any order
//
// Operations with the same `order` are performed in the order of their issue; all others may overtake each other, unless
// they say otherwise (mustFollow).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_ASYNCQUEUE_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_ASYNCQUEUE_H

#include "runtime/sim/machine/Inst.h"

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace thrift::sim {

class Cta;
class Warp;

constexpr uint32_t kNoBarrier = 0xFFFFFFFFu;

enum class AsyncKind : uint8_t {
  BulkLoad,   ///< cp.async.bulk to shared memory
  BulkStore,  ///< cp.async.bulk to global memory
  CopyArrive, ///< cp.async.mbarrier.arrive
  Wgmma,
  TmemLoad,   ///< tcgen05.ld
  TmemStore,  ///< tcgen05.st
  TmemCopy,   ///< tcgen05.cp
  TmemMma,    ///< tcgen05.mma
  TmemCommit, ///< tcgen05.commit
};

class AsyncOperation {
public:
  AsyncOperation(AsyncKind kind, Warp &warp, const Inst &inst, int lane);
  virtual ~AsyncOperation();

  /// Whether it may be performed: a wgmma waits for its four warps.
  virtual bool isReady() const { return true; }
  /// Reads the sources, writes the destination, signals. False after a finding.
  virtual bool perform(Cta &cta) = 0;
  /// An instruction of `warp` names a register that this operation has locked (Warp::lock). Performs it if that is how
  /// the ISA orders them; the default is a finding.
  virtual Step onTouch(Warp &warp, const Inst &inst);

  /// Whether it is going to write this byte of shared memory.
  virtual bool writesShared(uint32_t) const { return false; }
  /// Whether `earlier`, which was issued before, must be performed before.
  virtual bool mustFollow(const AsyncOperation &earlier) const { return order != 0 && order == earlier.order; }

  /// Whether it may still be on its way when the last thread of the CTA has exited.
  virtual bool mayOutliveCta() const { return false; }
  /// "the wgmma.mma_async of line 12"
  std::string describe(const Cta &cta) const;

  AsyncKind kind;
  int lane;                      ///< -1 for a whole warp
  Warp *warp;                    ///< that issued it
  uint32_t pc;                   ///< of the instruction
  uint32_t order = 0;            ///< not 0: performed in the order of issue among its like
  uint32_t barrier = kNoBarrier; ///< shared offset of the mbarrier that it signals
};

class AsyncQueue {
public:
  void reset(Delivery delivery, uint64_t seed);

  /// Keeps an operation until it is due. False after a finding.
  bool issue(Cta &cta, std::unique_ptr<AsyncOperation> operation);
  /// Performs an operation, and before it all that it must follow. False after a finding.
  bool perform(Cta &cta, const AsyncOperation &operation);
  /// Performs all that `select` chooses, in the order of issue. False after a finding.
  bool performAll(Cta &cta, const std::function<bool(const AsyncOperation &)> &select);
  /// An operation became ready (isReady): eager delivery performs it now.
  bool becameReady(Cta &cta, const AsyncOperation &operation);

  enum class Progress { None, Delivered, Fault };
  /// Nobody can run: performs what the waiting warps wait for, or all if that helps nobody.
  Progress deliverToWaiters(Cta &cta);
  /// The random policy's chance to perform something.
  Progress deliverByChance(Cta &cta);

  /// The oldest operation that `select` chooses, or null.
  const AsyncOperation *find(const std::function<bool(const AsyncOperation &)> &select) const;
  void visit(const std::function<void(AsyncOperation &)> &visitor);
  bool empty() const { return operations_.empty(); }
  size_t size() const { return operations_.size(); }
  Delivery delivery() const { return delivery_; }
  std::mt19937_64 &random() { return random_; }

private:
  bool performAt(Cta &cta, size_t index);

  Delivery delivery_ = Delivery::Lazy;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<AsyncOperation>> operations_; ///< in the order of issue
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_ASYNCQUEUE_H
