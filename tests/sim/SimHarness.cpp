//===- SimHarness.cpp - running PTX in tests --------------------------------===//

#include "tests/sim/SimHarness.h"

#include <fstream>
#include <sstream>

namespace thrift::sim::test {

std::string header(const std::string &target) { return ".version 8.6\n.target " + target + "\n.address_size 64\n"; }

LoadedKernel loadKernel(const std::string &ptx, const std::string &entry) {
  LoadedKernel loaded;
  Result<std::shared_ptr<Module>> module = Module::load(ptx);
  if (!module) {
    ADD_FAILURE() << module.status().message();
    return loaded;
  }
  loaded.module = *module;
  Result<const Kernel *> kernel = loaded.module->find(entry);
  if (!kernel)
    ADD_FAILURE() << kernel.status().message();
  else
    loaded.kernel = *kernel;
  return loaded;
}

std::string loadError(const std::string &ptx, const std::string &entry) {
  Result<std::shared_ptr<Module>> module = Module::load(ptx);
  if (!module)
    return module.status().message();
  Result<const Kernel *> kernel = (*module)->find(entry);
  return kernel ? "" : kernel.status().message();
}

std::string readData(const std::string &name) {
  std::ifstream file(std::string(THRIFTJIT_TEST_DATA) + "/sim/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

static std::string bodyKernel(const std::string &body, const BodyOptions &options) {
  return header(options.target) + options.before + R"(
.visible .entry test(.param .u64 out, .param .u64 in)
{
  .reg .b64 %out, %in;
  .reg .b32 %t;
  ld.param.u64 %out, [out];
  ld.param.u64 %in, [in];
  mov.u32 %t, %tid.x;
)" + body +
         "\n  ret;\n}\n";
}

BodyRun runBody(const std::string &body, const BodyOptions &options) {
  BodyRun run;
  LoadedKernel loaded = loadKernel(bodyKernel(body, options));
  if (!loaded) {
    run.report.status = Status(StatusCode::Internal, "not loaded");
    return run;
  }
  Memory memory;
  size_t words = options.outWords != 0 ? options.outWords : size_t(options.threads) * options.ctas;
  uint64_t out = upload(memory, std::vector<uint32_t>(words));
  uint64_t in = options.in.empty() ? allocate(memory, 256) : upload(memory, options.in);
  LaunchConfig config;
  config.grid = {options.ctas, 1, 1};
  config.block = {options.threads, 1, 1};
  config.dynamicSharedBytes = options.dynamicSharedBytes;
  run.report = launch(*loaded.kernel, memory, config, Arguments().add(out).add(in), options.options);
  run.out = download<uint32_t>(memory, out, words);
  return run;
}

Finding expectError(const std::string &body, Check check, const BodyOptions &options) {
  BodyRun run = runBody(body, options);
  EXPECT_EQ(run.report.status.code(), StatusCode::DeviceError) << run.report.status.message();
  if (run.report.findings.empty()) {
    ADD_FAILURE() << "no finding";
    return {};
  }
  const Finding &finding = run.report.findings.front();
  EXPECT_EQ(std::string(checkName(finding.check)), checkName(check)) << finding.describe();
  EXPECT_EQ(finding.severity, Severity::Error);
  EXPECT_GT(finding.line, 0u);
  EXPECT_FALSE(finding.text.empty());
  return finding;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

static std::string bitsName(size_t bytes) { return "b" + std::to_string(bytes * 8); }

std::string elementwiseKernel(const std::string &code, size_t d, const std::vector<size_t> &sources) {
  std::string text = header() + ".visible .entry test(.param .u64 pd";
  for (size_t i = 0; i < sources.size(); ++i)
    text += ", .param .u64 p" + std::to_string(i);
  text += ", .param .u32 pn)\n{\n  .reg .pred %p, %q, %out;\n  .reg .b32 %i, %n, %x, %y, %z;\n"
          "  .reg .b16 %h, %g;\n  .reg .b64 %addr, %off, %wx, %wy;\n";
  auto declare = [&](const std::string &name, size_t bytes) {
    text += "  .reg ." + bitsName(std::max<size_t>(bytes, 2)) + " " + name + ";\n";
  };
  declare("%d", d);
  const char *kNames[] = {"%a", "%b", "%c"};
  for (size_t i = 0; i < sources.size(); ++i)
    declare(kNames[i], sources[i]);
  text += R"(
  mov.u32 %i, %ctaid.x;
  mov.u32 %n, %ntid.x;
  mov.u32 %x, %tid.x;
  mad.lo.s32 %i, %i, %n, %x;
  ld.param.u32 %n, [pn];
  setp.ge.u32 %out, %i, %n;
  @%out bra DONE;
)";
  auto address = [&](const std::string &param, size_t bytes) {
    text += "  mul.wide.u32 %off, %i, " + std::to_string(bytes) + ";\n  ld.param.u64 %addr, [" + param +
            "];\n  add.s64 %addr, %addr, %off;\n";
  };
  for (size_t i = 0; i < sources.size(); ++i) {
    address("p" + std::to_string(i), sources[i]);
    text += "  ld.global." + bitsName(sources[i]) + " " + kNames[i] + ", [%addr];\n";
  }
  text += code + "\n";
  address("pd", d);
  text += "  st.global." + bitsName(d) + " [%addr], %d;\nDONE:\n  ret;\n}\n";
  return text;
}

std::vector<uint8_t> runElementwise(const std::string &kernel, size_t count, size_t dBytes,
                                    const std::vector<std::vector<uint8_t>> &sources) {
  LoadedKernel loaded = loadKernel(kernel);
  if (!loaded)
    return {};
  Memory memory;
  uint64_t out = allocate(memory, count * dBytes);
  Arguments arguments;
  arguments.add(out);
  for (const auto &source : sources)
    arguments.add(upload(memory, source));
  arguments.add(static_cast<uint32_t>(count));
  LaunchConfig config;
  config.block = {96, 1, 1};
  config.grid = {static_cast<uint32_t>((count + 95) / 96), 1, 1};
  Report report = launch(*loaded.kernel, memory, config, arguments);
  EXPECT_TRUE(report.status) << report.status.message();
  return download<uint8_t>(memory, out, count * dBytes);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

std::vector<float> floats(size_t count, uint64_t seed) {
  static const uint32_t kEdges[] = {0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000, 0x7FC00000,
                                    0xFFC00001, 0x7F800001, 0x00000001, 0x80000001, 0x007FFFFF, 0x00800000, 0x80800000,
                                    0x7F7FFFFF, 0xFF7FFFFF, 0x3F000000, 0x3FC00000, 0x4B000000, 0x4F000000, 0xCF000000,
                                    0x477FF000, 0x33800000, 0x43E00000, 0x5F000000, 0xDF000000};
  std::mt19937_64 random(seed);
  std::vector<float> values(count);
  for (float &value : values) {
    uint64_t choice = random();
    auto word = static_cast<uint32_t>(random());
    if (choice % 8 == 0) // an edge
      word = kEdges[(choice >> 8) % (sizeof kEdges / sizeof kEdges[0])];
    else if (choice % 8 < 5) // magnitudes around one
      word = (word & 0x807FFFFFu) | static_cast<uint32_t>(110 + (choice >> 8) % 36) << 23;
    else if (choice % 8 == 5) // few significant bits: ties of narrower formats
      word = (word & 0x80700000u) | static_cast<uint32_t>(100 + (choice >> 8) % 50) << 23 | (word & 0x1000);
    std::memcpy(&value, &word, 4);
  }
  return values;
}

std::vector<double> doubles(size_t count, uint64_t seed) {
  static const double kEdges[] = {
      0.0,        -0.0,           1.0,    -1.0,    0.5,    1.5,       2.5,
      0x1p31,     -0x1p31,        0x1p63, -0x1p63, 0x1p64, 0x1p-1074, 0x1.fffffffffffffp1023,
      0x1.8p-150, 0x1.fffffep127, 1e300,  -1e300};
  std::mt19937_64 random(seed);
  std::vector<double> values(count);
  for (double &value : values) {
    uint64_t choice = random(), word = random();
    if (choice % 8 == 0) {
      value = kEdges[(choice >> 8) % (sizeof kEdges / sizeof kEdges[0])];
      if (choice % 64 == 0)
        value = choice % 128 == 0 ? HUGE_VAL : -HUGE_VAL;
      continue;
    }
    if (choice % 8 < 5)
      word = (word & 0x800FFFFFFFFFFFFFull) | uint64_t(1000 + (choice >> 8) % 46) << 52;
    std::memcpy(&value, &word, 8);
  }
  return values;
}

std::vector<uint16_t> halves(size_t count, uint64_t seed) {
  static const uint16_t kEdges[] = {0x0000, 0x8000, 0x3C00, 0xBC00, 0x7C00, 0xFC00, 0x7E00, 0x7C01, 0x0001, 0x8001,
                                    0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x3F80, 0xBF80, 0x7F80, 0xFF80, 0x7F7F, 0x0080};
  std::mt19937_64 random(seed);
  std::vector<uint16_t> values(count);
  for (uint16_t &value : values) {
    uint64_t choice = random();
    value =
        choice % 8 == 0 ? kEdges[(choice >> 8) % (sizeof kEdges / sizeof kEdges[0])] : static_cast<uint16_t>(random());
  }
  return values;
}

} // namespace thrift::sim::test
