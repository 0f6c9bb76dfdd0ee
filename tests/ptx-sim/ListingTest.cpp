//===- ListingTest.cpp - what a PTX file holds, launch files to start from ------===//

#include "PtxSimRun.h"

using namespace thrift;
using namespace thrift::ptxsim;

static const std::string kEntries = R"(.version 8.0
.target sm_90a
.address_size 64
.extern .shared .align 16 .b8 dynamic[];
.visible .entry first(.param .u64 .ptr .global .align 16 a, .param .align 64 .b8 map[128], .param .align 4 .b8 s[12],
                      .param .f32 f) .reqntid 64, 2 {
  .reg .b64 %r;
  .shared .align 4 .b8 fixed[100];
  mov.u64 %r, fixed;
  mov.u64 %r, dynamic;
  ret;
}
.visible .entry second() .maxntid 96 {
  .reg .b32 %r;
  wmma.load.a.sync.aligned.row.m16n16k16.f16 {%r}, [%r];
  ret;
}
)";

TEST_F(PtxSim, ListNamesEverything) {
  writeFile(ptx, kEntries);
  PtxSimResult result = ptxSim({ptx, "--list"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(result.saysOnOut(ptx + ": PTX 8.0, sm_90a, 2 entries\n")) << result.out;
  EXPECT_TRUE(result.saysOnOut(R"(
first
  instructions   3
  threads        64 x 2 x 1 (.reqntid)
  shared memory  100 bytes, and what the launch gives
  parameters     a .u64, pointer
                 map .b8[], 128 bytes, aligned to 64
                 s .b8[], 12 bytes, aligned to 4
                 f .f32
  simulator      runs it
)")) << result.out;
  EXPECT_TRUE(result.saysOnOut("  threads        at most 96 x 1 x 1 (.maxntid)\n")) << result.out;
  EXPECT_TRUE(result.saysOnOut("  simulator      cannot run it: line 15: wmma.load")) << result.out;
}

TEST_F(PtxSim, ListAsJson) {
  writeFile(ptx, kEntries);
  nlohmann::json json = ptxSim({ptx, "--list", "--json"}).json();
  ASSERT_EQ(json["entries"].size(), 2u);
  const nlohmann::json &first = json["entries"][0];
  EXPECT_EQ(first["reqntid"], (std::vector<int>{64, 2, 1}));
  EXPECT_EQ(first["static_shared_bytes"], 100);
  EXPECT_EQ(first["dynamic_shared"], true);
  EXPECT_TRUE(first["unsupported"].is_null());
  EXPECT_EQ(first["parameters"][1]["bytes"], 128);
  EXPECT_EQ(first["parameters"][1]["offset"], 64);
  EXPECT_FALSE(json["entries"][1]["unsupported"].is_null());
}

TEST_F(PtxSim, TemplateRunsAsItIs) {
  PtxSimResult result = ptxSim({ptx, "--template"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(run(result.out).code, 0) << result.out;
}

TEST_F(PtxSim, TemplateHasEveryKindOfParameter) {
  writeFile(ptx, kEntries);
  PtxSimResult result = ptxSim({ptx, "--template", "--entry", "first"});
  EXPECT_EQ(run(result.out).code, 0) << result.out;
  nlohmann::json json = result.json();
  EXPECT_EQ(json["block"], (std::vector<int>{64, 2, 1}));
  EXPECT_EQ(json["arguments"][0]["buffer"], "a");
  EXPECT_TRUE(json["arguments"][1].contains("tensor_map"));
  EXPECT_EQ(json["arguments"][2]["bytes"], 12);
  EXPECT_EQ(json["arguments"][3]["f32"], 0);
  expectRefusal(ptxSim({ptx, "--template"}), 2, "--entry is not given; allowed: first, second");
  expectRefusal(ptxSim({ptx, "--template", "--entry", "x"}), 2, "--entry is 'x'; allowed: first, second");
}

TEST_F(PtxSim, ListingTakesNoLaunchFile) {
  writeFile(json, "{}");
  expectRefusal(ptxSim({ptx, json, "--list"}), 2,
                "LAUNCH.json is '" + json + "'; allowed: nothing beside --list and --template");
}
