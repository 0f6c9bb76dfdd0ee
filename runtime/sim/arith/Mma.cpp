//===- Mma.cpp - bit-exact tensor-core matrix products ----------------------===//
//
// Cuts a product into tiles and steps, brings the operands into the order that the kernels want, and picks a kernel.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Mma.h"

#include "runtime/sim/arith/MmaKernels.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace thrift::sim {

MmaKernelList availableMmaKernels() {
  MmaKernelList list = {{portableMmaKernels(), nullptr, nullptr}, 1};
  for (const MmaKernels *kernels : {avx2MmaKernels(), avx512MmaKernels()})
    if (kernels)
      list.kernels[list.count++] = kernels;
  return list;
}

static const MmaKernels &bestKernels() {
  static const MmaKernels *const kBest = [] {
    MmaKernelList list = availableMmaKernels();
    return list.kernels[list.count - 1];
  }();
  return *kBest;
}

static constexpr int kTileRows = 64;
static constexpr int kTileLanes = 64;
static constexpr int kMaxBlockK = 64;
static constexpr int kMaxGroups = 4;

namespace {
/// An operand seen from the loops: `outer` runs over rows (or lanes), k over the contraction.
struct Side {
  MmaElement element;
  const float *values;
  ptrdiff_t outerStride, kStride;
  const MmaScales *scales;

  const float *at(int outer, int k) const { return values + outer * outerStride + k * kStride; }
};

/// C and D seen from the loops.
struct Sums {
  const float *c;
  ptrdiff_t cRowStride, cLaneStride;
  float *d;
  ptrdiff_t dRowStride, dLaneStride;
};

/// Working memory of one tile, on the stack of mma().
struct Scratch {
  alignas(64) float laneValues[kMaxBlockK * kTileLanes];
  alignas(64) float rowValues[kTileRows * kMaxBlockK];
  alignas(64) float sums[kTileRows * kTileLanes];
  alignas(64) int16_t laneExponents[kMaxBlockK * kTileLanes];
  alignas(64) uint32_t rowExponents[kTileRows * kMaxBlockK];
  alignas(64) float rowFactors[kTileRows * kMaxGroups], laneFactors[kMaxGroups * kTileLanes];
  alignas(64) int16_t rowShifts[kTileRows * kMaxGroups], laneShifts[kMaxGroups * kTileLanes];
};

class TiledProduct {
public:
  TiledProduct(const MmaKernels &kernels, const MmaModel &model, int k, Side rows, Side lanes, Sums sums)
      : kernels(kernels), model(model), k(k), rowSide(rows), laneSide(lanes), sums(sums) {}

  void run(int rows, int lanes) {
    for (int lane = 0; lane < lanes; lane += kTileLanes)
      for (int row = 0; row < rows; row += kTileRows)
        tile(row, std::min(kTileRows, rows - row), lane, std::min(kTileLanes, lanes - lane));
  }

private:
  void tile(int row, int rows, int lane, int lanes);
  void bringRows(MmaStep &step, int row, int rows, int first);
  void bringLanes(MmaStep &step, int lane, int lanes, int first);
  void bringRowScales(MmaStep &step, int row, int rows, int first);
  void bringLaneScales(MmaStep &step, int lane, int lanes, int first);

  const MmaKernels &kernels;
  const MmaModel &model;
  int k;
  Side rowSide, laneSide;
  Sums sums;
  Scratch scratch;
};
} // namespace

static int roundUp(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

namespace {
/// One block scale: factor * 2^shift.
struct ScaleParts {
  float factor;
  int16_t shift;
};
} // namespace

static ScaleParts scaleAt(const MmaScales &scales, int outer, int k) {
  uint8_t code = scales.codes[outer * scales.outerStride + k / scales.width * scales.blockStride];
  if (scales.format == MmaScaleFormat::UE8M0)
    return {1.0f, static_cast<int16_t>(code == 0xFF ? kNanShift : code - 127)};
  int magnitude = code & 0x7F, field = magnitude >> 3, mantissa = magnitude & 7;
  if (magnitude == 0x7F)
    return {1.0f, kNanShift};
  if (magnitude == 0)
    return {0.0f, kZeroExponent};
  return {0.125f * static_cast<float>(field ? 8 + mantissa : mantissa), static_cast<int16_t>(std::max(field, 1) - 7)};
}

void TiledProduct::bringRows(MmaStep &step, int row, int rows, int first) {
  step.rowValues = rowSide.at(row, first);
  step.rowStride = rowSide.outerStride;
  if (rowSide.kStride != 1) {
    for (int i = 0; i < step.k; ++i)
      for (int r = 0; r < rows; ++r)
        scratch.rowValues[r * step.k + i] = *rowSide.at(row + r, first + i);
    step.rowValues = scratch.rowValues;
    step.rowStride = step.k;
  }
  int smallest = minExponent(rowSide.element);
  if (model.exactGroup) {
    // Exact sums do not look at the elements' exponents.
  } else if (step.rowStride == step.k) {
    kernels.rowExponents(step.rowValues, scratch.rowExponents, rows * step.k, smallest);
  } else {
    for (int r = 0; r < rows; ++r)
      kernels.rowExponents(step.rowValues + r * step.rowStride, scratch.rowExponents + r * step.k, step.k, smallest);
  }
  step.rowExponents = scratch.rowExponents;

  if (rowSide.scales)
    bringRowScales(step, row, rows, first);
}

void TiledProduct::bringRowScales(MmaStep &step, int row, int rows, int first) {
  int width = model.exactGroup ? model.exactGroup : step.k;
  int groups = (step.k + width - 1) / width;
  for (int r = 0; r < rows; ++r)
    for (int g = 0; g < groups; ++g) {
      ScaleParts parts = scaleAt(*rowSide.scales, row + r, first + g * width);
      scratch.rowShifts[r * groups + g] = parts.shift;
      scratch.rowFactors[r * groups + g] = parts.factor;
    }
  step.rowShifts = scratch.rowShifts;
  step.rowFactors = scratch.rowFactors;
  step.rowScales = rowSide.scales;
  step.firstRow = row;
  step.firstK = first;
}

void TiledProduct::bringLanes(MmaStep &step, int lane, int lanes, int first) {
  int padded = step.lanes;
  step.laneValues = laneSide.at(lane, first);
  step.laneStride = laneSide.kStride;
  if (laneSide.outerStride != 1 || lanes != padded) {
    float *values = scratch.laneValues;
    int lanesDone = 0, kDone = 0;
    if (laneSide.kStride == 1) {
      lanesDone = lanes / 8 * 8;
      kDone = step.k / 8 * 8;
      kernels.transpose(step.laneValues, laneSide.outerStride, values, padded, lanesDone, kDone);
    }
    for (int i = 0; i < step.k; ++i) {
      for (int l = i < kDone ? lanesDone : 0; l < lanes; ++l)
        values[i * padded + l] = *laneSide.at(lane + l, first + i);
      std::fill(values + i * padded + lanes, values + (i + 1) * padded, 0.0f);
    }
    step.laneValues = values;
    step.laneStride = padded;
  }
  int smallest = minExponent(laneSide.element);
  if (model.exactGroup) {
    // Exact sums do not look at the elements' exponents.
  } else if (step.laneStride == padded) {
    kernels.laneExponents(step.laneValues, scratch.laneExponents, step.k * padded, smallest);
  } else {
    for (int i = 0; i < step.k; ++i)
      kernels.laneExponents(step.laneValues + i * step.laneStride, scratch.laneExponents + i * padded, padded,
                            smallest);
  }
  step.laneExponents = scratch.laneExponents;
  step.exponentStride = padded;

  if (laneSide.scales)
    bringLaneScales(step, lane, lanes, first);
}

void TiledProduct::bringLaneScales(MmaStep &step, int lane, int lanes, int first) {
  int width = model.exactGroup ? model.exactGroup : step.k;
  int groups = (step.k + width - 1) / width;
  for (int g = 0; g < groups; ++g)
    for (int l = 0; l < step.lanes; ++l) {
      ScaleParts padding = {0.0f, kZeroExponent};
      ScaleParts parts = l < lanes ? scaleAt(*laneSide.scales, lane + l, first + g * width) : padding;
      scratch.laneShifts[g * step.lanes + l] = parts.shift;
      scratch.laneFactors[g * step.lanes + l] = parts.factor;
    }
  step.laneShifts = scratch.laneShifts;
  step.laneFactors = scratch.laneFactors;
  step.laneScales = laneSide.scales;
  step.firstLane = lane;
}

void TiledProduct::tile(int row, int rows, int lane, int lanes) {
  int padded = roundUp(lanes, kLaneGroup);
  const float *c = sums.c + row * sums.cRowStride + lane * sums.cLaneStride;
  float *d = sums.d + row * sums.dRowStride + lane * sums.dLaneStride;
  bool inPlace = sums.dLaneStride == 1 && lanes == padded;

  MmaStep step = {};
  step.rows = rows;
  step.lanes = padded;
  step.sums = inPlace ? d : scratch.sums;
  step.sumStride = inPlace ? sums.dRowStride : padded;
  step.fractionBits = model.fractionBits;
  step.rounding = model.rounding;
  step.exactGroup = model.exactGroup;
  step.rowElement = rowSide.element;
  step.laneElement = laneSide.element;

  if (!inPlace || c != d || sums.cRowStride != sums.dRowStride || sums.cLaneStride != 1)
    for (int r = 0; r < rows; ++r) {
      float *target = step.sums + r * step.sumStride;
      for (int l = 0; l < lanes; ++l)
        target[l] = c[r * sums.cRowStride + l * sums.cLaneStride];
      std::fill(target + lanes, target + padded, 0.0f);
    }

  for (int first = 0; first < k; first += model.blockK) {
    step.k = std::min(model.blockK, k - first);
    bringRows(step, row, rows, first);
    bringLanes(step, lane, lanes, first);
    (model.exactGroup ? kernels.groupStep : kernels.step)(step);
  }

  if (!inPlace)
    for (int r = 0; r < rows; ++r)
      for (int l = 0; l < lanes; ++l)
        d[r * sums.dRowStride + l * sums.dLaneStride] = scratch.sums[r * padded + l];
}

/// What it costs to let `lanes` be the vectors, in units of about one multiply-add: padding, and the accesses that are
/// not along a row of memory.
static int64_t costOf(int rows, int lanes, int k, ptrdiff_t operandStride, ptrdiff_t sumStride) {
  int64_t padded = roundUp(lanes, kLaneGroup);
  int64_t cost = padded * rows * k;
  if (operandStride != 1)
    cost += padded * k * 4;
  if (sumStride != 1)
    cost += padded * rows * 16;
  return cost;
}

static void product(const MmaKernels &kernels, const MmaModel &model, MmaShape shape, Side a, Side b, ConstMatrix c,
                    Matrix d) {
  assert(model.blockK > 0 && model.blockK <= kMaxBlockK && "no such model");
  int64_t bLanes = costOf(shape.m, shape.n, shape.k, b.outerStride, d.columnStride);
  int64_t aLanes = costOf(shape.n, shape.m, shape.k, a.outerStride, d.rowStride);
  if (bLanes <= aLanes) {
    TiledProduct(kernels, model, shape.k, a, b,
                 {c.data, c.rowStride, c.columnStride, d.data, d.rowStride, d.columnStride})
        .run(shape.m, shape.n);
  } else {
    TiledProduct(kernels, model, shape.k, b, a,
                 {c.data, c.columnStride, c.rowStride, d.data, d.columnStride, d.rowStride})
        .run(shape.n, shape.m);
  }
}

void mmaWith(const MmaKernels &kernels, const MmaModel &model, MmaShape shape, MmaOperand a, MmaOperand b,
             ConstMatrix c, Matrix d) {
  product(kernels, model, shape, {a.element, a.values.data, a.values.rowStride, a.values.columnStride, nullptr},
          {b.element, b.values.data, b.values.columnStride, b.values.rowStride, nullptr}, c, d);
}

void mma(const MmaModel &model, MmaShape shape, MmaOperand a, MmaOperand b, ConstMatrix c, Matrix d) {
  mmaWith(bestKernels(), model, shape, a, b, c, d);
}

void mmaScaledWith(const MmaKernels &kernels, const MmaModel &model, MmaShape shape, MmaOperand a, MmaScales aScales,
                   MmaOperand b, MmaScales bScales, ConstMatrix c, Matrix d) {
  [[maybe_unused]] auto fits = [&](const MmaScales &scales) {
    if (model.exactGroup)
      return scales.width % model.exactGroup == 0 && model.blockK <= kMaxGroups * model.exactGroup;
    return scales.format == MmaScaleFormat::UE8M0 && scales.width % model.blockK == 0;
  };
  assert(fits(aScales) && fits(bScales) && "scales finer than what the model multiplies by one scale");
  product(kernels, model, shape, {a.element, a.values.data, a.values.rowStride, a.values.columnStride, &aScales},
          {b.element, b.values.data, b.values.columnStride, b.values.rowStride, &bScales}, c, d);
}

void mmaScaled(const MmaModel &model, MmaShape shape, MmaOperand a, MmaScales aScales, MmaOperand b, MmaScales bScales,
               ConstMatrix c, Matrix d) {
  mmaScaledWith(bestKernels(), model, shape, a, aScales, b, bScales, c, d);
}

void mmaF16(const MmaModel &model, MmaShape shape, const uint16_t *a, ptrdiff_t lda, const uint16_t *b, ptrdiff_t ldb,
            const float *c, ptrdiff_t ldc, float *d, ptrdiff_t ldd) {
  // One tile of A and one panel of B at a time, so that the widened copies stay in the first-level cache.
  constexpr int kRows = kTileRows, kColumns = kTileLanes, kDepth = 32;
  alignas(64) float aValues[kRows * kDepth], bValues[kDepth * kColumns];
  assert(kDepth % model.blockK == 0 && "steps must not straddle a panel");
  for (int n = 0; n < shape.n; n += kColumns)
    for (int m = 0; m < shape.m; m += kRows) {
      int rows = std::min(kRows, shape.m - m), columns = std::min(kColumns, shape.n - n);
      ConstMatrix from = {c + m * ldc + n, ldc};
      Matrix to = {d + m * ldd + n, ldd};
      for (int k = 0; k < std::max(shape.k, 1); k += kDepth, from = to) {
        int depth = std::min(kDepth, shape.k - k);
        for (int r = 0; r < rows; ++r)
          widenElements(MmaElement::F16, a + (m + r) * lda + k, aValues + r * depth, static_cast<size_t>(depth));
        for (int i = 0; i < depth; ++i)
          widenElements(MmaElement::F16, b + (k + i) * ldb + n, bValues + i * columns, static_cast<size_t>(columns));
        MmaOperand x = {MmaElement::F16, {aValues, depth}}, y = {MmaElement::F16, {bValues, columns}};
        mma(model, {rows, columns, depth}, x, y, from, to);
      }
    }
}

/// One m16n8k16 tile: A supplies the lanes, so that 16 rows fill the vectors, and D^T is the natural result.
static void tile16x8x16(MmaElement element, const uint16_t *a, const uint16_t *bt, const float *ct, float *dt) {
  constexpr int kM = 16, kN = 8, kK = 16;
  const MmaKernels &kernels = bestKernels();
  alignas(64) float wide[kM * kK], laneValues[kK * kM], rowValues[kN * kK];
  alignas(64) int16_t laneExponents[kK * kM];
  alignas(64) uint32_t rowExponents[kN * kK];
  widenElements(element, a, wide, kM * kK);
  widenElements(element, bt, rowValues, kN * kK);
  kernels.transpose(wide, kK, laneValues, kM, kM, kK);
  kernels.laneExponents(laneValues, laneExponents, kK * kM, minExponent(element));
  kernels.rowExponents(rowValues, rowExponents, kN * kK, minExponent(element));
  if (dt != ct)
    std::memcpy(dt, ct, sizeof(float) * kM * kN);

  MmaStep step = {};
  step.rows = kN;
  step.lanes = kM;
  step.k = kK;
  step.rowValues = rowValues;
  step.rowStride = kK;
  step.rowExponents = rowExponents;
  step.laneValues = laneValues;
  step.laneStride = kM;
  step.laneExponents = laneExponents;
  step.exponentStride = kM;
  step.sums = dt;
  step.sumStride = kM;
  step.fractionBits = kMmaF16.fractionBits;
  step.rounding = kMmaF16.rounding;
  step.rowElement = step.laneElement = element;
  kernels.step(step);
}

void mmaM16N8K16F16(const uint16_t *a, const uint16_t *bt, const float *ct, float *dt) {
  tile16x8x16(MmaElement::F16, a, bt, ct, dt);
}

void mmaM16N8K16Bf16(const uint16_t *a, const uint16_t *bt, const float *ct, float *dt) {
  tile16x8x16(MmaElement::BF16, a, bt, ct, dt);
}

} // namespace thrift::sim
