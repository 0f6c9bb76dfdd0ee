//===- AtomicFile.h - a file that appears whole or not at all --------------------------------===//
//
// Bytes go to a temporary beside the target; commit() syncs it and renames it over the target. Without commit(), or
// after a failure, the temporary is removed and the target is as it was.
//
//===-------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_SAFETENSORS_ATOMICFILE_H
#define THRIFTJIT_TOOLS_SAFETENSORS_ATOMICFILE_H

#include "runtime/Status.h"

#include <cstddef>
#include <string>

namespace thrift {

class AtomicFile {
public:
  /// `path` may not exist yet or be a regular file; a symbolic link is followed, so that the file behind it is replaced
  /// and the link stays. Anything else, a device for example, is refused: a rename would replace the device itself.
  static Result<AtomicFile> create(const std::string &path);

  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&) = delete;
  ~AtomicFile();

  Status write(const void *bytes, size_t size);
  /// After this the file is at its place and on the disk.
  Status commit();

private:
  AtomicFile(std::string target, std::string temporary, int descriptor);
  Status failed(const char *action) const;

  std::string target_, temporary_;
  /// -1 once committed or moved from.
  int descriptor_;
};

} // namespace thrift

#endif // THRIFTJIT_TOOLS_SAFETENSORS_ATOMICFILE_H
