//===- BulkCopy.h - bulk copies between issue and completion ----------------===//
//
// What cp.async.bulk and cp.async.bulk.tensor share. A load is issued with its destination poisoned and completes on an
// mbarrier. A store belongs to a bulk async-group and completes in two steps: its source is read, and its destination
// is written. Both are checked when they are issued, and move their data when they are performed.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_BULKCOPY_H
#define THRIFTJIT_RUNTIME_SIM_OPS_BULKCOPY_H

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/machine/TensorBox.h"

#include <memory>
#include <string>
#include <vector>

namespace thrift::sim {

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// To shared memory.
class BulkLoad : public AsyncOperation {
public:
  BulkLoad(Warp &warp, const Inst &inst, unsigned lane, uint32_t mbarrier)
      : AsyncOperation(AsyncKind::BulkLoad, warp, inst, static_cast<int>(lane)) {
    barrier = mbarrier;
  }
  bool perform(Cta &cta) final;
  bool writesShared(uint32_t byte) const final;

  std::vector<SharedRange> destination;
  std::vector<SharedRange> source; ///< shared memory that it reads
  uint32_t bytes = 0;              ///< that the mbarrier counts
  Epoch epoch = kNoEpoch;

private:
  /// Moves the data. Empty, or why it cannot.
  virtual std::string move(Cta &cta) = 0;
};

/// To global memory.
class BulkStore : public AsyncOperation {
public:
  BulkStore(Warp &warp, const Inst &inst, unsigned lane)
      : AsyncOperation(AsyncKind::BulkStore, warp, inst, static_cast<int>(lane)) {}
  bool perform(Cta &cta) final { return read(cta) && (write(), true); }
  /// Once its source is read nothing of the CTA is needed any more.
  bool mayOutliveCta() const final { return isRead_; }

  /// Reads the source, unless that is done. False after a finding.
  bool read(Cta &cta);
  bool isRead() const { return isRead_; }

  std::vector<SharedRange> source;
  uint64_t bytes = 0;
  uint32_t group = 0;
  Epoch epoch = kNoEpoch;

protected:
  std::vector<uint8_t> data_; ///< what was read

private:
  virtual std::string capture(const Cta &cta) = 0;
  virtual void write() const = 0;

  bool isRead_ = false;
};

/// Puts an operation on its way after checking shared memory. Step::Next, or Step::Fault after a report.
/// The mbarrier of a load has passed checkBarrier.
Step issueLoad(Warp &warp, const Inst &inst, std::unique_ptr<BulkLoad> load);
Step issueStore(Warp &warp, const Inst &inst, std::unique_ptr<BulkStore> store);

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// A plane of 32 or 64 bits per lane, and what is added to it.
struct BulkOperand {
  uint32_t place = 0; ///< the top bit: 64 bits
  uint32_t offset = 0;

  uint64_t of(const Warp &warp, unsigned lane) const;
};

/// Bulk instructions have more operands than an Inst: they are in its list.
void keepOperands(Form &form, const std::vector<BulkOperand> &operands);
inline const BulkOperand &operandOf(const Inst &inst, unsigned index) {
  return reinterpret_cast<const BulkOperand *>(inst.list)[index];
}

/// An address; also that in `[address, {coordinates}]`.
BulkOperand takeBulkAddress(Form &form, size_t operand);
/// A size of 32 or 64 bits.
BulkOperand takeBulkSize(Form &form, size_t operand);
/// The CTA mask of .multicast::cluster, if that is there, from the operand `next`; else a mask of this CTA.
BulkOperand takeMulticast(Form &form, size_t &next);
/// .L2::cache_hint with its operand: a hint.
void takeCachePolicy(Form &form, size_t &next);
/// Whether `first` stands before `second` in the opcode: which space is the destination.
bool isBefore(const Form &form, std::string_view first, std::string_view second);

/// The offset of the mbarrier at a shared address, which a load is about to use.
Step checkBarrier(Warp &warp, const Inst &inst, unsigned lane, uint64_t address, uint32_t &offset);
/// A CTA is alone in its cluster.
Step checkCtaMask(Warp &warp, const Inst &inst, unsigned lane, uint64_t ctaMask);
/// Alignment and bounds of shared memory; `what` is "destination", "source".
Step checkShared(Warp &warp, const Inst &inst, unsigned lane, const char *what, uint64_t address, uint64_t bytes,
                 uint32_t align);
/// Whether shared memory that is to be written belongs to nobody: no operation is on its way there, no mbarrier.
Step checkFree(Warp &warp, const Inst &inst, unsigned lane, SharedRange range);
/// Bounds and permission of global memory; `region` becomes what holds it.
Step checkGlobal(Warp &warp, const Inst &inst, unsigned lane, uint64_t address, uint64_t bytes, bool isStore,
                 const Region *&region);

/// Of the shared bytes that are read, `unwritten` is the first that is not written, or TensorBox::kNone.
Step checkSource(Warp &warp, const Inst &inst, unsigned lane, uint32_t unwritten);

/// Every lane issues a copy of its own.
template <Step (*One)(Warp &warp, const Inst &inst, unsigned lane)>
Step forEachLane(Warp &warp, const Inst &inst, uint32_t mask) {
  for (LaneIterator lane(mask); lane; ++lane)
    if (Step step = One(warp, inst, *lane); step != Step::Next)
      return step;
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

/// cp.async.bulk and all that follows; .async and .bulk are taken.
void decodeBulk(Form &form);
void decodeBulkMemory(Form &form);
void decodeBulkTensor(Form &form);
void decodeBulkTensorPrefetch(Form &form);
/// st.bulk; .bulk is taken.
void decodeStoreBulk(Form &form);
void decodeBulkPrefetch(Form &form);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_BULKCOPY_H
