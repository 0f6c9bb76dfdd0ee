//===- CompiledKernels.cpp - a template, compiled or from the cache -----------===//

#include "runtime/CompiledKernels.h"

#include "compiler/Rules.h"
#include "templates/Templates.h"

#include <nlohmann/json.hpp>

#include <chrono>

using namespace thrift;
using json = nlohmann::json;

std::string thrift::encodeKernels(const std::vector<KernelInfo> &kernels) {
  json list = json::array();
  for (const KernelInfo &kernel : kernels) {
    json barriers = json::array();
    for (const MBarrierInfo &barrier : kernel.barriers)
      barriers.push_back({{"name", barrier.name}, {"offset", barrier.offset}, {"stages", barrier.stages}});
    list.push_back({{"name", kernel.name},
                    {"abi", kernel.abi},
                    {"grid", kernel.grid},
                    {"threads", kernel.threads},
                    {"shared_bytes", kernel.sharedBytes},
                    {"mbarriers", std::move(barriers)}});
  }
  return list.dump();
}

Result<std::vector<KernelInfo>> thrift::decodeKernels(const std::string &metadata) {
  Status damaged(StatusCode::Internal, "the kernel cache holds launch metadata that cannot be read");
  json list = json::parse(metadata, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array())
    return damaged;
  auto words = [](const json &object, const char *key, std::vector<std::string> &result) {
    auto array = object.find(key);
    if (array == object.end() || !array->is_array())
      return false;
    for (const json &word : *array) {
      if (!word.is_string())
        return false;
      result.push_back(word.get<std::string>());
    }
    return true;
  };
  auto number = [](const json &object, const char *key, int64_t &result) {
    auto value = object.find(key);
    if (value == object.end() || !value->is_number_integer())
      return false;
    result = value->get<int64_t>();
    return true;
  };
  auto barriers = [&](const json &object, std::vector<MBarrierInfo> &result) {
    auto array = object.find("mbarriers");
    if (array == object.end() || !array->is_array())
      return false;
    for (const json &each : *array) {
      MBarrierInfo &barrier = result.emplace_back();
      if (!each.is_object() || !each.contains("name") || !each["name"].is_string() ||
          !number(each, "offset", barrier.offset) || !number(each, "stages", barrier.stages))
        return false;
      barrier.name = each["name"].get<std::string>();
    }
    return true;
  };
  std::vector<KernelInfo> kernels;
  for (const json &object : list) {
    KernelInfo &kernel = kernels.emplace_back();
    bool good = object.is_object() && object.contains("name") && object["name"].is_string() &&
                words(object, "abi", kernel.abi) && words(object, "grid", kernel.grid) &&
                number(object, "threads", kernel.threads) && number(object, "shared_bytes", kernel.sharedBytes) &&
                barriers(object, kernel.barriers);
    if (!good)
      return damaged;
    kernel.name = object["name"].get<std::string>();
  }
  return kernels;
}

Result<CompiledKernels> KernelSource::get(const KernelSpec &spec, const KernelConfig &config,
                                          const Target &target) const {
  auto begin = std::chrono::steady_clock::now();
  const Template *source = findTemplate(spec.kernel);
  if (!source)
    return Status::invalid("kernel", spec.kernel, templateNames());
  if (std::vector<Violation> broken = checkRules(spec, config, target); !broken.empty()) {
    std::string message;
    for (const Violation &violation : broken)
      message += (message.empty() ? "" : "\n") + violation.message();
    Status first = Status::unsupported(broken[0].field, broken[0].value, broken[0].allowed);
    return broken.size() == 1 ? first : Status(StatusCode::Unsupported, message);
  }

  KernelCacheKey key;
  key.spec = spec.print();
  key.config = config.print();
  key.target = std::string(target.name);
  key.generatorVersion = generatorVersion();
  key.assemblerVersion = assembler_ ? assembler_->identity() : "";
  key.source = std::string(source->text);

  bool compiledNow = false;
  auto compile = [&]() -> Result<CachedKernel> {
    compiledNow = true;
    CompileRequest request;
    request.source = source->text;
    request.spec = spec;
    request.config = config;
    request.target = &target;
    request.reproducerDir = reproducerDir_;
    llvm::Expected<CompiledModule> module = Compiler().compile(request);
    if (!module)
      return Status(StatusCode::CompileFailed, llvm::toString(module.takeError()));
    CachedKernel kernel;
    for (const KernelInfo &info : module->kernels)
      kernel.entries.push_back(info.name);
    kernel.metadata = encodeKernels(module->kernels);
    kernel.ptx = std::move(module->text);
    if (assembler_) {
      Result<Assembled> assembled = assembler_->assemble(kernel.ptx, std::string(target.chip));
      if (!assembled)
        return assembled.status();
      kernel.cubin = std::move(assembled->cubin);
    }
    return kernel;
  };
  KernelCache::Compiled code = cache_.getOrCompile(key, compile);
  if (!code)
    return code.status();
  Result<std::vector<KernelInfo>> kernels = decodeKernels((*code)->metadata);
  if (!kernels)
    return kernels.status();
  double elapsed = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return CompiledKernels{*code, *kernels, key.digest(), !compiledNow, elapsed};
}
