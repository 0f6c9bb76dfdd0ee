//===- MultiplyToNVVM.cpp - tcgen05.mma -------------------------------------===//

#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;

namespace {

/// The descriptor of shared memory at `address`.
Value descriptor(Emitter &e, uint64_t layout, Value address) {
  Value place = LLVM::ZExtOp::create(e.builder, e.loc, e.i64(), e.shr(address, 4));
  return e.bor(place, e.i64(static_cast<int64_t>(layout)));
}

struct ConvertMultiply : TilePattern<MultiplyOp> {
  using TilePattern::TilePattern;

  Fragments emit(MultiplyOp op, Adaptor adaptor, Emitter &e) const override {
    Scales scales;
    if (op.getScales())
      scales = copyScales(op, adaptor, e);
    multiply(op, adaptor, scales, e);
    return SmallVector<SmallVector<Value>>();
  }

private:
  struct Scales {
    Value a, b; ///< columns of the first atoms
  };

  /// Atoms from shared memory to tensor memory; multiplications behind them see them without a wait.
  static Scales copyScales(MultiplyOp op, Adaptor adaptor, Emitter &e) {
    TileType a = op.getA().getType(), b = op.getB().getType();
    bool alongTokens = a.tileLayout() == TileLayout::Tensor;
    Value aSlot = (alongTokens ? adaptor.getScaled() : adaptor.getA()).front();
    Value column = adaptor.getScales().front();
    auto copy = [&](Value slot, TileType tile) {
      Value first = column, atoms = e.add(slot, MatrixLayout(tile).elementBytes());
      for (int64_t n = 0; n < scaleAtoms(tile, alongTokens); ++n) {
        e.assembly("tcgen05.cp.cta_group::1.32x128b.warpx4 [$0], $1;", "r,l", {},
                   {column, descriptor(e, scaleDescriptor(), e.add(atoms, n * kAtomBytes))});
        column = e.add(column, kAtomTensorColumns);
      }
      return first;
    };
    Scales scales;
    scales.a = copy(aSlot, a);
    scales.b = copy(adaptor.getB().front(), b);
    // Rows 64 to 127 of an atom are its third and fourth column: where the odd ones of blocks of 64 begin.
    if (!adaptor.getBlock().empty())
      scales.b = e.add(scales.b, e.band(e.mul(adaptor.getBlock().front(), b.rows() / 32), 3));
    return scales;
  }

  static void multiply(MultiplyOp op, Adaptor adaptor, Scales scales, Emitter &e) {
    TileType a = op.getA().getType(), b = op.getB().getType(), d = op.getD().getType();
    ElementFormat format = a.elementFormat();
    bool fromTensor = a.tileLayout() == TileLayout::Tensor, scaled = hasGroupScales(format);
    MatrixLayout aLayout(a), bLayout(b, op.getTransposed());
    Value aBase = fromTensor ? adaptor.getA().front() : descriptor(e, aLayout.descriptor(), adaptor.getA().front());
    Value bBase = descriptor(e, bLayout.descriptor(), adaptor.getB().front());
    uint32_t instruction = instructionDescriptor(format, d.columns(), op.getTransposed());
    // Q and K have four scales for each atom: in mxfp4 one atom serves two steps.
    bool twoSteps = format == ElementFormat::MXFP4 && !fromTensor;
    constexpr int64_t stepColumns = 8; // of tensor memory: 32 bytes

    std::string ptx = "{\n\t.reg .pred adding;\n\tsetp.ne.b32 adding, $4, 0;\n\ttcgen05.mma.cta_group::1." +
                      kindOf(format).str() + (fromTensor ? " [$0], [$1], $2, $3, " : " [$0], $1, $2, $3, ") +
                      (scaled ? "[$5], [$6], " : "") + "adding;\n\t}";
    std::string constraints = fromTensor ? "r,r,l,r,r" : "r,l,l,r,r";
    if (scaled)
      constraints += ",r,r";
    for (int64_t n = 0; n < aLayout.steps(); ++n) {
      int64_t atom = twoSteps ? n / 2 : n;
      uint32_t ids = twoSteps && n % 2 ? kUpperScales : 0;
      Value first = adaptor.getAdding().empty() ? e.i32(0) : e.widen32(adaptor.getAdding().front());
      SmallVector<Value> operands = {
          adaptor.getD().front(), fromTensor ? e.add(aBase, n * stepColumns) : e.add(aBase, aLayout.stepOffset(n) >> 4),
          e.add(bBase, bLayout.stepOffset(n) >> 4), e.i32(instruction | ids), n ? e.i32(1) : first};
      if (scaled)
        operands.append({e.add(scales.a, atom * kAtomTensorColumns), e.add(scales.b, atom * kAtomTensorColumns)});
      e.assembly(ptx, constraints, {}, operands);
    }
  }
};

} // namespace

void sm100::populateMultiplyPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertMultiply>(converter, patterns.getContext());
}
