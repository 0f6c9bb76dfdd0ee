//===- DoctorTest.cpp - `doctor`: what it says, and what its self-test notices -===//

#include "CommandLineRun.h"
#include "TestFiles.h"

#include "runtime/SimDevice.h"
#include "tools/thriftjit/MachineReport.h"
#include "tools/thriftjit/SelfTest.h"

#include <set>

using namespace thrift;
using json = nlohmann::json;

namespace {

/// A context on a simulator that changes every kernel's PTX.
std::shared_ptr<Context> simulator(std::function<std::string(const std::string &)> rewrite = nullptr) {
  setenv("THRIFTJIT_CACHE_DIR", THRIFTJIT_TEST_CACHE, 1);
  SimDeviceOptions options;
  options.rewrite = std::move(rewrite);
  Result<std::shared_ptr<SimDevice>> device = SimDevice::create(std::move(options));
  EXPECT_TRUE(device) << device.status().message();
  ContextOptions contextOptions;
  contextOptions.opened = *device;
  Result<std::shared_ptr<Context>> context = Context::create(contextOptions);
  EXPECT_TRUE(context) << context.status().message();
  return *context;
}

/// `text` without the lines that hold `what`; counts them.
std::string without(const std::string &text, const std::string &what, int &removed) {
  std::istringstream lines(text);
  std::string line, result;
  while (std::getline(lines, line)) {
    if (line.find(what) != std::string::npos)
      ++removed;
    else
      result += line + "\n";
  }
  return result;
}

/// One block of keys, all in f16.
SelfTestCase smallCase(const std::string &target) {
  SelfTestCase small{"small", {}, {1, 1, 1, 128, 64}};
  small.spec.target = target;
  small.spec.headDim = small.spec.valueDim = 64;
  small.spec.causal = false;
  small.spec.budget = 1;
  small.spec.watchdog = true;
  return small;
}

std::set<std::string> barriersOf(const CaseResult &result) {
  std::set<std::string> names;
  for (const WatchdogEntry &entry : result.watchdog.entries)
    names.insert(entry.barrier);
  return names;
}

} // namespace

TEST(Doctor, SaysWhatTheMachineHas) {
  CommandLineResult result = thriftjit({"doctor", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  json report = result.json();
  EXPECT_EQ(report["schema_version"], 1);
  for (const char *version : {"thriftjit", "LLVM", "ptxas", "CUDA_driver", "host"})
    EXPECT_FALSE(report["versions"][version].get<std::string>().empty()) << version;
  EXPECT_EQ(report["versions"]["LLVM"].get<std::string>().rfind("22.", 0), 0u);
  json sim = report["devices"].back();
  EXPECT_EQ(sim["id"], "sim");
  EXPECT_EQ(sim["usable"], true);
  EXPECT_TRUE(sim["why_not"].is_null());
  EXPECT_EQ(report["device"]["requested"], "auto");
  EXPECT_EQ(report["device"]["chosen"].get<std::string>().rfind("using ", 0), 0u);
  EXPECT_EQ(report["cache"]["directory"], THRIFTJIT_TEST_CACHE);
  EXPECT_EQ(report["environment"]["THRIFTJIT_CACHE_DIR"], THRIFTJIT_TEST_CACHE);
  EXPECT_FALSE(report["environment"].contains("HOME"));
  EXPECT_TRUE(report["selftest"].is_null());
  bool found = false;
  for (const json &target : report["targets"]) {
    EXPECT_NE(target["runs_on"].get<std::string>().find("sim"), std::string::npos) << target;
    if (target["name"] == "sm_90a") {
      found = true;
      EXPECT_EQ(target["needs"], "a GPU of compute capability 9.0, or the simulator");
    }
  }
  EXPECT_TRUE(found);
  std::string text = thriftjit({"doctor"}).out;
  for (const char *word :
       {"thriftjit", "LLVM", "ptxas", "sim ", "cache", "environment   THRIFTJIT_CACHE_DIR=", "sm_100a"})
    EXPECT_NE(text.find(word), std::string::npos) << word << " in\n" << text;
}

TEST(Doctor, LooksAtTheCacheWithoutMakingIt) {
  TemporaryFolder folder;
  std::string absent = folder.file("absent");
  Result<Environment> environment = [&] {
    std::string variable = "THRIFTJIT_CACHE_DIR=" + absent;
    const char *variables[] = {variable.c_str(), "THRIFTJIT_DEVICE=sim", "THRIFTJIT_DEVISE=sim", nullptr};
    return Environment::read(variables);
  }();
  ASSERT_TRUE(environment);
  MachineReport machine = examineMachine(*environment);
  EXPECT_EQ(machine.cache.state, "not there yet; made when the first kernel is compiled");
  EXPECT_TRUE(machine.cache.usable);
  EXPECT_FALSE(std::filesystem::exists(absent));
  EXPECT_EQ(machine.unknownVariables, std::vector<std::string>{"THRIFTJIT_DEVISE"});
  EXPECT_EQ(machine.requested, "sim");
  EXPECT_EQ(machine.automatic.rfind("using sim", 0), 0u);

  std::filesystem::create_directory(absent);
  std::filesystem::permissions(absent, std::filesystem::perms::owner_all);
  writeFile(absent + "/x.kernel", "12345");
  machine = examineMachine(*environment);
  EXPECT_EQ(machine.cache.state, "usable");
  EXPECT_EQ(machine.cache.kernels, 1);
  EXPECT_EQ(machine.cache.bytes, 5);
  std::filesystem::permissions(absent, std::filesystem::perms::all);
  machine = examineMachine(*environment);
  EXPECT_FALSE(machine.cache.usable) << machine.cache.state;
}

TEST(Doctor, SelfTestOfThePortableTarget) {
  TemporaryFolder folder;
  std::string file = folder.file("report.json");
  CommandLineResult result =
      thriftjit({"doctor", "--selftest", "--device", "sim", "--target", "sm_80", "--json", "-o", file});
  ASSERT_EQ(result.code, 0) << result.err << result.out;
  json report = result.json(), test = report["selftest"];
  EXPECT_EQ(json::parse(readFile(file)), report);
  EXPECT_EQ(test["target"], "sm_80");
  EXPECT_EQ(test["passed"], true);
  EXPECT_FALSE(report["versions"].empty()); // one object holds everything

  size_t ok = 0, refused = 0;
  std::set<std::string> names;
  for (const json &each : test["cases"]) {
    EXPECT_TRUE(names.insert(each["name"]).second) << each["name"];
    EXPECT_TRUE(result.saysOnErr("thriftjit: " + each["name"].get<std::string>() + ": "));
    if (each["status"] == "ok") {
      ++ok;
      EXPECT_LE(each["error"]["o_to_bound"].get<double>(), 1) << each;
      EXPECT_LE(each["error"]["lse_to_bound"].get<double>(), 1) << each;
      EXPECT_GT(each["time"]["attention_us"].get<double>(), 0) << each;
      EXPECT_TRUE(each["why"].is_null());
    } else {
      ++refused;
      EXPECT_EQ(each["status"], "refused") << each;
      EXPECT_NE(each["why"].get<std::string>().find("allowed: "), std::string::npos) << each;
    }
    EXPECT_TRUE(each["hung"].is_null());
  }
  EXPECT_GE(ok, 20u);
  EXPECT_EQ(test["summary"]["ok"], ok);
  EXPECT_EQ(test["summary"]["refused"], refused);
  for (const char *status : {"wrong", "hung", "failed"})
    EXPECT_EQ(test["summary"][status], 0) << status;
}

TEST(Doctor, WhatTheTargetRefusesIsListedWithTheRule) {
  std::vector<CaseResult> results;
  for (const SelfTestCase &each : selfTestCases("sm_100a"))
    if (each.name.rfind("low f16", 0) == 0)
      results.push_back(runCase(*simulator(), each));
  ASSERT_FALSE(results.empty());
  for (const CaseResult &result : results) {
    EXPECT_EQ(result.status, CaseStatus::Refused) << result.asked.name;
    EXPECT_NE(result.why.find("low.qk is f16; allowed: nvfp4, mxfp4, fp8 (target sm_100a)"), std::string::npos)
        << result.why;
  }
  EXPECT_FALSE(passed(results)); // nothing was tested
}

TEST(Doctor, WrongAndFailedCasesAreToldApart) {
  SelfTestCase small = smallCase("sm_80");
  CaseResult good = runCase(*simulator(), small);
  EXPECT_EQ(good.status, CaseStatus::Ok) << good.why;

  // No exponential is taken.
  CaseResult wrong = runCase(*simulator([](const std::string &ptx) {
    std::string changed = ptx;
    for (size_t at = 0; (at = changed.find("ex2.approx.ftz.f32", at)) != std::string::npos;)
      changed.replace(at, 18, "abs.f32"), at += 7;
    return changed;
  }),
                             small);
  EXPECT_EQ(wrong.status, CaseStatus::Wrong) << wrong.why;
  EXPECT_GT(*wrong.outputRatio, 1);

  int removed = 0;
  CaseResult failed =
      runCase(*simulator([&](const std::string &ptx) { return without(ptx, "cp.async.wait_group", removed); }), small);
  EXPECT_GT(removed, 0);
  EXPECT_EQ(failed.status, CaseStatus::Failed) << failed.why;
  EXPECT_FALSE(failed.why.empty());

  EXPECT_TRUE(passed({good}));
  EXPECT_FALSE(passed({good, wrong}));
  EXPECT_FALSE(passed({good, failed}));
  EXPECT_FALSE(passed({})); // nothing was tested
}

TEST(Doctor, AHungBarrierIsNamed) {
  SelfTestCase small = smallCase("sm_100a");
  CaseResult good = runCase(*simulator(), small);
  ASSERT_EQ(good.status, CaseStatus::Ok) << good.why;
  EXPECT_FALSE(good.watchdog.hung());

  // The softmax role does not say that P is there: the multiplying warp waits for it, the others for its product.
  int removed = 0;
  CaseResult arrive = runCase(
      *simulator([&](const std::string &ptx) { return without(ptx, "mbarrier.arrive.shared::cta.b64", removed); }),
      small);
  EXPECT_GT(removed, 0);
  ASSERT_EQ(arrive.status, CaseStatus::Hung) << arrive.why;
  ASSERT_FALSE(arrive.watchdog.entries.empty());
  const WatchdogEntry &first = arrive.watchdog.entries[0];
  EXPECT_EQ(first.barrier, "p_full");
  EXPECT_EQ(first.warp, 5);
  EXPECT_EQ(first.event, 0);
  EXPECT_GE(first.nanoseconds, 2'000'000'000);
  EXPECT_NE(arrive.why.find("warp 5 of CTA [0, 0, 0] waited in vain for event 0 of p_full"), std::string::npos)
      << arrive.why;

  // No product is ever said to be done: the softmax role waits for the first.
  removed = 0;
  CaseResult commit =
      runCase(*simulator([&](const std::string &ptx) { return without(ptx, "tcgen05.commit", removed); }), small);
  EXPECT_GT(removed, 0);
  ASSERT_EQ(commit.status, CaseStatus::Hung) << commit.why;
  EXPECT_TRUE(barriersOf(commit).count("s_full")) << commit.why;
}

TEST(Doctor, ExitCodeAndOptions) {
  expectRefusal({"doctor", "--target", "sm_80"}, 2, "--target is sm_80; allowed: with --selftest");
  expectRefusal({"doctor", "--device", "sim"}, 2, "--device is sim; allowed: with --selftest");
  expectRefusal({"doctor", "--selftest", "--target", "sm_70"}, 2, "--target is 'sm_70'; allowed: sm_80, ");
  expectRefusal({"doctor", "--selftest", "--device", "tpu"}, 2, "--device is 'tpu'; allowed: ");
  expectRefusal({"doctor", "now"}, 2, "argument is 'now'; allowed: for doctor: ");
  TemporaryFolder folder;
  EXPECT_EQ(thriftjit({"doctor", "-o", folder.file("absent/report.json")}).code, 6);
  EXPECT_EQ(thriftjit({"doctor", "-o", folder.file("report.json")}).code, 0);
  EXPECT_TRUE(json::parse(readFile(folder.file("report.json")))["selftest"].is_null());
}
