//===- PtxSimRun.h - calls ptx-sim in this process ------------------------------===//

#ifndef THRIFTJIT_TESTS_PTXSIM_PTXSIMRUN_H
#define THRIFTJIT_TESTS_PTXSIM_PTXSIMRUN_H

#include "tests/cli/TestFiles.h"
#include "tools/ptx-sim/CommandLine.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace thrift::ptxsim {

struct PtxSimResult {
  int code = -1;
  std::string out, err;

  nlohmann::json json() const { return nlohmann::json::parse(out); }
  bool saysOnOut(const std::string &text) const { return out.find(text) != std::string::npos; }
};

inline PtxSimResult ptxSim(const std::vector<std::string> &arguments, Terminal terminal = {},
                           const std::atomic<bool> *cancel = nullptr) {
  std::ostringstream out, err;
  PtxSimResult result;
  result.code = runCommandLine(arguments, {out, err, terminal, "ptx-sim"}, cancel);
  result.out = out.str();
  result.err = err.str();
  return result;
}

/// x[i] *= factor for i < n, with 4-byte elements; one thread each.
inline const std::string kScalePtx = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry scale(.param .u64 .ptr .global .align 4 x, .param .f32 factor, .param .u32 n) {
  .reg .pred %p; .reg .b32 %r<5>; .reg .f32 %f<3>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [x]; ld.param.f32 %f1, [factor]; ld.param.u32 %r1, [n];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x;
  mad.lo.u32 %r2, %r2, %r3, %r4;
  setp.ge.u32 %p, %r2, %r1;
  @%p ret;
  mul.wide.u32 %rd2, %r2, 4;
  add.s64 %rd3, %rd1, %rd2;
  ld.global.f32 %f2, [%rd3];
  mul.f32 %f2, %f2, %f1;
  st.global.f32 [%rd3], %f2;
  ret;
}
)";

/// A folder with a kernel and a launch file.
class PtxSim : public testing::Test {
protected:
  void SetUp() override { writeFile(ptx, kScalePtx); }

  /// Runs what `launch` says, with more options.
  PtxSimResult run(const std::string &launch, std::vector<std::string> options = {}) {
    writeFile(json, launch);
    options.insert(options.begin(), {ptx, json});
    return ptxSim(options);
  }
  /// A launch of `scale` over `n` elements of a buffer that these members describe.
  static std::string scale(const std::string &buffer, const std::string &factor = "2", const std::string &n = "100") {
    return R"({"grid": 4, "block": 32, "buffers": {"x": {)" + buffer +
           R"(}}, "arguments": [{"buffer": "x"}, {"f32": )" + factor + R"(}, {"u32": )" + n + "}]}";
  }
  /// One sentence on standard error, nothing on standard output.
  void expectRefusal(const PtxSimResult &result, int code, const std::string &sentence) {
    EXPECT_EQ(result.code, code);
    EXPECT_EQ(result.err, "ptx-sim: error: " + sentence + "\n");
    EXPECT_EQ(result.out, "");
  }

  TemporaryFolder folder;
  std::string ptx = folder.file("kernel.ptx"), json = folder.file("launch.json");
};

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TESTS_PTXSIM_PTXSIMRUN_H
