//===- EncoderChecks.h - what every IEEE-like encoder and decoder must satisfy -----------------===//
//
// Each check stops at the first float or code that is wrong and prints it: a wrong encoder fails for thousands.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_FORMATS_ENCODERCHECKS_H
#define THRIFTJIT_TESTS_FORMATS_ENCODERCHECKS_H

#include "tests/formats/Oracle.h"

#include <gtest/gtest.h>

namespace thrift::oracle {

template <typename Encode>
void expectEncodesLike(const Encoder &oracle, const std::vector<float> &floats, Encode encode) {
  for (float x : floats)
    ASSERT_EQ(static_cast<uint32_t>(encode(x)), oracle(x)) << oracle.format.name << " of " << std::hexfloat << x;
}

/// Decoding is exact, and encoding a decoded code gives the code back; NaN codes give the canonical NaN.
template <typename Encode, typename Decode>
void expectCodesRoundTrip(const Format &format, Encode encode, Decode decode) {
  uint32_t codes = 2u << format.signShift();
  uint32_t infinity = format.saturates ? codes : format.largestFinite + 1;
  for (uint32_t code = 0; code < codes; ++code) {
    uint32_t magnitude = code & ((1u << format.signShift()) - 1);
    float value = decode(code);
    if (magnitude > format.largestFinite && magnitude != infinity) {
      ASSERT_TRUE(std::isnan(value)) << format.name << " code " << code;
      ASSERT_EQ(static_cast<uint32_t>(encode(value)), format.nanCode) << format.name << " code " << code;
      continue;
    }
    double expected = magnitude == infinity ? INFINITY : magnitudeOf(format, magnitude);
    ASSERT_EQ(std::fabs(static_cast<double>(value)), expected) << format.name << " code " << code;
    ASSERT_EQ(std::signbit(value), code != magnitude) << format.name << " code " << code;
    ASSERT_EQ(static_cast<uint32_t>(encode(value)), code) << format.name << " code " << code;
  }
}

} // namespace thrift::oracle

#endif // THRIFTJIT_TESTS_FORMATS_ENCODERCHECKS_H
