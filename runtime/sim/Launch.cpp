//===- Launch.cpp - a grid over host threads --------------------------------===//
//
// Host threads take CTAs in ascending order. A thread keeps a CTA until it ends; one that runs for long is joined by
// others in the same thread, taking turns, so that CTAs may wait for each other through global memory.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/Launch.h"

#include "runtime/sim/ProgressTimer.h"
#include "runtime/sim/machine/Cta.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

namespace thrift::sim {

// Instructions of a CTA before its thread looks at the budget, and at other CTAs.
static constexpr uint64_t kSlice = 1u << 18;
// Slices of a CTA before another one is started beside it.
static constexpr uint64_t kPatience = 64;
// A CTA that executes no more than this many distinct instructions in a slice seems to wait for another CTA.
static constexpr size_t kTightLoop = 48;
// CTAs that one host thread holds at the same time at most.
static constexpr size_t kMaxResident = 256;
// Host memory for the registers and the local memory of one CTA.
static constexpr uint64_t kMaxCtaBytes = uint64_t(2) << 30;
// What lower CTAs may still execute once another one has failed: enough to fail as well, not to hang on it.
static constexpr uint64_t kAfterFailure = 1u << 26;

namespace {

/// What a finished or failed CTA leaves behind.
struct CtaOutput {
  std::vector<LocatedFinding> findings;
  std::string printed;
};

class GridRunner {
public:
  GridRunner(const LaunchContext &launch, Report &report)
      : launch_(launch), report_(report), ctas_(launch.config.grid.count()), failed_(ctas_),
        budget_(launch.options.instructionBudget) {}

  void run();

private:
  struct Resident {
    std::unique_ptr<Cta> cta;
    uint64_t slices = 0;
    bool spins = false;
    std::vector<uint64_t> counts; ///< of the CTA, before the last slice
  };

  void work();
  bool takeCta(Resident &resident);
  Cta::Outcome advance(Resident &resident);
  void keepOutput(Cta &cta);
  void collect(Cta &cta);
  void summarize();
  bool cancelled() const { return launch_.options.cancel && launch_.options.cancel->load(std::memory_order_relaxed); }

  const LaunchContext &launch_;
  Report &report_;
  uint64_t ctas_;
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> failed_; ///< lowest CTA that failed, or the number of CTAs
  std::atomic<uint64_t> executed_{0};
  std::atomic<uint64_t> done_{0}; ///< CTAs that ran to their end
  uint64_t budget_;
  std::mutex mutex_;
  std::map<uint64_t, CtaOutput> outputs_; ///< of CTAs that have any
  std::vector<uint64_t> counts_;
};

} // namespace

bool GridRunner::takeCta(Resident &resident) {
  uint64_t number = next_.fetch_add(1);
  if (number >= failed_.load() || cancelled())
    return false;
  resident.cta->start(number);
  resident.slices = 0;
  resident.spins = false;
  return true;
}

Cta::Outcome GridRunner::advance(Resident &resident) {
  Cta &cta = *resident.cta;
  if (cta.linear > failed_.load() || cancelled())
    return Cta::Outcome::Done; // its results no longer matter
  uint64_t quantum = kSlice;
  resident.counts = cta.counts;
  Cta::Outcome outcome = cta.run(quantum);
  size_t distinct = 0;
  for (size_t i = 0; i < cta.counts.size(); ++i)
    distinct += cta.counts[i] != resident.counts[i];
  resident.spins = distinct <= kTightLoop;
  uint64_t executed = executed_.fetch_add(kSlice - quantum) + (kSlice - quantum);
  ++resident.slices;
  if (outcome == Cta::Outcome::Running && executed > budget_) {
    cta.report(cta.program.entryPc, nullptr, -1, Severity::Error, Check::Budget,
               "the launch has executed more than " + std::to_string(budget_) +
                   " warp instructions and this CTA is not done; raise the instruction budget if this is no hang");
    outcome = Cta::Outcome::Fault;
  }
  if (outcome == Cta::Outcome::Fault) {
    uint64_t lowest = failed_.load();
    while (cta.linear < lowest && !failed_.compare_exchange_weak(lowest, cta.linear)) {
    }
  }
  if (outcome != Cta::Outcome::Running)
    keepOutput(cta);
  if (outcome == Cta::Outcome::Done)
    ++done_;
  return outcome;
}

void GridRunner::keepOutput(Cta &cta) {
  if (cta.findings.empty() && cta.printed.empty())
    return;
  std::lock_guard<std::mutex> lock(mutex_);
  outputs_[cta.linear] = {std::move(cta.findings), std::move(cta.printed)};
}

void GridRunner::collect(Cta &cta) {
  std::lock_guard<std::mutex> lock(mutex_);
  report_.statistics += cta.stats;
  counts_.resize(cta.counts.size());
  for (size_t i = 0; i < counts_.size(); ++i)
    counts_[i] += cta.counts[i];
}

void GridRunner::work() {
  std::vector<Resident> residents;
  std::vector<std::unique_ptr<Cta>> idle;
  uint64_t sinceFailure = 0;
  auto admit = [&] {
    Resident resident;
    if (idle.empty()) {
      resident.cta = std::make_unique<Cta>(launch_);
    } else {
      resident.cta = std::move(idle.back());
      idle.pop_back();
    }
    if (takeCta(resident)) {
      residents.push_back(std::move(resident));
      return true;
    }
    idle.push_back(std::move(resident.cta));
    return false;
  };

  bool more = true;
  while (true) {
    if (residents.empty() && (!more || !(more = admit())))
      break;
    for (size_t i = 0; i < residents.size();) {
      bool finished = advance(residents[i]) != Cta::Outcome::Running;
      if (failed_.load() < ctas_ && (sinceFailure += kSlice) > kAfterFailure)
        finished = true;
      if (finished) {
        idle.push_back(std::move(residents[i].cta));
        residents.erase(residents.begin() + static_cast<ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    bool impatient =
        !residents.empty() && std::all_of(residents.begin(), residents.end(), [](const Resident &resident) {
          return resident.spins || resident.slices >= kPatience;
        });
    if (impatient && more && residents.size() < kMaxResident)
      more = admit();
  }
  for (auto &cta : idle)
    collect(*cta);
}

/// Findings of the lowest failing CTA first, then one note per instruction and kind.
void GridRunner::summarize() {
  uint64_t failed = failed_.load();
  const Program &program = *launch_.program;
  Statistics &statistics = report_.statistics;
  for (size_t i = 0; i < counts_.size(); ++i) {
    statistics.warpInstructions += counts_[i];
    statistics.byClass[static_cast<size_t>(program.code[i].cls)] += counts_[i];
  }
  std::vector<std::pair<uint32_t, Check>> known;
  std::vector<Finding> others;
  for (auto &[number, output] : outputs_) {
    if (number > failed)
      break;
    report_.printed += output.printed;
    for (LocatedFinding &located : output.findings) {
      if (located.finding.severity == Severity::Error) {
        if (number == failed)
          report_.findings.push_back(std::move(located.finding));
        continue;
      }
      std::pair<uint32_t, Check> key(located.pc, located.finding.check);
      if (std::find(known.begin(), known.end(), key) != known.end() || others.size() >= launch_.options.maxFindings) {
        ++report_.findingsDropped;
        continue;
      }
      known.push_back(key);
      others.push_back(std::move(located.finding));
    }
  }
  if (!report_.findings.empty()) {
    report_.status = Status(StatusCode::DeviceError, report_.findings.front().describe());
  } else if (cancelled() && done_.load() < ctas_) {
    report_.cancelled = true;
    report_.status = Status(StatusCode::DeviceError, "the launch was cancelled when " + std::to_string(done_.load()) +
                                                         " of " + std::to_string(ctas_) + " CTAs were done");
  }
  report_.findings.insert(report_.findings.end(), std::make_move_iterator(others.begin()),
                          std::make_move_iterator(others.end()));
}

void GridRunner::run() {
  unsigned threads = launch_.options.threads != 0 ? launch_.options.threads : std::thread::hardware_concurrency();
  threads = static_cast<unsigned>(std::min<uint64_t>(std::max(threads, 1u), ctas_));
  const Options &options = launch_.options;
  auto begin = std::chrono::steady_clock::now();
  std::function<void()> tick;
  if (options.progress)
    tick = [&] {
      double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      options.progress({done_.load(), ctas_, executed_.load(), seconds});
    };
  ProgressTimer timer(std::chrono::duration<double>(options.progressSeconds), tick);
  std::vector<std::thread> pool;
  for (unsigned i = 1; i < threads; ++i)
    pool.emplace_back([this] { work(); });
  work();
  for (std::thread &thread : pool)
    thread.join();
  summarize();
}

//===----------------------------------------------------------------------===//
// Checking the launch
//===----------------------------------------------------------------------===//

uint32_t maxSharedBytes(unsigned smVersion) {
  // CUDA C++ Programming Guide, "Technical Specifications per Compute Capability": shared memory per block, opt-in.
  switch (smVersion) {
  case 80:
  case 87:
    return 163 * 1024;
  case 86:
  case 89:
  case 120:
  case 121:
    return 99 * 1024;
  case 90:
  case 100:
  case 101:
  case 103:
  case 110:
    return 227 * 1024;
  case 70:
  case 72:
    return 96 * 1024;
  case 75:
    return 64 * 1024;
  default:
    return 48 * 1024;
  }
}

static std::string text(const Dim3 &dim) {
  return std::to_string(dim.x) + "x" + std::to_string(dim.y) + "x" + std::to_string(dim.z);
}

static Status checkDimensions(const KernelInfo &info, const LaunchConfig &config) {
  const Dim3 &block = config.block, &grid = config.grid;
  // Limits of every compute capability since 3.0.
  if (block.count() == 0 || block.x > 1024 || block.y > 1024 || block.z > 64 || block.count() > 1024)
    return Status::invalid("block", text(block), "1 to 1024 threads, at most 1024x1024x64");
  if (grid.count() == 0 || grid.x > 0x7FFFFFFFu || grid.y > 65535 || grid.z > 65535)
    return Status::invalid("grid", text(grid), "1 or more CTAs, at most 2147483647x65535x65535");
  if (config.cluster.count() != 1)
    return Status::unsupported("cluster", text(config.cluster), "1x1x1, the only size that the simulator has");
  if (info.requiredCluster.count() > 1)
    return Status::unsupported("cluster", text(info.requiredCluster) + " (.reqnctapercluster)",
                               "1x1x1, the only size that the simulator has");
  if (info.required.x != 0 && info.required != block)
    return Status::invalid("block", text(block), text(info.required) + " (.reqntid)");
  if (info.maximum.x != 0 && block.count() > info.maximum.count())
    return Status::invalid("block", text(block),
                           "at most " + std::to_string(info.maximum.count()) + " threads (.maxntid)");
  return Status::ok();
}

static Status packArguments(const KernelInfo &info, const Arguments &arguments, std::vector<uint8_t> &block) {
  const auto &values = arguments.values();
  if (values.size() != info.parameters.size())
    return Status::invalid("arguments", std::to_string(values.size()),
                           std::to_string(info.parameters.size()) + ", the parameters of " + info.name);
  for (size_t i = 0; i < values.size(); ++i) {
    const ParameterInfo &parameter = info.parameters[i];
    if (values[i].size() != parameter.bytes)
      return Status::invalid("argument " + std::to_string(i), std::to_string(values[i].size()) + " bytes",
                             std::to_string(parameter.bytes) + " bytes (" + parameter.name + ")");
    if (!values[i].empty())
      std::memcpy(block.data() + parameter.offset, values[i].data(), values[i].size());
  }
  return Status::ok();
}

Report launch(const Kernel &kernel, Memory &memory, const LaunchConfig &config, const Arguments &arguments,
              const Options &options) {
  auto begin = std::chrono::steady_clock::now();
  Report report;
  const Program &program = kernel.program();
  const KernelInfo &info = program.info;

  LaunchContext context;
  context.program = &program;
  context.config = config;
  context.options = options;
  report.status = checkDimensions(info, config);
  if (!report.status)
    return report;
  uint64_t sharedBytes = info.staticSharedBytes;
  if (config.dynamicSharedBytes != 0)
    sharedBytes = uint64_t(program.dynamicSharedOffset) + config.dynamicSharedBytes;
  if (sharedBytes > maxSharedBytes(info.smVersion)) {
    report.status = Status::invalid("shared memory", std::to_string(sharedBytes) + " bytes",
                                    "at most " + std::to_string(maxSharedBytes(info.smVersion)) + " on sm_" +
                                        std::to_string(info.smVersion));
    return report;
  }
  context.sharedBytes = static_cast<uint32_t>(sharedBytes);
  uint64_t warps = (config.block.count() + kWarpSize - 1) / kWarpSize;
  uint64_t stateBytes = warps * (program.registerBytes + 2 * uint64_t(kWarpSize) * info.localBytes);
  if (stateBytes > kMaxCtaBytes) {
    report.status = Status::invalid("registers and local memory of a CTA", std::to_string(stateBytes) + " bytes",
                                    "at most " + std::to_string(kMaxCtaBytes) + " in the simulator");
    return report;
  }

  // The parameter block is a buffer like any other, so that its generic address works.
  std::shared_ptr<Allocation> parameters = Allocation::create(std::max(program.parameterBytes, 16u));
  std::vector<uint8_t> block(program.parameterBytes);
  report.status = packArguments(info, arguments, block);
  if (!report.status)
    return report;
  if (!block.empty())
    std::memcpy(parameters->data(), block.data(), block.size());
  context.parameters = parameters->address();
  if (program.parameterBytes != 0)
    context.regions.add({context.parameters, program.parameterBytes, nullptr, true, "parameter"});

  std::vector<std::shared_ptr<Allocation>> buffers = memory.space().snapshot();
  for (const auto &buffer : buffers) {
    Region region;
    region.base = buffer->address();
    region.bytes = buffer->bytes;
    // A buffer that is written everywhere needs no more watching.
    bool written = !options.checkUninitialized || !std::memchr(buffer->shadow, kUnwritten, buffer->bytes);
    region.shadow = written ? nullptr : buffer->shadow;
    context.regions.add(region);
  }
  for (const Region &variable : program.variables)
    context.regions.add(variable);
  context.regions.sort();

  GridRunner(context, report).run();
  report.statistics.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

} // namespace thrift::sim
