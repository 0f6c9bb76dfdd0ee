//===- RunTest.cpp - `run` on small inputs in the simulator -------------------===//

#include "CommandLineRun.h"
#include "QkvFile.h"
#include "TestFiles.h"

#include <algorithm>
#include <cmath>

using namespace thrift;
using json = nlohmann::json;

namespace {

class Run : public testing::Test {
protected:
  /// `run` on the simulator in blocks of 64 x 64, where small inputs have several.
  CommandLineResult run(std::vector<std::string> more, Terminal terminal = {}) {
    std::vector<std::string> arguments = {
        "run", "--device", "sim", "--input", qkv.write(folder.file("qkv.safetensors")), "--block-q", "64"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return thriftjit(arguments, terminal);
  }
  json runJson(std::vector<std::string> more) {
    more.push_back("--json");
    CommandLineResult result = run(more);
    EXPECT_EQ(result.code, 0) << result.err << result.out;
    return result.json();
  }

  TemporaryFolder folder;
  QkvFile qkv;
};

std::vector<std::string> keysOf(const json &object) {
  std::vector<std::string> keys;
  for (const auto &[key, value] : object.items())
    keys.push_back(key);
  return keys; // sorted: nlohmann::json keeps a map
}

} // namespace

TEST_F(Run, JsonHasTheDocumentedFields) {
  json object = runJson({"--budget", "0.3", "--min-blocks", "1"});
  EXPECT_EQ(keysOf(object), (std::vector<std::string>{"check", "device", "error", "error_removed", "lowering", "routes",
                                                      "schema_version", "spec", "target", "time"}));
  EXPECT_EQ(object["schema_version"], 1);
  EXPECT_EQ(object["target"], "sm_80");
  EXPECT_EQ(object["lowering"], "portable; FP4 is storage only, no speed-up");
  EXPECT_EQ(object["device"].get<std::string>().rfind("sim", 0), 0u);
  EXPECT_EQ(keysOf(object["error"]), (std::vector<std::string>{"all_low", "emulated", "thrift"}));
  for (const char *which : {"all_low", "emulated", "thrift"}) {
    EXPECT_EQ(keysOf(object["error"][which]), (std::vector<std::string>{"cosine", "max_abs", "rel_l2"}));
    EXPECT_GT(object["error"][which]["cosine"].get<double>(), 0.9);
    EXPECT_GT(object["error"][which]["max_abs"].get<double>(), 0);
  }
  EXPECT_EQ(keysOf(object["time"]), (std::vector<std::string>{"attention_us", "compile_ms", "quantize_us", "rank_us"}));
  for (const auto &[key, value] : object["time"].items())
    EXPECT_GT(value.get<double>(), 0) << key;
  EXPECT_EQ(object["check"]["passed"], true);
  EXPECT_EQ(object["check"]["enforced"], true);
  EXPECT_EQ(object["check"]["failures"], json::array());
}

TEST_F(Run, JsonSpecSaysWhatRan) {
  json spec = runJson({"--budget", "0.3", "--min-blocks", "1", "--scale", "0.25", "--sink", "1"})["spec"];
  EXPECT_EQ(spec, (json{{"dtype", "f16"},   {"batch", 1},       {"q_heads", 2},      {"kv_heads", 1},
                        {"q_len", 100},     {"kv_len", 200},    {"head_dim", 64},    {"value_dim", 64},
                        {"causal", true},   {"scale", 0.25},    {"low", "nvfp4"},    {"select", "block_mean"},
                        {"budget", 0.3},    {"top_k", nullptr}, {"rule", "per_row"}, {"min_blocks", 1},
                        {"sink", 1},        {"local", 0},       {"block_q", 64},     {"block_kv", 64},
                        {"exp2", "approx"}, {"stages", 2}}));
}

TEST_F(Run, SharesAreOfTheVisibleBlocks) {
  // 100 queries stand at keys 100 to 199: the first 64 see 3 blocks, the rest see 4; two heads.
  json routes = runJson({"--budget", "0.3", "--min-blocks", "1"})["routes"];
  EXPECT_EQ(routes["visible"], 14);
  EXPECT_NEAR(routes["asked"].get<double>(), 0.3, 1e-12);
  EXPECT_NEAR(routes["decided"].get<double>(), 6.0 / 14, 1e-12); // ceil(0.9) + ceil(1.2), twice
  EXPECT_EQ(routes["executed"], routes["decided"]);
  ASSERT_EQ(routes["why"].size(), 1u);
  EXPECT_EQ(routes["why"][0]["reason"].get<std::string>().rfind("ceil: ", 0), 0u);
  EXPECT_NEAR(routes["why"][0]["share"].get<double>(), 6.0 / 14 - 0.3, 1e-12);
}

TEST_F(Run, RoutingRemovesError) {
  json object = runJson({"--budget", "0.3", "--min-blocks", "1"});
  double allLow = object["error"]["all_low"]["rel_l2"], thrift = object["error"]["thrift"]["rel_l2"];
  EXPECT_GT(allLow, 0.02);
  EXPECT_LT(thrift, allLow);
  EXPECT_NEAR(object["error_removed"].get<double>(), 1 - thrift / allLow, 1e-12);
  EXPECT_LE(object["error"]["emulated"]["rel_l2"].get<double>(), 5e-4); // the rounding of o to f16
}

TEST_F(Run, BudgetZeroIsAllLow) {
  json object = runJson({"--budget", "0"});
  EXPECT_EQ(object["error"]["thrift"], object["error"]["all_low"]);
  EXPECT_EQ(object["error_removed"], 0.0);
  EXPECT_EQ(object["routes"]["executed"], 0.0);
  EXPECT_EQ(object["routes"]["why"], json::array());
  EXPECT_TRUE(object["time"]["rank_us"].is_null());
  EXPECT_GT(object["time"]["quantize_us"].get<double>(), 0);
}

TEST_F(Run, BudgetOneIsExactToTheRoundingOfF16) {
  json object = runJson({"--budget", "1"});
  EXPECT_LE(object["error"]["thrift"]["rel_l2"].get<double>(), 1e-3);
  EXPECT_EQ(object["routes"]["executed"], 1.0);
  EXPECT_TRUE(object["time"]["quantize_us"].is_null());
  EXPECT_TRUE(object["time"]["rank_us"].is_null());
}

TEST_F(Run, TopKReplacesTheShare) {
  json object = runJson({"--top-k", "2"});
  EXPECT_EQ(object["spec"]["top_k"], 2);
  EXPECT_TRUE(object["spec"]["budget"].is_null());
  EXPECT_NEAR(object["routes"]["executed"].get<double>(), 8.0 / 14, 1e-12);
}

TEST_F(Run, Bf16AndUnequalDims) {
  qkv.setDType(DType::BF16);
  qkv.v.shape[3] = 128;
  json object = runJson({"--no-causal", "--budget", "0.3"});
  EXPECT_EQ(object["spec"]["dtype"], "bf16");
  EXPECT_EQ(object["spec"]["value_dim"], 128);
  EXPECT_EQ(object["routes"]["visible"], 16);
  EXPECT_LE(object["error"]["emulated"]["rel_l2"].get<double>(), 3.9e-3); // the rounding of o to bf16
}

TEST_F(Run, F32IsRoundedWhereATypeIsGiven) {
  json rounded = runJson({"--budget", "0.3", "--min-blocks", "1"});
  qkv.setDType(DType::F32);
  json converted = runJson({"--budget", "0.3", "--min-blocks", "1", "--dtype", "f16"});
  EXPECT_EQ(converted["spec"]["dtype"], "f16");
  EXPECT_EQ(converted["error"], rounded["error"]);
}

TEST_F(Run, OptionsMayRepeatTheFile) {
  CommandLineResult result =
      run({"--budget",  "0.3", "--min-blocks", "1", "--head-dim", "64",  "--value-dim", "64",  "--batch", "1",
           "--q-heads", "2",   "--kv-heads",   "1", "--q-len",    "100", "--kv-len",    "200", "--dtype", "f16"});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(Run, RowsThatSeeNoKey) {
  qkv.q.shape[2] = 150; // the first 80 queries stand before the first key
  qkv.k.shape[2] = qkv.v.shape[2] = 70;
  std::string output = folder.file("o.safetensors");
  json object = runJson({"--budget", "0.3", "--min-blocks", "1", "--output", output});
  EXPECT_EQ(object["check"]["passed"], true);
  Result<SafetensorsFile> file = SafetensorsFile::open(output);
  ASSERT_TRUE(file) << file.status().message();
  const float *lse = static_cast<const float *>(file->tensor("lse")->data);
  EXPECT_EQ(lse[79], -INFINITY);
  EXPECT_TRUE(std::isfinite(lse[80]));
}

TEST_F(Run, WritesOutputAndRoutes) {
  std::string output = folder.file("o.safetensors"), routes = folder.file("routes.safetensors");
  json object = runJson({"--budget", "0.3", "--min-blocks", "1", "--output", output, "--dump-routes", routes});
  Result<SafetensorsFile> file = SafetensorsFile::open(output);
  ASSERT_TRUE(file) << file.status().message();
  EXPECT_EQ(file->metadata().at("source"), "thriftjit run");
  EXPECT_EQ(file->metadata().at("target"), "sm_80");
  Result<TensorView> o = file->tensor("o"), lse = file->tensor("lse");
  ASSERT_TRUE(o && lse);
  EXPECT_EQ(o->dtype, DType::F16);
  EXPECT_EQ(printShape(*o), "[1, 2, 100, 64]");
  EXPECT_EQ(lse->dtype, DType::F32);
  EXPECT_EQ(printShape(*lse), "[1, 2, 100]");
  for (int64_t row = 0; row < 200; ++row)
    EXPECT_TRUE(std::isfinite(static_cast<const float *>(lse->data)[row]));

  Result<SafetensorsFile> lists = SafetensorsFile::open(routes);
  ASSERT_TRUE(lists) << lists.status().message();
  Result<TensorView> counts = lists->tensor("counts"), ids = lists->tensor("ids");
  ASSERT_TRUE(counts && ids);
  EXPECT_EQ(printShape(*counts), "[1, 2, 2]");
  EXPECT_EQ(printShape(*ids), "[1, 2, 2, 2]");
  const int32_t *count = static_cast<const int32_t *>(counts->data), *id = static_cast<const int32_t *>(ids->data);
  EXPECT_EQ((std::vector<int32_t>(count, count + 4)), (std::vector<int32_t>{1, 2, 1, 2}));
  for (int list : {0, 2}) {
    EXPECT_GE(id[2 * list], 0);
    EXPECT_EQ(id[2 * list + 1], -1); // past the count
  }
  for (int list : {1, 3})
    EXPECT_LT(id[2 * list], id[2 * list + 1]);
}

TEST_F(Run, OnlineSaysWhatItDecided) {
  json object = runJson({"--select", "online", "--tau", "0.5", "--skip", "0.1"});
  json spec = object["spec"], routes = object["routes"], online = routes["online"];
  EXPECT_EQ(spec["select"], "online");
  EXPECT_EQ(spec["tau"], 0.5);
  EXPECT_EQ(spec["skip"], 0.1);
  EXPECT_EQ(spec["granule"], 16);
  EXPECT_EQ(spec["sink"], 1);
  EXPECT_EQ(spec["local"], 1);
  EXPECT_TRUE(spec["rule"].is_null());
  EXPECT_TRUE(spec["min_blocks"].is_null());
  EXPECT_TRUE(routes["asked"].is_null());
  // 4 granules of 64 rows see 3 blocks, 3 granules (36 rows) see 4, in two heads.
  EXPECT_EQ(online["visible"], 2 * (4 * 3 + 3 * 4));
  // Of 3 blocks the first and those around the diagonal, keys 100 to 163: 3; of 4 the first and keys 164 to 199: 3.
  EXPECT_NEAR(online["seeds"].get<double>(), 2.0 * (4 * 3 + 3 * 3) / 48, 1e-12);
  EXPECT_EQ(online["refused"], 0);
  EXPECT_LE(online["farthest_from_threshold"].get<double>(), 1e-3);
  EXPECT_TRUE(object["time"]["rank_us"].is_null());
  EXPECT_GT(object["error_removed"].get<double>(), 0);
}

TEST_F(Run, WritesDecisionsOfTheOnlineRouter) {
  qkv.k.shape[2] = qkv.v.shape[2] = 500;
  std::string routes = folder.file("routes.safetensors");
  json object = runJson({"--select", "online", "--skip", "0.1", "--dump-routes", routes});
  Result<SafetensorsFile> file = SafetensorsFile::open(routes);
  ASSERT_TRUE(file) << file.status().message();
  Result<TensorView> tiers = file->tensor("tiers"), promotions = file->tensor("promotions"), ids = file->tensor("ids");
  ASSERT_TRUE(tiers && promotions && ids);
  EXPECT_EQ(tiers->dtype, DType::U8);
  EXPECT_EQ(printShape(*tiers), "[1, 2, 2, 4, 8]");
  EXPECT_EQ(printShape(*promotions), "[1, 2, 2, 4, 2]");
  int64_t promoted = 0, high = 0;
  for (int64_t n = 0; n < 16; ++n)
    promoted += static_cast<const int32_t *>(promotions->data)[2 * n];
  for (int64_t n = 0; n < tiers->numElements(); ++n)
    high += static_cast<const uint8_t *>(tiers->data)[n] == 2;
  EXPECT_GT(high, promoted);
  const json &online = object["routes"]["online"];
  double pairs = online["visible"].get<double>();
  EXPECT_NEAR(online["promoted"].get<double>() * pairs, static_cast<double>(promoted), 1e-9);
}

TEST_F(Run, OnlineTextForPeople) {
  CommandLineResult result = run({"--select", "online", "--tau", "0.5"}, {true, true, 80});
  EXPECT_EQ(result.code, 0) << result.err;
  for (const char *text :
       {"online by tau 0.5, granules of 16", "sink 1, local 1", "visible pairs of granule and block: ", "%  seeds\n",
        "%  by their low logits\n", "skipped     0.00 %\n", "check       passed"})
    EXPECT_NE(result.out.find(text), std::string::npos) << text << "\n" << result.out;
}

TEST_F(Run, WritesRoutesOfPlansThatDoNotRank) {
  std::string routes = folder.file("routes.safetensors");
  runJson({"--budget", "0", "--dump-routes", routes});
  EXPECT_EQ(printShape(*SafetensorsFile::open(routes)->tensor("ids")), "[1, 2, 2, 0]");
  runJson({"--budget", "1", "--dump-routes", routes});
  Result<SafetensorsFile> file = SafetensorsFile::open(routes);
  const int32_t *count = static_cast<const int32_t *>(file->tensor("counts")->data);
  EXPECT_EQ((std::vector<int32_t>(count, count + 4)), (std::vector<int32_t>{3, 4, 3, 4}));
}

TEST_F(Run, TextForPeople) {
  CommandLineResult result = run({"--budget", "0.3", "--min-blocks", "1"}, {true, true, 80});
  EXPECT_EQ(result.code, 0) << result.err;
  for (const char *text :
       {"target      sm_80\n", "lowering    portable; FP4 is storage only, no speed-up\n", "device      sim",
        "q [1, 2, 100, 64], k [1, 1, 200, 64], v [1, 1, 200, 64], f16\n",
        "promoted    6 of 14 visible blocks: 42.86 %, asked 30.00 %\n", "+12.86 %  ceil: ", "head 0 \u2502",
        "head 1 \u2502", "all low, to exact", "thrift, to exact", "thrift, to emulated", "of the all-low error\n",
        "check       passed", "time        quantize "})
    EXPECT_NE(result.out.find(text), std::string::npos) << text << "\n" << result.out;
  EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
}

TEST_F(Run, TextIsAsciiWhereTheLocaleIs) {
  CommandLineResult result = run({"--budget", "0.3", "--min-blocks", "1"});
  EXPECT_NE(result.out.find("head 0 |"), std::string::npos) << result.out;
  EXPECT_TRUE(
      std::all_of(result.out.begin(), result.out.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
}

TEST_F(Run, ProgressGoesToStandardError) {
  CommandLineResult result = thriftjit({"run", "--device", "sim", "--input", qkv.write(folder.file("qkv.safetensors")),
                                        "--budget", "0.3", "--target", "sm_100", "--json"});
  EXPECT_TRUE(result.saysOnErr("thriftjit: using sim")) << result.err;
  EXPECT_TRUE(result.saysOnErr("sm_100 means sm_100a"));
  EXPECT_TRUE(result.saysOnErr("lowering: sm100; products in FP4, FP8 and f16"));
  EXPECT_EQ(result.json()["target"], "sm_100"); // and nothing but the object on standard output
}

TEST_F(Run, WrongResultIsExitCodeOne) {
  // Logits near 1e9 differ by more than f32 resolves, so that no kernel in f32 can be near the float64 reference.
  qkv.q.factor = qkv.k.factor = 12000;
  CommandLineResult result = run({"--budget", "0.3", "--min-blocks", "1", "--json"});
  EXPECT_EQ(result.code, 1) << result.err;
  json check = result.json()["check"];
  EXPECT_EQ(check["passed"], false);
  ASSERT_FALSE(check["failures"].empty());
  EXPECT_EQ(check["failures"][0].get<std::string>().rfind("rel_l2 to emulated is ", 0), 0u);

  EXPECT_NE(run({"--budget", "0.3", "--min-blocks", "1"}).out.find("check       FAILED: rel_l2 to emulated is "),
            std::string::npos);
  CommandLineResult tolerated = run({"--budget", "0.3", "--min-blocks", "1", "--no-check", "--json"});
  EXPECT_EQ(tolerated.code, 0);
  EXPECT_EQ(tolerated.json()["check"]["enforced"], false);
}

TEST_F(Run, NonFiniteInputRunsWithoutCheckAndGivesNulls) {
  qkv.spoiledIndex = 0;
  qkv.spoiledValue = std::numeric_limits<float>::infinity();
  CommandLineResult result = run({"--budget", "0.3", "--min-blocks", "1", "--no-check", "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  json object = result.json();
  for (const char *which : {"all_low", "emulated", "thrift"})
    EXPECT_TRUE(object["error"][which]["rel_l2"].is_null()) << which;
  EXPECT_TRUE(object["error_removed"].is_null());
}

TEST_F(Run, PublishedRuleNeedsEqualLengths) {
  CommandLineResult result = run({"--rule", "published"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(result.saysOnErr("q_len is 100; allowed: kv_len = 200, which the published rule assumes")) << result.err;
}

TEST_F(Run, SharedMemoryOverTheLimitIsUnsupported) {
  qkv.q.shape[3] = qkv.k.shape[3] = qkv.v.shape[3] = 64;
  CommandLineResult result = run({"--block-kv", "128", "--stages", "4", "--target", "sm_86"});
  EXPECT_EQ(result.code, 3);
  EXPECT_TRUE(result.saysOnErr("shared memory is 131072 bytes; allowed: at most 101376 on sm_86")) << result.err;
}
