//===- MatrixLayout.h - how operands of tcgen05.mma lie in shared memory ----===//
//
// A tile is cut into panels of 64 columns. A row of a panel is a row of TMA's box and of the swizzle: 128 bytes in
// 16-bit formats, 64 in fp8, 32 in 4-bit ones. Panels follow one another, then come the scales.
//
//        panel 0               panel 1
//      +------------------+  +------------------+
//      | row 0, 64 columns|  | row 0, 64 columns|      8 rows are one pattern of the swizzle: 16-byte chunk c of row r
//      | row 1            |  | row 1            |      stands where chunk c xor (r mod 8, shifted for narrow rows)
//      would | ...              |  | ...              |
//      +------------------+  +------------------+
//
// If columns are contracted (Q, K, packed V), 32 bytes of each row are one instruction's K: 16 f16, 32 fp8, 64 fp4
// values; the next ones lie 32 bytes further, or in the next panel. If rows are contracted (V as the caller has it,
// 16-bit), 16 rows are, and panels cover N.
//
// Sources: PTX ISA 9.1, 9.7.16.3 to .5; CUTLASS cute/arch/mma_sm100_desc.hpp.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_SM100_MATRIXLAYOUT_H
#define THRIFTJIT_COMPILER_TARGETS_SM100_MATRIXLAYOUT_H

#include "dialect/ThriftDialect.h"
#include "dialect/formats/ScaleAtoms.h"

namespace thrift::sm100 {

constexpr int64_t kPanelColumns = 64;
constexpr int64_t kTileRows = 128;        ///< lanes of tensor memory: M of every instruction
constexpr int64_t kAtomTensorColumns = 4; ///< of tensor memory, for one atom

class MatrixLayout {
public:
  explicit MatrixLayout(TileType tile, bool rowsContracted = false)
      : format(tile.elementFormat()), rows(tile.rows()), columns(tile.columns()), rowsContracted(rowsContracted) {}

  /// Bytes of a panel's row, over which chunks are exchanged.
  int64_t swizzle() const { return kPanelColumns * bitsOf(format) / 8; }
  int64_t panels() const { return columns / kPanelColumns; }
  int64_t panelBytes() const { return rows * swizzle(); }
  int64_t elementBytes() const { return panels() * panelBytes(); }

  /// Instructions that contract the whole tile, and the elements that each contracts.
  int64_t steps() const { return (rowsContracted ? rows : columns) / stepElements(); }
  int64_t stepElements() const { return 32 * 8 / bitsOf(format); }
  /// Where step n begins, in bytes.
  int64_t stepOffset(int64_t n) const;

  /// The 64-bit matrix descriptor without its address, whose bits 4 to 17 go to bits 0 to 13.
  uint64_t descriptor() const;

private:
  ElementFormat format;
  int64_t rows, columns;
  bool rowsContracted;
};

/// Atoms of scales that come with a tile. Packed V has one for each panel of 64 tokens; rows of Q and K have four
/// scales for each atom, whatever the group.
int64_t scaleAtoms(TileType tile, bool alongTokens);

/// Bytes from one slot of a ring to the next: elements, then scales, up to a whole pattern of the widest swizzle.
int64_t slotBytes(ElementFormat format, int64_t rows, int64_t columns);
inline int64_t slotBytes(TileType tile) { return slotBytes(tile.elementFormat(), tile.rows(), tile.columns()); }

/// The descriptor of atoms of scales, which are not swizzled: 8 rows of 16 bytes follow one another.
uint64_t scaleDescriptor();

/// The 32-bit instruction descriptor, without the ids of scales. `rowsContracted` concerns B.
uint32_t instructionDescriptor(ElementFormat format, int64_t n, bool rowsContracted);
/// What it has in addition where step n of an mxfp4 operand takes the upper two of four scales.
constexpr uint32_t kUpperScales = 2u << 4 | 2u << 29;

/// "kind::f16" and so on, with the modifiers of block scaling.
llvm::StringRef kindOf(ElementFormat format);

} // namespace thrift::sm100

#endif // THRIFTJIT_COMPILER_TARGETS_SM100_MATRIXLAYOUT_H
