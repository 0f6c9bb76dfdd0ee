//===- Run.cpp - a launch file on the simulator --------------------------------===//

#include "tools/ptx-sim/Run.h"

#include "tools/ptx-sim/AddressNames.h"
#include "tools/ptx-sim/Contents.h"
#include "tools/ptx-sim/JsonPlace.h"
#include "tools/ptx-sim/TensorMaps.h"
#include "tools/safetensors/AtomicFile.h"

#include <algorithm>
#include <cstring>

namespace thrift::ptxsim {

bool RunResult::passed() const {
  return report.status.isOk() && std::all_of(comparisons.begin(), comparisons.end(),
                                             [](const Comparison &comparison) { return comparison.passed(); });
}

Result<const sim::Kernel *> findEntry(const sim::Module &module, const LaunchFile &file) {
  std::vector<std::string> entries = module.entries();
  std::string names;
  for (const std::string &entry : entries)
    names.append(names.empty() ? "" : ", ").append(entry);
  if (!file.entry && entries.size() != 1)
    return behind(file.name,
                  Status::invalid("entry", "not given", entries.empty() ? "nothing: the PTX has none" : names));
  const std::string &name = file.entry ? *file.entry : entries[0];
  if (std::find(entries.begin(), entries.end(), name) == entries.end())
    return behind(file.name,
                  Status::invalid("entry", "\"" + name + "\"", entries.empty() ? "nothing: the PTX has none" : names));
  return module.find(name);
}

namespace {

class LaunchRun {
public:
  LaunchRun(const sim::Kernel &kernel, const LaunchFile &file, const sim::Options &options,
            const std::map<std::string, std::string> &moreOutputs)
      : info_(kernel.info()), kernel_(kernel), file_(file), options_(options), moreOutputs_(moreOutputs) {}

  Result<RunResult> run();

private:
  Status configure();
  Status checkOutputs() const;
  Status allocate();
  Status packArguments();
  Status pack(const Value &value, uint8_t *bytes);
  Status pack(const StructValue &value, uint8_t *bytes);
  Result<uint64_t> addressOf(const PointerValue &pointer, const std::string &path) const;
  void nameAddresses();
  Status finish();
  Status write(TensorWriter &writer, const HostTensor &tensor, const TensorReference &to, const std::string &buffer);

  const sim::KernelInfo &info_;
  const sim::Kernel &kernel_;
  const LaunchFile &file_;
  const sim::Options &options_;
  const std::map<std::string, std::string> &moreOutputs_;

  RunResult result_;
  sim::Memory memory_;
  sim::Arguments arguments_;
  std::vector<HostTensor> tensors_;  ///< by buffer; the bytes as they were before the launch
  std::vector<HostTensor> expected_; ///< of buffers with an expectation
  std::vector<uint64_t> addresses_;  ///< by buffer
};

} // namespace

static sim::Dim3 dim3(const std::array<uint32_t, 3> &dims) { return {dims[0], dims[1], dims[2]}; }

Status LaunchRun::configure() {
  result_.kernel = info_;
  result_.config.grid = dim3(file_.grid);
  result_.config.dynamicSharedBytes = file_.dynamicSharedBytes;
  if (file_.cluster)
    result_.config.cluster = dim3(*file_.cluster); // the simulator says which it has
  if (!file_.block && info_.required.x == 0)
    return Status::invalid("block", "missing", "the number of threads, since " + info_.name + " has no .reqntid");
  result_.config.block = file_.block ? dim3(*file_.block) : info_.required;
  if (file_.arguments.size() == info_.parameters.size())
    return Status::ok();
  std::string parameters;
  for (const sim::ParameterInfo &parameter : info_.parameters)
    parameters += (parameters.empty() ? ": " : ", ") + parameter.name;
  return Status::invalid("arguments", "a list of " + std::to_string(file_.arguments.size()),
                         std::to_string(info_.parameters.size()) + ", the parameters of " + info_.name + parameters);
}

/// What can be known about files before minutes of work.
Status LaunchRun::checkOutputs() const {
  std::vector<std::string> paths;
  for (const BufferSpec &buffer : file_.buffers)
    if (buffer.output)
      paths.push_back(file_.resolve(buffer.output->file));
  for (const auto &[buffer, path] : moreOutputs_) {
    bool known = std::any_of(file_.buffers.begin(), file_.buffers.end(),
                             [&name = buffer](const BufferSpec &spec) { return spec.name == name; });
    std::string names;
    for (const BufferSpec &spec : file_.buffers)
      names.append(names.empty() ? "" : ", ").append(spec.name);
    if (!known)
      return Status::invalid("--output", "'" + buffer + "=" + path + "'", "NAME=FILE where NAME is one of " + names);
    paths.push_back(path);
  }
  for (const std::string &path : paths)
    if (Result<AtomicFile> probe = AtomicFile::create(path); !probe) // gone again at the end of this line
      return probe.status();
  return Status::ok();
}

Status LaunchRun::allocate() {
  TensorReader reader;
  for (const BufferSpec &spec : file_.buffers) {
    Result<HostTensor> tensor = fillBuffer(spec, file_, reader);
    if (!tensor)
      return tensor.status();
    if (spec.expected) {
      Result<HostTensor> expected = expectedValues(*spec.expected, *tensor, file_, reader);
      if (!expected)
        return expected.status();
      expected_.push_back(std::move(*expected));
    }
    Result<uint64_t> address = memory_.allocate(tensor->bytes.size());
    if (!address)
      return behind(file_.name + ": " + spec.path, address.status());
    addresses_.push_back(*address);
    if (!std::holds_alternative<Uninitialized>(spec.contents))
      if (Status status = memory_.write(*address, tensor->bytes.data(), tensor->bytes.size()); !status)
        return status;
    tensors_.push_back(std::move(*tensor));
  }
  // Now every address is known.
  for (size_t i = 0; i < file_.buffers.size(); ++i)
    if (const auto *fields = std::get_if<StructValue>(&file_.buffers[i].contents)) {
      std::vector<uint8_t> bytes(fields->bytes);
      if (Status status = pack(*fields, bytes.data()); !status)
        return behind(file_.name, status);
      if (Status status = memory_.write(addresses_[i], bytes.data(), bytes.size()); !status)
        return status;
    }
  return Status::ok();
}

Result<uint64_t> LaunchRun::addressOf(const PointerValue &pointer, const std::string &path) const {
  uint64_t bytes = tensors_[pointer.buffer].bytes.size();
  // One past the end is an address that code may compute from.
  if (pointer.offset > bytes)
    return Status::invalid(path + ".buffer_offset", std::to_string(pointer.offset),
                           "at most the " + std::to_string(bytes) + " bytes of " + file_.buffers[pointer.buffer].name);
  return addresses_[pointer.buffer] + pointer.offset;
}

Status LaunchRun::pack(const StructValue &value, uint8_t *bytes) {
  for (const Field &field : value.fields)
    if (Status status = pack(field.value, bytes + field.offset); !status)
      return status;
  return Status::ok();
}

Status LaunchRun::pack(const Value &value, uint8_t *bytes) {
  if (const auto *scalar = std::get_if<ScalarValue>(&value.content)) {
    storeBits(*scalar->type, bytes, 0, scalar->bits);
    return Status::ok();
  }
  if (const auto *fields = std::get_if<StructValue>(&value.content))
    return pack(*fields, bytes);
  const auto *map = std::get_if<TensorMapValue>(&value.content);
  Result<uint64_t> address =
      addressOf(map ? map->start : std::get<PointerValue>(value.content), value.path + (map ? ".tensor_map" : ""));
  if (!address)
    return address.status();
  if (map) {
    const HostTensor &tensor = tensors_[map->start.buffer];
    return encodeMap(*map, *address, tensor.bytes.size() - map->start.offset, value.path + ".tensor_map", bytes);
  }
  std::memcpy(bytes, &*address, sizeof *address);
  return Status::ok();
}

Status LaunchRun::packArguments() {
  for (size_t i = 0; i < file_.arguments.size(); ++i) {
    const Value &value = file_.arguments[i];
    const sim::ParameterInfo &parameter = info_.parameters[i];
    if (value.bytes() != parameter.bytes)
      return Status::invalid(value.path, "a value of " + std::to_string(value.bytes()) + " bytes",
                             std::to_string(parameter.bytes) + " bytes, the size of " + parameter.name);
    std::vector<uint8_t> bytes(value.bytes());
    if (Status status = pack(value, bytes.data()); !status)
      return status;
    arguments_.addBytes(bytes.data(), bytes.size());
  }
  return Status::ok();
}

Status LaunchRun::write(TensorWriter &writer, const HostTensor &tensor, const TensorReference &to,
                        const std::string &buffer) {
  if (Status status = writer.write(to.file, to.tensor, tensor); !status)
    return status;
  result_.outputs.push_back({buffer, to.file, std::string(tensor.type->name), printShape(tensor.shape)});
  return Status::ok();
}

/// The findings speak of addresses, the launch file of buffers.
void LaunchRun::nameAddresses() {
  std::vector<NamedRange> buffers;
  for (size_t i = 0; i < file_.buffers.size(); ++i)
    buffers.push_back({file_.buffers[i].name, addresses_[i], tensors_[i].bytes.size()});
  for (sim::Finding &finding : result_.report.findings)
    finding.message = ptxsim::nameAddresses(finding.message, buffers);
}

/// Compares and writes.
Status LaunchRun::finish() {
  TensorWriter writer;
  size_t nextExpected = 0;
  for (size_t i = 0; i < file_.buffers.size(); ++i) {
    const BufferSpec &spec = file_.buffers[i];
    auto more = moreOutputs_.find(spec.name);
    if (!spec.expected && !spec.output && more == moreOutputs_.end())
      continue;
    HostTensor &tensor = tensors_[i];
    if (Status status = memory_.read(addresses_[i], tensor.bytes.data(), tensor.bytes.size()); !status)
      return status;
    if (spec.expected)
      result_.comparisons.push_back(compare(spec.name, tensor, expected_[nextExpected++], *spec.expected));
    if (spec.output) {
      TensorReference to = *spec.output;
      to.file = file_.resolve(to.file);
      if (Status status = write(writer, tensor, to, spec.name); !status)
        return status;
    }
    if (more != moreOutputs_.end())
      if (Status status = write(writer, tensor, {"", more->second, spec.name}, spec.name); !status)
        return status;
  }
  return writer.finish();
}

Result<RunResult> LaunchRun::run() {
  if (Status status = configure(); !status)
    return behind(file_.name, status);
  if (Status status = checkOutputs(); !status)
    return status;
  if (Status status = allocate(); !status)
    return status;
  if (Status status = packArguments(); !status)
    return behind(file_.name, status);
  result_.report = sim::launch(kernel_, memory_, result_.config, arguments_, options_);
  const Status &status = result_.report.status;
  if (!status && status.code() != StatusCode::DeviceError)
    return behind(file_.name, status);
  nameAddresses();
  if (status)
    if (Status failure = finish(); !failure)
      return failure;
  return std::move(result_);
}

Result<RunResult> runLaunch(const sim::Kernel &kernel, const LaunchFile &file, const sim::Options &options,
                            const std::map<std::string, std::string> &moreOutputs) {
  return LaunchRun(kernel, file, options, moreOutputs).run();
}

} // namespace thrift::ptxsim
