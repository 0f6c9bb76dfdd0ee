//===- Contents.cpp - what buffers hold before a launch ------------------------===//

#include "tools/ptx-sim/Contents.h"

#include "tools/ptx-sim/JsonPlace.h"

#include <cmath>
#include <functional>
#include <new>
#include <random>
#include <stdexcept>

namespace thrift::ptxsim {

/// A generator for one buffer: FNV-1a of its name, so that buffers of one seed differ. std::mt19937_64 is the same
/// everywhere; the distributions of the standard library are not, which is why they are written out below.
static std::mt19937_64 generator(uint64_t seed, const std::string &name) {
  uint64_t hash = 14695981039346656037ull;
  for (unsigned char c : name)
    hash = (hash ^ c) * 1099511628211ull;
  return std::mt19937_64(seed ^ hash);
}

/// In [0, 1), a multiple of 2^-53.
static double unit(std::mt19937_64 &random) { return std::ldexp(static_cast<double>(random() >> 11), -53); }

/// Two normal numbers from two uniform ones (Box and Muller); the second is kept.
static double normal(std::mt19937_64 &random, std::optional<double> &kept) {
  if (kept) {
    double value = *kept;
    kept.reset();
    return value;
  }
  double radius = std::sqrt(-2 * std::log1p(-unit(random))), angle = 2 * 3.14159265358979323846 * unit(random);
  kept = radius * std::sin(angle);
  return radius * std::cos(angle);
}

namespace {

/// Writes all elements of a buffer.
class Filler {
public:
  Filler(const BufferSpec &spec, HostTensor &tensor) : spec_(spec), tensor_(tensor) {}

  Status operator()(const Uninitialized &) { return Status::ok(); }
  Status operator()(const StructValue &) { return Status::ok(); }
  Status operator()(const TensorReference &) { return Status::ok(); }
  Status operator()(const Fill &fill) {
    return each([&](uint64_t) { return fill.bits; });
  }
  Status operator()(const Elements &elements) {
    return each([&](uint64_t index) { return elements.bits[index]; });
  }
  Status operator()(const Arange &arange) {
    return numbers([&](uint64_t index) { return arange.start + arange.step * static_cast<long double>(index); });
  }
  Status operator()(const Normal &wish) {
    std::mt19937_64 random = generator(wish.seed, spec_.name);
    std::optional<double> kept;
    return numbers([&](uint64_t) { return wish.mean + wish.deviation * normal(random, kept); });
  }
  Status operator()(const Uniform &wish) {
    std::mt19937_64 random = generator(wish.seed, spec_.name);
    long double width = wish.high - wish.low;
    if (tensor_.type->isFloat())
      return numbers([&](uint64_t) { return wish.low + width * unit(random); });
    auto range = static_cast<uint64_t>(width); // one less than the number of integers
    return numbers([&](uint64_t) {
      uint64_t value = random();
      return wish.low + static_cast<long double>(range == UINT64_MAX ? value : value % (range + 1));
    });
  }

private:
  template <typename Bits>
  Status each(const Bits &bits) {
    for (uint64_t i = 0, count = tensor_.elements(); i < count; ++i)
      storeBits(*tensor_.type, tensor_.bytes.data(), i, bits(i));
    return Status::ok();
  }
  template <typename Number>
  Status numbers(const Number &number) {
    for (uint64_t i = 0, count = tensor_.elements(); i < count; ++i) {
      long double value = number(i);
      std::optional<uint64_t> bits = encode(*tensor_.type, value);
      if (!bits)
        return Status::invalid(spec_.path + ".init",
                               "something that makes element " + std::to_string(i) + " " +
                                   std::to_string(static_cast<double>(value)),
                               "numbers that " + std::string(tensor_.type->name) + " can hold");
      storeBits(*tensor_.type, tensor_.bytes.data(), i, *bits);
    }
    return Status::ok();
  }

  const BufferSpec &spec_;
  HostTensor &tensor_;
};

} // namespace

static Result<HostTensor> readBuffer(const BufferSpec &spec, const TensorReference &from, const LaunchFile &file,
                                     TensorReader &reader) {
  std::string path = file.resolve(from.file);
  Result<HostTensor> tensor = reader.read(path, from.tensor, spec.type);
  if (!tensor)
    return tensor.status();
  std::string source = path + (from.tensor.empty() ? "" : " " + from.tensor);
  if (spec.type && tensor->type != spec.type)
    return behind(file.name, Status::invalid(spec.path + ".dtype", std::string(spec.type->name),
                                             std::string(tensor->type->name) + ", as " + source + " has"));
  if (spec.shape && tensor->shape != *spec.shape)
    return behind(file.name, Status::invalid(spec.path + ".shape", printShape(*spec.shape),
                                             printShape(tensor->shape) + ", as " + source + " has"));
  if (tensor->bytes.empty())
    return behind(file.name, Status::invalid(from.path + ".file", source + " of shape " + printShape(tensor->shape),
                                             "a file with one element or more"));
  return tensor;
}

Result<HostTensor> fillBuffer(const BufferSpec &spec, const LaunchFile &file, TensorReader &reader) {
  if (const auto *from = std::get_if<TensorReference>(&spec.contents))
    return readBuffer(spec, *from, file, reader);
  HostTensor tensor;
  tensor.type = spec.type;
  tensor.shape = *spec.shape;
  auto bytes = static_cast<uint64_t>(spec.type->bytes);
  for (int64_t extent : tensor.shape)
    bytes *= static_cast<uint64_t>(extent);
  try {
    tensor.bytes.resize(bytes);
  } catch (const std::exception &) { // bad_alloc or length_error
    return behind(file.name, Status::invalid(spec.path, std::to_string(bytes) + " bytes", "what fits in memory"));
  }
  if (Status status = std::visit(Filler(spec, tensor), spec.contents); !status)
    return behind(file.name, status);
  return tensor;
}

Result<HostTensor> expectedValues(const Expectation &expected, const HostTensor &buffer, const LaunchFile &file,
                                  TensorReader &reader) {
  if (const auto *from = std::get_if<TensorReference>(&expected.values)) {
    std::string path = file.resolve(from->file);
    Result<HostTensor> tensor = reader.read(path, from->tensor, buffer.type);
    if (tensor && tensor->shape != buffer.shape)
      return behind(file.name, Status::invalid(expected.path + ".file", path + " of shape " + printShape(tensor->shape),
                                               printShape(buffer.shape) + ", as the buffer has"));
    return tensor;
  }
  HostTensor tensor = buffer;
  for (uint64_t i = 0, count = tensor.elements(); i < count; ++i) {
    const auto *elements = std::get_if<Elements>(&expected.values);
    if (elements && elements->bits.size() != count)
      return behind(file.name,
                    Status::invalid(expected.path + ".values", "a list of " + std::to_string(elements->bits.size()),
                                    std::to_string(count) + " elements"));
    storeBits(*tensor.type, tensor.bytes.data(), i,
              elements ? elements->bits[i] : std::get<Fill>(expected.values).bits);
  }
  return tensor;
}

} // namespace thrift::ptxsim
