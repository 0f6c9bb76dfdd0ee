//===- DeviceRun.cpp - runs a plan on tensors in host memory ------------------===//

#include "tools/thriftjit/DeviceRun.h"

#include <algorithm>

using namespace thrift;

static void *hostPointer(DevicePointer address) { return reinterpret_cast<void *>(static_cast<uintptr_t>(address)); }

PlanKind thrift::kindOf(const Plan &plan) {
  auto has = [&](const char *name) {
    const std::vector<PlanKernel> &kernels = plan.kernels();
    return std::any_of(kernels.begin(), kernels.end(), [&](const PlanKernel &kernel) { return kernel.name == name; });
  };
  if (plan.granule())
    return PlanKind::Online;
  return has("rank") ? PlanKind::Ranked : has("quantize") ? PlanKind::AllLow : PlanKind::AllHigh;
}

Result<DeviceTensors> DeviceTensors::copy(std::shared_ptr<Device> device, const AttentionInputs &inputs) {
  DeviceTensors tensors;
  tensors.device_ = std::move(device);
  Result<OwnedStream> stream = tensors.device_->createStream();
  if (!stream)
    return stream.status();
  tensors.stream_ = std::move(*stream);
  struct Item {
    const TensorView &host;
    Buffer &buffer;
    TensorView &view;
  };
  for (const Item &item : {Item{inputs.q, tensors.q_, tensors.views_.q}, Item{inputs.k, tensors.k_, tensors.views_.k},
                           Item{inputs.v, tensors.v_, tensors.views_.v}}) {
    size_t bytes = static_cast<size_t>(item.host.numElements() * sizeInBytes(item.host.dtype));
    Result<Buffer> buffer = tensors.device_->allocate(bytes);
    if (!buffer)
      return buffer.status();
    if (Status status = tensors.device_->copyIn(buffer->address(), item.host.data, bytes, tensors.stream_); !status)
      return status;
    item.buffer = std::move(*buffer);
    item.view = item.host;
    item.view.data = hostPointer(item.buffer.address());
  }
  if (Status status = tensors.device_->synchronize(tensors.stream_); !status)
    return status;
  return tensors;
}

namespace {

/// Outputs, routes and workspace of one plan on the device.
class Launcher {
public:
  Launcher(const Plan &plan, const DeviceTensors &tensors, const AttentionShape &shape)
      : plan(plan), tensors(tensors), device(tensors.device()), shape(shape), kind(kindOf(plan)) {}

  Status allocate();
  Status poison();
  Status launch(StepTimes &times);
  WatchdogReport readWatchdog();
  Result<PlanRun> read();

private:
  Status reserve(Buffer &buffer, size_t bytes) {
    Result<Buffer> allocated = device.allocate(bytes);
    if (allocated)
      buffer = std::move(*allocated);
    return allocated.status();
  }
  Status launchTimed(const char *step, std::optional<double> &microseconds);
  Result<Routes> readRoutes();
  Status readDecisions(PlanRun &run);

  const Plan &plan;
  const DeviceTensors &tensors;
  Device &device;
  const AttentionShape &shape;
  PlanKind kind;

  Buffer o, lse, counts, ids, tiers, scratch, records;
  AttentionArguments arguments;
  Workspace workspace;
};

} // namespace

Status Launcher::allocate() {
  Extents extents{shape.batch, shape.qHeads, shape.kvHeads, shape.qLen, shape.kvLen};
  Result<size_t> bytes = plan.workspaceBytes(extents);
  if (!bytes)
    return bytes.status();
  if (Status status = reserve(scratch, *bytes); !status)
    return status;
  workspace = {hostPointer(scratch.address()), *bytes};

  size_t rows = static_cast<size_t>(shape.batch * shape.qHeads * shape.qLen);
  if (Status status = reserve(o, rows * static_cast<size_t>(shape.valueDim) * sizeof(uint16_t)); !status)
    return status;
  if (Status status = reserve(lse, rows * sizeof(float)); !status)
    return status;
  if (size_t bytes = plan.watchdogBytes()) {
    if (Status status = reserve(records, bytes); !status)
      return status;
    arguments.watchdog = hostPointer(records.address());
  }
  arguments.q = tensors.views().q;
  arguments.k = tensors.views().k;
  arguments.v = tensors.views().v;
  arguments.o = TensorView::contiguous(hostPointer(o.address()), plan.spec().dtype,
                                       {shape.batch, shape.qHeads, shape.qLen, shape.valueDim});
  arguments.lse =
      TensorView::contiguous(hostPointer(lse.address()), DType::F32, {shape.batch, shape.qHeads, shape.qLen});
  arguments.scale = static_cast<float>(shape.scale);
  RoutingBlock block{plan.spec().blockQ, plan.spec().blockKv};
  if (kind == PlanKind::Online) {
    Decisions decisions = Decisions::of(shape, block, plan.granule());
    size_t granules = decisions.tiers.size() / static_cast<size_t>(decisions.kvBlocks);
    if (Status status = reserve(tiers, decisions.tiers.size()); !status)
      return status;
    if (Status status = reserve(counts, granules * 2 * sizeof(int32_t)); !status)
      return status;
    arguments.decisions = DecisionBuffers{hostPointer(tiers.address()), hostPointer(counts.address())};
  }
  if (kind != PlanKind::Ranked)
    return Status::ok();

  size_t lists = static_cast<size_t>(shape.batch * shape.qHeads * block.queryBlocks(shape));
  int64_t capacity = plan.routeCapacity(extents);
  if (Status status = reserve(counts, lists * sizeof(int32_t)); !status)
    return status;
  if (Status status = reserve(ids, lists * static_cast<size_t>(capacity) * sizeof(int32_t)); !status)
    return status;
  arguments.routes = RouteBuffers{hostPointer(counts.address()), hostPointer(ids.address()), capacity};
  return Status::ok();
}

Status Launcher::poison() {
  // All ones: a NaN in f16, bf16 and f32, and -1 as a count.
  for (const Buffer *buffer : {&o, &lse, &counts, &ids, &tiers})
    if (buffer->bytes())
      if (Status status = device.fill(buffer->address(), 0xFF, buffer->bytes(), tensors.stream()); !status)
        return status;
  if (records.bytes())
    return device.fill(records.address(), 0, records.bytes(), tensors.stream());
  return Status::ok();
}

Status Launcher::launchTimed(const char *step, std::optional<double> &microseconds) {
  Result<Event> begin = device.createEvent(), end = device.createEvent();
  if (!begin || !end)
    return begin ? end.status() : begin.status();
  if (Status status = device.record(*begin, tensors.stream()); !status)
    return status;
  if (Status status = plan.launchStep(step, arguments, workspace, tensors.stream().native); !status)
    return status;
  if (Status status = device.record(*end, tensors.stream()); !status)
    return status;
  Result<double> elapsed = device.elapsedMicroseconds(*begin, *end);
  if (elapsed)
    microseconds = *elapsed;
  return elapsed.status();
}

Status Launcher::launch(StepTimes &times) {
  if (kind != PlanKind::AllHigh)
    if (Status status = launchTimed("quantize", times.quantize); !status)
      return status;
  if (kind == PlanKind::Ranked)
    if (Status status = launchTimed("rank", times.rank); !status)
      return status;
  if (Status status = launchTimed("prefill", times.attention); !status)
    return status;
  return device.synchronize(tensors.stream());
}

/// Empty as well where a device that has failed says no more.
WatchdogReport Launcher::readWatchdog() {
  std::vector<char> copy(records.bytes());
  if (copy.empty() || !device.copyOut(copy.data(), records.address(), copy.size(), tensors.stream()) ||
      !device.synchronize(tensors.stream()))
    return {};
  return plan.readWatchdog(copy.data());
}

Result<Routes> Launcher::readRoutes() {
  RoutingBlock block{plan.spec().blockQ, plan.spec().blockKv};
  if (kind != PlanKind::Ranked)
    return kind == PlanKind::AllLow ? Routes::none(shape, block) : Routes::allVisible(shape, block);
  Routes routes;
  routes.batch = shape.batch;
  routes.heads = shape.qHeads;
  routes.queryBlocks = block.queryBlocks(shape);
  routes.capacity = arguments.routes->capacity;
  routes.counts.resize(counts.bytes() / sizeof(int32_t));
  routes.ids.resize(ids.bytes() / sizeof(int32_t));
  if (Status status = device.copyOut(routes.counts.data(), counts.address(), counts.bytes(), tensors.stream()); !status)
    return status;
  if (Status status = device.copyOut(routes.ids.data(), ids.address(), ids.bytes(), tensors.stream()); !status)
    return status;
  if (Status status = device.synchronize(tensors.stream()); !status)
    return status;
  auto broken = [](const Status &status) {
    return Status(StatusCode::DeviceError, "the rank kernel wrote routes that are none: " + status.message());
  };
  if (Status status = validateLayout(routes, shape, block); !status)
    return broken(status);
  for (size_t list = 0; list < routes.counts.size(); ++list)
    std::fill(routes.ids.begin() + static_cast<int64_t>(list) * routes.capacity + routes.counts[list],
              routes.ids.begin() + static_cast<int64_t>(list + 1) * routes.capacity, kNoBlock);
  if (Status status = validate(routes, shape, block); !status)
    return broken(status);
  return routes;
}

Status Launcher::readDecisions(PlanRun &run) {
  RoutingBlock block{plan.spec().blockQ, plan.spec().blockKv};
  run.decisions = Decisions::of(shape, block, plan.granule());
  run.decisionCounts.resize(counts.bytes() / sizeof(int32_t));
  if (Status status = device.copyOut(run.decisions.tiers.data(), tiers.address(), tiers.bytes(), tensors.stream());
      !status)
    return status;
  if (Status status = device.copyOut(run.decisionCounts.data(), counts.address(), counts.bytes(), tensors.stream());
      !status)
    return status;
  if (Status status = device.synchronize(tensors.stream()); !status)
    return status;
  if (Status status = validate(run.decisions, shape, block, plan.granule()); !status)
    return Status(StatusCode::DeviceError, "the kernel wrote decisions that are none: " + status.message());
  run.routes = routesOf(run.decisions, shape, block);
  return Status::ok();
}

Result<PlanRun> Launcher::read() {
  PlanRun run;
  run.o.resize(o.bytes() / sizeof(uint16_t));
  run.lse.resize(lse.bytes() / sizeof(float));
  if (Status status = device.copyOut(run.o.data(), o.address(), o.bytes(), tensors.stream()); !status)
    return status;
  if (Status status = device.copyOut(run.lse.data(), lse.address(), lse.bytes(), tensors.stream()); !status)
    return status;
  if (Status status = device.synchronize(tensors.stream()); !status)
    return status;
  if (kind == PlanKind::Online) {
    if (Status status = readDecisions(run); !status)
      return status;
    return run;
  }
  Result<Routes> routes = readRoutes();
  if (!routes)
    return routes.status();
  run.routes = std::move(*routes);
  return run;
}

Result<PlanRun> thrift::runPlan(const Plan &plan, const DeviceTensors &tensors, const AttentionShape &shape,
                                WatchdogReport *hung) {
  Launcher launcher(plan, tensors, shape);
  if (Status status = launcher.allocate(); !status)
    return status;
  StepTimes times;
  for (int passes = tensors.device().attributes().isSimulator() ? 1 : 2; passes > 0; --passes) {
    if (Status status = launcher.poison(); !status)
      return status;
    Status launched = launcher.launch(times);
    WatchdogReport watchdog = launcher.readWatchdog();
    if (hung)
      *hung = watchdog;
    if (!launched)
      return launched;
    if (watchdog.hung())
      return Status(StatusCode::DeviceError, "waits inside the kernel gave up: " + std::to_string(watchdog.waits));
  }
  Result<PlanRun> run = launcher.read();
  if (run)
    run->times = times;
  return run;
}
