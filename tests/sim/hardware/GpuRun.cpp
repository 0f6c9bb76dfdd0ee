//===- GpuRun.cpp - forms on a GPU ------------------------------------------===//

#include "tests/sim/hardware/GpuRun.h"

#include "runtime/cuda/CudaDevice.h"
#include "runtime/cuda/CudaModule.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace thrift::sim::hardware {

namespace {

using cuda::CudaDevice;
using cuda::DriverResult;

/// cuTensorMapEncodeTiled of CUDA 12.0; the map is 128 bytes, aligned to 64.
using EncodeTiled = DriverResult (*)(void *map, uint32_t type, uint32_t rank, void *address, const uint64_t *dims,
                                     const uint64_t *strides, const uint32_t *box, const uint32_t *steps,
                                     uint32_t interleave, uint32_t swizzle, uint32_t l2Promotion, uint32_t fill);

struct alignas(64) EncodedMap {
  uint8_t bytes[kTensorMapBytes];
};

constexpr size_t kModulesAtOnce = 128;
constexpr unsigned kSecondsForAForm = 30;

class Runner {
public:
  static Result<Runner> open() {
    Result<std::shared_ptr<const cuda::Driver>> driver = cuda::Driver::load();
    if (!driver)
      return driver.status();
    Result<std::shared_ptr<CudaDevice>> device = CudaDevice::open(*driver, 0);
    if (!device)
      return device.status();
    Runner runner;
    runner.device_ = *device;
    runner.encode_ = reinterpret_cast<EncodeTiled>((*driver)->find("cuTensorMapEncodeTiled", 12000));
    return runner;
  }

  const DeviceAttributes &attributes() const { return device_->attributes(); }

  Result<std::shared_ptr<const LoadedKernel>> load(const Form &form) const {
    auto module = device_->loadModule({ImageKind::Ptx, form.ptx});
    if (!module)
      return module.status();
    return (*module)->find("test");
  }

  Result<std::vector<uint8_t>> run(const Form &form, const LoadedKernel &kernel, uint64_t seed, uint32_t cases) const {
    std::vector<uint8_t> output(size_t(form.outBytes) * cases);
    Result<Buffer> out = device_->allocate(output.size());
    if (!out)
      return out.status();
    if (Status status = device_->fill(out->address(), kUntouched, output.size(), {}); !status)
      return status;
    std::vector<Buffer> buffers;
    std::vector<uint64_t> addresses = {out->address()};
    for (const std::vector<uint8_t> &operand : makeOperands(form, seed, cases))
      if (Status status = upload(operand, buffers, addresses); !status)
        return status;
    EncodedMap map{};
    if (form.tensor) {
      std::vector<uint64_t> place = {out->address()};
      if (!form.tensor->isOutput)
        if (Status status = upload(makeTensor(form, seed), buffers, place); !status)
          return status;
      if (Status status = encode(form.tensor->map, place.back(), map); !status)
        return status;
    }
    std::vector<void *> parameters;
    for (uint64_t &address : addresses)
      parameters.push_back(&address);
    if (form.isElementwise())
      parameters.push_back(&cases);
    if (form.tensor)
      parameters.push_back(&map);
    if (Status status = launch(form, kernel, cases, parameters); !status)
      return status;
    if (Status status = device_->copyOut(output.data(), out->address(), output.size(), {}); !status)
      return status;
    if (Status status = device_->synchronize({}); !status)
      return status;
    return output;
  }

private:
  Status upload(const std::vector<uint8_t> &content, std::vector<Buffer> &buffers,
                std::vector<uint64_t> &addresses) const {
    Result<Buffer> buffer = device_->allocate(content.size());
    if (!buffer)
      return buffer.status();
    if (Status status = device_->copyIn(buffer->address(), content.data(), content.size(), {}); !status)
      return status;
    addresses.push_back(buffer->address());
    buffers.push_back(std::move(*buffer));
    return device_->synchronize({});
  }

  Status encode(const TensorMap &map, uint64_t address, EncodedMap &encoded) const {
    if (!encode_)
      return Status(StatusCode::DeviceUnavailable, "the driver lacks cuTensorMapEncodeTiled of CUDA 12.0");
    cuda::ContextScope scope(device_->driver().api(), device_->context());
    return device_->driver().check(encode_(&encoded, uint32_t(map.type), map.rank, reinterpret_cast<void *>(address),
                                           map.dims, map.strides, map.box, map.steps, 0, uint32_t(map.swizzle), 0,
                                           uint32_t(map.fill)),
                                   "cuTensorMapEncodeTiled");
  }

  Status launch(const Form &form, const LoadedKernel &kernel, uint32_t cases, std::vector<void *> &parameters) const {
    const cuda::Driver &driver = device_->driver();
    cuda::ContextScope scope(driver.api(), device_->context());
    LaunchSize size = launchSize(form, cases);
    auto function = static_cast<const cuda::CudaKernel &>(kernel).function();
    if (Status status = driver.check(driver.api().cuLaunchKernel(function, size.grid, 1, 1, size.block, 1, 1, 0,
                                                                 nullptr, parameters.data(), nullptr),
                                     "cuLaunchKernel");
        !status)
      return status;
    return driver.check(driver.api().cuStreamSynchronize(nullptr), "cuStreamSynchronize");
  }

  std::shared_ptr<CudaDevice> device_;
  EncodeTiled encode_ = nullptr;
};

/// The version as nvidia-smi shows it: the driver API knows only that of CUDA.
std::string driverVersion(const DeviceAttributes &attributes) {
  std::ifstream file("/sys/module/nvidia/version");
  std::string version;
  std::getline(file, version);
  std::string cuda = "CUDA " + cuda::formatCudaVersion(attributes.driverVersion);
  return version.empty() ? cuda : version + ", " + cuda;
}

bool writeAll(int pipe, const void *data, size_t bytes) {
  const auto *at = static_cast<const char *>(data);
  while (bytes != 0) {
    ssize_t written = write(pipe, at, bytes);
    if (written <= 0)
      return false;
    at += written;
    bytes -= static_cast<size_t>(written);
  }
  return true;
}
bool readAll(int pipe, void *data, size_t bytes) {
  auto *at = static_cast<char *>(data);
  while (bytes != 0) {
    ssize_t got = read(pipe, at, bytes);
    if (got <= 0)
      return false;
    at += got;
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

/// What the child sends: the two names, then for every form a length and the output. Length 0: failed, go on.
bool sendText(int pipe, const std::string &text) {
  auto length = static_cast<uint32_t>(text.size());
  return writeAll(pipe, &length, sizeof length) && writeAll(pipe, text.data(), length);
}
bool receiveText(int pipe, std::string &text) {
  uint32_t length = 0;
  if (!readAll(pipe, &length, sizeof length))
    return false;
  text.resize(length);
  return readAll(pipe, text.data(), length);
}

/// Runs forms from `first` on and ends the process at the first one that spoils the context.
[[noreturn]] void runChild(int pipe, const std::vector<const Form *> &forms, size_t first, uint64_t seed,
                           uint32_t mostCases) {
  Result<Runner> runner = Runner::open();
  if (!runner) {
    std::fprintf(stderr, "%s\n", runner.status().message().c_str());
    _exit(2);
  }
  if (!sendText(pipe, runner->attributes().name) || !sendText(pipe, driverVersion(runner->attributes())))
    _exit(1);
  for (size_t begin = first; begin < forms.size(); begin += kModulesAtOnce) {
    size_t end = std::min(forms.size(), begin + kModulesAtOnce);
    std::vector<std::shared_ptr<const LoadedKernel>> kernels(end - begin);
    std::atomic<size_t> next{begin};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); ++t)
      threads.emplace_back([&] {
        for (size_t i = next++; i < end; i = next++) {
          auto kernel = runner->load(*forms[i]);
          if (kernel)
            kernels[i - begin] = *kernel;
          else
            std::fprintf(stderr, "%s: %s\n", forms[i]->name.c_str(), kernel.status().message().c_str());
        }
      });
    for (std::thread &thread : threads)
      thread.join();
    for (size_t i = begin; i < end; ++i) {
      std::string bytes;
      if (kernels[i - begin]) {
        alarm(kSecondsForAForm); // ends the process
        auto output = runner->run(*forms[i], *kernels[i - begin], seed, std::min(forms[i]->cases, mostCases));
        alarm(0);
        if (!output) {
          std::fprintf(stderr, "%s: %s\n", forms[i]->name.c_str(), output.status().message().c_str());
          if (output.status().code() == StatusCode::DeviceError)
            _exit(1);
        } else {
          bytes.assign(output->begin(), output->end());
        }
      }
      if (!sendText(pipe, bytes))
        _exit(1);
    }
  }
  _exit(0);
}

} // namespace

Result<Vectors> runOnGpu(const std::vector<const Form *> &forms, uint64_t seed, uint32_t mostCases) {
  Vectors vectors;
  vectors.seed = seed;
  for (size_t next = 0; next < forms.size();) {
    int ends[2];
    if (pipe(ends) != 0)
      return Status(StatusCode::Internal, "no pipe");
    pid_t child = fork();
    if (child < 0)
      return Status(StatusCode::Internal, "no child process");
    if (child == 0) {
      close(ends[0]);
      runChild(ends[1], forms, next, seed, mostCases);
    }
    close(ends[1]);
    bool opened = receiveText(ends[0], vectors.device) && receiveText(ends[0], vectors.driver);
    std::string bytes;
    for (; opened && next < forms.size() && receiveText(ends[0], bytes); ++next) {
      const Form &form = *forms[next];
      if (bytes.empty())
        continue;
      Record record;
      record.form = form.name;
      record.cases = std::min(form.cases, mostCases);
      record.fingerprint = fingerprint(form, seed, record.cases);
      record.bytes.assign(bytes.begin(), bytes.end());
      vectors.records.push_back(std::move(record));
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!opened)
      return Status(StatusCode::DeviceUnavailable, "no GPU could be opened");
    if (next < forms.size()) {
      std::fprintf(stderr, "%s: ended its process; going on behind it\n", forms[next]->name.c_str());
      ++next;
    }
  }
  return vectors;
}

} // namespace thrift::sim::hardware
