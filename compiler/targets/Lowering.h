//===- Lowering.h - what a target implements --------------------------------===//
//
// A lowering turns specialised kernels into the code of one thread, in two steps that can be printed between: a
// schedule (where tiles live, how copies overlap with arithmetic) and a conversion (which instructions). Lowerings are
// listed in one table; adding a target means adding a folder and a row.

#ifndef THRIFTJIT_COMPILER_TARGETS_LOWERING_H
#define THRIFTJIT_COMPILER_TARGETS_LOWERING_H

#include "compiler/targets/Target.h"
#include "dialect/ThriftDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace thrift {

/// On a scheduled kernel: every `thrift.await` of it is bounded, and launches pass one more argument, `watchdog`,
/// behind all others. After 2 s, or at once when another wait has given up before, a wait is recorded in that memory
/// (WatchdogLayout.h) and its thread goes on with whatever is there. Results are wrong then, but the kernel ends and
/// frees its tensor memory. A schedule without mbarriers does not set it.
constexpr llvm::StringLiteral kWatchdogAttr = "thrift.watchdog";

struct ScheduleChoices {
  int64_t stages = 2; ///< slots of each ring
  std::string exp2 = "approx";
  int64_t alignment = 16;       ///< bytes that rows of the caller's tensors are aligned to: 16 or 2
  int64_t sharedLimit = 101376; ///< bytes that one CTA may use
  bool watchdog = false;        ///< waits for mbarriers give up after a while; nothing where there are none
};

struct ConversionChoices {
  PackedLayout packedLayout = PackedLayout::Portable; ///< of packed tensors that kernels write
  NativeConversions conversions = NativeConversions::None;
};

struct Lowering {
  llvm::StringLiteral name;
  mlir::LogicalResult (*schedule)(KernelOp kernel, const ScheduleChoices &options);
  mlir::LogicalResult (*convert)(mlir::ModuleOp module, const ConversionChoices &options);
};

/// The lowering called `name`, or null.
const Lowering *findLowering(llvm::StringRef name);
/// The names that findLowering knows, for messages.
std::string lowerings();

namespace portable {
mlir::LogicalResult schedule(KernelOp kernel, const ScheduleChoices &options);
/// Kernels that read packed tensors are converted for `PackedLayout::Portable` only.
mlir::LogicalResult convertToNVVM(mlir::ModuleOp module, const ConversionChoices &options);
} // namespace portable

namespace sm100 {
mlir::LogicalResult schedule(KernelOp kernel, const ScheduleChoices &options);
mlir::LogicalResult convertToNVVM(mlir::ModuleOp module, const ConversionChoices &options);
} // namespace sm100

} // namespace thrift

#endif // THRIFTJIT_COMPILER_TARGETS_LOWERING_H
