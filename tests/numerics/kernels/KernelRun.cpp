//===- KernelRun.cpp - attention on a device, beside its references ---------===//

#include "tests/numerics/kernels/KernelRun.h"

#include "dialect/formats/Float16.h"
#include "runtime/Emulation.h"
#include "runtime/reference/Emulated.h"
#include "runtime/reference/ReadTensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <ostream>
#include <random>

using namespace thrift;
using namespace thrift::test;

Problem thrift::test::makeProblem(int64_t qLen, int64_t kvLen, int64_t qHeads, int64_t kvHeads, int64_t batch,
                                  bool tokensFirst) {
  Problem problem;
  problem.qLen = qLen;
  problem.kvLen = kvLen;
  problem.qHeads = qHeads;
  problem.kvHeads = kvHeads;
  problem.batch = batch;
  problem.tokensFirst = tokensFirst;
  return problem;
}

std::ostream &thrift::test::operator<<(std::ostream &stream, const Case &c) { return stream << c.name; }

/// A view of `values`, which it resizes, with `padding` elements after each row.
static TensorView viewOf(std::vector<uint16_t> &values, DType dtype, int64_t batch, int64_t heads, int64_t tokens,
                         int64_t channels, bool tokensFirst, int64_t padding) {
  int64_t row = channels + padding;
  values.resize(batch * heads * tokens * row);
  TensorView view = tokensFirst
                        ? TensorView::contiguous(values.data(), dtype, {batch, tokens, heads, row}).transposed(1, 2)
                        : TensorView::contiguous(values.data(), dtype, {batch, heads, tokens, row});
  view.shape[3] = channels;
  return view;
}

Tensors thrift::test::makeTensors(const Problem &problem, const Spec &spec) {
  Tensors tensors;
  tensors.padding = problem.padding;
  auto view = [&](std::vector<uint16_t> &values, int64_t heads, int64_t tokens, int64_t channels) {
    return viewOf(values, spec.dtype, problem.batch, heads, tokens, channels, problem.tokensFirst, problem.padding);
  };
  tensors.qView = view(tensors.q, problem.qHeads, problem.qLen, spec.headDim);
  tensors.kView = view(tensors.k, problem.kvHeads, problem.kvLen, spec.headDim);
  tensors.vView = view(tensors.v, problem.kvHeads, problem.kvLen, spec.valueDim);
  std::mt19937 generator(problem.seed);
  std::normal_distribution<float> normal;
  auto encode = [&](float x) { return spec.dtype == DType::F16 ? f16FromF32(x) : bf16FromF32(x); };
  for (uint16_t &value : tensors.q)
    value = encode(problem.spread * normal(generator));
  for (uint16_t &value : tensors.k)
    value = encode(problem.constantKeys ? 0.5f : normal(generator));
  for (uint16_t &value : tensors.v)
    value = encode(normal(generator));
  return tensors;
}

AttentionInputs thrift::test::inputsOf(const Tensors &tensors) { return {tensors.qView, tensors.kView, tensors.vView}; }

AttentionShape thrift::test::shapeOf(const Tensors &tensors, const Spec &spec) {
  AttentionShape shape = *AttentionShape::fromViews(tensors.qView, tensors.kView, tensors.vView);
  shape.causal = spec.causal;
  return shape;
}

namespace {

/// A device copy of a host tensor, with the same strides.
struct Uploaded {
  Buffer buffer;
  TensorView view;
};

Result<Uploaded> upload(Device &device, const TensorView &host, size_t bytes, int poison) {
  Result<Buffer> buffer = device.allocate(bytes);
  if (!buffer)
    return buffer.status();
  Uploaded result{std::move(*buffer), host};
  result.view.data = reinterpret_cast<void *>(result.buffer.address());
  Status status = poison >= 0 ? device.fill(result.buffer.address(), static_cast<uint8_t>(poison), bytes, {})
                              : device.copyIn(result.buffer.address(), host.data, bytes, {});
  if (!status)
    return status;
  return result;
}

template <typename T>
Result<std::vector<T>> download(Device &device, DevicePointer address, size_t count) {
  std::vector<T> values(count);
  if (Status status = device.copyOut(values.data(), address, count * sizeof(T), {}); !status)
    return status;
  if (Status status = device.synchronize({}); !status)
    return status;
  return values;
}

/// Everything that one launch needs on the device.
struct Session {
  Uploaded q, k, v, o, lse;
  Buffer workspace, counts, ids, tiers;
};

} // namespace

Result<Answer> thrift::test::run(Context &context, const Plan &plan, const Tensors &tensors) {
  Device &device = *context.device();
  const TensorView &q = tensors.qView, &v = tensors.vView;
  AttentionShape shape = shapeOf(tensors, plan.spec());
  Extents extents{shape.batch, shape.qHeads, shape.kvHeads, shape.qLen, shape.kvLen};

  std::vector<uint16_t> oHost;
  bool tokensFirst = q.stride[1] < q.stride[2];
  TensorView oView =
      viewOf(oHost, q.dtype, shape.batch, shape.qHeads, shape.qLen, v.shape[3], tokensFirst, tensors.padding);
  std::vector<float> lseHost(shape.batch * shape.qHeads * shape.qLen);
  TensorView lseView = TensorView::contiguous(lseHost.data(), DType::F32, {shape.batch, shape.qHeads, shape.qLen});

  Session session;
  struct Step {
    Uploaded *to;
    const TensorView *host;
    size_t bytes;
    int poison;
  };
  for (Step step :
       {Step{&session.q, &tensors.qView, tensors.q.size() * 2, -1},
        Step{&session.k, &tensors.kView, tensors.k.size() * 2, -1},
        Step{&session.v, &tensors.vView, tensors.v.size() * 2, -1}, Step{&session.o, &oView, oHost.size() * 2, 0xFF},
        Step{&session.lse, &lseView, lseHost.size() * 4, 0xFF}}) {
    Result<Uploaded> uploaded = upload(device, *step.host, step.bytes, step.poison);
    if (!uploaded)
      return uploaded.status();
    *step.to = std::move(*uploaded);
  }
  AttentionArguments arguments;
  arguments.q = session.q.view;
  arguments.k = session.k.view;
  arguments.v = session.v.view;
  arguments.o = session.o.view;
  arguments.lse = session.lse.view;

  Result<size_t> bytes = plan.workspaceBytes(extents);
  if (!bytes)
    return bytes.status();
  Result<Buffer> workspace = device.allocate(*bytes);
  if (!workspace)
    return workspace.status();
  session.workspace = std::move(*workspace);
  // The simulator knows what has not been written; a GPU gets a poisoned workspace instead.
  if (*bytes && !device.attributes().isSimulator())
    if (Status status = device.fill(session.workspace.address(), 0xFF, *bytes, {}); !status)
      return status;

  RoutingBlock block{plan.spec().blockQ, plan.spec().blockKv};
  Answer answer;
  answer.routes = plan.launches() == 1 ? Routes::allVisible(shape, block) : Routes::none(shape, block);
  bool mixed = plan.launches(/*packed=*/true) == 3; // quantize Q, rank, prefill
  if (plan.granule()) {
    answer.decisions = Decisions::of(shape, block, plan.granule());
    answer.decisionCounts.resize(answer.decisions.tiers.size() / answer.decisions.kvBlocks * 2);
    Result<Buffer> tiers = device.allocate(answer.decisions.tiers.size());
    Result<Buffer> counts = device.allocate(answer.decisionCounts.size() * 4);
    if (!tiers || !counts)
      return tiers ? counts.status() : tiers.status();
    session.tiers = std::move(*tiers);
    session.counts = std::move(*counts);
    arguments.decisions = DecisionBuffers{reinterpret_cast<void *>(session.tiers.address()),
                                          reinterpret_cast<void *>(session.counts.address())};
  }
  if (mixed) {
    Routes &routes = answer.routes;
    routes.capacity = plan.routeCapacity(extents);
    routes.ids.assign(routes.counts.size() * routes.capacity, kNoBlock);
    Result<Buffer> counts = device.allocate(routes.counts.size() * 4), ids = device.allocate(routes.ids.size() * 4);
    if (!counts || !ids)
      return counts ? ids.status() : counts.status();
    session.counts = std::move(*counts);
    session.ids = std::move(*ids);
    if (Status status = device.copyIn(session.ids.address(), routes.ids.data(), routes.ids.size() * 4, {}); !status)
      return status;
    arguments.routes = RouteBuffers{reinterpret_cast<void *>(session.counts.address()),
                                    reinterpret_cast<void *>(session.ids.address()), routes.capacity};
  }
  if (Status status = plan.launch(arguments, {reinterpret_cast<void *>(session.workspace.address()), *bytes}); !status)
    return status;
  if (Status status = device.synchronize({}); !status)
    return status;

  Result<std::vector<uint16_t>> o = download<uint16_t>(device, session.o.buffer.address(), oHost.size());
  Result<std::vector<float>> lse = download<float>(device, session.lse.buffer.address(), lseHost.size());
  if (!o || !lse)
    return o ? lse.status() : o.status();
  oView.data = o->data();
  Result<std::vector<double>> oValues = toDoubles(oView, "o");
  if (!oValues)
    return oValues.status();
  answer.o = std::move(*oValues);
  answer.lse.assign(lse->begin(), lse->end());
  if (plan.granule()) {
    Result<std::vector<uint8_t>> tiers =
        download<uint8_t>(device, session.tiers.address(), answer.decisions.tiers.size());
    Result<std::vector<int32_t>> counts =
        download<int32_t>(device, session.counts.address(), answer.decisionCounts.size());
    if (!tiers || !counts)
      return tiers ? counts.status() : tiers.status();
    answer.decisions.tiers = std::move(*tiers);
    answer.decisionCounts = std::move(*counts);
  }
  if (mixed) {
    Result<std::vector<int32_t>> counts =
        download<int32_t>(device, session.counts.address(), answer.routes.counts.size());
    Result<std::vector<int32_t>> ids = download<int32_t>(device, session.ids.address(), answer.routes.ids.size());
    if (!counts || !ids)
      return counts ? ids.status() : counts.status();
    answer.routes.counts = std::move(*counts);
    answer.routes.ids = std::move(*ids);
  }
  return answer;
}

/// Promotions of each granule, counted in its tiers.
static std::string checkCounts(const Answer &answer, const AttentionShape &shape, const Plan &plan,
                               const OnlineOutput &expected) {
  const Decisions &decisions = answer.decisions;
  OnlineRouter router = onlineRouter(plan);
  RouteBudget seeds;
  seeds.sink = router.sink;
  seeds.local = router.local;
  RoutingBlock block{plan.spec().blockQ, plan.spec().blockKv};
  int64_t refused = 0;
  size_t next = 0;
  for (int64_t b = 0; b < decisions.batch; ++b)
    for (int64_t head = 0; head < decisions.heads; ++head)
      for (int64_t t = 0; t < decisions.queryBlocks; ++t)
        for (int64_t g = 0; g < decisions.granules; ++g, next += 2) {
          ForcedBlocks forced = forcedBlocks(seeds, shape, block, t);
          int64_t promoted = 0;
          for (int64_t j = 0; j < decisions.kvBlocks; ++j)
            promoted += decisions.at(b, head, t, g, j) == BlockTier::High && !forced.contains(j);
          if (answer.decisionCounts[next] != promoted)
            return "granule " + std::to_string(g) + " of query block " + std::to_string(t) + " counts " +
                   std::to_string(answer.decisionCounts[next]) + " promotions, its tiers " + std::to_string(promoted);
          refused += answer.decisionCounts[next + 1];
        }
  if (expected.differing == 0 && refused != expected.refused)
    return std::to_string(refused) + " refusals, expected " + std::to_string(expected.refused);
  return "";
}

/// What the answer should be, and what is wrong with its decisions.
static Result<AttentionOutput> expectedOnline(const Answer &answer, const Plan &plan, const Tensors &tensors,
                                              const ReferenceOptions &options, std::string &complaint) {
  AttentionShape shape = shapeOf(tensors, plan.spec());
  Result<OnlineOutput> online =
      emulatedOnline(inputsOf(tensors), shape, onlineRouter(plan), emulationPlan(plan), &answer.decisions, options);
  if (!online)
    return online.status();
  // Logits, sums and exponentials are f32 in the kernel.
  if (!(online->farthest <= 1e-3))
    complaint = std::to_string(online->differing) + " decisions differ, the farthest by " +
                std::to_string(online->farthest) + " from its threshold";
  else
    complaint = checkCounts(answer, shape, plan, *online);
  return std::move(online->attention);
}

static Result<AttentionOutput> expectedAnswer(const Answer &answer, const Plan &plan, const Tensors &tensors,
                                              std::string &complaint) {
  ReferenceOptions options;
  options.withWeight = true;
  if (plan.granule())
    return expectedOnline(answer, plan, tensors, options, complaint);
  return emulated(inputsOf(tensors), shapeOf(tensors, plan.spec()), answer.routes, emulationPlan(plan), options);
}

Result<AttentionOutput> thrift::test::expectedAnswer(const Answer &answer, const Plan &plan, const Tensors &tensors) {
  std::string complaint;
  return ::expectedAnswer(answer, plan, tensors, complaint);
}

std::string thrift::test::compareWithEmulated(const Answer &answer, const Plan &plan, const Tensors &tensors) {
  AttentionShape shape = shapeOf(tensors, plan.spec());
  EmulationPlan emulation = emulationPlan(plan);
  std::string complaint;
  Result<AttentionOutput> expected = ::expectedAnswer(answer, plan, tensors, complaint);
  if (!expected)
    return expected.status().message();
  if (!complaint.empty())
    return complaint;
  BoundOptions bound;
  bound.epsilon = epsilonOf(emulation);
  bound.outputType = plan.spec().dtype;
  Result<BoundReport> o = checkOutput(answer.o, *expected, shape, bound);
  Result<BoundReport> lse = checkLse(answer.lse, *expected, shape, bound);
  if (!o || !lse)
    return o ? lse.status().message() : o.status().message();
  if (!o->passed)
    return o->describe("o");
  if (!lse->passed)
    return lse->describe("lse");
  return "";
}

Context &thrift::test::simulator(const std::string &delivery) {
  static std::map<std::string, std::shared_ptr<Context>> contexts;
  std::shared_ptr<Context> &context = contexts[delivery];
  if (!context) {
    ContextOptions options;
    options.device = "sim";
    options.diskCache = false;
    options.simDelivery = delivery;
    options.simChecks = "strict";
    options.warn = [](const std::string &warning) { std::fprintf(stderr, "%s\n", warning.c_str()); };
    Result<std::shared_ptr<Context>> created = Context::create(options);
    if (!created) {
      std::fprintf(stderr, "%s\n", created.status().message().c_str());
      std::abort();
    }
    context = *created;
  }
  return *context;
}
