//===- Emitter.h - short names for the instructions of one thread -----------===//
//
// A thin wrapper around a builder at one place: integer and float arithmetic, addresses, memory, warp operations. It
// keeps the conversions readable; it decides nothing. It writes LLVM and NVVM ops at once, since converting thousands
// of arith ops afterwards would cost as much as making them.

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_EMITTER_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_EMITTER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace thrift::portable {

using mlir::Type;
using mlir::Value;
using mlir::ValueRange;
using Predicate = mlir::LLVM::ICmpPredicate;
using FloatPredicate = mlir::LLVM::FCmpPredicate;

constexpr unsigned kGlobalSpace = 1, kSharedSpace = 3;

class Emitter {
public:
  Emitter(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;

  // Types.
  Type i1() { return builder.getI1Type(); }
  Type i8() { return builder.getI8Type(); }
  Type i16() { return builder.getIntegerType(16); }
  Type i32() { return builder.getI32Type(); }
  Type i64() { return builder.getI64Type(); }
  Type f32() { return builder.getF32Type(); }
  Type pointer(unsigned space) { return mlir::LLVM::LLVMPointerType::get(builder.getContext(), space); }
  Type vector(int64_t n, Type element) { return mlir::VectorType::get(n, element); }
  Type half2() { return vector(2, builder.getF16Type()); }

  // Constants. Each stands once per emitter, at the start of the function, so that it may be used anywhere.
  Value i32(int64_t value);
  Value i64(int64_t value);
  Value f32(float value);
  Value f32Bits(uint32_t bits);
  Value half2(uint32_t bits); ///< two f16

  // Integers. A constant may stand on the right.
  Value add(Value a, Value b);
  Value add(Value a, int64_t b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value mul(Value a, int64_t b);
  Value divide(Value a, Value b); ///< unsigned
  Value divide(Value a, int64_t b);
  Value remainder(Value a, int64_t b); ///< unsigned
  Value ceilDivide(Value a, int64_t b) { return divide(add(a, b - 1), b); }
  Value min(Value a, Value b); ///< signed
  Value max(Value a, Value b);
  Value band(Value a, int64_t b);
  Value band(Value a, Value b);
  Value bor(Value a, Value b);
  Value bxor(Value a, Value b);
  Value shl(Value a, int64_t b);
  Value shr(Value a, int64_t b); ///< logical
  Value shr(Value a, Value b);   ///< logical
  Value shl(Value a, Value b);
  Value shrSigned(Value a, int64_t b);
  Value compare(Predicate predicate, Value a, Value b);
  Value less(Value a, Value b) { return compare(Predicate::slt, a, b); }
  Value select(Value condition, Value a, Value b);
  Value extend64(Value a); ///< sign-extends i32
  Value widen32(Value a);  ///< zero-extends i8 or i16
  Value truncate(Value a, Type type);
  Value popcount(Value a);

  // f32.
  Value fadd(Value a, Value b);
  Value fsub(Value a, Value b);
  Value fmul(Value a, Value b);
  Value fdiv(Value a, Value b); ///< rounded to nearest
  Value fma(Value a, Value b, Value c);
  Value fmaxNaN(Value a, Value b); ///< NaN if either is
  Value fmaxNumber(Value a, Value b);
  Value fminNumber(Value a, Value b);
  Value fabs(Value a);
  Value fcompare(FloatPredicate predicate, Value a, Value b);
  Value toInt(Value a);   ///< f32 to i32, to nearest, ties to even
  Value toFloat(Value a); ///< i32 to f32
  Value bitcast(Value a, Type type);
  Value intrinsic(llvm::StringRef name, Type result, ValueRange arguments);
  /// PTX with operands $0, $1, ...: results first, each by an "=" constraint. It may touch memory and is never moved or
  /// dropped, unless it only computes.
  llvm::SmallVector<Value> assembly(llvm::StringRef ptx, llvm::StringRef constraints, mlir::TypeRange results,
                                    ValueRange operands, bool onlyComputes = false);

  // Memory. Offsets count bytes.
  Value address(Value pointer, Value offset);
  Value address(Value pointer, int64_t offset);
  Value load(Type type, Value pointer, unsigned alignment);
  void store(Value value, Value pointer, unsigned alignment);
  Value extract(Value vector, int64_t index);
  Value pack(ValueRange elements); ///< a vector of them
  Value member(Value structure, int64_t index);

  // Threads and warps.
  Value thread();
  Value lane() { return band(thread(), 31); }
  Value warp() { return shr(thread(), 5); }
  Value shuffleXor(Value value, int64_t distance);
  Value ballot(Value condition);
  void barrier();

  // Structured control flow.
  void ifThen(Value condition, llvm::function_ref<void()> body);
  llvm::SmallVector<Value> loop(Value lower, Value upper, Value step, ValueRange initial,
                                llvm::function_ref<llvm::SmallVector<Value>(Value, ValueRange)> body);

private:
  Value constant(mlir::TypedAttr value);
  llvm::DenseMap<mlir::Attribute, Value> constants;
};

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_EMITTER_H
