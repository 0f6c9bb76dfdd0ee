//===- SpecOptions.h - the options that say what attention --------------------===//
//
// Shared by every verb: one table, in SpecOptions.cpp, from which come parsing, --help and refusals. An option that is
// not built yet stands in it too, and is refused with what exists.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_SPECOPTIONS_H
#define THRIFTJIT_TOOLS_THRIFTJIT_SPECOPTIONS_H

#include "runtime/Spec.h"
#include "tools/console/Switch.h"

#include <optional>
#include <string>
#include <vector>

namespace thrift {

/// What the options said, defaults filled in.
struct SpecRequest {
  Spec spec;

  /// The options that a file of tensors answers too, where they were given.
  std::optional<int64_t> headDim, valueDim, batch, qHeads, kvHeads, qLen, kvLen;
  std::optional<DType> dtype;

  /// What P should be, where it was given: agrees with the spec, which has no other.
  std::string p;

  /// A property of a launch, not of a spec.
  std::optional<float> scale;

  /// Options given whose values no kernel is compiled for: "--q-len".
  std::vector<std::string> launchOnly;
};

class SpecOptions {
public:
  void declare(CLI::App &app);
  /// InvalidArgument for values that make no sense, Unsupported for what is not built.
  Result<SpecRequest> read() const;

private:
  Status refuseOthersOptions(const Spec &spec) const;

  std::vector<CLI::Option *> options_; ///< in the order of the table, like their values
  std::vector<std::string> texts_;
  Switch causal_;
};

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_SPECOPTIONS_H
