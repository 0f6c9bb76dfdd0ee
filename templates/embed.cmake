# cmake -DOUTPUT=... -DFILES="a.mlir;b.mlir" -P embed.cmake: writes a source file that holds the templates as raw strings.
cmake_minimum_required(VERSION 3.25)  # scripts start without policies
string(REPLACE "|" ";" FILES "${FILES}")
set(text "// Generated from templates/*.mlir by embed.cmake.\n#include \"templates/Templates.h\"\n\nnamespace thrift {\n")
string(APPEND text "const std::vector<Template> &embeddedTemplates() {\n  static const std::vector<Template> all = {\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} content)
  string(APPEND text "      {\"${name}\", R\"mlir(${content})mlir\"},\n")
endforeach()
string(APPEND text "  };\n  return all;\n}\n} // namespace thrift\n")
file(WRITE ${OUTPUT} "${text}")
