//===- Templates.cpp - the kernels, as text ---------------------------------===//

#include "templates/Templates.h"

namespace thrift {
const std::vector<Template> &embeddedTemplates(); // written by embed.cmake
}

using namespace thrift;

const std::vector<Template> &thrift::templates() { return embeddedTemplates(); }

const Template *thrift::findTemplate(std::string_view name) {
  for (const Template &kernel : templates())
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

std::string thrift::templateNames() {
  std::string names;
  for (const Template &kernel : templates())
    names.append(names.empty() ? "" : ", ").append(kernel.name);
  return names;
}
