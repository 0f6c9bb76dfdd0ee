//===- Emitter.cpp - short names for the instructions of one thread ---------===//

#include "compiler/targets/portable/Emitter.h"

using namespace mlir;
using namespace thrift::portable;

Value Emitter::constant(TypedAttr value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    if (auto function = builder.getBlock()->getParent()->getParentOfType<LLVM::LLVMFuncOp>())
      builder.setInsertionPointToStart(&function.getBody().front());
    else if (auto function = dyn_cast<LLVM::LLVMFuncOp>(builder.getBlock()->getParentOp()))
      builder.setInsertionPointToStart(&function.getBody().front());
    known = LLVM::ConstantOp::create(builder, loc, value.getType(), value);
  }
  return known;
}

Value Emitter::i32(int64_t value) { return constant(builder.getI32IntegerAttr(static_cast<int32_t>(value))); }
Value Emitter::i64(int64_t value) { return constant(builder.getI64IntegerAttr(value)); }
Value Emitter::f32(float value) { return constant(builder.getF32FloatAttr(value)); }
Value Emitter::f32Bits(uint32_t bits) {
  return constant(
      builder.getFloatAttr(builder.getF32Type(), llvm::APFloat(llvm::APFloat::IEEEsingle(), llvm::APInt(32, bits))));
}
Value Emitter::half2(uint32_t bits) {
  auto half = [&](uint32_t code) { return llvm::APFloat(llvm::APFloat::IEEEhalf(), llvm::APInt(16, code)); };
  auto type = cast<ShapedType>(half2());
  return constant(DenseFPElementsAttr::get(type, ArrayRef{half(bits & 0xFFFF), half(bits >> 16)}));
}

static Value constantLike(Emitter &e, Value a, int64_t b) { return a.getType().isInteger(64) ? e.i64(b) : e.i32(b); }

Value Emitter::add(Value a, Value b) { return LLVM::AddOp::create(builder, loc, a, b); }
Value Emitter::sub(Value a, Value b) { return LLVM::SubOp::create(builder, loc, a, b); }
Value Emitter::mul(Value a, Value b) { return LLVM::MulOp::create(builder, loc, a, b); }
Value Emitter::divide(Value a, Value b) { return LLVM::UDivOp::create(builder, loc, a, b); }
Value Emitter::band(Value a, Value b) { return LLVM::AndOp::create(builder, loc, a, b); }
Value Emitter::bor(Value a, Value b) { return LLVM::OrOp::create(builder, loc, a, b); }
Value Emitter::bxor(Value a, Value b) { return LLVM::XOrOp::create(builder, loc, a, b); }
Value Emitter::shl(Value a, Value b) { return LLVM::ShlOp::create(builder, loc, a, b); }
Value Emitter::shr(Value a, Value b) { return LLVM::LShrOp::create(builder, loc, a, b); }
Value Emitter::add(Value a, int64_t b) { return b == 0 ? a : add(a, constantLike(*this, a, b)); }
Value Emitter::mul(Value a, int64_t b) { return b == 1 ? a : mul(a, constantLike(*this, a, b)); }
Value Emitter::divide(Value a, int64_t b) { return b == 1 ? a : divide(a, constantLike(*this, a, b)); }
Value Emitter::remainder(Value a, int64_t b) {
  return LLVM::URemOp::create(builder, loc, a, constantLike(*this, a, b));
}
Value Emitter::band(Value a, int64_t b) { return band(a, constantLike(*this, a, b)); }
Value Emitter::shl(Value a, int64_t b) { return b == 0 ? a : shl(a, constantLike(*this, a, b)); }
Value Emitter::shr(Value a, int64_t b) { return b == 0 ? a : shr(a, constantLike(*this, a, b)); }
Value Emitter::shrSigned(Value a, int64_t b) {
  return LLVM::AShrOp::create(builder, loc, a, constantLike(*this, a, b));
}
Value Emitter::min(Value a, Value b) { return LLVM::SMinOp::create(builder, loc, a, b); }
Value Emitter::max(Value a, Value b) { return LLVM::SMaxOp::create(builder, loc, a, b); }
Value Emitter::compare(Predicate predicate, Value a, Value b) {
  return LLVM::ICmpOp::create(builder, loc, predicate, a, b);
}
Value Emitter::select(Value condition, Value a, Value b) {
  return LLVM::SelectOp::create(builder, loc, condition, a, b);
}
Value Emitter::extend64(Value a) { return LLVM::SExtOp::create(builder, loc, i64(), a); }
Value Emitter::widen32(Value a) { return LLVM::ZExtOp::create(builder, loc, i32(), a); }
Value Emitter::truncate(Value a, Type type) { return LLVM::TruncOp::create(builder, loc, type, a); }
Value Emitter::popcount(Value a) { return LLVM::CtPopOp::create(builder, loc, a.getType(), a); }

Value Emitter::fadd(Value a, Value b) { return LLVM::FAddOp::create(builder, loc, a, b); }
Value Emitter::fsub(Value a, Value b) { return LLVM::FSubOp::create(builder, loc, a, b); }
Value Emitter::fmul(Value a, Value b) { return LLVM::FMulOp::create(builder, loc, a, b); }
Value Emitter::fdiv(Value a, Value b) { return LLVM::FDivOp::create(builder, loc, a, b); }
Value Emitter::fma(Value a, Value b, Value c) { return LLVM::FMAOp::create(builder, loc, a.getType(), a, b, c); }
Value Emitter::fmaxNaN(Value a, Value b) { return LLVM::MaximumOp::create(builder, loc, a, b); }
Value Emitter::fmaxNumber(Value a, Value b) { return LLVM::MaxNumOp::create(builder, loc, a, b); }
Value Emitter::fminNumber(Value a, Value b) { return LLVM::MinNumOp::create(builder, loc, a, b); }
Value Emitter::fabs(Value a) { return LLVM::FAbsOp::create(builder, loc, a.getType(), a); }
Value Emitter::fcompare(FloatPredicate predicate, Value a, Value b) {
  return LLVM::FCmpOp::create(builder, loc, predicate, a, b);
}
Value Emitter::toInt(Value a) { return intrinsic("llvm.nvvm.f2i.rn", i32(), a); }
Value Emitter::toFloat(Value a) { return LLVM::SIToFPOp::create(builder, loc, f32(), a); }
Value Emitter::bitcast(Value a, Type type) {
  return a.getType() == type ? a : Value(LLVM::BitcastOp::create(builder, loc, type, a));
}
Value Emitter::intrinsic(StringRef name, Type result, ValueRange arguments) {
  return LLVM::CallIntrinsicOp::create(builder, loc, result, builder.getStringAttr(name), arguments).getResults();
}

SmallVector<Value> Emitter::assembly(StringRef ptx, StringRef constraints, TypeRange results, ValueRange operands,
                                     bool onlyComputes) {
  Type type;
  if (results.size() == 1)
    type = results[0];
  else if (!results.empty())
    type = LLVM::LLVMStructType::getLiteral(builder.getContext(), llvm::to_vector(results));
  std::string all = constraints.str() + (onlyComputes ? "" : constraints.empty() ? "~{memory}" : ",~{memory}");
  auto call =
      LLVM::InlineAsmOp::create(builder, loc, type, operands, ptx, all,
                                /*has_side_effects=*/!onlyComputes,
                                /*is_align_stack=*/false, LLVM::TailCallKind::None,
                                LLVM::AsmDialectAttr::get(builder.getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
  if (results.size() <= 1)
    return llvm::to_vector(ValueRange(call->getResults()));
  SmallVector<Value> values;
  for (size_t n = 0; n < results.size(); ++n)
    values.push_back(member(call.getRes(), n));
  return values;
}

Value Emitter::address(Value pointer, Value offset) {
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), i8(), pointer, ArrayRef<LLVM::GEPArg>{offset});
}
Value Emitter::address(Value pointer, int64_t offset) {
  if (offset == 0)
    return pointer;
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), i8(), pointer,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
}
Value Emitter::load(Type type, Value pointer, unsigned alignment) {
  return LLVM::LoadOp::create(builder, loc, type, pointer, alignment);
}
void Emitter::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(builder, loc, value, pointer, alignment);
}
Value Emitter::extract(Value vector, int64_t index) {
  return LLVM::ExtractElementOp::create(builder, loc, vector, i32(index));
}
Value Emitter::pack(ValueRange elements) {
  Value all = LLVM::PoisonOp::create(builder, loc, vector(elements.size(), elements[0].getType()));
  for (auto [index, element] : llvm::enumerate(elements))
    all = LLVM::InsertElementOp::create(builder, loc, all, element, i32(index));
  return all;
}
Value Emitter::member(Value structure, int64_t index) {
  return LLVM::ExtractValueOp::create(builder, loc, structure, index);
}

Value Emitter::thread() { return NVVM::ThreadIdXOp::create(builder, loc, i32()); }
Value Emitter::shuffleXor(Value value, int64_t distance) {
  return NVVM::ShflOp::create(builder, loc, value.getType(), i32(-1), value, i32(distance), i32(31),
                              NVVM::ShflKind::bfly, UnitAttr());
}
Value Emitter::ballot(Value condition) {
  return NVVM::VoteSyncOp::create(builder, loc, i32(), i32(-1), condition, NVVM::VoteSyncKind::ballot);
}
void Emitter::barrier() { NVVM::Barrier0Op::create(builder, loc); }

void Emitter::ifThen(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  body();
}

SmallVector<Value> Emitter::loop(Value lower, Value upper, Value step, ValueRange initial,
                                 function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, lower, upper, step, initial);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!initial.empty())
    scf::YieldOp::create(builder, loc, results);
  return llvm::to_vector(ValueRange(loop.getResults()));
}
