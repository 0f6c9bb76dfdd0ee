//===- ExitCode.cpp - what the process says when it ends ----------------------===//

#include "tools/console/ExitCode.h"

namespace thrift {

ExitCode exitCodeOf(StatusCode code) {
  switch (code) {
  case StatusCode::Ok:
    return ExitCode::Ok;
  case StatusCode::InvalidArgument:
    return ExitCode::Usage;
  case StatusCode::Unsupported:
    return ExitCode::Unsupported;
  case StatusCode::CompileFailed:
    return ExitCode::Compile;
  case StatusCode::DeviceUnavailable:
  case StatusCode::DeviceError:
    return ExitCode::Device;
  case StatusCode::IoError:
    return ExitCode::Io;
  case StatusCode::Internal:
    return ExitCode::FailedCheck;
  }
  return ExitCode::FailedCheck;
}

const char *name(StatusCode code) {
  switch (code) {
  case StatusCode::Ok:
    return "ok";
  case StatusCode::InvalidArgument:
    return "invalid_argument";
  case StatusCode::Unsupported:
    return "unsupported";
  case StatusCode::CompileFailed:
    return "compile_failed";
  case StatusCode::DeviceUnavailable:
    return "device_unavailable";
  case StatusCode::DeviceError:
    return "device_error";
  case StatusCode::IoError:
    return "io_error";
  case StatusCode::Internal:
    return "internal";
  }
  return "internal";
}

const char *exitCodeHelp() {
  return "Exit codes: 0 ok, 1 a check failed, 2 usage or input, 3 unsupported or not built,\n"
         "            4 compilation, 5 device, 6 files";
}

} // namespace thrift
