//===- QuantizeTest.cpp - packed bytes against the host's packers -----------===//
//
// The quantize kernels and dialect/formats do the same arithmetic in the same order, so their bytes are equal.

#include "tests/numerics/kernels/KernelRun.h"

#include "dialect/formats/Pack.h"
#include "runtime/reference/ReadTensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

using namespace thrift;
using namespace thrift::test;

namespace {

struct Packed {
  PackedKV layout;
  std::vector<uint8_t> bytes;
};

/// Packs K and V of a problem on the simulator.
Result<Packed> quantize(const Spec &spec, const Tensors &tensors) {
  Result<Plan> plan = simulator().plan(spec);
  if (!plan)
    return plan.status();
  Device &device = *simulator().device();
  AttentionShape shape = shapeOf(tensors, spec);
  Result<PackedKV> layout = plan->packedLayout({shape.batch, shape.qHeads, shape.kvHeads, shape.qLen, shape.kvLen});
  if (!layout)
    return layout.status();
  Result<Buffer> k = device.allocate(tensors.k.size() * 2), v = device.allocate(tensors.v.size() * 2),
                 packed = device.allocate(layout->bytes());
  if (!k || !v || !packed)
    return Status(StatusCode::DeviceError, "no memory");
  Packed result{*layout, std::vector<uint8_t>(layout->bytes())};
  TensorView kView = tensors.kView, vView = tensors.vView;
  kView.data = reinterpret_cast<void *>(k->address());
  vView.data = reinterpret_cast<void *>(v->address());
  result.layout.data = reinterpret_cast<void *>(packed->address());
  Status steps[] = {device.copyIn(k->address(), tensors.k.data(), tensors.k.size() * 2, {}),
                    device.copyIn(v->address(), tensors.v.data(), tensors.v.size() * 2, {}),
                    device.fill(packed->address(), 0xEE, layout->bytes(), {}),
                    plan->quantize(kView, vView, result.layout),
                    device.copyOut(result.bytes.data(), packed->address(), layout->bytes(), {})};
  for (Status &step : steps)
    if (!step)
      return step;
  return result;
}

RowReader readerOf(const TensorView &view) {
  return [view](int64_t b, int64_t h, int64_t token, float *row) { readRow(view, b, h, token, row); };
}

void expectBytes(const std::vector<uint8_t> &packed, size_t offset, const std::vector<uint8_t> &expected,
                 const char *what) {
  ASSERT_LE(offset + expected.size(), packed.size());
  for (size_t n = 0; n < expected.size(); ++n)
    ASSERT_EQ(int(packed[offset + n]), int(expected[n])) << what << ", byte " << n << " of " << expected.size();
}

void expectPacked(const Spec &spec, const Tensors &tensors) {
  Result<Packed> packed = quantize(spec, tensors);
  ASSERT_TRUE(packed) << packed.status().message();
  AttentionShape shape = shapeOf(tensors, spec);
  PackedShape keys{shape.batch, shape.kvHeads, shape.kvLen, spec.headDim, spec.blockKv}, values = keys;
  values.channels = spec.valueDim;
  PackedTensor k = packRows({packed->layout.low.qk, keys}, readerOf(tensors.kView));
  PackedTensor v = packTransposed({packed->layout.low.pv, values}, readerOf(tensors.vView));
  std::vector<float> means = blockMeans({keys}, readerOf(tensors.kView));
  expectBytes(packed->bytes, packed->layout.keyElements, k.data, "elements of K");
  expectBytes(packed->bytes, packed->layout.keyScales, k.scales, "scales of K");
  expectBytes(packed->bytes, packed->layout.valueElements, v.data, "elements of V");
  expectBytes(packed->bytes, packed->layout.valueScales, v.scales, "scales of V");
  // Means by their bits; a NaN may be any NaN.
  std::vector<float> actual(means.size());
  std::memcpy(actual.data(), packed->bytes.data() + packed->layout.keyMeans, means.size() * 4);
  for (size_t n = 0; n < means.size(); ++n)
    if (!std::isnan(means[n]) || !std::isnan(actual[n])) {
      ASSERT_EQ(actual[n], means[n]) << "mean " << n;
    }
}

Problem keysOnly(int64_t kvLen, int64_t batch = 1, int64_t heads = 1, bool tokensFirst = false) {
  Problem problem;
  problem.qHeads = problem.kvHeads = heads;
  problem.batch = batch;
  problem.kvLen = kvLen;
  problem.tokensFirst = tokensFirst;
  return problem;
}

} // namespace

TEST(Quantize, LengthsThatBreakTiles) {
  for (int64_t length : {1, 15, 16, 17, 63, 64, 65, 127, 200}) {
    SCOPED_TRACE(length);
    Spec spec;
    expectPacked(spec, makeTensors(keysOnly(length), spec));
  }
}

TEST(Quantize, HeadDimsBlocksTypesAndStrides) {
  Spec small, wide, bf16, unequal;
  small.headDim = small.valueDim = 64;
  wide.blockKv = 128;
  wide.headDim = wide.valueDim = 64;
  bf16.dtype = DType::BF16;
  unequal.headDim = 64;
  for (const Spec &spec : {small, wide, bf16, unequal}) {
    SCOPED_TRACE(print(spec));
    expectPacked(spec, makeTensors(keysOnly(200, 2, 3, false), spec));
    expectPacked(spec, makeTensors(keysOnly(200, 2, 3, true), spec));
  }
}

TEST(Quantize, ExtremeValues) {
  for (DType dtype : {DType::F16, DType::BF16}) {
    Spec spec;
    spec.dtype = dtype;
    Tensors tensors = makeTensors(keysOnly(130), spec);
    // Every 16-bit pattern somewhere: NaN, infinities, subnormals, zeros of both signs, groups that saturate or vanish.
    for (size_t n = 0; n < tensors.k.size(); ++n)
      tensors.k[n] = static_cast<uint16_t>(n * 2654435761u >> 7);
    for (size_t n = 0; n < tensors.v.size(); ++n)
      tensors.v[n] = static_cast<uint16_t>(n * 40503u >> 3);
    // And groups that hold nothing but small values: their scale rounds to zero.
    for (size_t n = 0; n < 4 * 128; ++n)
      tensors.k[n] = n % 3 ? 0x8001 : 0x0003;
    expectPacked(spec, tensors);
  }
}
