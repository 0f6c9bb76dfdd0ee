//===- MatrixBytes.cpp - ldmatrix and stmatrix of 8-bit elements ------------===//
//
// PTX ISA "ldmatrix" and "stmatrix", shapes m8n16, m16n16 and m16n8. A row is 16 bytes of shared memory; lane i gives
// the address of row i of all matrices. With g = lane / 4 and t = lane % 4, byte j of a register is
//
//   ldmatrix m8n16            row g, column 4t + j                      8 rows a matrix, a register a matrix
//   ldmatrix m16n16.trans     row 4t + j, column g (+ 8 in the second   16 rows a matrix, two registers a matrix
//                             register): four k of one column of B
//   stmatrix m16n8.trans      row 2t + j % 2, column g + 8 (j / 2):     8 rows a matrix, a register a matrix
//                             the accumulators of mma, each a byte
//
// (The figures of m16n16 and m16n8 in words; CUTLASS's copy atoms for these instructions say the same.)
//
// Elements of 4 and 6 bits lie packed at the beginning of their row and are unpacked into bytes, in whose low bits they
// land with zeros above: mma's kind::f8f6f4 wants e2m1 two bits further left, which is the kernel's business.
//
//   .b4x16_p64   |  8 bytes of elements |  8 bytes unused |        element i at bit 4 i
//   .b6x16_p32   | 12 bytes of elements     | 4 unused    |        element i at bit 6 i
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Matrix.h"
#include "runtime/sim/ops/Members.h"

namespace thrift::sim {

namespace {

/// Bits of an element in memory, in inst.flags.
constexpr unsigned kBitsShift = 16;
uint32_t elementBits(const Inst &inst) { return inst.flags >> kBitsShift; }

using Row = uint8_t[kMatrixRowBytes];

void unpackRow(const uint8_t *source, uint32_t bits, Row &row) {
  if (bits == 8) {
    std::memcpy(row, source, kMatrixRowBytes);
    return;
  }
  uint8_t packed[kMatrixRowBytes + 1] = {};
  std::memcpy(packed, source, 2 * bits);
  for (uint32_t i = 0; i < 16; ++i) {
    uint32_t at = bits * i, word = packed[at / 8] | uint32_t(packed[at / 8 + 1]) << 8;
    row[i] = static_cast<uint8_t>(word >> at % 8 & ((1u << bits) - 1));
  }
}

/// Fetches the rows of all matrices.
Step loadRows(Warp &warp, const Inst &inst, uint32_t mask, uint32_t count, Row *rows) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  Places places;
  if (Step step = resolveRows(warp, inst, firstLanes(count), false, places); step != Step::Next)
    return step;
  // What is behind the packed elements need not be written.
  uint32_t bits = elementBits(inst);
  if (Step step = checkWritten(warp, inst, firstLanes(count), places, 2 * bits); step != Step::Next)
    return step;
  warp.cta.stats.sharedReadBytes += kMatrixRowBytes * count;
  for (uint32_t row = 0; row < count; ++row)
    unpackRow(places.data(row), bits, rows[row]);
  return Step::Next;
}

Step runLoad8x16(Warp &warp, const Inst &inst, uint32_t mask) {
  Row rows[kWarpSize];
  if (Step step = loadRows(warp, inst, mask, 8u * inst.count, rows); step != Step::Next)
    return step;
  for (unsigned matrix = 0; matrix < inst.count; ++matrix) {
    uint32_t *d = warp.plane<uint32_t>(inst.list[matrix]);
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      std::memcpy(&d[lane], rows[8 * matrix + lane / 4] + lane % 4 * 4, 4);
  }
  return Step::Next;
}

Step runLoad16x16(Warp &warp, const Inst &inst, uint32_t mask) {
  Row rows[kWarpSize];
  if (Step step = loadRows(warp, inst, mask, 8u * inst.count, rows); step != Step::Next)
    return step;
  for (unsigned r = 0; r < inst.count; ++r) {
    uint32_t *d = warp.plane<uint32_t>(inst.list[r]);
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      const Row *first = rows + 16 * (r / 2) + lane % 4 * 4;
      unsigned column = lane / 4 + 8 * (r % 2);
      d[lane] = first[0][column] | uint32_t(first[1][column]) << 8 | uint32_t(first[2][column]) << 16 |
                uint32_t(first[3][column]) << 24;
    }
  }
  return Step::Next;
}

Step runStore16x8(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  uint32_t count = 8u * inst.count;
  Places places;
  if (Step step = resolveRows(warp, inst, firstLanes(count), true, places); step != Step::Next)
    return step;
  if (Step step = markWritten(warp, inst, firstLanes(count), places, kMatrixRowBytes); step != Step::Next)
    return step;
  warp.cta.stats.sharedWriteBytes += kMatrixRowBytes * count;
  for (unsigned matrix = 0; matrix < inst.count; ++matrix) {
    const uint32_t *a = warp.plane<uint32_t>(inst.list[matrix]);
    Row rows[8];
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      for (unsigned j = 0; j < 4; ++j)
        rows[lane % 4 * 2 + j % 2][lane / 4 + 8 * (j / 2)] = static_cast<uint8_t>(a[lane] >> 8 * j);
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(places.data(8 * matrix + row), rows[row], kMatrixRowBytes);
  }
  return Step::Next;
}

/// Legal forms: PTX ISA, tables of shapes and of source formats.
struct ByteForm {
  std::string_view shape;
  bool isLoad, transposed, widens; ///< widens: .b8x16 and a source format, else .b8
  unsigned registers;              ///< of a matrix
  unsigned matrices;               ///< at most
  Handler run;
};
constexpr ByteForm kByteForms[] = {
    {"m8n16", true, false, true, 1, 4, &runLoad8x16},
    {"m16n16", true, true, true, 2, 2, &runLoad16x16},
    {"m16n16", true, true, false, 2, 2, &runLoad16x16},
    {"m16n8", false, true, false, 1, 4, &runStore16x8},
};

} // namespace

void decodeByteMatrix(Form &form, bool isLoad) {
  static constexpr std::string_view kShapes[] = {"m8n16", "m16n16", "m16n8"};
  int shape = form.takeOne({"m8n16", "m16n16", "m16n8"}), size = form.takeOne({"x1", "x2", "x4"});
  bool transposed = form.take("trans"), widens = form.take("b8x16");
  int format = form.takeOne({"b8", "b6x16_p32", "b4x16_p64"});
  if (shape < 0 || size < 0 || format < 0 || widens != (format > 0))
    return form.noSuchForm();
  const ByteForm *facts = nullptr;
  for (const ByteForm &row : kByteForms)
    if (row.shape == kShapes[shape] && row.isLoad == isLoad && row.transposed == transposed && row.widens == widens)
      facts = &row;
  unsigned matrices = 1u << size;
  if (!facts || matrices > facts->matrices)
    return form.noSuchForm();
  form.list(matrixRegisters(form, isLoad ? 0 : 1, isLoad));
  if (form.inst.count != facts->registers * matrices)
    return form.invalid("the vector has " + std::to_string(form.inst.count) +
                        " registers; allowed: " + std::to_string(facts->registers * matrices));
  takeRowAddress(form, isLoad ? 1 : 0);
  static constexpr uint32_t kBits[] = {8, 6, 4};
  form.inst.flags |= kBits[format] << kBitsShift;
  form.use(facts->run);
}

} // namespace thrift::sim
