//===- MatrixLayout.cpp - how operands of tcgen05.mma lie in shared memory --===//

#include "compiler/targets/sm100/MatrixLayout.h"

#include "compiler/targets/portable/Portable.h"

#include "llvm/Support/MathExtras.h"

using namespace thrift;
using namespace thrift::sm100;

constexpr int64_t kPatternRows = 8;
constexpr int64_t kSlotAlignment = 1024; // of the pattern of the 128-byte swizzle

int64_t MatrixLayout::stepOffset(int64_t n) const {
  if (rowsContracted)
    return n * stepElements() * swizzle();
  int64_t perPanel = kPanelColumns / stepElements();
  return n / perPanel * panelBytes() + n % perPanel * 32;
}

uint64_t MatrixLayout::descriptor() const {
  uint64_t mode = swizzle() == 128 ? 2 : swizzle() == 64 ? 4 : 6;
  // Stride: from 8 rows to the next 8. Leading: from panel to panel where panels cover N; elsewhere the hardware does
  // not look.
  uint64_t stride = static_cast<uint64_t>(kPatternRows * swizzle()) >> 4;
  uint64_t leading = rowsContracted ? static_cast<uint64_t>(panelBytes()) >> 4 : 0;
  return mode << 61 | uint64_t(1) << 46 | stride << 32 | leading << 16;
}

int64_t sm100::scaleAtoms(TileType tile, bool alongTokens) {
  if (!hasGroupScales(tile.elementFormat()))
    return 0;
  ScaleAtoms atoms{tile.rows(), tile.columns() / portable::scaleGroup(tile.elementFormat())};
  int64_t perLine = alongTokens ? tile.columns() / kPanelColumns : atoms.atomsPerLine();
  return atoms.lines() * perLine;
}

int64_t sm100::slotBytes(ElementFormat format, int64_t rows, int64_t columns) {
  int64_t elements = rows * columns * bitsOf(format) / 8;
  // An atom for each panel of columns: more than Q and K in mxfp4 need.
  int64_t atoms = hasGroupScales(format) ? ScaleAtoms{rows}.lines() * (columns / kPanelColumns) : 0;
  return llvm::alignTo(elements + atoms * kAtomBytes, kSlotAlignment);
}

uint64_t sm100::scaleDescriptor() {
  constexpr uint64_t eightRows = 8 * 16;
  return uint64_t(1) << 46 | (eightRows >> 4) << 32;
}

uint32_t sm100::instructionDescriptor(ElementFormat format, int64_t n, bool rowsContracted) {
  uint32_t bits = static_cast<uint32_t>(n >> 3) << 17 | static_cast<uint32_t>(rowsContracted) << 16;
  constexpr uint32_t f32Result = 1u << 4, m = kTileRows >> 4 << 24, scaledM = kTileRows >> 7 << 27,
                     e2m1 = 1u << 7 | 1u << 10;
  switch (format) {
  case ElementFormat::BF16:
    return bits | f32Result | m | 1u << 7 | 1u << 10;
  case ElementFormat::NVFP4:
    return bits | scaledM | e2m1;
  case ElementFormat::MXFP4:
    return bits | scaledM | e2m1 | 1u << 23;
  default: // f16 among 16-bit kinds and E4M3 among 8-bit ones are both 0
    return bits | f32Result | m;
  }
}

llvm::StringRef sm100::kindOf(ElementFormat format) {
  switch (format) {
  case ElementFormat::NVFP4:
    return "kind::mxf4nvf4.block_scale.block16";
  case ElementFormat::MXFP4:
    return "kind::mxf4.block_scale.block32";
  case ElementFormat::FP8:
    return "kind::f8f6f4";
  default:
    return "kind::f16";
  }
}
