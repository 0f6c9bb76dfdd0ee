//===- Encode.h - f32 to the codes of the low formats -----------------------===//
//
// The encoders of dialect/formats (Float4.h, Float8.h), code for code, for finite values: groups that are not finite
// are overwritten as a whole. Where the target has no cvt for a format, integer and f32 arithmetic stand in for it.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_ENCODE_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_ENCODE_H

#include "compiler/targets/Target.h"
#include "compiler/targets/portable/Emitter.h"

namespace thrift::portable {

class Encoder {
public:
  Encoder(Emitter &e, NativeConversions conversions)
      : e(e), nativeFp8(conversions >= NativeConversions::Fp8), nativeFp4(conversions >= NativeConversions::Fp4) {}

  /// E4M3 code of x >= 0, to nearest even, saturating at 448; an i32.
  Value e4m3Scale(Value x);
  /// The value behind it.
  Value decodeE4m3(Value code);
  /// UE8M0 code of x >= 0, rounded up; an i32.
  Value ue8m0Scale(Value x);
  /// Four E4M3 codes, the first in the lowest byte.
  Value e4m3Word(ValueRange x);
  /// Eight E2M1 codes, the first in the lowest nibble.
  Value e2m1Word(ValueRange x);

private:
  Value e2m1(Value x);

  Emitter &e;
  bool nativeFp8, nativeFp4;
};

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_ENCODE_H
