//===- Writer.cpp - tensors into a safetensors file ------------------------------------------===//

#include "tools/safetensors/AtomicFile.h"
#include "tools/safetensors/Safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

namespace thrift {
namespace {

using nlohmann::json;

bool isUtf8(const std::string &text) {
  // Printing drops what is not UTF-8; then the text does not come back as it was.
  std::string printed = json(text).dump(-1, ' ', false, json::error_handler_t::ignore);
  return json::parse(printed, nullptr, false) == json(text);
}

Status checkTensor(const NamedTensor &tensor) {
  std::string field = "tensor " + quoteForMessage(tensor.name);
  if (tensor.name.empty() || tensor.name == "__metadata__" || !isUtf8(tensor.name))
    return Status::invalid("tensor name", quoteForMessage(tensor.name),
                           "UTF-8 text other than \"\" and \"__metadata__\"");
  if (Status status = validate(tensor.view, field); !status)
    return status;
  std::vector<int64_t> shape(tensor.view.shape.begin(), tensor.view.shape.begin() + tensor.view.rank);
  if (!safetensorsBytes(shape, static_cast<int>(8 * sizeInBytes(tensor.view.dtype))))
    return Status::invalid(field + ".shape", printShape(tensor.view), "an extent of fewer than 2^60 bytes");
  return Status::ok();
}

/// The bytes of `view` in row-major order. Rows are contiguous, everything above them may be strided.
Status writeElements(AtomicFile &file, const TensorView &view) {
  if (view.numElements() == 0)
    return Status::ok();
  auto *base = static_cast<const std::byte *>(view.data);
  auto size = static_cast<size_t>(sizeInBytes(view.dtype));

  // Fold the trailing dimensions that are dense into one row.
  int outer = view.rank - 1;
  int64_t rowElements = view.shape[outer];
  while (outer > 0 && (view.shape[outer - 1] == 1 || view.stride[outer - 1] == rowElements))
    rowElements *= view.shape[--outer];

  constexpr size_t kBufferBytes = 1 << 20;
  size_t rowBytes = static_cast<size_t>(rowElements) * size;
  std::vector<std::byte> buffer;
  std::array<int64_t, TensorView::kMaxRank> index = {};
  for (;;) {
    int64_t offset = 0;
    for (int d = 0; d < outer; ++d)
      offset += index[d] * view.stride[d];
    const std::byte *row = base + static_cast<size_t>(offset) * size;
    if (buffer.empty() && rowBytes >= kBufferBytes) {
      if (Status status = file.write(row, rowBytes); !status)
        return status;
    } else {
      buffer.insert(buffer.end(), row, row + rowBytes);
    }
    if (buffer.size() >= kBufferBytes) {
      if (Status status = file.write(buffer.data(), buffer.size()); !status)
        return status;
      buffer.clear();
    }
    int d = outer - 1;
    while (d >= 0 && ++index[d] == view.shape[d])
      index[d--] = 0;
    if (d < 0)
      return file.write(buffer.data(), buffer.size());
  }
}

} // namespace

Status writeSafetensors(const std::string &path, const std::vector<NamedTensor> &tensors,
                        const std::map<std::string, std::string> &metadata) {
  for (const auto &[key, value] : metadata)
    if (!isUtf8(key) || !isUtf8(value))
      return Status::invalid("metadata " + quoteForMessage(key), quoteForMessage(value), "keys and values in UTF-8");
  std::vector<const NamedTensor *> sorted;
  for (const NamedTensor &tensor : tensors) {
    if (Status status = checkTensor(tensor); !status)
      return status;
    sorted.push_back(&tensor);
  }
  // The file keeps the caller's order but for this: larger elements first, so that no tensor starts misaligned.
  std::stable_sort(sorted.begin(), sorted.end(), [](const NamedTensor *a, const NamedTensor *b) {
    return sizeInBytes(a->view.dtype) > sizeInBytes(b->view.dtype);
  });

  SafetensorsHeader header;
  header.metadata = metadata;
  uint64_t dataBytes = 0;
  for (const NamedTensor *tensor : sorted) {
    for (const SafetensorsEntry &earlier : header.tensors)
      if (earlier.name == tensor->name)
        return Status::invalid("tensor " + quoteForMessage(tensor->name), "given twice", "unique names");
    SafetensorsEntry entry;
    entry.name = tensor->name;
    entry.element = findSafetensorsElement(safetensorsName(tensor->view.dtype));
    entry.shape.assign(tensor->view.shape.begin(), tensor->view.shape.begin() + tensor->view.rank);
    entry.begin = dataBytes;
    if (__builtin_add_overflow(dataBytes, *safetensorsBytes(entry.shape, entry.element->bits), &dataBytes))
      return Status::invalid("tensors", "of more than 2^64 bytes together", "less");
    entry.end = dataBytes;
    header.tensors.push_back(std::move(entry));
  }
  std::string text = printSafetensorsHeader(header);
  if (text.size() > kMaxSafetensorsHeaderBytes)
    return Status::invalid("header length", std::to_string(text.size()),
                           "at most " + std::to_string(kMaxSafetensorsHeaderBytes) + " bytes");

  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.status();
  char length[8];
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<char>(static_cast<uint64_t>(text.size()) >> (8 * i));
  if (Status status = file->write(length, sizeof(length)); !status)
    return status;
  if (Status status = file->write(text.data(), text.size()); !status)
    return status;
  for (const NamedTensor *tensor : sorted)
    if (Status status = writeElements(*file, tensor->view); !status)
      return status;
  return file->commit();
}

} // namespace thrift
