//===- Conversion.h - what the sm100 conversions share ----------------------===//
//
// Scheduled tiles become the values of one thread, one to many:
//
//   tile, swizzled     its address in shared memory, i32
//   tile, tensor       its address in tensor memory, i32: lane << 16 | column
//   tile, rows         one row. f32: a value per column. f16, bf16, fp8: i32 words of 2 or 4. nvfp4, mxfp4: i32 words
//   of 8, then
//                      words of scales, one for each 64 columns
//   softmax            m, l, u. The accumulator is a tile of tensor memory and holds O times the unit u
//   view with a box    pointer to the tensor map; with scales, pointer to them. Others as on the portable target
//   ring, mbarriers    address in shared memory, i32
//
// Instructions that LLVM has no op for, or models as touching less memory than they do, are inline PTX: see
// Emitter::assembly.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_SM100_CONVERSION_H
#define THRIFTJIT_COMPILER_TARGETS_SM100_CONVERSION_H

#include "compiler/targets/portable/Conversion.h"

namespace thrift::sm100 {

using mlir::Type;
using mlir::Value;
using mlir::ValueRange;
using portable::Emitter;
using portable::Fragments;
using portable::TilePattern;

constexpr unsigned kTensorSpace = 6; ///< LLVM's address space of tensor memory

/// The address of mbarrier or slot `number` mod `stages`, of things `bytes` apart.
Value slotAddress(Emitter &e, Value ring, Value number, int64_t stages, int64_t bytes);

/// Address in shared memory of byte `offset` of the CTA's dynamic shared memory.
Value sharedAddress(Emitter &e, int64_t offset);

/// Reads `count` columns of this thread's row, in pieces, and waits for them.
llvm::SmallVector<Value> readColumns(Emitter &e, Value address, int64_t count, Type type);
/// Writes 32-bit values to as many columns of this thread's row. They are there after waitForWrites, which
/// thrift.arrive does.
void writeColumns(Emitter &e, Value address, ValueRange values);
void waitForWrites(Emitter &e);
/// `address` with the lanes of this warp.
Value ownLanes(Emitter &e, Value address);

/// Two values as 16-bit ones in a word, the first in the lower half.
Value pack16(Emitter &e, bool bf16, Value low, Value high);

void populatePipelinePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateFetchPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateTensorPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateMultiplyPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateRowPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateProbabilityPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);

} // namespace thrift::sm100

#endif // THRIFTJIT_COMPILER_TARGETS_SM100_CONVERSION_H
