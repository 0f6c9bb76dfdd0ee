//===- SimRun.cpp - a form in the simulator ---------------------------------===//

#include "tests/sim/hardware/SimRun.h"

#include "tests/sim/hardware/SimTensorMap.h"

namespace thrift::sim::hardware {

namespace {

/// Buffers of one launch; keeps the first error.
class Buffers {
public:
  uint64_t filled(size_t bytes, uint8_t value) {
    uint64_t address = allocate(bytes);
    if (status_)
      status_ = memory_.fill(address, value, bytes);
    return address;
  }
  uint64_t holding(const std::vector<uint8_t> &content) {
    uint64_t address = allocate(content.size());
    if (status_)
      status_ = memory_.write(address, content.data(), content.size());
    return address;
  }

  Memory &memory() { return memory_; }
  const Status &status() const { return status_; }

private:
  uint64_t allocate(size_t bytes) {
    Result<uint64_t> address = memory_.allocate(bytes);
    if (!address)
      status_ = address.status();
    return address ? *address : 0;
  }

  Memory memory_;
  Status status_;
};

} // namespace

Result<std::vector<uint8_t>> runInSimulator(const Form &form, uint64_t seed, uint32_t cases, Options options,
                                            std::vector<Finding> *findings) {
  Result<std::shared_ptr<Module>> module = Module::load(form.ptx);
  if (!module)
    return module.status();
  Result<const Kernel *> kernel = (*module)->find("test");
  if (!kernel)
    return kernel.status();

  Buffers buffers;
  size_t outBytes = size_t(form.outBytes) * cases;
  uint64_t out = buffers.filled(outBytes, kUntouched);
  Arguments arguments;
  arguments.add(out);
  for (const std::vector<uint8_t> &operand : makeOperands(form, seed, cases))
    arguments.add(buffers.holding(operand));
  if (form.isElementwise())
    arguments.add(cases);
  uint64_t tensor = out;
  if (form.tensor && !form.tensor->isOutput)
    tensor = buffers.holding(makeTensor(form, seed));
  if (!buffers.status())
    return buffers.status();
  if (form.tensor) {
    Result<TensorMapBytes> map = simulatedTensorMap(form.tensor->map, tensor);
    if (!map)
      return map.status();
    arguments.add(*map);
  }

  LaunchSize size = launchSize(form, cases);
  LaunchConfig config;
  config.grid = {size.grid, 1, 1};
  config.block = {size.block, 1, 1};
  options.threads = 1;
  options.instructionBudget = 100'000'000;
  Report report = launch(**kernel, buffers.memory(), config, arguments, options);
  if (findings)
    *findings = report.findings;
  if (!report.status)
    return report.status;
  std::vector<uint8_t> output(outBytes);
  if (Status status = buffers.memory().read(out, output.data(), outBytes); !status)
    return status;
  return output;
}

} // namespace thrift::sim::hardware
