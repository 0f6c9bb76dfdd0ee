//===- Simulator.h - run PTX on the CPU -------------------------------------===//
//
// The public face of the PTX simulator: global memory of one simulated device, modules, launches, reports. A launch is
// functional (no timing) and checked: what the hardware would leave undefined is reported with PTX line, CTA, warp,
// lane.
//
//   Memory memory;
//   Result<std::shared_ptr<Module>> module = Module::load(ptxText);
//   Result<const Kernel *> kernel = (*module)->find("scale");
//   Result<uint64_t> x = memory.allocate(4 * n);
//   Report report = launch(**kernel, memory, {{n / 256}, {256}}, Arguments().add(*x).add(2.0f).add(n), {});
//   if (!report.status) ...   // report.findings says where and why
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_SIMULATOR_H
#define THRIFTJIT_RUNTIME_SIM_SIMULATOR_H

#include "runtime/Status.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace thrift::sim {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;

  uint64_t count() const { return uint64_t(x) * y * z; }
  friend bool operator==(const Dim3 &a, const Dim3 &b) { return a.x == b.x && a.y == b.y && a.z == b.z; }
  friend bool operator!=(const Dim3 &a, const Dim3 &b) { return !(a == b); }
};

class AddressSpace;

/// Global memory of one simulated device. Addresses are host addresses, aligned to 256 bytes; a red zone of 256 bytes
/// or more stands between buffers, so that an index off by one never lands in another buffer. Every byte remembers
/// whether it was written. Thread-safe; a buffer freed during a launch stays alive until that launch ends.
class Memory {
public:
  Memory();
  ~Memory();
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  /// A new buffer of `bytes` > 0 bytes that nobody has written yet.
  Result<uint64_t> allocate(size_t bytes);
  /// Gives back a buffer; `address` is what `allocate` returned.
  Status free(uint64_t address);
  Status write(uint64_t destination, const void *source, size_t bytes);
  Status read(uint64_t source, void *destination, size_t bytes) const;
  Status fill(uint64_t destination, uint8_t value, size_t bytes);

  /// Sum of the sizes of all live buffers.
  size_t allocatedBytes() const;
  const AddressSpace &space() const { return *space_; }

private:
  std::unique_ptr<AddressSpace> space_;
};

/// One kernel parameter as PTX declares it; `offset` is its place in the parameter block.
struct ParameterInfo {
  std::string name;
  uint32_t bytes = 0, align = 1, offset = 0;
};

/// What a kernel asks of a launch.
struct KernelInfo {
  std::string name;
  std::vector<ParameterInfo> parameters;
  uint32_t staticSharedBytes = 0;
  uint32_t localBytes = 0;   ///< per thread
  uint32_t instructions = 0; ///< decoded, called functions included
  bool usesDynamicShared = false;
  Dim3 required{0, 0, 0};        ///< .reqntid; zeros where there is none
  Dim3 maximum{0, 0, 0};         ///< .maxntid
  Dim3 requiredCluster{0, 0, 0}; ///< .reqnctapercluster
  unsigned smVersion = 0;        ///< 80 for sm_80, 90 for sm_90a, ...
};

struct Program;

/// A decoded entry of a module, which owns it.
class Kernel {
public:
  explicit Kernel(std::unique_ptr<const Program> program);
  ~Kernel();
  const KernelInfo &info() const;
  const Program &program() const { return *program_; }

private:
  std::unique_ptr<const Program> program_;
};

struct ModuleState;

/// PTX text, parsed. Entries are decoded when first asked for, so that an unsupported instruction in one entry does not
/// block another. Module-scope variables live as long as the module and keep their values between launches.
/// Thread-safe.
class Module {
public:
  /// Parses; a syntax error or a call to an undefined function is InvalidArgument and names line and text.
  static Result<std::shared_ptr<Module>> load(std::string_view ptx);
  ~Module();

  std::vector<std::string> entries() const;
  /// The decoded entry `name`; Unsupported names line and text of the first instruction that the simulator lacks.
  Result<const Kernel *> find(std::string_view name) const;

  explicit Module(std::unique_ptr<ModuleState> state);

private:
  std::unique_ptr<ModuleState> state_;
};

/// Kernel arguments in the order of the parameters, each as raw bytes: `Arguments().add(pointer).add(1.0f)`.
class Arguments {
public:
  template <typename T>
  Arguments &add(const T &value) {
    static_assert(std::is_trivially_copyable_v<T>, "kernel arguments are plain bytes");
    return addBytes(&value, sizeof value);
  }
  Arguments &addBytes(const void *data, size_t bytes) {
    const auto *first = static_cast<const uint8_t *>(data);
    values_.emplace_back(first, first + bytes);
    return *this;
  }
  const std::vector<std::vector<uint8_t>> &values() const { return values_; }

private:
  std::vector<std::vector<uint8_t>> values_;
};

struct LaunchConfig {
  Dim3 grid, block;
  uint32_t dynamicSharedBytes = 0;
  Dim3 cluster = {}; ///< of CTAs; the simulator has clusters of one CTA only
};

/// When the result of an asynchronous operation appears.
enum class Delivery {
  Lazy,   ///< at the wait that guarantees it: as late as is legal; until then the destination is poisoned
  Eager,  ///< at once
  Random, ///< at any time between, in any legal order; warps take turns of random length (Options::seed)
};

/// How far a launch is.
struct Progress {
  uint64_t ctasDone = 0, ctas = 0;
  uint64_t warpInstructions = 0; ///< so far, of CTAs that run too
  double seconds = 0;            ///< since the launch began
};

struct Options {
  unsigned threads = 0;                           ///< host threads; 0 means all cores
  uint64_t instructionBudget = 20'000'000'000ull; ///< warp instructions of one launch; more is reported as a hang
  bool checkUninitialized = true;                 ///< report reads of memory that nobody wrote
  bool checkRaces = false; ///< report accesses to shared memory and TMEM that no synchronisation orders
  bool lints = false;      ///< report what the ISA demands and NVIDIA's own kernels leave out, as warnings
  Delivery delivery = Delivery::Lazy;
  uint64_t seed = 0;         ///< order in which the warps of a CTA take turns (0: ascending), and of Delivery::Random
  unsigned maxFindings = 64; ///< notes and warnings beyond this number are counted, not kept
  /// Called every `progressSeconds` while the launch runs, from one thread of its own.
  std::function<void(const Progress &)> progress;
  double progressSeconds = 0.5;
  const std::atomic<bool> *cancel = nullptr; ///< when it becomes true, the launch ends soon: Report::cancelled
};

enum class InstructionClass : uint8_t {
  Integer,
  Float,
  Convert,
  Move,
  Compare,
  Special,
  Control,
  Barrier,
  Warp,
  Load,
  Store,
  Atomic,
  Async,
  Matrix,
  Other,
};
constexpr size_t kNumInstructionClasses = 15;
const char *instructionClassName(InstructionClass cls);

struct Statistics {
  uint64_t ctas = 0;
  uint64_t warpInstructions = 0;
  std::array<uint64_t, kNumInstructionClasses> byClass{}; ///< indexed by InstructionClass, sums to warpInstructions
  uint64_t mmaInstructions = 0, mmaMacs = 0;              ///< multiply-accumulates, whole warps
  uint64_t globalReadBytes = 0, globalWriteBytes = 0;     ///< asynchronous copies and atomics included
  uint64_t sharedReadBytes = 0, sharedWriteBytes = 0;
  uint64_t localBytes = 0;
  uint64_t bulkLoadBytes = 0, bulkStoreBytes = 0; ///< cp.async.bulk, tensor copies included
  uint64_t tmemReadBytes = 0, tmemWriteBytes = 0; ///< tcgen05.ld; tcgen05.st and cp
  uint64_t specialFunctions = 0;                  ///< thread-level ex2, lg2, rcp, ... (MUFU)
  uint64_t divergentBranches = 0;
  double seconds = 0;

  Statistics &operator+=(const Statistics &other);
};

enum class Severity { Note, Warning, Error };

/// What a finding is about; `checkName` gives the name that reports and tests use.
enum class Check : uint8_t {
  OutOfBounds,
  Misaligned,
  Uninitialized,
  PendingAsync,
  WriteToReadOnly,
  DivisionByZero,
  DivergentAligned,
  BadMask,
  BarrierMisuse,
  Deadlock,
  Budget,
  AsyncInFlight,
  Trap,
  Assertion,
  Uniformity,
  BadOperand,
  BadCall,
  Race,              ///< two accesses that no synchronisation orders
  MissingProxyFence, ///< the async proxy reads what the generic proxy wrote, without fence.proxy.async between
  RegisterInFlight,  ///< a register is touched that a wgmma or tcgen05 operation still uses
  MBarrierMisuse,
  BadDescriptor, ///< matrix, instruction or tensor-map descriptor
  TmemMisuse,    ///< TMEM that is not allocated, or not the warp's
  TmemLeak,
  RegisterPool,       ///< setmaxnreg asks for what is not there
  MissingTensorFence, ///< lint: tcgen05.fence does not order two accesses to TMEM
};
constexpr size_t kNumChecks = 26;
const char *checkName(Check check);

struct Finding {
  Severity severity = Severity::Error;
  Check check = Check::OutOfBounds;
  std::string message; ///< one sentence
  unsigned line = 0;   ///< of the PTX text, from 1
  std::string text;    ///< the instruction
  Dim3 cta{0, 0, 0};
  unsigned warp = 0;
  int lane = -1; ///< -1 where the whole warp is meant

  /// "error: out-of-bounds: ... (line 12: ld.global.u32 ...; cta 0,0,0 warp 1 lane 5)"
  std::string describe() const;
};

struct Report {
  Status status; ///< Ok, InvalidArgument (launch configuration) or DeviceError (a finding of Severity::Error)
  std::vector<Finding> findings; ///< of the lowest CTA that failed, then notes and warnings
  uint64_t findingsDropped = 0;
  bool cancelled = false; ///< by Options::cancel, before all CTAs were done; the status is then DeviceError
  Statistics statistics;
  std::string printed; ///< what device-side printf wrote, in the order of the CTAs
};

/// Runs a grid to its end. The arguments are checked against the kernel's parameters, the configuration against the
/// limits of the module's target.
Report launch(const Kernel &kernel, Memory &memory, const LaunchConfig &config, const Arguments &arguments,
              const Options &options = {});

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_SIMULATOR_H
