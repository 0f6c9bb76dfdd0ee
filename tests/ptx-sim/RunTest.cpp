//===- RunTest.cpp - launches, findings, statistics ----------------------------===//

#include "PtxSimRun.h"

using namespace thrift;
using namespace thrift::ptxsim;

static const std::string kArange = R"("dtype": "f32", "shape": [100], "init": "arange")";

TEST_F(PtxSim, LaunchWithoutFaults) {
  PtxSimResult result = run(scale(kArange));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(result.saysOnOut("kernel      scale, sm_80\n")) << result.out;
  EXPECT_TRUE(result.saysOnOut("launch      4 x 1 x 1 CTAs of 32 x 1 x 1 threads, 0 bytes of dynamic shared memory\n"));
  EXPECT_TRUE(result.saysOnOut("checks      full, policy lazy, seed 0\n"));
  EXPECT_TRUE(result.saysOnOut("ran         60 warp instructions in "));
  EXPECT_TRUE(result.saysOnOut("result      ok\n"));
  EXPECT_FALSE(result.saysOnOut("warp instructions\n"));
}

TEST_F(PtxSim, Statistics) {
  PtxSimResult text = run(scale(kArange), {"--stats"});
  EXPECT_TRUE(text.saysOnOut("\nwarp instructions\n")) << text.out;
  EXPECT_TRUE(text.saysOnOut("  global bytes read                      400\n")) << text.out;
  nlohmann::json json = run(scale(kArange), {"--json"}).json();
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["kernel"], "scale");
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["grid"], (std::vector<int>{4, 1, 1}));
  EXPECT_EQ(json["findings"].size(), 0u);
  const nlohmann::json &statistics = json["statistics"];
  EXPECT_EQ(statistics["ctas"], 4);
  EXPECT_EQ(statistics["warp_instructions"], 60);
  EXPECT_EQ(statistics["global_read_bytes"], 400);
  EXPECT_EQ(statistics["global_write_bytes"], 400);
  uint64_t sum = 0;
  for (const auto &[name, count] : statistics["by_class"].items())
    sum += count.get<uint64_t>();
  EXPECT_EQ(sum, 60u);
}

TEST_F(PtxSim, FindingNamesLineAndBuffer) {
  PtxSimResult result = run(scale(kArange, "2", "101"));
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(result.saysOnOut("error: out-of-bounds: read of 4 bytes at 0x")) << result.out;
  EXPECT_TRUE(result.saysOnOut(" (x + 400)"));
  EXPECT_TRUE(result.saysOnOut("  " + ptx + ":13: ld.global.f32 %f2, [%rd3];\n  cta 3,0,0, warp 0, lane 4\n"));
  EXPECT_TRUE(result.saysOnOut("result      FAILED: the launch had an error; nothing was compared or written\n"));

  nlohmann::json json = run(scale(kArange, "2", "101"), {"--json"}).json();
  EXPECT_EQ(json["passed"], false);
  ASSERT_GE(json["findings"].size(), 1u);
  const nlohmann::json &finding = json["findings"][0];
  EXPECT_EQ(finding["severity"], "error");
  EXPECT_EQ(finding["check"], "out-of-bounds");
  EXPECT_EQ(finding["line"], 13);
  EXPECT_EQ(finding["cta"], (std::vector<int>{3, 0, 0}));
  EXPECT_EQ(finding["lane"], 4);
}

TEST_F(PtxSim, FindingNamesTheSourceLine) {
  std::string text = kScalePtx;
  text.insert(text.find("  ld.global"), "  .loc 1 30 10\n");
  text.insert(text.find("  mul.f32"), "  .loc 1 31 2\n");
  text += ".file 1 \"some/kernel.py\"\n";
  writeFile(ptx, text);
  PtxSimResult result = run(scale(kArange, "2", "101"));
  EXPECT_TRUE(result.saysOnOut("ld.global.f32 %f2, [%rd3];\n  some/kernel.py:30:10\n  cta 3,0,0")) << result.out;
  EXPECT_EQ(run(scale(kArange, "2", "101"), {"--json"}).json()["findings"][0]["source"], "some/kernel.py:30:10");
  writeFile(ptx, kScalePtx);
  EXPECT_TRUE(run(scale(kArange, "2", "101"), {"--json"}).json()["findings"][0]["source"].is_null());
}

TEST_F(PtxSim, UninitializedBufferIsFoundUnlessUnchecked) {
  const std::string launch = scale(R"("dtype": "f32", "shape": [100], "init": "uninitialized")");
  PtxSimResult result = run(launch, {"--json"});
  EXPECT_EQ(result.json()["findings"][0]["check"], "uninitialized") << result.out;
  for (const std::vector<std::string> &options :
       {std::vector<std::string>{"--json", "--no-check"}, {"--json", "--check", "off"}})
    EXPECT_EQ(run(launch, options).json()["findings"].size(), 0u);
}

TEST_F(PtxSim, ArgumentsMustFitTheParameters) {
  auto launch = [](const std::string &arguments) {
    return R"({"grid": 1, "block": 32, "buffers": {"x": {"bytes": 400, "init": "zeros"}}, "arguments": [)" + arguments +
           "]}";
  };
  expectRefusal(run(launch(R"({"buffer": "x"}, {"f32": 1})")), 2,
                json + ": arguments is a list of 2; allowed: 3, the parameters of scale: x, factor, n");
  expectRefusal(run(launch(R"({"buffer": "x"}, {"f64": 1}, {"u32": 0})")), 2,
                json + ": arguments[1] is a value of 8 bytes; allowed: 4 bytes, the size of factor");
  expectRefusal(run(launch(R"({"buffer": "x", "buffer_offset": 401}, {"f32": 1}, {"u32": 0})")), 2,
                json + ": arguments[0].buffer_offset is 401; allowed: at most the 400 bytes of x");
}

TEST_F(PtxSim, ConfigurationIsChecked) {
  std::string launch = scale(kArange);
  auto with = [&](const std::string &from, const std::string &to) {
    std::string text = launch;
    return text.replace(text.find(from), from.size(), to);
  };
  expectRefusal(run(with(R"("block": 32,)", "")), 2,
                json + ": block is missing; allowed: the number of threads, since scale has no .reqntid");
  expectRefusal(run(with("\"block\": 32", "\"block\": 2048")), 2,
                json + ": block is 2048x1x1; allowed: 1 to 1024 threads, at most 1024x1024x64");
  EXPECT_EQ(run(with("\"block\": 32", "\"block\": 32, \"shared_bytes\": 999999")).code, 2);
  expectRefusal(run(with("\"block\": 32", "\"block\": 32, \"cluster\": 2")), 3,
                json + ": cluster is 2x1x1; allowed: 1x1x1, the only size that the simulator has");
}

TEST_F(PtxSim, BlockOfThePtxIsTheDefault) {
  std::string text = kScalePtx;
  text.insert(text.find(" {\n"), " .reqntid 32");
  writeFile(ptx, text);
  std::string launch = scale(kArange);
  launch.replace(launch.find(R"("block": 32,)"), 12, "");
  EXPECT_EQ(run(launch).code, 0);
}

TEST_F(PtxSim, EntryIsChosen) {
  const std::string second = ".visible .entry other() { ret; }\n";
  writeFile(ptx, kScalePtx + second);
  expectRefusal(run(scale(kArange)), 2, json + ": entry is not given; allowed: scale, other");
  EXPECT_EQ(run(scale(kArange), {"--entry", "scale"}).code, 0);
  expectRefusal(run(scale(kArange), {"--entry", "third"}), 2, json + ": entry is \"third\"; allowed: scale, other");
  EXPECT_EQ(run(R"({"entry": "other", "grid": 1, "block": 1, "arguments": []})").code, 0);
}

TEST_F(PtxSim, UnsupportedInstructionIsExitCode3) {
  std::string text = kScalePtx;
  text.insert(text.find("  @%p ret;"), "  wmma.load.a.sync.aligned.row.m16n16k16.f16 {%r1}, [%rd1];\n");
  writeFile(ptx, text);
  PtxSimResult result = run(scale(kArange), {"--json"});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.json()["failure"]["code"], "unsupported");
  EXPECT_NE(result.err.find(ptx + ": line 10: wmma.load"), std::string::npos) << result.err;
}

TEST_F(PtxSim, BrokenPtxIsExitCode2) {
  writeFile(ptx, "this is no PTX");
  PtxSimResult result = run(scale(kArange));
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.err.rfind("ptx-sim: error: " + ptx + ": ", 0), 0u) << result.err;
}

TEST_F(PtxSim, BudgetEndsALoop) {
  writeFile(ptx, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry spin() {\nL:\n  bra L;\n}\n");
  PtxSimResult result = run(R"({"grid": 1, "block": 32, "arguments": []})", {"--budget", "100000", "--json"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.json()["findings"][0]["check"], "budget") << result.out;
}

TEST_F(PtxSim, CancelledLaunchSaysSo) {
  writeFile(ptx, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry spin() {\nL:\n  bra L;\n}\n");
  writeFile(json, R"({"grid": 3, "block": 32, "arguments": []})");
  std::atomic<bool> cancel{true};
  PtxSimResult result = ptxSim({ptx, json}, {}, &cancel);
  EXPECT_EQ(result.code, 130);
  EXPECT_TRUE(result.saysOnOut("result      CANCELLED: the launch was cancelled when 0 of 3 CTAs were done\n"))
      << result.out;
  result = ptxSim({ptx, json, "--json"}, {}, &cancel);
  EXPECT_EQ(result.json()["cancelled"], true);
  EXPECT_EQ(result.json()["passed"], false);
}

TEST_F(PtxSim, ProgressGoesToStandardError) {
  writeFile(ptx, R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry spin() {
  .reg .pred %p; .reg .b32 %i;
  mov.u32 %i, 0;
L:
  add.u32 %i, %i, 1;
  setp.lt.u32 %p, %i, 25000000;
  @%p bra L;
  ret;
})");
  const std::string launch = R"({"grid": 2, "block": 32, "arguments": []})";
  PtxSimResult result = run(launch, {"--progress", "--threads", "1"});
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.err.find("ptx-sim: 0 of 2 CTAs, "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find(" M warp instructions a second"), std::string::npos) << result.err;

  Terminal watched;
  watched.errInteractive = true;
  result = ptxSim({ptx, json, "--threads", "1"}, watched);
  EXPECT_NE(result.err.find("\rptx-sim: "), std::string::npos);
  EXPECT_EQ(result.err.find('\n'), std::string::npos) << "one line, which is gone at the end";
  EXPECT_EQ(result.err.back(), '\r');
  EXPECT_EQ(ptxSim({ptx, json, "--threads", "1", "--no-progress"}, watched).err, "");
}

TEST_F(PtxSim, StructsPointersAndSharedMemoryReachTheKernel) {
  // out[tid] = *(fields.p) + fields.k * in_struct_of_memory.w, through dynamic shared memory.
  writeFile(ptx, R"(.version 8.0
.target sm_80
.address_size 64
.extern .shared .align 4 .b8 memory[];
.visible .entry gather(.param .align 8 .b8 fields[24], .param .u64 table) {
  .reg .b32 %r<9>; .reg .b64 %rd<9>;
  ld.param.u64 %rd1, [fields];
  ld.param.u32 %r1, [fields+12];
  ld.param.u64 %rd2, [table];
  ld.global.u64 %rd3, [%rd2];
  ld.global.u32 %r2, [%rd2+8];
  ld.global.u32 %r3, [%rd3];
  mad.lo.u32 %r4, %r1, %r2, %r3;
  mov.u32 %r5, %tid.x;
  shl.b32 %r6, %r5, 2;
  mov.u32 %r7, memory;
  add.u32 %r7, %r7, %r6;
  st.shared.u32 [%r7], %r4;
  ld.shared.u32 %r8, [%r7];
  mul.wide.u32 %rd4, %r5, 4;
  add.s64 %rd5, %rd1, %rd4;
  st.global.u32 [%rd5], %r8;
  ret;
})");
  PtxSimResult result = run(R"({
    "grid": 1, "block": 32, "shared_bytes": 128,
    "buffers": {
      "in": {"dtype": "u32", "shape": [2], "init": {"values": [1, 1000]}},
      "table": {"bytes": 12, "init": {"fields": [{"offset": 0, "buffer": "in", "buffer_offset": 4}, {"offset": 8, "u32": 3}]}},
      "out": {"dtype": "u32", "shape": [34], "init": {"fill": 7},
              "expect": {"values": [7, 7, )" +
                            [] {
                              std::string values;
                              for (int i = 0; i < 32; ++i)
                                values += (i ? ", " : "") + std::string("1015");
                              return values;
                            }() +
                            R"(]}}
    },
    "arguments": [{"bytes": 24, "fields": [{"offset": 0, "buffer": "out", "buffer_offset": 8}, {"offset": 12, "u32": 5}]},
                  {"buffer": "table"}]})");
  EXPECT_EQ(result.code, 0) << result.out << result.err;
}
