//===- Matrix.cpp - ldmatrix stmatrix movmatrix -----------------------------===//
//
// PTX ISA "Warp-level matrix load/store/transpose": 8x8 matrices of 16-bit elements. Lanes 8i..8i+7 give the addresses
// of the rows of matrix i. A lane holds two neighbours of a row:
//
//     lane   0: (0,0) (0,1)   lane 1: (0,2) (0,3)  ...  lane 3: (0,6) (0,7)
//     lane   4: (1,0) (1,1)   ...
//
// and with .trans two neighbours of a column. Matrices of 8-bit elements are in MatrixBytes.cpp.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Matrix.h"

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Members.h"
#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

Step resolveRows(Warp &warp, const Inst &inst, uint32_t lanes, bool isStore, Places &places) {
  Window window = windowOf(inst);
  Step step = resolve(window, warp, inst, lanes, kMatrixRowBytes, kMatrixRowBytes, isStore, places);
  if (step != Step::Next || window == Window::Shared)
    return step;
  auto first = reinterpret_cast<uint64_t>(warp.cta.shared);
  for (LaneIterator lane(lanes); lane; ++lane)
    if (places.address[*lane] - first >= warp.cta.sharedBytes)
      return warp.fault(inst, Check::BadOperand, static_cast<int>(*lane),
                        "the generic address is not one of shared memory");
  return Step::Next;
}

std::vector<uint32_t> matrixRegisters(Form &form, size_t index, bool isDestination) {
  const ptx::Operand &operand = form.operand(index);
  std::vector<uint32_t> places;
  if (operand.kind != ptx::OperandKind::Vector) {
    form.invalid("operand " + std::to_string(index + 1) + " is not a vector");
    return places;
  }
  for (const ptx::Operand &element : form.elementsOf(operand))
    places.push_back(isDestination ? form.destination(element, 32) : form.source(element, Ty::B32));
  return places;
}

void takeRowAddress(Form &form, size_t index) {
  if (form.opcode().has("shared::cluster"))
    return form.unsupported("a space other than .shared");
  Window window = takeWindow(form, index);
  if (window != Window::Shared && window != Window::Generic)
    return form.unsupported("a space other than .shared");
  takeAddress(form, index);
}

namespace {

constexpr uint32_t kTransposed = 4;
constexpr uint32_t kRowBytes = kMatrixRowBytes;

using Tile = uint16_t[8][8];

uint32_t pairOf(const Tile &tile, unsigned lane, bool transposed) {
  unsigned major = lane / 4, minor = lane % 4 * 2;
  return transposed ? tile[minor][major] | uint32_t(tile[minor + 1][major]) << 16
                    : tile[major][minor] | uint32_t(tile[major][minor + 1]) << 16;
}

void putPair(Tile &tile, unsigned lane, bool transposed, uint32_t pair) {
  unsigned major = lane / 4, minor = lane % 4 * 2;
  auto low = static_cast<uint16_t>(pair), high = static_cast<uint16_t>(pair >> 16);
  if (transposed)
    tile[minor][major] = low, tile[minor + 1][major] = high;
  else
    tile[major][minor] = low, tile[major][minor + 1] = high;
}

Step runLdmatrix(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  uint32_t rows = firstLanes(8u * inst.count);
  Places places;
  if (Step step = resolveRows(warp, inst, rows, false, places); step != Step::Next)
    return step;
  if (Step step = checkWritten(warp, inst, rows, places, kRowBytes); step != Step::Next)
    return step;
  warp.cta.stats.sharedReadBytes += 8u * kRowBytes * inst.count;
  bool transposed = inst.flags & kTransposed;
  for (unsigned matrix = 0; matrix < inst.count; ++matrix) {
    uint32_t *d = warp.plane<uint32_t>(inst.list[matrix]);
    if (!transposed) {
      for (unsigned row = 0; row < 8; ++row)
        std::memcpy(d + 4 * row, places.data(8 * matrix + row), kRowBytes);
      continue;
    }
    Tile tile;
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(tile[row], places.data(8 * matrix + row), kRowBytes);
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      d[lane] = pairOf(tile, lane, true);
  }
  return Step::Next;
}

Step runStmatrix(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  uint32_t rows = firstLanes(8u * inst.count);
  Places places;
  if (Step step = resolveRows(warp, inst, rows, true, places); step != Step::Next)
    return step;
  if (Step step = markWritten(warp, inst, rows, places, kRowBytes); step != Step::Next)
    return step;
  warp.cta.stats.sharedWriteBytes += 8u * kRowBytes * inst.count;
  for (unsigned matrix = 0; matrix < inst.count; ++matrix) {
    const uint32_t *a = warp.plane<uint32_t>(inst.list[matrix]);
    Tile tile;
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      putPair(tile, lane, inst.flags & kTransposed, a[lane]);
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(places.data(8 * matrix + row), tile[row], kRowBytes);
  }
  return Step::Next;
}

Step runMovmatrix(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  Tile tile;
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    putPair(tile, lane, false, warp.plane<uint32_t>(inst.a)[lane]);
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    warp.plane<uint32_t>(inst.d)[lane] = pairOf(tile, lane, true);
  return Step::Next;
}

void decodeTransfer(Form &form, bool isLoad) {
  if (!form.take("sync") || !form.take("aligned"))
    return form.noSuchForm();
  if (!form.take("m8n8"))
    return decodeByteMatrix(form, isLoad);
  int size = form.takeOne({"x1", "x2", "x4"});
  if (form.take("trans"))
    form.inst.flags |= kTransposed;
  Ty type = form.type();
  form.list(matrixRegisters(form, isLoad ? 0 : 1, isLoad));
  takeRowAddress(form, isLoad ? 1 : 0);
  if (type != Ty::B16 || size < 0 || form.inst.count != 1u << size)
    return form.noSuchForm();
  form.use(isLoad ? &runLdmatrix : &runStmatrix);
}
void decodeLdmatrix(Form &form) { decodeTransfer(form, true); }
void decodeStmatrix(Form &form) { decodeTransfer(form, false); }

void decodeMovmatrix(Form &form) {
  if (!form.take("sync") || !form.take("aligned") || !form.take("m8n8") || !form.take("trans"))
    return form.noSuchForm();
  Ty type = form.type();
  form.d(0, 32), form.a(1, Ty::B32);
  if (type == Ty::B16)
    form.use(&runMovmatrix);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"ldmatrix", Domain::Any, InstructionClass::Matrix, decodeLdmatrix},
    {"movmatrix", Domain::Any, InstructionClass::Matrix, decodeMovmatrix},
    {"stmatrix", Domain::Any, InstructionClass::Matrix, decodeStmatrix},
};

} // namespace

OpcodeTable matrixOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
