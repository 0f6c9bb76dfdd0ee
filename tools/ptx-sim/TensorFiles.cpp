//===- TensorFiles.cpp - tensors of .npy and .safetensors files ----------------===//

#include "tools/ptx-sim/TensorFiles.h"

#include "tools/safetensors/AtomicFile.h"
#include "tools/safetensors/Header.h"

#include <algorithm>

namespace thrift::ptxsim {

static bool isSafetensors(const std::string &path) {
  constexpr std::string_view kSuffix = ".safetensors";
  return path.size() >= kSuffix.size() && path.compare(path.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

std::string printShape(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

Result<HostTensor> TensorReader::read(const std::string &path, const std::string &tensor, const ElementType *wanted) {
  if (isSafetensors(path))
    return readSafetensors(path, tensor, wanted);
  Result<NpyArray> array = readNpy(path);
  if (!array)
    return array.status();
  bool fits = wanted && canHold(*wanted, array->element);
  const ElementType *type = fits ? wanted : elementTypeOfNpy(array->element);
  if (!type)
    return Status::invalid(path + ": descr", "'" + array->element.descr() + "', raw bytes",
                           "a buffer with a dtype that says what they are: bf16, e4m3, e5m2, u8, u16");
  return HostTensor{type, array->shape, std::string(array->data())};
}

Result<HostTensor> TensorReader::readSafetensors(const std::string &path, const std::string &tensor,
                                                 const ElementType *wanted) {
  auto known = files_.find(path);
  if (known == files_.end()) {
    Result<SafetensorsFile> file = SafetensorsFile::open(path);
    if (!file)
      return file.status();
    known = files_.emplace(path, std::move(*file)).first;
  }
  const SafetensorsFile &file = known->second;
  std::string names;
  for (const SafetensorsEntry &entry : file.tensors()) {
    if (names.size() < 200)
      names.append(names.empty() ? "" : ", ").append(quoteForMessage(entry.name));
    if (entry.name != tensor)
      continue;
    const ElementType *type = elementTypeOfSafetensors(entry.element->name);
    bool isScale = entry.element->name == "F8_E8M0" && wanted && wanted->name == "u8";
    if (isScale)
      type = wanted;
    if (!type)
      return Status::unsupported(path + ": tensor " + quoteForMessage(tensor) + " dtype",
                                 std::string(entry.element->name),
                                 "F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8 to I64, U8 to U64, BOOL; F8_E8M0 as u8");
    return HostTensor{type, entry.shape, std::string(file.bytesOf(entry))};
  }
  return Status::invalid(path + ": tensor " + quoteForMessage(tensor), "missing",
                         names.empty() ? "nothing, the file holds no tensor" : names);
}

Status TensorWriter::write(const std::string &path, const std::string &tensor, const HostTensor &value) {
  if (!isSafetensors(path))
    return writeNpy(path, value.type->npy, value.shape, value.bytes);
  if (tensor.empty() || tensor == "__metadata__")
    return Status::invalid(path + ": tensor name", quoteForMessage(tensor), "any but \"\" and \"__metadata__\"");
  files_[path][tensor] = value;
  return Status::ok();
}

Status TensorWriter::finish() {
  for (auto &[path, tensors] : files_) {
    // By falling element size, so that every tensor is aligned in the file.
    std::vector<std::pair<std::string, const HostTensor *>> sorted;
    for (const auto &[name, tensor] : tensors)
      sorted.emplace_back(name, &tensor);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto &a, const auto &b) { return a.second->type->bytes > b.second->type->bytes; });
    SafetensorsHeader header;
    header.metadata["source"] = "ptx-sim";
    uint64_t offset = 0;
    for (const auto &[name, tensor] : sorted) {
      header.tensors.push_back({name, findSafetensorsElement(tensor->type->safetensors), tensor->shape, offset,
                                offset + tensor->bytes.size()});
      offset += tensor->bytes.size();
    }
    std::string text = printSafetensorsHeader(header);
    Result<AtomicFile> file = AtomicFile::create(path);
    if (!file)
      return file.status();
    std::string length(8, '\0');
    for (size_t i = 0; i < length.size(); ++i)
      length[i] = static_cast<char>(text.size() >> (8 * i));
    if (Status status = file->write(length.data(), length.size()); !status)
      return status;
    if (Status status = file->write(text.data(), text.size()); !status)
      return status;
    for (const auto &[name, tensor] : sorted)
      if (Status status = file->write(tensor->bytes.data(), tensor->bytes.size()); !status)
        return status;
    if (Status status = file->commit(); !status)
      return status;
  }
  files_.clear();
  return Status::ok();
}

} // namespace thrift::ptxsim
