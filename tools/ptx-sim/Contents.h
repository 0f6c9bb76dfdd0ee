//===- Contents.h - what buffers hold before a launch --------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_CONTENTS_H
#define THRIFTJIT_TOOLS_PTXSIM_CONTENTS_H

#include "tools/ptx-sim/LaunchFile.h"
#include "tools/ptx-sim/TensorFiles.h"

namespace thrift::ptxsim {

/// The elements of a buffer: type and shape always, bytes unless nobody writes it (`uninitialized`), or it has fields,
/// which hold addresses and are written when these are known. The same seed and name of a buffer give the same random
/// numbers everywhere.
Result<HostTensor> fillBuffer(const BufferSpec &spec, const LaunchFile &file, TensorReader &reader);

/// What a buffer of this type and shape must hold. The type may be another one where a file says so.
Result<HostTensor> expectedValues(const Expectation &expected, const HostTensor &buffer, const LaunchFile &file,
                                  TensorReader &reader);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_CONTENTS_H
