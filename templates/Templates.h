//===- Templates.h - the kernels, as text -----------------------------------===//
//
// Each kernel is one readable .mlir file of this folder, embedded at build time.

#ifndef THRIFTJIT_TEMPLATES_TEMPLATES_H
#define THRIFTJIT_TEMPLATES_TEMPLATES_H

#include <string>
#include <string_view>
#include <vector>

namespace thrift {

struct Template {
  std::string_view name; ///< "prefill"
  std::string_view text; ///< the file's content
};

/// Every template, in alphabetical order.
const std::vector<Template> &templates();
/// The template called `name`, or null.
const Template *findTemplate(std::string_view name);
/// Every name, for messages.
std::string templateNames();

} // namespace thrift

#endif // THRIFTJIT_TEMPLATES_TEMPLATES_H
