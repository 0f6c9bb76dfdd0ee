//===- Widen.h - packed elements to the 16-bit operands of mma.sync ---------===//
//
// What is multiplied is exact: a widened element is its value times 2^-log2, scale included for nvfp4 and mxfp4. fp8
// shares its scale with a whole block, so it is applied to the sums.
//
//             operand   a word of 32 bits   widened to            why
//   nvfp4     f16       8 in four pairs     2^-7 of the value     448 * 2^7 is as far as an E4M3 scale goes in f16
//   mxfp4     bf16      8 in four pairs     the value             UE8M0 scales overflow f16
//   fp8       f16       4 in two pairs      2^-8 of the element   the bits of E4M3, moved, are an f16 of that value
//
// README.md of this folder has the pictures.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_WIDEN_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_WIDEN_H

#include "compiler/targets/portable/Emitter.h"
#include "compiler/targets/portable/Portable.h"

namespace thrift::portable {

/// Facts of a widened format.
ElementFormat widenedFormat(ElementFormat packed); ///< of the operands: f16 or bf16
int32_t widenedLog2(ElementFormat packed);         ///< that sums over widened elements still have to be multiplied with
TileLayout probabilityLayout(ElementFormat v); ///< of P, whose columns have the order in which V's tokens are widened
constexpr float kWidenedFp8 = 0x1p8f;          ///< undoes what fp8's widening leaves out, together with the scale

class Widener {
public:
  Widener(Emitter &e, ElementFormat format) : e(e), format(format) {}

  /// Elements in a word.
  int64_t wordElements() const { return 32 / elementBits(format); }
  bool hasGroups() const { return scaleGroup(format) != 0; }

  /// One, two or four neighbouring scale codes, ready for `scales`.
  Value loadCodes(Value address, int64_t count);
  /// Two 16-bit scales: of the groups whose codes stand at bytes `low` and `high` of what loadCodes gave.
  Value scales(Value codes, int64_t low, int64_t high);
  /// The elements of a word, times their scales, in pairs as operandType has them: nibbles j and j + 4, or bytes 2j and
  /// 2j + 1. fp8 takes no scales.
  llvm::SmallVector<Value> widen(Value word, Value scales);

private:
  llvm::SmallVector<Value> widenNvfp4(Value word, Value scales);
  llvm::SmallVector<Value> widenMxfp4(Value word, Value scales);
  llvm::SmallVector<Value> widenFp8(Value word);

  Emitter &e;
  ElementFormat format;
};

/// The scales of the channels [q D/4, (q + 1) D/4) of a row of D, which lane q of a quad takes of Q and of K.
class LaneScales {
public:
  LaneScales(Emitter &e, Widener &widener, ElementFormat format, int64_t channels, Value q);

  int64_t rowBytes = 0; ///< of scales; 0 for fp8
  /// The lane's codes of the row whose scales start at `row`.
  Value load(Value row);
  /// The scales of the lane's n-th word; null for fp8.
  Value ofWord(Value codes, int64_t word);

private:
  Emitter &e;
  Widener &widener;
  int64_t count = 0, wordsPerScale = 1;
  Value offset;
  llvm::DenseMap<std::pair<Value, int64_t>, Value> known; ///< by codes and group
};

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_WIDEN_H
