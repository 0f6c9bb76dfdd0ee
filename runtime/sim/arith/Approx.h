//===- Approx.h - the approximate functions of PTX --------------------------===//
//
// ex2, lg2, rcp, rsqrt, sqrt, sin, cos and tanh `.approx`, and the fast divisions. PTX bounds the error of these, it
// does not define the bits. Here each is computed in f64 and rounded once, so that it is the number nearest to the true
// value in all but a handful of near-ties; it is the same number on every machine where the f64 steps are our own (ex2,
// lg2, tanh, rcp, sqrt, rsqrt, div: IEEE operations in a fixed order, no contraction). sin and cos use the C library.
//
//   function      error here   promised by the PTX ISA (hardware may use all of it)
//   ex2.f32       0.5001 ulp   2 ulp                  (nearest for all inputs but two)
//   lg2.f32       0.5001 ulp   2^-22 absolute in (0.5, 2), 2^-22 relative elsewhere
//   rcp.f32       0.5 ulp      1 ulp
//   sqrt.f32      0.5 ulp      2^-23 relative
//   rsqrt.f32     0.5001 ulp   2^-22.9 relative
//   sin, cos.f32  0.5001 ulp   2^-20.5 absolute in [-2 pi, 2 pi], 2^-14.7 in [-100 pi, 100 pi]
//   tanh.f32      0.5001 ulp   2^-11 relative         (nearest for all inputs beyond 2^-13)
//   div.approx    0.5 ulp      2 ulp for |b| in [2^-126, 2^126]
//   div.full      0.5 ulp      2 ulp
//   ex2.f16       0.5001 ulp   2^-9.9 relative        ex2.bf16   0.5001 ulp   2^-7 relative
//   tanh.f16      0.5001 ulp   2^-10.987 absolute     tanh.bf16  0.5001 ulp   2^-8 absolute
//
// A comparison with a GPU must therefore allow the promised error; the simulator's own is negligible beside it.
// Every NaN is 0x7FFFFFFF (0x7FFF in 16 bits). `Ftz` flushes subnormal inputs and results to zeros of the same sign.
// The array forms may run in place (y == x), but must not overlap otherwise.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_APPROX_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_APPROX_H

#include <cstddef>
#include <cstdint>

namespace thrift::sim {

enum class Ftz : bool { No, Yes };

/// 2^x. Exact at integers. -inf gives +0, +-0 and subnormals give 1. Vectorised: about 40 ns for 32 values with
/// AVX-512.
void ex2Approx(const float *x, float *y, size_t count, Ftz ftz);
float ex2Approx(float x, Ftz ftz);

/// tanh(x), odd; +-inf gives +-1. Vectorised. PTX has no .ftz form in f32: subnormals pass through.
void tanhApprox(const float *x, float *y, size_t count);
float tanhApprox(float x);

/// log2(x). +-0 gives -inf, negative numbers NaN.
float lg2Approx(float x, Ftz ftz);
/// 1 / x. +-0 gives +-inf.
float rcpApprox(float x, Ftz ftz);
/// sqrt(x). -0 gives -0, other negative numbers NaN.
float sqrtApprox(float x, Ftz ftz);
/// 1 / sqrt(x). +-0 gives +-inf, other negative numbers NaN.
float rsqrtApprox(float x, Ftz ftz);
/// Infinities give NaN.
float sinApprox(float x, Ftz ftz);
float cosApprox(float x, Ftz ftz);

/// a / b; for 2^126 < |b| < 2^128 the ISA asks for 0, or NaN if a is infinite.
float divApprox(float a, float b, Ftz ftz);
/// a / b over the full range.
float divFull(float a, float b, Ftz ftz);

/// 16-bit forms on encoded values. ex2.approx.f16 keeps subnormals unless Ftz::Yes; bf16 exists with .ftz only.
uint16_t ex2ApproxF16(uint16_t x, Ftz ftz);
uint16_t ex2ApproxBf16(uint16_t x);
uint16_t tanhApproxF16(uint16_t x);
uint16_t tanhApproxBf16(uint16_t x);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_APPROX_H
