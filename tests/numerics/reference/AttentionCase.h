//===- AttentionCase.h - tensors for the tests of the references ------------------------------===//
//
// Host tensors with deterministic contents, and the definition of attention written a second time, one pair at a time.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_NUMERICS_REFERENCE_ATTENTIONCASE_H
#define THRIFTJIT_TESTS_NUMERICS_REFERENCE_ATTENTIONCASE_H

#include "runtime/reference/AttentionProblem.h"

#include <gtest/gtest.h>

#include <functional>

namespace thrift {

/// [B,H,S,D] or, in memory, [B,S,H,D].
enum class Layout { HeadsFirst, TokensFirst };

/// A tensor [batch, heads, tokens, channels] of f16, bf16 or f32 that owns its bytes.
class HostTensor {
public:
  HostTensor(DType dtype, std::array<int64_t, 4> shape, Layout layout = Layout::HeadsFirst);

  /// Values of about unit variance, a function of seed and logical index only; the same for every layout.
  HostTensor &randomize(uint32_t seed, float amplitude = 1);
  HostTensor &set(int64_t b, int64_t h, int64_t token, int64_t channel, float value);
  HostTensor &fill(float value);
  float at(int64_t b, int64_t h, int64_t token, int64_t channel) const;
  TensorView view() const;

private:
  int64_t byteOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const;

  TensorView layoutOnly; ///< strides, without a pointer that a copy would leave dangling
  std::vector<uint8_t> bytes;
};

/// One problem with its three tensors.
struct AttentionCase {
  AttentionShape shape;
  HostTensor q, k, v;

  AttentionInputs inputs() const { return {q.view(), k.view(), v.view()}; }
};

/// Random tensors for `shape`, whose scale is set to 1 / sqrt(headDim).
AttentionCase makeCase(AttentionShape shape, DType dtype = DType::F16, Layout layout = Layout::HeadsFirst,
                       uint32_t seed = 1);

/// The mask, from its definition.
bool isVisible(const AttentionShape &shape, int64_t query, int64_t key);

/// What one pair contributes: a logit (natural-log domain, after scale and soft-cap) and a value vector.
struct Pair {
  double logit;
  std::function<double(int64_t channel)> value;
};

/// Softmax attention in one pass over pairs, straight from the definition; `pairOf(b, head, query, key)`.
AttentionOutput naiveAttention(const AttentionShape &shape,
                               const std::function<Pair(int64_t, int64_t, int64_t, int64_t)> &pairOf);
/// The same for the tensors of a case.
AttentionOutput naiveAttention(const AttentionCase &problem);

/// Equal up to `tolerance` relative to max(1, |expected|); equal infinities are equal, NaN never is.
void expectNear(const std::vector<double> &actual, const std::vector<double> &expected, double tolerance);

/// Ends the test where a Result holds no value.
#define THRIFT_ASSERT_OK(result) ASSERT_TRUE(static_cast<bool>(result)) << (result).status().message()

} // namespace thrift

#endif // THRIFTJIT_TESTS_NUMERICS_REFERENCE_ATTENTIONCASE_H
