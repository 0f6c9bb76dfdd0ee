//===- AttentionCase.cpp - tensors for the tests of the references ----------------------------===//

#include "tests/numerics/reference/AttentionCase.h"
#include "dialect/formats/Float16.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace thrift {

HostTensor::HostTensor(DType dtype, std::array<int64_t, 4> shape, Layout layout)
    : layoutOnly(
          layout == Layout::HeadsFirst
              ? TensorView::contiguous(nullptr, dtype, {shape[0], shape[1], shape[2], shape[3]})
              : TensorView::contiguous(nullptr, dtype, {shape[0], shape[2], shape[1], shape[3]}).transposed(1, 2)),
      bytes(static_cast<size_t>(shape[0] * shape[1] * shape[2] * shape[3] * sizeInBytes(dtype))) {}

int64_t HostTensor::byteOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const {
  return layoutOnly.offset(b, h, token, channel) * sizeInBytes(layoutOnly.dtype);
}

HostTensor &HostTensor::set(int64_t b, int64_t h, int64_t token, int64_t channel, float value) {
  uint8_t *to = bytes.data() + byteOffset(b, h, token, channel);
  if (layoutOnly.dtype == DType::F32) {
    std::memcpy(to, &value, sizeof value);
    return *this;
  }
  uint16_t code = layoutOnly.dtype == DType::F16 ? f16FromF32(value) : bf16FromF32(value);
  std::memcpy(to, &code, sizeof code);
  return *this;
}

float HostTensor::at(int64_t b, int64_t h, int64_t token, int64_t channel) const {
  const uint8_t *from = bytes.data() + byteOffset(b, h, token, channel);
  float value;
  if (layoutOnly.dtype == DType::F32) {
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  uint16_t code;
  std::memcpy(&code, from, sizeof code);
  return layoutOnly.dtype == DType::F16 ? f32FromF16(code) : f32FromBf16(code);
}

HostTensor &HostTensor::fill(float value) {
  for (int64_t b = 0; b < layoutOnly.shape[0]; ++b)
    for (int64_t h = 0; h < layoutOnly.shape[1]; ++h)
      for (int64_t token = 0; token < layoutOnly.shape[2]; ++token)
        for (int64_t channel = 0; channel < layoutOnly.shape[3]; ++channel)
          set(b, h, token, channel, value);
  return *this;
}

HostTensor &HostTensor::randomize(uint32_t seed, float amplitude) {
  uint32_t state = seed * 2654435761u + 12345u;
  auto uniform = [&] { // xorshift; in [-1, 1)
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
  };
  for (int64_t b = 0; b < layoutOnly.shape[0]; ++b)
    for (int64_t h = 0; h < layoutOnly.shape[1]; ++h)
      for (int64_t token = 0; token < layoutOnly.shape[2]; ++token)
        for (int64_t channel = 0; channel < layoutOnly.shape[3]; ++channel) {
          float sum = uniform();
          sum += uniform();
          sum += uniform(); // variance 3 * 1/3
          set(b, h, token, channel, sum * amplitude);
        }
  return *this;
}

TensorView HostTensor::view() const {
  TensorView view = layoutOnly;
  view.data = const_cast<uint8_t *>(bytes.data());
  return view;
}

AttentionCase makeCase(AttentionShape shape, DType dtype, Layout layout, uint32_t seed) {
  shape.scale = 1 / std::sqrt(static_cast<double>(shape.headDim));
  AttentionCase problem{shape, HostTensor(dtype, {shape.batch, shape.qHeads, shape.qLen, shape.headDim}, layout),
                        HostTensor(dtype, {shape.batch, shape.kvHeads, shape.kvLen, shape.headDim}, layout),
                        HostTensor(dtype, {shape.batch, shape.kvHeads, shape.kvLen, shape.valueDim}, layout)};
  problem.q.randomize(seed);
  problem.k.randomize(seed + 1);
  problem.v.randomize(seed + 2);
  return problem;
}

bool isVisible(const AttentionShape &shape, int64_t query, int64_t key) {
  int64_t diagonal = query + shape.kvLen - shape.qLen;
  return (!shape.causal || key <= diagonal) && (shape.window == 0 || key > diagonal - shape.window);
}

AttentionOutput naiveAttention(const AttentionShape &shape,
                               const std::function<Pair(int64_t, int64_t, int64_t, int64_t)> &pairOf) {
  AttentionOutput out;
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t head = 0; head < shape.qHeads; ++head)
      for (int64_t i = 0; i < shape.qLen; ++i) {
        double maximum = -std::numeric_limits<double>::infinity(), sum = 0;
        std::vector<double> o(static_cast<size_t>(shape.valueDim)), weight(o.size());
        for (int64_t j = 0; j < shape.kvLen; ++j)
          if (isVisible(shape, i, j))
            maximum = std::max(maximum, pairOf(b, head, i, j).logit);
        for (int64_t j = 0; j < shape.kvLen; ++j) {
          if (!isVisible(shape, i, j))
            continue;
          Pair pair = pairOf(b, head, i, j);
          double p = std::exp(pair.logit - maximum);
          sum += p;
          for (int64_t d = 0; d < shape.valueDim; ++d) {
            o[d] += p * pair.value(d);
            weight[d] += p * std::fabs(pair.value(d));
          }
        }
        for (int64_t d = 0; d < shape.valueDim; ++d) {
          out.o.push_back(sum == 0 ? 0 : o[d] / sum);
          out.weight.push_back(sum == 0 ? 0 : weight[d] / sum);
        }
        out.lse.push_back(maximum + std::log(sum));
      }
  return out;
}

AttentionOutput naiveAttention(const AttentionCase &problem) {
  const AttentionShape &shape = problem.shape;
  return naiveAttention(shape, [&](int64_t b, int64_t head, int64_t i, int64_t j) {
    int64_t kvHead = head / (shape.qHeads / shape.kvHeads);
    double x = 0;
    for (int64_t d = 0; d < shape.headDim; ++d)
      x += static_cast<double>(problem.q.at(b, head, i, d)) * problem.k.at(b, kvHead, j, d);
    x *= shape.scale;
    if (shape.softcap > 0)
      x = shape.softcap * std::tanh(x / shape.softcap);
    return Pair{x, [&problem, b, kvHead, j](int64_t d) { return problem.v.at(b, kvHead, j, d); }};
  });
}

void expectNear(const std::vector<double> &actual, const std::vector<double> &expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] == expected[i])
      continue;
    double allowed = tolerance * std::max(1.0, std::fabs(expected[i]));
    ASSERT_TRUE(std::fabs(actual[i] - expected[i]) <= allowed)
        << "element " << i << " is " << actual[i] << ", expected " << expected[i] << " +- " << allowed;
  }
}

} // namespace thrift
