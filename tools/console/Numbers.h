//===- Numbers.h - numbers from and for people --------------------------------===//

#ifndef THRIFTJIT_TOOLS_CONSOLE_NUMBERS_H
#define THRIFTJIT_TOOLS_CONSOLE_NUMBERS_H

#include "runtime/Status.h"

#include <cstdint>
#include <string>

namespace thrift {

/// The whole of `text` as a number; InvalidArgument blames `field`.
Result<int64_t> parseInteger(const std::string &field, const std::string &text, const std::string &allowed);
/// The same for a finite number with a fraction.
Result<double> parseNumber(const std::string &field, const std::string &text, const std::string &allowed);

/// The shortest spelling that reads back as the same number: 0.05, not 0.050000000000000003.
std::string printShort(double value);
/// Three significant digits: 0.00161, 2.83e-04.
std::string printRounded(double value);
/// 5.49 %
std::string printPercent(double share);
/// 12.3 us, 4.56 ms, 7.89 s
std::string printMicroseconds(double microseconds);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_CONSOLE_NUMBERS_H
